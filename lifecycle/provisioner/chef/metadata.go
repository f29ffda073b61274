package chef

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// CookbookName is the name of the cookbook in a directory, from its metadata.json or
// metadata.rb; "" when there is neither. It returns an error when they name none.
func CookbookName(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "metadata.json"))
	if err == nil {
		var meta struct{ Name string }
		if err := json.Unmarshal([]byte(withoutBOM(data)), &meta); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Join(dir, "metadata.json"), err)
		}
		if meta.Name != "" {
			return checkName(meta.Name, filepath.Join(dir, "metadata.json"))
		}
	}
	file := filepath.Join(dir, "metadata.rb")
	data, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the cookbook's metadata: %w", err)
	}
	name := ""
	for _, s := range statements(withoutBOM(data)) {
		if nameCall().MatchString(s) {
			name = nameOf(s, dir) // as in Ruby the last one counts, also if it cannot be read
		}
	}
	if name == "" {
		return "", fmt.Errorf("%s names no cookbook that can be read without running Ruby\n"+
			"Add a line such as: name 'my_cookbook'", file)
	}
	return checkName(name, file)
}

// checkName fails for a name that would be a path: the cookbook is a directory of its name.
func checkName(name, file string) (string, error) {
	if strings.ContainsAny(name, `/\`) || name == "." || name == ".." {
		return "", fmt.Errorf("%s names the cookbook %q, which no directory of cookbooks can be called\n"+
			"Use letters, digits, _ and -", file, name)
	}
	return name, nil
}

// withoutBOM is a text without a byte order mark, and with the line ends of Unix.
func withoutBOM(data []byte) string {
	text := strings.TrimPrefix(string(data), "\ufeff")
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

var (
	nameCall = lazyregexp.New(`^name(?:[ \t]*\(|[ \t]*['"]|[ \t]+[^ \t=])`)
	// quotedName matches a call with one literal, and nothing behind it that could change the
	// value or make the call depend on something.
	quotedName = lazyregexp.New(`^name[ \t]*\(?[ ` +
		`\t]*(?:'([^'\\]+)'|"([^"\\#]+)"|%[qQ]?(?:\(([^)]+)\)|\[([^\]]+)\]|\{([^}]+)\}|<([^>]+)>` +
		`|\|([^|]+)\||!([^!]+)!|/([^/]+)/|-([^-]+)-|~([^~]+)~|:([^:]+):|,([^,]+),|"([^"]+)"))(?:\.freeze)?[ \t]*\)?$`)
	// directoryNoise is what may stand around the directory of the file without changing it.
	directoryNoise = strings.NewReplacer(" ", "", "\t", "", "(", "", ")", "", "::File", "File", "File.expand_path", "",
		"File.absolute_path", "", "File.realpath", "", `"`, "'")
)

// nameOf is the cookbook's name as a call of name sets it, or "" when only Ruby can tell.
func nameOf(statement, dir string) string {
	if q := quotedName().FindStringSubmatch(statement); q != nil {
		return strings.Join(q[1:], "")
	}
	switch directoryNoise.Replace(strings.TrimPrefix(statement, "name")) {
	case "File.basename__dir__", "File.basenameDir.pwd", "File.basenameDir.getwd", "File.basenameFile.dirname__FILE__",
		"File.basename'..',__FILE__":
		if full, err := filepath.Abs(dir); err == nil {
			return filepath.Base(full)
		}
	}
	return ""
}

// statements are the statements of a Ruby text, each with its strings, without comments,
// =begin blocks and the texts of here-documents.
func statements(text string) []string {
	s := scanner{text: text}
	for s.at < len(s.text) {
		s.step()
	}
	s.end()
	return s.list
}

// scanner cuts a Ruby text into statements.
type scanner struct {
	text string
	at   int
	list []string
	now  strings.Builder
	// next is where the line after those of the here-documents seen last begins.
	next int
}

var (
	heredoc = lazyregexp.New("^<<([~-]?)(?:'([^'\n]+)'|\"([^\"\n]+)\"|`([^`\n]+)`|([\\pL_][\\pL\\pN_]*))")
	// character matches a literal such as ?' and not the question mark of a condition.
	character      = lazyregexp.New("^\\?['\"`](?:\\W|$)")
	percentLiteral = lazyregexp.New(`^%[qQwWiIrxs]?([(\[{<|!/^~:,@"'-])`)
	globalVariable = lazyregexp.New("^\\$['\"`]")
	// chained matches lines that go on with the statement of the line before.
	chained     = lazyregexp.New(`^(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*&?\.[a-z]`)
	wantsValue  = lazyregexp.New(`(?:^|[(\[{,=~|&!?:;]|\b(?:if|unless|when|and|or|not|return))[ \t]*$`)
	afterMethod = lazyregexp.New(`[a-z_]\w*[?!]?[ \t]+$`)
)

// end ends the statement under way.
func (s *scanner) end() {
	if t := strings.TrimSpace(s.now.String()); t != "" {
		s.list = append(s.list, t)
	}
	s.now.Reset()
}

// step takes one character, string or comment.
func (s *scanner) step() {
	rest := s.text[s.at:]
	lineStart := s.at == 0 || s.text[s.at-1] == '\n'
	switch c := rest[0]; {
	case lineStart && strings.HasPrefix(rest, "=begin"):
		block, _, _ := strings.Cut(rest, "\n=end")
		s.at += min(len(block)+len("\n=end"), len(rest))
		s.skipLine()
	case lineStart && (rest == "__END__" || strings.HasPrefix(rest, "__END__\n")):
		s.at = len(s.text)
	case c == '#':
		s.skipLine()
	case c == '\n':
		s.at = max(s.at+1, s.next)
		t := strings.TrimRight(s.now.String(), " \t")
		if strings.HasSuffix(t, ",") || strings.HasSuffix(t, "(") || strings.HasSuffix(t, `\`) ||
			chained().MatchString(s.text[s.at:]) {
			t = strings.TrimSuffix(t, `\`)
			s.now.Reset()
			s.now.WriteString(t + " ")
			break
		}
		s.end()
	case c == ';':
		s.at++
		s.end()
	case c == '\'' || c == '"' || c == '`':
		s.take(1 + closing(rest[1:], c, c))
	case character().MatchString(rest) && s.startsWord(), globalVariable().MatchString(rest):
		s.take(2) // a quote that begins no string
	case c == '%' && s.startsWord():
		s.percent(rest)
	case c == '/' && s.startsRegexp():
		s.take(1 + closing(rest[1:], c, c))
	case strings.HasPrefix(rest, "<<"):
		if m := heredoc().FindStringSubmatch(rest); m != nil {
			s.now.WriteString("''")
			s.at += len(m[0])
			s.passHeredoc(strings.Join(m[2:], ""), m[1] != "")
			break
		}
		s.take(2)
	default:
		s.take(1)
	}
}

// take adds the next n bytes to the statement.
func (s *scanner) take(n int) {
	n = min(n, len(s.text)-s.at)
	s.now.WriteString(s.text[s.at : s.at+n])
	s.at += n
}

// skipLine goes to the end of the line.
func (s *scanner) skipLine() {
	line, _, _ := strings.Cut(s.text[s.at:], "\n")
	s.at += len(line)
}

// passHeredoc has the text of a here-document passed over: it begins with the next line, or behind those of other
// here-documents of this line. end is the line that ends it, before which blanks may stand where it is indented.
func (s *scanner) passHeredoc(end string, indented bool) {
	if s.next <= s.at {
		line, _, _ := strings.Cut(s.text[s.at:], "\n")
		s.next = min(s.at+len(line)+1, len(s.text))
	}
	for ended := false; s.next < len(s.text) && !ended; {
		line, _, _ := strings.Cut(s.text[s.next:], "\n")
		s.next = min(s.next+len(line)+1, len(s.text))
		ended = line == end || indented && strings.TrimLeft(line, " \t") == end
	}
}

// startsWord reports whether a percent sign or a question mark here begins a literal: after
// a blank, a bracket or a comma.
func (s *scanner) startsWord() bool {
	return s.at == 0 || strings.IndexByte(" \t\n([{,=", s.text[s.at-1]) >= 0
}

// startsRegexp reports whether a slash here begins a regular expression and is no division:
// it stands where a value is wanted, or before the word that follows a method's name.
func (s *scanner) startsRegexp() bool {
	before := s.now.String()
	return wantsValue().MatchString(before) ||
		afterMethod().MatchString(before) && !strings.HasPrefix(s.text[s.at+1:], " ")
}

// percent takes a literal such as %q(text), or the sign alone.
func (s *scanner) percent(rest string) {
	m := percentLiteral().FindStringSubmatch(rest)
	if m == nil {
		s.take(1)
		return
	}
	open := m[1][0]
	end := open
	if i := strings.IndexByte("([{<", open); i >= 0 {
		end = ")]}>"[i]
	}
	s.take(len(m[0]) + closing(rest[len(m[0]):], open, end))
}

// closing is the index behind the delimiter that ends a literal, whose opening one was read. Pairs of brackets nest.
func closing(text string, open, end byte) int {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == end:
			if depth--; depth == 0 {
				return i + 1
			}
		case text[i] == open:
			depth++
		}
	}
	return len(text)
}
