package erb

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// stringTransforms adds the methods that make a changed copy.
func stringTransforms(t methodTable) {
	up := func(fn func(string) string) func(c *call) value {
		return func(c *call) value { return c.newStr(fn(c.text())) }
	}
	addBang(t, up(upcase), 0, -1, "upcase")
	addBang(t, up(downcase), 0, -1, "downcase")
	addBang(t, up(capitalize), 0, -1, "capitalize")
	addBang(t, up(swapcase), 0, -1, "swapcase")
	addBang(t, func(c *call) value { return c.newStr(strings.TrimRight(trimLeft(c.text()), spaceNul)) }, 0, 0, "strip")
	addBang(t, func(c *call) value { return c.newStr(trimLeft(c.text())) }, 0, 0, "lstrip")
	addBang(t, func(c *call) value { return c.newStr(strings.TrimRight(c.text(), spaceNul)) }, 0, 0, "rstrip")
	addBang(t, func(c *call) value { return c.newStr(reverse(c.s().b)) }, 0, 0, "reverse")
	addBang(t, strChomp, 0, 1, "chomp")
	addBang(t, strChop, 0, 0, "chop")
	addBang(t, func(c *call) value { return c.newStr(strings.TrimPrefix(c.text(), c.str(0))) }, 1, 1, "delete_prefix")
	addBang(t, func(c *call) value { return c.newStr(strings.TrimSuffix(c.text(), c.str(0))) }, 1, 1, "delete_suffix")
	addBang(t, func(c *call) value { return c.newStr(c.vm.tr(c.text(), c.str(0), c.str(1), false)) }, 2, 2, "tr")
	addBang(t, func(c *call) value { return c.newStr(c.vm.tr(c.text(), c.str(0), c.str(1), true)) }, 2, 2, "tr_s")
	addBang(t, strDelete, 1, -1, "delete")
	addBang(t, strSqueeze, 0, -1, "squeeze")
	addBang(t, func(c *call) value { return c.newStr(succ(c.text())) }, 0, 0, "succ")
	addBang(t, func(c *call) value { return c.newStr(succ(c.text())) }, 0, 0, "next")
	for _, name := range []string{"succ!", "next!"} {
		t.add(func(c *call) value { c.modify().b = []byte(succ(c.text())); return c.self }, 0, 0, name)
	}
	t.add(func(c *call) value { return c.pad(false, true) }, 1, 2, "ljust")
	t.add(func(c *call) value { return c.pad(true, false) }, 1, 2, "rjust")
	t.add(func(c *call) value { return c.pad(true, true) }, 1, 2, "center")
	t.add(strInsert, 2, 2, "insert")
	t.add(strCount, 1, -1, "count")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*str)
		if !ok {
			c.vm.typeError("no implicit conversion of %s into String", c.vm.typeName(c.args[0]))
		}
		return int64(compareBytes(asciiLower(c.s().b), asciiLower(o.b)))
	}, 1, 1, "casecmp")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*str)
		if !ok {
			c.vm.typeError("no implicit conversion of %s into String", c.vm.typeName(c.args[0]))
		}
		return fold(c.text()) == fold(string(o.b))
	}, 1, 1, "casecmp?")
}

const spaceNul = "\x00\t\n\v\f\r "

func trimLeft(s string) string { return strings.TrimLeft(s, spaceNul) }

func asciiLower(b []byte) []byte {
	out := append([]byte(nil), b...)
	for i, c := range out {
		if isUpperByte(c) {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

func fold(s string) string { return strings.ReplaceAll(downcase(upcase(s)), "ß", "ss") }

// mapChars maps characters and keeps bytes that are no UTF-8.
func mapChars(s string, fn func(r rune, first bool) string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i])
		} else {
			b.WriteString(fn(r, i == 0))
		}
		i += n
	}
	return b.String()
}

func upperRune(r rune) string {
	if r == 'ß' {
		return "SS"
	}
	return string(unicode.ToUpper(r))
}

func upcase(s string) string {
	return mapChars(s, func(r rune, _ bool) string { return upperRune(r) })
}

func downcase(s string) string {
	return mapChars(s, func(r rune, _ bool) string { return string(unicode.ToLower(r)) })
}

