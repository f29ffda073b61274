package onigmo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// charClass is a set of characters: a union of fragments in the notation of
// regexp2 and of nested classes, perhaps negated, perhaps intersected.
type charClass struct {
	negate    bool
	fragments strings.Builder
	nested    []*charClass
	and       []*charClass
	// single is set for an escape that is just one character.
	single    rune
	hasSingle bool
}

func fragmentClass(fragment string, negate bool) *charClass {
	c := &charClass{negate: negate}
	c.fragments.WriteString(fragment)
	return c
}

// emit writes the class as an expression that matches one character.
func (c *charClass) emit() string {
	if c.hasSingle {
		return quoteRune(c.single)
	}
	frag := c.fragments.String()
	if len(c.nested) == 0 && len(c.and) == 0 && frag != "" {
		if c.negate {
			return "[^" + frag + "]"
		}
		return "[" + frag + "]"
	}
	var alts []string
	if frag != "" {
		alts = append(alts, "["+frag+"]")
	}
	for _, n := range c.nested {
		alts = append(alts, n.emit())
	}
	text := `(?!)`
	if len(alts) > 0 {
		text = "(?:" + strings.Join(alts, "|") + ")"
	}
	for _, a := range c.and {
		text = "(?:(?=" + text + ")" + a.emit() + ")"
	}
	if c.negate {
		return "(?:(?!" + text + `)[\s\S])`
	}
	return text
}

// addRune adds a character.
func (c *charClass) addRune(r rune) { c.fragments.WriteString(quoteRune(r)) }

// class parses a bracketed class.
func (o *translator) class() (*charClass, error) {
	if o.depth++; o.depth > maxDepth {
		return nil, o.fail("too deep nest level")
	}
	defer func() { o.depth-- }()
	o.pos++
	c := &charClass{}
	if o.peek(0) == '^' {
		c.negate = true
		o.pos++
	}
	first := true
	for {
		if o.pos >= len(o.src) {
			return nil, o.fail("premature end of char-class")
		}
		ch := o.src[o.pos]
		if ch == ']' && !first {
			o.pos++
			return c, nil
		}
		if ch == ']' && first && !strings.Contains(o.src[o.pos+1:], "]") {
			return nil, o.fail("empty char-class")
		}
		first = false
		if o.has("&&") {
			o.pos += 2
			if err := o.intersection(c); err != nil {
				return nil, err
			}
			continue
		}
		if err := o.classItem(c); err != nil {
			return nil, err
		}
	}
}

// intersection moves what was read to one side and reads the other side up to
// the closing bracket, which it leaves.
func (o *translator) intersection(c *charClass) error {
	right := &charClass{}
	for o.pos < len(o.src) && o.src[o.pos] != ']' {
		if o.has("&&") {
			o.pos += 2
			c.and = append(c.and, right)
			right = &charClass{}
			continue
		}
		if err := o.classItem(right); err != nil {
			return err
		}
	}
	c.and = append(c.and, right)
	return nil
}

// classItem reads one member: a character, range, escape, POSIX class or nested
// class.
func (o *translator) classItem(c *charClass) error {
	if o.has("[:") {
		if done, err := o.posix(c); done || err != nil {
			return err
		}
	}
	if o.src[o.pos] == '[' {
		n, err := o.class()
		if err != nil {
			return err
		}
		c.nested = append(c.nested, n)
		return nil
	}
	low, err := o.classChar()
	if err != nil {
		return err
	}
	if !low.hasSingle {
		c.merge(low)
		return nil
	}
	if o.peek(0) != '-' || o.peek(1) == ']' || o.peek(1) == 0 || o.peek(1) == '[' {
		c.addRune(low.single)
		return nil
	}
	o.pos++
	high, err := o.classChar()
	if err != nil {
		return err
	}
	if !high.hasSingle {
		c.addRune(low.single)
		c.addRune('-')
		c.merge(high)
		return nil
	}
	if high.single < low.single {
		return o.fail("empty range in char class")
	}
	c.fragments.WriteString(quoteRune(low.single) + "-" + quoteRune(high.single))
	return nil
}

// merge adds another class to a union.
func (c *charClass) merge(other *charClass) {
	if !other.negate && len(other.nested) == 0 && len(other.and) == 0 {
		c.fragments.WriteString(other.fragments.String())
		return
	}
	c.nested = append(c.nested, other)
}

// classChar reads one character or escape.
func (o *translator) classChar() (*charClass, error) {
	if o.src[o.pos] == '\\' {
		if o.peek(1) == 'b' {
			o.pos += 2
			return &charClass{single: 8, hasSingle: true}, nil
		}
		return o.classEscape()
	}
	r, n := utf8.DecodeRuneInString(o.src[o.pos:])
	o.pos += n
	return &charClass{single: r, hasSingle: true}, nil
}

