package onigmo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// translator writes a pattern of Ruby's dialect in that of the regexp2 package.
type translator struct {
	src      string
	pos      int
	out      strings.Builder
	extended bool
	names    []string
	groups   int // plain groups
	depth    int
	backrefs []int
}

// maxDepth bounds how deep groups and classes nest.
const maxDepth = 200

// translate returns the translation and the names of the named groups, in order.
func translate(src string, extended bool) (string, []string, error) {
	o := &translator{src: src, extended: extended}
	if err := o.alternatives(false); err != nil {
		return "", nil, err
	}
	if o.pos < len(o.src) {
		return "", nil, o.fail("unmatched close parenthesis")
	}
	for _, n := range o.backrefs {
		if len(o.names) > 0 {
			return "", nil, o.fail("numbered backref/call is not allowed. (use name)")
		}
		if n > o.groups {
			return "", nil, o.fail("invalid backref number/name")
		}
	}
	return o.out.String(), o.names, nil
}

func (o *translator) fail(msg string) error { return &SyntaxError{Pattern: o.src, Message: msg} }

func (o *translator) unsupported(feature string) error {
	return &UnsupportedError{Pattern: o.src, Feature: feature}
}

func (o *translator) peek(i int) byte {
	if o.pos+i >= len(o.src) {
		return 0
	}
	return o.src[o.pos+i]
}

func (o *translator) has(s string) bool { return strings.HasPrefix(o.src[o.pos:], s) }

// take cuts the output off from a position on and returns it.
func (o *translator) take(from int) string {
	all := o.out.String()
	o.out.Reset()
	o.out.WriteString(all[:from])
	return all[from:]
}

// alternatives translates up to a closing parenthesis or the end.
func (o *translator) alternatives(inGroup bool) error {
	if o.depth++; o.depth > maxDepth {
		return o.fail("too deep nest level")
	}
	defer func() { o.depth-- }()
	branch := o.out.Len()
	for o.pos < len(o.src) {
		switch c := o.src[o.pos]; {
		case c == ')':
			return nil
		case c == '|':
			o.pos++
			o.out.WriteByte('|')
			branch = o.out.Len()
		case c == '\\' && o.peek(1) == 'K':
			if o.depth > 1 {
				return o.unsupported(`\K inside a group`)
			}
			o.pos += 2
			prefix := o.take(branch)
			o.out.WriteString("(?<=" + prefix + ")")
		default:
			if err := o.piece(); err != nil {
				return err
			}
		}
	}
	if inGroup {
		return o.fail("end pattern with unmatched parenthesis")
	}
	return nil
}

// piece translates an atom with its quantifiers.
func (o *translator) piece() error {
	if o.extended && o.skipExtended() {
		return nil
	}
	start := o.out.Len()
	quantifiable, err := o.atom()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if o.extended {
			for o.skipExtended() {
			}
		}
		q, possessive, ok := o.quantifier()
		if !ok {
			return nil
		}
		if !quantifiable {
			return o.fail("target of repeat operator is not specified")
		}
		if n > 0 {
			o.out.WriteString("(?:" + o.take(start) + ")")
		}
		o.out.WriteString(q)
		if possessive {
			o.out.WriteString("(?>" + o.take(start) + ")")
		}
	}
}

// skipExtended skips white space and a comment in (?x) mode.
func (o *translator) skipExtended() bool {
	c := o.peek(0)
	if isSpace(c) {
		o.pos++
		return true
	}
	if c == '#' {
		for o.pos < len(o.src) && o.src[o.pos] != '\n' {
			o.pos++
		}
		return true
	}
	return false
}

// quantifier reads a quantifier, if one is there.
func (o *translator) quantifier() (q string, possessive, ok bool) {
	switch c := o.peek(0); c {
	case '*', '+', '?':
		o.pos++
		q = string(c)
		switch o.peek(0) {
		case '?':
			o.pos++
			q += "?"
		case '+':
			o.pos++
			possessive = true
		}
		return q, possessive, true
	case '{':
		n := o.interval()
		if n == "" {
			return "", false, false
		}
		if o.peek(0) == '?' {
			o.pos++
			n += "?"
		}
		return n, false, true
	}
	return "", false, false
}

// interval reads {n}, {n,}, {,m} or {n,m}; anything else is a literal brace.
func (o *translator) interval() string {
	end := strings.IndexByte(o.src[o.pos:], '}')
	if end < 0 || end > 20 {
		return ""
	}
	low, high, comma := strings.Cut(o.src[o.pos+1:o.pos+end], ",")
	if !onlyDigits(low) || !onlyDigits(high) || low == "" && high == "" {
		return ""
	}
	if low == "" {
		low = "0"
	}
	o.pos += end + 1
	if !comma {
		return "{" + low + "}"
	}
	return "{" + low + "," + high + "}"
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return len(s) <= 5
}

// atom translates one atom; it tells whether a quantifier may follow.
func (o *translator) atom() (bool, error) {
	c := o.src[o.pos]
	switch c {
	case '\\':
		return o.escape()
	case '[':
		cls, err := o.class()
		if err != nil {
			return false, err
		}
		o.out.WriteString(cls.emit())
		return true, nil
	case '(':
		return o.group()
	case '^':
		o.pos++
		// Not at the very end behind a last line end.
		o.out.WriteString(`(?:\A|(?<=\n)(?!\z))`)
		return true, nil
	case '$':
		o.pos++
		o.out.WriteString(`(?=\n|\z)`)
		return true, nil
	case '.':
		o.pos++
		o.out.WriteByte('.')
		return true, nil
	case '*', '+', '?':
		return false, o.fail("target of repeat operator is not specified")
	}
	r, n := utf8.DecodeRuneInString(o.src[o.pos:])
	o.pos += n
	o.out.WriteString(quoteRune(r))
	return true, nil
}

// quoteRune writes a literal character.
func quoteRune(r rune) string {
	if r < utf8.RuneSelf && !isAlnum(byte(r)) && r != '_' {
		return fmt.Sprintf(`\u%04x`, r)
	}
	return string(r)
}
