// Package rubyre compiles regular expressions as people write them in Ruby, with
// the regexp2 package: Go's own has no lookaround, which real kitchen.yml files
// use in the filters of their suites.
//
// In Ruby ^ and $ always match at lines, \w \d \s \h are ASCII, the option m makes
// a dot match line ends, and plain groups do not capture beside named ones. What
// only Ruby's engine has, such as nested character classes, possessive quantifiers
// and \K, is an error.
package rubyre

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout is how long one match may take; then matching returns an error.
const matchTimeout = 500 * time.Millisecond

// Regexp is a compiled expression.
type Regexp struct {
	re *regexp2.Regexp
	// Names are the named groups, in the order in which they first stand there.
	Names []string
}

// Compile compiles a pattern, which stands between slashes in Ruby. options are
// the letters behind the second slash, of which i, m and x count.
func Compile(pattern, options string) (*Regexp, error) {
	t := &translator{src: pattern}
	if err := t.run(); err != nil {
		return nil, fmt.Errorf("%w: /%s/", err, pattern)
	}
	flags := regexp2.RegexOptions(regexp2.Multiline)
	for letter, flag := range map[string]regexp2.RegexOptions{
		"i": regexp2.IgnoreCase, "m": regexp2.Singleline, "x": regexp2.IgnorePatternWhitespace,
	} {
		if strings.Contains(options, letter) {
			flags |= flag
		}
	}
	if len(t.names) > 0 {
		flags |= regexp2.ExplicitCapture
	}
	re, err := regexp2.Compile(t.out.String(), flags)
	if err != nil {
		return nil, fmt.Errorf("%w: /%s/", err, pattern)
	}
	re.MatchTimeout = matchTimeout
	return &Regexp{re: re, Names: t.names}, nil
}

// MatchString reports whether the expression matches anywhere in s. It returns an
// error when matching takes too long.
func (r *Regexp) MatchString(s string) (bool, error) { return r.re.MatchString(s) }

// Find returns the first match in text at or behind the rune start: the ranges of
// the whole match and of each group, in runes, {-1, -1} for a group that takes no
// part. It returns nil when there is none.
func (r *Regexp) Find(text []rune, start int) ([][2]int, error) {
	m, err := r.re.FindRunesMatchStartingAt(text, start)
	if err != nil || m == nil {
		return nil, err
	}
	groups := make([][2]int, 0, m.GroupCount())
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			groups = append(groups, [2]int{-1, -1})
			continue
		}
		groups = append(groups, [2]int{g.Index, g.Index + g.Length})
	}
	return groups, nil
}

// translator rewrites a pattern into the dialect of regexp2.
type translator struct {
	src   string
	out   strings.Builder
	names []string
	// atom is where the last item stands in out, and open where each group that is
	// not closed yet does: a possessive quantifier makes an atomic group of it.
	atom int
	open []int
}

// classes are the ASCII classes of Ruby, as the content of a bracket expression.
var classes = map[byte]string{'d': "0-9", 'w': "a-zA-Z0-9_", 's': ` \t\r\n\f\v`, 'h': "0-9a-fA-F"}