func capitalize(s string) string {
	return mapChars(s, func(r rune, first bool) string {
		switch {
		case first && r == 'ß':
			return "Ss"
		case first:
			return string(unicode.ToTitle(r))
		}
		return string(unicode.ToLower(r))
	})
}

func swapcase(s string) string {
	return mapChars(s, func(r rune, _ bool) string {
		if unicode.IsUpper(r) {
			return string(unicode.ToLower(r))
		}
		return upperRune(r)
	})
}

func reverse(b []byte) string {
	cs := chars(b)
	var out strings.Builder
	out.Grow(len(b))
	for i := len(cs) - 1; i >= 0; i-- {
		out.WriteString(cs[i])
	}
	return out.String()
}

func strChomp(c *call) value {
	if len(c.args) == 0 {
		return c.newStr(chomp(c.text()))
	}
	if c.args[0] == nil {
		return c.newStr(c.text())
	}
	s, suffix := c.text(), c.str(0)
	switch suffix {
	case "":
		for strings.HasSuffix(s, "\n") {
			s = strings.TrimSuffix(s[:len(s)-1], "\r")
		}
	case "\n":
		s = chomp(s)
	default:
		s = strings.TrimSuffix(s, suffix)
	}
	return c.newStr(s)
}

// chomp takes one line end off.
func chomp(s string) string {
	if strings.HasSuffix(s, "\n") {
		return strings.TrimSuffix(s[:len(s)-1], "\r")
	}
	return strings.TrimSuffix(s, "\r")
}

func strChop(c *call) value {
	s := c.text()
	if strings.HasSuffix(s, "\r\n") {
		return c.newStr(s[:len(s)-2])
	}
	_, n := utf8.DecodeLastRuneInString(s)
	return c.newStr(s[:len(s)-n])
}

// pad pads on the left, right or both sides.
func (c *call) pad(left, right bool) value {
	width := c.int(0)
	fill := " "
	if len(c.args) > 1 {
		fill = c.str(1)
	}
	if fill == "" {
		c.vm.argError("zero width padding")
	}
	missing := width - charLen(c.s().b)
	if missing <= 0 {
		return c.newStr(c.text())
	}
	if missing > maxString/4 {
		c.vm.charge(maxString + 1)
	}
	l, r := 0, 0
	switch {
	case left && right:
		l = missing / 2
		r = missing - l
	case left:
		l = missing
	default:
		r = missing
	}
	return c.newStr(padding(fill, l) + c.text() + padding(fill, r))
}

func padding(fill string, n int) string {
	cs := chars([]byte(fill))
	var b strings.Builder
	for i := range n {
		b.WriteString(cs[i%len(cs)])
	}
	return b.String()
}

func strInsert(c *call) value {
	s := c.modify()
	i := c.int(0)
	n := charLen(s.b)
	if i < 0 {
		i += n + 1
	}
	if i < 0 || i > n {
		c.vm.raise("IndexError", "index %d out of string", c.int(0))
	}
	off := charOffset(s.b, i)
	add := c.vm.toStr(c.args[1])
	c.vm.charge(len(s.b) + len(add.b))
	s.b = append(append(append([]byte(nil), s.b[:off]...), add.b...), s.b[off:]...)
	return s
}

// charSet is a set of characters in the notation of tr and delete.
type charSet struct {
	negate bool
	runes  []rune
}

// parseSet reads "a-z", "^a-z" with backslash escapes.
func (vm *vm) parseSet(s string) charSet {
	set := charSet{}
	rs := []rune(s)
	if len(rs) > 1 && rs[0] == '^' {
		set.negate = true
		rs = rs[1:]
	}
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		if r == '\\' && i+1 < len(rs) {
			i++
			r = rs[i]
		}
		if i+2 < len(rs) && rs[i+1] == '-' {
			hi := rs[i+2]
			skip := 2
			if hi == '\\' && i+3 < len(rs) {
				hi = rs[i+3]
				skip = 3
			}
			if hi < r {
				vm.argError("invalid range \"%c-%c\" in string transliteration", r, hi)
			}
			vm.chargeElems(int(hi - r))
			for x := r; x <= hi; x++ {
				set.runes = append(set.runes, x)
			}
			i += skip
			continue
		}
		set.runes = append(set.runes, r)
	}
	return set
}

