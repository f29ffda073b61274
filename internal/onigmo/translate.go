package onigmo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Translate rewrites a pattern for regexp2 with its Multiline option. Extended
// patterns lose their blanks and comments.
func Translate(pattern string, flags Flags) (out string, err error) {
	t := &translator{src: pattern, extended: flags&Extended != 0, named: hasNamedGroup(pattern)}
	defer func() {
		if r := recover(); r != nil {
			failed, ok := r.(failure)
			if !ok {
				panic(r)
			}
			out, err = "", failed.err
		}
	}()
	t.run()
	return string(t.out), nil
}

// failure carries an error out of the translator.
type failure struct{ err error }

type translator struct {
	src string
	i   int
	out []byte
	// atom is where the last atom starts in out, -1 when nothing can be repeated.
	atom     int
	extended bool
	named    bool // named groups make plain ones non-capturing
	groups   []group
}

// group is an open parenthesis.
type group struct {
	start    int // in out
	extended bool
}

func (t *translator) fail(format string, args ...any) {
	panic(failure{fmt.Errorf("regular expression /%s/: "+format, append([]any{t.src}, args...)...)})
}

func (t *translator) unsupported(feature string) {
	panic(failure{&UnsupportedError{Pattern: t.src, Feature: feature}})
}

func (t *translator) rest() string { return t.src[t.i:] }

// rune returns the character here and moves over it.
func (t *translator) rune() rune {
	r, n := utf8.DecodeRuneInString(t.rest())
	t.i += n
	return r
}

// emitAtom writes something that a quantifier may follow.
func (t *translator) emitAtom(s string) {
	t.atom = len(t.out)
	t.out = append(t.out, s...)
}

// emitOther writes something that cannot be repeated.
func (t *translator) emitOther(s string) {
	t.atom = -1
	t.out = append(t.out, s...)
}

func (t *translator) run() {
	t.atom = -1
	for t.i < len(t.src) {
		if t.src[t.i] == ')' && len(t.groups) == 0 {
			t.fail("a `)` closes nothing")
		}
		t.step()
	}
	if len(t.groups) > 0 {
		t.fail("a `(` is never closed")
	}
}

// step translates one element of the pattern.
func (t *translator) step() {
	switch c := t.src[t.i]; {
	case c == '\\':
		t.escape()
	case c == '[':
		t.i++
		t.emitAtom(t.class(0).render())
	case c == '(':
		t.open()
	case c == ')':
		t.i++
		t.closeGroup()
	case c == '|' || c == '^' || c == '$':
		t.i++
		t.emitOther(string(rune(c)))
	case c == '*' || c == '+' || c == '?' || c == '{' && intervalLength(t.rest()) > 0:
		t.quantifier()
	case t.extended && strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		t.i++
	case t.extended && c == '#':
		if n := strings.IndexByte(t.rest(), '\n'); n >= 0 {
			t.i += n
		} else {
			t.i = len(t.src)
		}
	case c == '.':
		t.i++
		t.emitAtom(".")
	default:
		t.emitAtom(literal(t.rune()))
	}
}

// closeGroup ends the innermost group, which then is an atom.
func (t *translator) closeGroup() {
	g := t.groups[len(t.groups)-1]
	t.groups = t.groups[:len(t.groups)-1]
	t.extended = g.extended
	t.out = append(t.out, ')')
	t.atom = g.start
}

// literal writes a character so that it stands for itself.
func literal(r rune) string {
	if r < utf8.RuneSelf && strings.ContainsRune(`\.+*?()|[]{}^$# `, r) || r == '\t' || r == '\n' {
		return fmt.Sprintf(`\x%02x`, r)
	}
	return string(r)
}

// intervalLength is the length of {n}, {n,}, {,m} or {n,m} at the start of s, or 0.
func intervalLength(s string) int {
	end := strings.IndexByte(s, '}')
	if end < 2 || s[1:end] == "," {
		return 0
	}
	commas := 0
	for _, c := range s[1:end] {
		if c == ',' {
			commas++
		} else if c < '0' || c > '9' {
			return 0
		}
	}
	if commas > 1 {
		return 0
	}
	return end + 1
}