// properties are the named classes of [[:name:]] and \p{Name}.
var properties = map[string]string{
	"alpha": `\p{L}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "space": `\s`, "blank": ` \t`,
	"punct": `\p{P}\p{S}`, "xdigit": "0-9a-fA-F", "word": `\p{L}\p{Nd}\p{Pc}`, "cntrl": `\p{Cc}`,
}

func (t *translator) run() error {
	for i := 0; i < len(t.src); {
		n, err := t.item(i, false)
		if err != nil {
			return err
		}
		i += n
	}
	if len(t.open) > 0 {
		return errors.New("end pattern with unmatched parenthesis")
	}
	return nil
}

// item rewrites what starts at i and returns its length.
func (t *translator) item(i int, inClass bool) (int, error) {
	rest := t.src[i:]
	if !inClass && strings.IndexByte("*+?}", rest[0]) < 0 {
		t.atom = t.out.Len()
	}
	switch {
	case rest[0] == '\\':
		return t.escape(rest, inClass)
	case inClass:
	case len(rest) > 1 && strings.IndexByte("*+?", rest[0]) >= 0 && rest[1] == '+':
		text := t.out.String()
		t.out.Reset()
		t.out.WriteString(text[:t.atom] + "(?>" + text[t.atom:] + rest[:1] + ")")
		return 2, nil
	case rest[0] == '(':
		t.open = append(t.open, t.out.Len())
	case rest[0] == ')' && len(t.open) > 0:
		t.atom = t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
	}
	switch {
	case inClass:
	case rest[0] == '[':
		return t.class(i)
	case strings.HasPrefix(rest, "(?"):
		if !strings.HasPrefix(rest, "(?#") {
			return t.group(rest)
		}
	case rest[0] == '^': // which in Ruby does not match behind the last line end
		t.out.WriteString(`(?:\A|(?<=\n)(?!\z))`)
		return 1, nil
	case strings.HasPrefix(rest, "{,"):
		t.out.WriteString("{0,")
		return 2, nil
	}
	t.out.WriteByte(rest[0])
	return 1, nil
}

func (t *translator) escape(rest string, inClass bool) (int, error) {
	if len(rest) < 2 {
		return 0, fmt.Errorf("too short escape sequence")
	}
	c := rest[1]
	set, known := classes[c|0x20]
	switch {
	case known && inClass && c >= 'a':
		t.out.WriteString(set)
	case known && c >= 'a':
		t.out.WriteString("[" + set + "]")
	case known && !inClass:
		t.out.WriteString("[^" + set + "]")
	case c == 'p' || c == 'P':
		name, _, ok := strings.Cut(strings.TrimPrefix(rest[2:], "{"), "}")
		prop, named := properties[strings.ToLower(name)]
		if !ok || !named {
			t.out.WriteString(rest[:2])
			return 2, nil
		}
		if !inClass {
			prop = map[byte]string{'p': "[", 'P': "[^"}[c] + prop + "]"
		}
		t.out.WriteString(prop)
		return len(name) + 4, nil
	case strings.IndexByte("GKRXgyYN", c) >= 0 || known || c == 'u' && len(rest) > 2 && rest[2] == '{':
		return 0, fmt.Errorf("the regexp feature \\%c is not supported", c)
	default:
		t.out.WriteString(rest[:2])
	}
	return 2, nil
}

// group rewrites the start of a group.
func (t *translator) group(rest string) (int, error) {
	if len(rest) > 2 && (rest[2] == '~' || rest[2] == '(') {
		return 0, fmt.Errorf("the regexp feature %s…) is not supported", rest[:3])
	}
	if strings.HasPrefix(rest, "(?<") && !strings.HasPrefix(rest, "(?<=") && !strings.HasPrefix(rest, "(?<!") {
		name, _, ok := strings.Cut(rest[3:], ">")
		if !ok {
			return 0, fmt.Errorf("invalid group name")
		}
		t.names = append(t.names, name)
		t.out.WriteString("(?<" + name + ">")
		return len(name) + 4, nil
	}
	n := 2
	for n < len(rest) && strings.IndexByte("imx-", rest[n]) >= 0 {
		n++
	}
	t.out.WriteString(strings.ReplaceAll(rest[:n], "m", "s"))
	return n, nil
}

// class rewrites a bracket expression.
func (t *translator) class(i int) (int, error) {
	start := i
	t.out.WriteByte('[')
	if i++; strings.HasPrefix(t.src[i:], "^") {
		t.out.WriteByte('^')
		i++
	}
	for first := true; i < len(t.src); first = false {
		rest := t.src[i:]
		switch {
		case rest[0] == ']' && !first:
			t.out.WriteByte(']')
			return i + 1 - start, nil
		case strings.HasPrefix(rest, "[:"):
			name, _, ok := strings.Cut(rest[2:], ":]")
			set, known := properties[name]
			if !ok || !known {
				return 0, fmt.Errorf("the regexp feature [:%s:] is not supported", name)
			}
			t.out.WriteString(set)
			i += len(name) + 4
		case rest[0] == '[' || strings.HasPrefix(rest, "&&"):
			return 0, fmt.Errorf("the regexp feature of character classes in each other is not supported")
		default:
			n, err := t.item(i, true)
			if err != nil {
				return 0, err
			}
			i += n
		}
	}
	return 0, fmt.Errorf("premature end of char-class")
}