// posixClass is the Unicode meaning of a POSIX bracket or property name.
func posixClass(name string) (string, bool) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "")) {
	case "alpha":
		return `\p{L}\p{M}\p{Nl}`, true
	case "digit":
		return `\p{Nd}`, true
	case "alnum":
		return `\p{L}\p{M}\p{Nl}\p{Nd}`, true
	case "upper":
		return `\p{Lu}`, true
	case "lower":
		return `\p{Ll}`, true
	case "space":
		return `\t-\r\u0020\u0085\p{Z}`, true
	case "blank":
		return `\t\p{Zs}`, true
	case "punct":
		return `\p{P}$+<=>^|~\u0060`, true
	case "cntrl":
		return `\p{Cc}`, true
	case "xdigit":
		return `0-9A-Fa-f`, true
	case "word":
		return `\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}`, true
	case "graph":
		return `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}`, true
	case "print":
		return `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}\p{Zs}`, true
	case "ascii":
		return `\u0000-\u007f`, true
	case "any":
		return `\s\S`, true
	}
	return "", false
}

// posix reads [:name:] or [:^name:].
func (o *translator) posix(c *charClass) (bool, error) {
	end := strings.Index(o.src[o.pos+2:], ":]") + 2
	if end < 2 || end > 20 {
		return false, nil
	}
	name := o.src[o.pos+2 : o.pos+end]
	negate := strings.HasPrefix(name, "^")
	frag, ok := posixClass(strings.TrimPrefix(name, "^"))
	if !ok || strings.EqualFold(name, "any") {
		return false, o.fail("invalid POSIX bracket type")
	}
	o.pos += end + 2
	c.merge(fragmentClass(frag, negate))
	return true, nil
}

// classEscape reads an escape that stands for a character or a set of them.
func (o *translator) classEscape() (*charClass, error) {
	c := o.peek(1)
	o.pos += 2
	one := func(r rune) (*charClass, error) { return &charClass{single: r, hasSingle: true}, nil }
	switch c {
	case 0:
		return nil, o.fail("too short escape sequence")
	case 'd', 'D':
		return fragmentClass("0-9", c == 'D'), nil
	case 'w', 'W':
		return fragmentClass("a-zA-Z0-9_", c == 'W'), nil
	case 's', 'S':
		return fragmentClass(`\t-\r\u0020`, c == 'S'), nil
	case 'h', 'H':
		return fragmentClass("0-9a-fA-F", c == 'H'), nil
	case 'p', 'P':
		return o.property(c == 'P')
	case 't':
		return one('\t')
	case 'n':
		return one('\n')
	case 'r':
		return one('\r')
	case 'f':
		return one('\f')
	case 'v':
		return one('\v')
	case 'a':
		return one(7)
	case 'e':
		return one(0x1b)
	case 'x':
		return o.hexEscape(2)
	case 'u':
		return o.hexEscape(4)
	case 'c':
		r := rune(o.peek(0)) & 0x1f
		o.pos++
		return one(r)
	case 'C', 'M':
		return nil, o.unsupported(`\` + string(c) + "-")
	}
	if c >= '0' && c <= '7' {
		n := rune(c - '0')
		for i := 0; i < 2 && o.peek(0) >= '0' && o.peek(0) <= '7'; i++ {
			n = n*8 + rune(o.peek(0)-'0')
			o.pos++
		}
		return one(n & 0xff)
	}
	o.pos--
	r, n := utf8.DecodeRuneInString(o.src[o.pos:])
	o.pos += n
	return one(r)
}

// hexEscape reads the digits of \xHH or \uHHHH, or one code point in braces.
func (o *translator) hexEscape(width int) (*charClass, error) {
	limit := width
	braces := o.peek(0) == '{'
	if braces {
		o.pos++
		limit = 8
	}
	var n rune
	digits := 0
	for ; digits < limit; digits++ {
		d, ok := hexDigit(o.peek(0))
		if !ok {
			break
		}
		n = n<<4 | d
		o.pos++
	}
	if digits == 0 || width == 4 && !braces && digits < 4 {
		return nil, o.fail("invalid Unicode escape")
	}
	if braces {
		if o.peek(0) != '}' {
			return nil, o.unsupported(`several characters in \u{…}`)
		}
		o.pos++
	}
	if n < 0 || n > utf8.MaxRune {
		return nil, o.fail("invalid Unicode range")
	}
	return &charClass{single: n, hasSingle: true}, nil
}

// property reads \p{Name}, \p{^Name} and \P{Name}.
func (o *translator) property(negate bool) (*charClass, error) {
	end := strings.IndexByte(o.src[o.pos:], '}')
	if o.peek(0) != '{' || end < 0 {
		return nil, o.fail("invalid character property name {" + string(o.peek(0)) + "}")
	}
	name := o.src[o.pos+1 : o.pos+end]
	o.pos += end + 1
	if strings.HasPrefix(name, "^") {
		negate = !negate
		name = name[1:]
	}
	if frag, ok := posixClass(name); ok {
		return fragmentClass(frag, negate), nil
	}
	if canonical, ok := unicodeProperty(name); ok {
		return fragmentClass(`\p{`+canonical+`}`, negate), nil
	}
	return nil, o.fail("invalid character property name {" + name + "}")
}

// unicodeProperty is the canonical name of a general category or script.
func unicodeProperty(name string) (string, bool) {
	for _, table := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for k := range table {
			if strings.EqualFold(k, name) {
				return k, true
			}
		}
	}
	long := map[string]string{"letter": "L", "mark": "M", "number": "N", "punctuation": "P", "symbol": "S", "separator": "Z", "other": "C"}
	v, ok := long[strings.ToLower(name)]
	return v, ok
}