func (s charSet) index(r rune) int {
	for i := len(s.runes) - 1; i >= 0; i-- {
		if s.runes[i] == r {
			return i
		}
	}
	return -1
}

func (s charSet) has(r rune) bool { return (s.index(r) >= 0) != s.negate }

// tr is String#tr; squeeze collapses runs of replaced characters.
func (vm *vm) tr(s, from, to string, squeeze bool) string {
	src, dst := vm.parseSet(from), vm.parseSet(to)
	if dst.negate {
		dst.runes = append([]rune{'^'}, dst.runes...)
	}
	vm.steps += len(s) * (len(src.runes) + 1) >> 6
	last := rune(-1)
	return mapChars(s, func(r rune, _ bool) string {
		if !src.has(r) {
			last = -1
			return string(r)
		}
		if len(dst.runes) == 0 {
			return ""
		}
		i := len(dst.runes) - 1
		if !src.negate {
			i = min(src.first(r), i)
		}
		n := dst.runes[i]
		if squeeze && n == last {
			return ""
		}
		last = n
		return string(n)
	})
}

func (s charSet) first(r rune) int {
	for i, x := range s.runes {
		if x == r {
			return i
		}
	}
	return -1
}

// sets reads several sets: a character must be in all of them.
func (c *call) sets() func(rune) bool {
	var sets []charSet
	for i := range c.args {
		set := c.vm.parseSet(c.str(i))
		c.vm.steps += len(c.s().b) * (len(set.runes) + 1) >> 6
		sets = append(sets, set)
	}
	return func(r rune) bool {
		for _, s := range sets {
			if !s.has(r) {
				return false
			}
		}
		return true
	}
}

func strDelete(c *call) value {
	in := c.sets()
	return c.newStr(mapChars(c.text(), func(r rune, _ bool) string {
		if in(r) {
			return ""
		}
		return string(r)
	}))
}

func strSqueeze(c *call) value {
	in := c.sets()
	last := rune(-1)
	return c.newStr(mapChars(c.text(), func(r rune, _ bool) string {
		if r == last && in(r) {
			return ""
		}
		last = r
		return string(r)
	}))
}

func strCount(c *call) value {
	in := c.sets()
	n := 0
	for _, r := range c.text() {
		if in(r) {
			n++
		}
	}
	return int64(n)
}

// succ is String#succ: the rightmost letter or digit is incremented, with carry.
func succ(s string) string {
	b := []byte(s)
	if len(b) == 0 {
		return ""
	}
	isAlnum := func(c byte) bool { return isDigit(c) || c < 0x80 && isIdentStart(c) && c != '_' }
	last := -1
	for i := len(b) - 1; i >= 0; i-- {
		if isAlnum(b[i]) {
			last = i
			break
		}
	}
	if last < 0 {
		return succBytes(b)
	}
	for i := last; ; {
		var carry byte
		switch b[i] {
		case '9':
			b[i], carry = '0', '1'
		case 'z':
			b[i], carry = 'a', 'a'
		case 'Z':
			b[i], carry = 'A', 'A'
		default:
			b[i]++
			return string(b)
		}
		next := nextAlnum(b, i, isAlnum)
		if next < 0 {
			return string(b[:i]) + string(carry) + string(b[i:])
		}
		i = next
	}
}

// nextAlnum finds the letter or digit that takes the carry: the next one to the
// left, over other characters only when there are letters or digits beyond.
func nextAlnum(b []byte, i int, isAlnum func(byte) bool) int {
	if i > 0 && isAlnum(b[i-1]) {
		return i - 1
	}
	for j := i - 1; j >= 0; j-- {
		if isAlnum(b[j]) {
			// "1.9" goes to "2.0", but "a-9" to "a-10".
			if isDigit(b[j]) == (b[i] == '0') {
				return j
			}
			return -1
		}
	}
	return -1
}

// succBytes increments a string without letters and digits.
func succBytes(b []byte) string {
	r, n := utf8.DecodeLastRune(b)
	return string(b[:len(b)-n]) + string(r+1)
}