// quantifier copies a quantifier. A `+` behind it makes it possessive, which is
// an atomic group around the atom.
func (t *translator) quantifier() {
	if t.atom < 0 {
		t.fail("the target of the repeat operator `%c` is not specified", t.src[t.i])
	}
	interval := t.src[t.i] == '{'
	text := t.src[t.i : t.i+1]
	if interval {
		text = t.src[t.i : t.i+intervalLength(t.rest())]
	}
	t.i += len(text)
	if strings.HasPrefix(text, "{,") {
		text = "{0" + text[1:]
	}
	atom := string(t.out[t.atom:])
	switch {
	case strings.HasPrefix(t.rest(), "?"):
		t.i++
		text += "?"
	case !interval && strings.HasPrefix(t.rest(), "+"):
		t.i++
		atom, text = "(?>"+atom+text+")", ""
	}
	// The group lets a further quantifier repeat the whole, as in Ruby.
	t.out = append(t.out[:t.atom], "(?:"+atom+text+")"...)
}

// hasNamedGroup reports whether the pattern has a group (?<name>…) or (?'name'…).
func hasNamedGroup(pattern string) bool {
	inClass := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			inClass++
		case ']':
			inClass = max(0, inClass-1)
		case '(':
			if inClass == 0 && namedGroupLength(pattern[i:]) > 0 {
				return true
			}
		}
	}
	return false
}

// namedGroupLength is the length of "(?<name>" or "(?'name'" at the start of s,
// or 0.
func namedGroupLength(s string) int {
	if len(s) < 4 || s[1] != '?' || s[2] != '<' && s[2] != '\'' || s[3] == '=' || s[3] == '!' {
		return 0
	}
	closer := byte('>')
	if s[2] == '\'' {
		closer = '\''
	}
	if n := strings.IndexByte(s[3:], closer); n > 0 {
		return n + 4
	}
	return 0
}

// open handles what starts with a parenthesis.
func (t *translator) open() {
	s := t.rest()
	outer := t.extended
	switch {
	case strings.HasPrefix(s, "(?#"):
		n := strings.IndexByte(s, ')')
		if n < 0 {
			t.fail("a comment is never closed")
		}
		t.i += n + 1
		return
	case !strings.HasPrefix(s, "(?"):
		t.i++
		if t.named {
			t.push("(?:", outer)
		} else {
			t.push("(", outer)
		}
		return
	case namedGroupLength(s) > 0:
		n := namedGroupLength(s)
		t.i += n
		t.push(s[:n], outer)
		return
	}
	for _, prefix := range []string{"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"} {
		if strings.HasPrefix(s, prefix) {
			t.i += len(prefix)
			t.push(prefix, outer)
			return
		}
	}
	if strings.HasPrefix(s, "(?~") {
		t.unsupported("an absent operator `(?~`")
	}
	t.inlineOptions()
}

func (t *translator) push(text string, outer bool) {
	t.groups = append(t.groups, group{start: len(t.out), extended: outer})
	t.emitOther(text)
}

// inlineOptions handles (?mix-mix) and (?mix-mix:…). Ruby's m is the s of
// others; x is dealt with here.
func (t *translator) inlineOptions() {
	s := t.rest()
	end := strings.IndexAny(s, ":)")
	if end < 0 {
		t.fail("a `(?` is never closed")
	}
	outer := t.extended
	var on, off string
	minus := false
	for _, c := range s[2:end] {
		switch {
		case c == '-' && !minus:
			minus = true
		case c == 'x':
			t.extended = !minus
		case c == 'i' || c == 'm':
			name := string(c)
			if c == 'm' {
				name = "s"
			}
			if minus {
				off += name
			} else {
				on += name
			}
		case c == 'a' || c == 'd' || c == 'u':
			t.unsupported("the option (?" + string(c) + ")")
		default:
			t.fail("the group option %q is undefined", string(c))
		}
	}
	options := "(?" + on
	if off != "" {
		options += "-" + off
	}
	if on+off == "" {
		options = "(?:"
	} else {
		options += ":"
	}
	t.i += end + 1
	t.push(options, outer)
	if s[end] == ')' {
		t.openToEnd()
	}
}

// openToEnd handles (?i): it holds to the end of the group around it, over its
// alternatives too.
func (t *translator) openToEnd() {
	depth := len(t.groups)
	for t.i < len(t.src) && (t.src[t.i] != ')' || len(t.groups) > depth) {
		t.step()
	}
	t.closeGroup()
}
