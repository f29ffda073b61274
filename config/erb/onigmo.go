package erb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unsupportedRegex marks a regexp feature that Ruby has and this package lacks.
type unsupportedRegex struct{ what string }

func (e unsupportedRegex) Error() string {
	return "regexp feature " + e.what + " is not in the subset of Ruby that galley evaluates"
}

func isUnsupportedRegex(err error) bool {
	var u unsupportedRegex
	return errors.As(err, &u)
}

// onigmo translates a regexp from Ruby's dialect to that of the regexp2 package:
// in Ruby ^ and $ always match at lines, \w \d \s are ASCII, (?m) means that a
// dot matches line ends, character classes nest and intersect, quantifiers can
// be possessive, and plain groups do not capture beside named ones.
type onigmo struct {
	src      string
	pos      int
	out      strings.Builder
	extended bool
	names    []string
	groups   int // plain groups
	depth    int
	backrefs []int
}

// maxGroupDepth bounds how deep groups and classes nest.
const maxGroupDepth = 200

// translateRegex returns the translation and the names of the named groups.
func translateRegex(src string, flags regexFlags) (string, []string, error) {
	o := &onigmo{src: src, extended: flags&regexExtended != 0}
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

func (o *onigmo) fail(msg string) error { return fmt.Errorf("%s: /%s/", msg, o.src) }

func (o *onigmo) peek(i int) byte {
	if o.pos+i >= len(o.src) {
		return 0
	}
	return o.src[o.pos+i]
}

func (o *onigmo) has(s string) bool { return strings.HasPrefix(o.src[o.pos:], s) }

// take cuts the output off from a position on and returns it.
func (o *onigmo) take(from int) string {
	all := o.out.String()
	o.out.Reset()
	o.out.WriteString(all[:from])
	return all[from:]
}

// alternatives translates up to a closing parenthesis or the end.
func (o *onigmo) alternatives(inGroup bool) error {
	if o.depth++; o.depth > maxGroupDepth {
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
				return unsupportedRegex{`\K inside a group`}
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
func (o *onigmo) piece() error {
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
func (o *onigmo) skipExtended() bool {
	c := o.peek(0)
	if isSpaceByte(c) {
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
func (o *onigmo) quantifier() (q string, possessive, ok bool) {
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
func (o *onigmo) interval() string {
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
func (o *onigmo) atom() (bool, error) {
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
	if r < 0x80 && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_') {
		return fmt.Sprintf(`\u%04x`, r)
	}
	return string(r)
}

// group translates a parenthesis.
func (o *onigmo) group() (bool, error) {
	start := o.pos
	o.pos++
	open := "("
	switch {
	case o.has("?#"):
		end := strings.IndexByte(o.src[o.pos:], ')')
		if end < 0 {
			return false, o.fail("end pattern in group")
		}
		o.pos += end + 1
		return false, nil
	case o.has("?:"), o.has("?="), o.has("?!"), o.has("?>"):
		open = "(" + o.src[o.pos:o.pos+2]
		o.pos += 2
	case o.has("?<="), o.has("?<!"):
		open = "(" + o.src[o.pos:o.pos+3]
		o.pos += 3
	case o.has("?<"), o.has("?'"):
		name, err := o.groupName()
		if err != nil {
			return false, err
		}
		open = "(?<" + name + ">"
	case o.has("?~"):
		return false, unsupportedRegex{"(?~…)"}
	case o.has("?("):
		return false, unsupportedRegex{"(?(…)…)"}
	case o.has("?"):
		return o.options(start)
	default:
		o.groups++
	}
	o.out.WriteString(open)
	return true, o.closeGroup()
}

func (o *onigmo) closeGroup() error {
	extended := o.extended
	if err := o.alternatives(true); err != nil {
		return err
	}
	o.extended = extended
	o.pos++
	o.out.WriteByte(')')
	return nil
}

func (o *onigmo) groupName() (string, error) {
	closer := byte('>')
	if o.src[o.pos+1] == '\'' {
		closer = '\''
	}
	end := strings.IndexByte(o.src[o.pos+2:], closer)
	if end <= 0 {
		return "", o.fail("group name is empty")
	}
	name := o.src[o.pos+2 : o.pos+2+end]
	o.pos += end + 3
	if isDigit(name[0]) || strings.IndexFunc(name, func(r rune) bool { return r < 0x80 && !isIdentByte(byte(r)) }) >= 0 {
		return "", o.fail("invalid group name <" + name + ">")
	}
	for _, n := range o.names {
		if n == name {
			return name, nil
		}
	}
	o.names = append(o.names, name)
	return name, nil
}

// options translates (?imx-imx) and (?imx-imx:…).
func (o *onigmo) options(start int) (bool, error) {
	o.pos++
	on := true
	extended := o.extended
	var set, unset string
	for {
		c := o.peek(0)
		o.pos++
		switch c {
		case '-':
			on = false
		case 'i', 'm':
			f := map[byte]string{'i': "i", 'm': "s"}[c]
			if on {
				set += f
			} else {
				unset += f
			}
		case 'x':
			extended = on
		case 'a', 'u', 'd':
		case ')':
			// The options hold up to the end of the group around.
			o.extended = extended
			o.out.WriteString(optionText(set, unset, ")"))
			return false, nil
		case ':':
			outer := o.extended
			o.extended = extended
			o.out.WriteString(optionText(set, unset, ":"))
			err := o.closeGroup()
			o.extended = outer
			return true, err
		default:
			o.pos = start
			return false, o.fail("undefined group option")
		}
	}
}

func optionText(set, unset, end string) string {
	if set == "" && unset == "" {
		if end == ")" {
			return ""
		}
		return "(?:"
	}
	if unset != "" {
		unset = "-" + unset
	}
	return "(?" + set + unset + end
}

// escape translates a backslash and what follows it.
func (o *onigmo) escape() (bool, error) {
	c := o.peek(1)
	switch c {
	case 0:
		return false, o.fail("too short escape sequence")
	case 'A', 'z', 'Z', 'G':
		o.pos += 2
		o.out.WriteString(`\` + string(c))
		return true, nil
	case 'b', 'B':
		o.pos += 2
		o.out.WriteString(`\` + string(c))
		return true, nil
	case 'R':
		o.pos += 2
		o.out.WriteString(`(?>\r\n|[\n\v\f\r\u0085\u2028\u2029])`)
		return true, nil
	case 'X':
		o.pos += 2
		o.out.WriteString(`(?>\r\n|\P{M}\p{M}*|\p{M}+)`)
		return true, nil
	case 'k':
		return true, o.namedBackref()
	case 'g':
		return false, unsupportedRegex{`\g<…>`}
	}
	if c >= '1' && c <= '9' {
		if o.numberedBackref() {
			return true, nil
		}
	}
	cls, err := o.classEscape()
	if err != nil {
		return false, err
	}
	o.out.WriteString(cls.emit())
	return true, nil
}

func (o *onigmo) namedBackref() error {
	end := -1
	switch o.peek(2) {
	case '<':
		end = strings.IndexByte(o.src[o.pos:], '>')
	case '\'':
		if end = strings.IndexByte(o.src[o.pos+3:], '\''); end >= 0 {
			end += 3
		}
	}
	if end < 4 {
		return o.fail("invalid backref number/name")
	}
	name := o.src[o.pos+3 : o.pos+end]
	o.pos += end + 1
	if n, err := strconv.Atoi(name); err == nil {
		if n < 0 {
			n += o.groups + 1
		}
		if n < 1 {
			return o.fail("invalid backref number/name")
		}
		o.backrefs = append(o.backrefs, n)
		o.out.WriteString(`(?:\` + itoa(n) + ")")
		return nil
	}
	if !strings.Contains(o.src, "(?<"+name+">") {
		return o.fail("undefined name <" + name + "> reference")
	}
	o.out.WriteString(`\k<` + name + ">")
	return nil
}

// numberedBackref reads \1 and so on; \10 and beyond are octal unless there are
// as many groups.
func (o *onigmo) numberedBackref() bool {
	i := o.pos + 1
	for i < len(o.src) && isDigit(o.src[i]) && i < o.pos+4 {
		i++
	}
	n, err := strconv.Atoi(o.src[o.pos+1 : i])
	if err != nil || n > 9 && n > o.groups {
		return false
	}
	o.pos = i
	o.backrefs = append(o.backrefs, n)
	o.out.WriteString(`(?:\` + itoa(n) + ")")
	return true
}
