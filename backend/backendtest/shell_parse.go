package backendtest

import (
	"fmt"
	"slices"
	"strings"
)

// The fake's shell is the part of sh that tests need: lists with ; & && ||, if,
// while, until, quotes, variables and redirections. It has no pipes, no command
// substitution, no globs and no functions, and says so.

// shList is a sequence of commands.
type shList []shItem

// shItem is a command and the operator after it: ";", "&", "&&" or "||".
type shItem struct {
	command shCommand
	after   string
}

// shCommand is a simple command, or one of the compound ones.
type shCommand struct {
	words  []shWord
	redirs []shRedir
	// loop is "while", "until" or "if"; condition, body and otherwise are its parts.
	loop                       string
	condition, body, otherwise shList
	// not inverts the exit code.
	not bool
}

// shWord is made of parts that are joined.
type shWord []shPart

// shPart is a text, or a variable with what stands in for it.
type shPart struct {
	text               string
	variable, fallback string
	// whenEmpty uses the fallback for an empty value, too.
	whenEmpty bool
	quoted    bool
}

// shRedir is a redirection of a file descriptor: ">", ">>" or "<" a file, or ">&"
// another descriptor.
type shRedir struct {
	fd     int
	op     string
	target shWord
}

// shToken is a word or an operator.
type shToken struct {
	op   string
	word shWord
	fd   int // of a redirection
}

func parseShell(script string) (shList, error) {
	tokens, err := lexShell(script)
	if err != nil {
		return nil, err
	}
	p := &shParser{tokens: tokens}
	list, err := p.list()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("syntax error at %s", p.tokens[0])
	}
	return list, err
}

func (t shToken) String() string {
	if t.op != "" {
		return t.op
	}
	return t.reserved()
}

// reserved returns a word that may be a keyword: one without quotes or variables.
func (t shToken) reserved() string {
	if t.op == "" && len(t.word) == 1 && t.word[0].variable == "" && !t.word[0].quoted {
		return t.word[0].text
	}
	return ""
}

type shParser struct{ tokens []shToken }

func (p *shParser) peek() shToken {
	if len(p.tokens) == 0 {
		return shToken{op: "end"}
	}
	return p.tokens[0]
}

func (p *shParser) next() shToken {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// list reads commands until one of the closing keywords, which it leaves there.
func (p *shParser) list(closing ...string) (shList, error) {
	var list shList
	for {
		for p.peek().op == ";" {
			p.next()
		}
		if p.peek().op == "end" || slices.Contains(closing, p.peek().reserved()) {
			return list, nil
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		item := shItem{command: c, after: ";"}
		switch op := p.peek().op; op {
		case ";", "&", "&&", "||":
			item.after = op
			p.next()
			for p.peek().op == ";" && op != "&" {
				p.next()
			}
		}
		list = append(list, item)
	}
}

func (p *shParser) expect(word string) error {
	if t := p.next(); t.reserved() != word {
		return fmt.Errorf("syntax error: %s instead of %s", t, word)
	}
	return nil
}

func (p *shParser) command() (c shCommand, err error) {
	if p.peek().reserved() == "!" {
		p.next()
		c, err = p.command()
		c.not = !c.not
		return c, err
	}
	switch word := p.peek().reserved(); word {
	case "while", "until", "if":
		p.next()
		c, err = p.compound(word)
	case "for", "case", "{", "function":
		return c, fmt.Errorf("the fake's shell has no %s", word)
	}
	for err == nil {
		switch t := p.peek(); {
		case t.op == "" && c.loop == "":
			c.words = append(c.words, p.next().word)
		case t.op == ">" || t.op == ">>" || t.op == "<" || t.op == ">&":
			p.next()
			target := p.next()
			if target.op != "" {
				return c, fmt.Errorf("syntax error: %s after %s", target.op, t.op)
			}
			c.redirs = append(c.redirs, shRedir{fd: t.fd, op: t.op, target: target.word})
		case t.op == "" || (c.loop == "" && len(c.words)+len(c.redirs) == 0):
			return c, fmt.Errorf("syntax error at %s", t)
		default:
			return c, nil
		}
	}
	return c, err
}

// compound reads the rest of if, while and until.
func (p *shParser) compound(keyword string) (c shCommand, err error) {
	open, closed := "do", "done"
	if keyword == "if" {
		open, closed = "then", "fi"
	}
	c.loop = keyword
	if c.condition, err = p.list(open); err != nil {
		return c, err
	}
	if err := p.expect(open); err != nil {
		return c, err
	}
	if c.body, err = p.list(closed, "else"); err != nil {
		return c, err
	}
	if keyword == "if" && p.peek().reserved() == "else" {
		p.next()
		if c.otherwise, err = p.list(closed); err != nil {
			return c, err
		}
	}
	return c, p.expect(closed)
}

// shLexer cuts a script into tokens.
type shLexer struct {
	rest   string
	tokens []shToken
	// word is the word that is being read, nil between words.
	word shWord
}

func lexShell(script string) ([]shToken, error) {
	l := &shLexer{rest: script}
	for l.rest != "" {
		if err := l.step(); err != nil {
			return nil, err
		}
	}
	l.endWord()
	return l.tokens, nil
}

func (l *shLexer) endWord() {
	if l.word != nil {
		l.tokens = append(l.tokens, shToken{word: l.word})
		l.word = nil
	}
}

func (l *shLexer) operator(op string, fd int) {
	l.tokens = append(l.tokens, shToken{op: op, fd: fd})
}

// take cuts n bytes off the rest and returns them.
func (l *shLexer) take(n int) string {
	taken := l.rest[:n]
	l.rest = l.rest[n:]
	return taken
}

func (l *shLexer) step() error {
	switch c := l.rest[0]; c {
	case ' ', '\t', '\r':
		l.endWord()
		l.take(1)
	case '\n', ';':
		l.endWord()
		l.take(1)
		l.operator(";", 0)
	case '#':
		if l.word != nil {
			l.text(l.take(1), false)
			return nil
		}
		line, _, _ := strings.Cut(l.rest, "\n")
		l.take(len(line))
	case '&', '|':
		l.endWord()
		if strings.HasPrefix(l.rest, string(c)+string(c)) {
			l.operator(l.take(2), 0)
			return nil
		}
		if c == '|' {
			return fmt.Errorf("the fake's shell has no pipes")
		}
		l.operator(l.take(1), 0)
	case '>', '<':
		l.redirection(c)
	case '(', ')', '`':
		return fmt.Errorf("the fake's shell has no %c", c)
	case '\'':
		quoted, _, ok := strings.Cut(l.rest[1:], "'")
		if !ok {
			return fmt.Errorf("syntax error: unterminated quoted string")
		}
		l.text(quoted, true)
		l.take(len(quoted) + 2)
	case '"':
		return l.doubleQuoted()
	case '\\':
		if len(l.rest) > 1 && l.rest[1] == '\n' {
			l.take(2)
			return nil
		}
		l.take(1)
		if l.rest != "" {
			l.text(l.take(1), true)
		}
	case '$':
		return l.variable(false)
	default:
		l.text(l.take(1), false)
	}
	return nil
}

// text adds to the word, and to its last part if that is of the same sort.
func (l *shLexer) text(s string, quoted bool) {
	if last := len(l.word) - 1; last >= 0 && l.word[last].variable == "" && l.word[last].quoted == quoted {
		l.word[last].text += s
		return
	}
	l.word = append(l.word, shPart{text: s, quoted: quoted})
}

// redirection reads >, >>, < and >&; a digit right before it is the descriptor.
func (l *shLexer) redirection(c byte) {
	fd := 1
	if c == '<' {
		fd = 0
	}
	if digit := (shToken{word: l.word}).reserved(); len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9' {
		fd, l.word = int(digit[0]-'0'), nil
	}
	l.endWord()
	for _, op := range []string{">>", ">&", ">", "<"} {
		if strings.HasPrefix(l.rest, op) {
			l.operator(op, fd)
			l.take(len(op))
			return
		}
	}
}

func (l *shLexer) doubleQuoted() error {
	l.take(1)
	l.text("", true)
	for l.rest != "" {
		switch c := l.rest[0]; {
		case c == '"':
			l.take(1)
			return nil
		case c == '$':
			if err := l.variable(true); err != nil {
				return err
			}
		case c == '`':
			return fmt.Errorf("the fake's shell has no %c", c)
		case c == '\\' && len(l.rest) > 1 && strings.ContainsRune("$`\"\\", rune(l.rest[1])):
			l.take(1)
			l.text(l.take(1), true)
		default:
			l.text(l.take(1), true)
		}
	}
	return fmt.Errorf("syntax error: unterminated quoted string")
}

// variable reads $name, ${name}, ${name-fallback}, ${name:-fallback}, $1, $$, $?.
func (l *shLexer) variable(quoted bool) error {
	l.take(1)
	part := shPart{quoted: quoted}
	switch {
	case strings.HasPrefix(l.rest, "("):
		return fmt.Errorf("the fake's shell has no command substitution")
	case strings.HasPrefix(l.rest, "{"):
		inner, _, ok := strings.Cut(l.rest[1:], "}")
		if !ok {
			return fmt.Errorf("syntax error: missing }")
		}
		l.take(len(inner) + 2)
		part.variable = inner
		if i := strings.IndexByte(inner, '-'); i > 0 {
			part.variable, part.fallback = strings.TrimSuffix(inner[:i], ":"), inner[i+1:]
			part.whenEmpty = inner[i-1] == ':'
		}
		if !isShellName(part.variable) {
			return fmt.Errorf("the fake's shell has no ${%s}", inner)
		}
	case l.rest != "" && strings.ContainsRune("$?#@0123456789", rune(l.rest[0])):
		part.variable = l.take(1)
	default:
		n := 0
		for n < len(l.rest) && isShellName(l.rest[:n+1]) {
			n++
		}
		if n == 0 {
			l.text("$", quoted)
			return nil
		}
		part.variable = l.take(n)
	}
	l.word = append(l.word, part)
	return nil
}

func isShellName(s string) bool {
	for i, r := range s {
		letter := r == '_' || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
