package erb

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

func stringMethods(t methodTable) {
	stringBasics(t)
	stringSlices(t)
	stringSearch(t)
	stringTransforms(t)
	stringIteration(t)
}

func stringClassMethods(t methodTable) {
	t.addKw(func(c *call) value {
		if len(c.args) == 0 {
			return newStr("")
		}
		return c.newStr(c.str(0))
	}, 0, 1, "new")
}

// s is the receiver as a string value.
func (c *call) s() *str { return c.self.(*str) }

// text is the receiver's text.
func (c *call) text() string { return string(c.self.(*str).b) }

// modify returns the receiver for a change in place.
func (c *call) modify() *str {
	s := c.s()
	if s.frozen {
		c.vm.frozenError(s)
	}
	return s
}

// bang makes the ! form of a method: nil when nothing changed.
func bang(fn func(c *call) value) func(c *call) value {
	return func(c *call) value {
		s := c.modify()
		r := fn(c).(*str)
		if bytes.Equal(r.b, s.b) {
			return nil
		}
		s.b = r.b
		return s
	}
}

// addBang adds a method and its ! form.
func addBang(t methodTable, fn func(c *call) value, low, high int, name string) {
	t.add(fn, low, high, name)
	t.add(bang(fn), low, high, name+"!")
}

func stringBasics(t methodTable) {
	t.add(func(c *call) value { return c.self }, 0, 0, "to_s", "to_str")
	t.add(func(c *call) value { return c.newStr(inspectBytes(c.s().b)) }, 0, 0, "inspect")
	t.add(func(c *call) value { return c.newStr(dumpString(c.s().b)) }, 0, 0, "dump")
	t.add(func(c *call) value { return symbol(c.text()) }, 0, 0, "to_sym", "intern")
	t.add(func(c *call) value {
		base := c.optInt(0, 10)
		if base < 2 || base > 36 {
			c.vm.argError("invalid radix %d", base)
		}
		return looseInt(c.text(), base)
	}, 0, 1, "to_i")
	t.add(func(c *call) value { return looseFloat(c.text()) }, 0, 0, "to_f")
	t.add(func(c *call) value { return looseRat(c.text()) }, 0, 0, "to_r")
	t.add(func(c *call) value { return looseInt(c.text(), 16) }, 0, 0, "hex")
	t.add(strOct, 0, 0, "oct")
	t.add(func(c *call) value { return int64(charLen(c.s().b)) }, 0, 0, "length", "size")
	t.add(func(c *call) value { return int64(len(c.s().b)) }, 0, 0, "bytesize")
	t.add(func(c *call) value { return len(c.s().b) == 0 }, 0, 0, "empty?")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "===")
	t.add(func(c *call) value {
		y, ok := c.args[0].(*str)
		return ok && bytes.Equal(y.b, c.s().b)
	}, 1, 1, "eql?")
	t.add(spaceship, 1, 1, "<=>")
	t.add(strPlus, 1, 1, "+")
	t.add(strTimes, 1, 1, "*")
	t.add(func(c *call) value { return c.newStr(c.vm.format(c.f, c.text(), formatArgs(c.args[0]))) }, 1, 1, "%")
	t.add(strAppend, 1, 1, "<<")
	t.add(strConcat, 0, -1, "concat")
	t.add(strPrepend, 0, -1, "prepend")
	t.add(func(c *call) value { c.modify().b = append([]byte(nil), c.vm.toStr(c.args[0]).b...); return c.self }, 1, 1, "replace")
	t.add(func(c *call) value { c.modify().b = nil; return c.self }, 0, 0, "clear")
	t.add(func(c *call) value {
		if c.s().frozen {
			return &str{b: append([]byte(nil), c.s().b...)}
		}
		return c.self
	}, 0, 0, "+@")
	t.add(func(c *call) value { return &str{b: c.s().b, frozen: true} }, 0, 0, "-@", "dedup")
	t.addKw(func(c *call) value {
		c.vm.charge(len(c.s().b))
		frozen := c.name == "clone" && c.s().frozen && c.kw.sym("freeze") != false
		return &str{b: append([]byte(nil), c.s().b...), frozen: frozen}
	}, 0, 0, "dup", "clone")
	t.add(func(c *call) value { c.s().frozen = true; return c.self }, 0, 0, "freeze")
	t.add(func(c *call) value { return c.s().frozen }, 0, 0, "frozen?")
	t.add(strOrd, 0, 0, "ord")
	t.add(func(c *call) value {
		n := 0
		for _, b := range c.s().b {
			n += int(b)
		}
		return int64(n & (1<<c.optInt(0, 16) - 1))
	}, 0, 1, "sum")
	t.add(func(c *call) value { return c.vm.class("Encoding").consts["UTF_8"] }, 0, 0, "encoding")
	t.addKw(func(c *call) value { return c.newStr(strings.ToValidUTF8(c.text(), "?")) }, 0, 2, "encode")
	t.add(func(c *call) value { return c.self }, 0, 1, "force_encoding", "unicode_normalize")
	t.add(func(c *call) value { return utf8.Valid(c.s().b) }, 0, 0, "valid_encoding?")
	t.add(func(c *call) value { return isASCII(c.s().b) }, 0, 0, "ascii_only?")
	t.add(func(c *call) value {
		repl := "\uFFFD"
		if len(c.args) > 0 {
			repl = c.str(0)
		}
		return c.newStr(strings.ToValidUTF8(c.text(), repl))
	}, 0, 1, "scrub")
	t.add(func(c *call) value { return &str{b: append([]byte(nil), c.s().b...)} }, 0, 0, "b")
	t.add(strUnpack, 1, 1, "unpack")
	t.add(func(c *call) value { return strUnpack(c).(*array).first() }, 1, 1, "unpack1")
	t.add(strHash, 0, 0, "hash")
	t.add(func(c *call) value { return newStr(shellEscape(c.text())) }, 0, 0, "shellescape")
	t.add(func(c *call) value { return strList(c.shellSplit(c.text())) }, 0, 0, "shellsplit")
}

// spaceship is <=> for the core classes.
func spaceship(c *call) value {
	r, ok := c.vm.compare(c.self, c.args[0])
	if !ok {
		return nil
	}
	return int64(r)
}

func strHash(c *call) value {
	h := uint64(14695981039346656037)
	for _, b := range c.s().b {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return int64(h >> 2)
}

func strOct(c *call) value {
	s := strings.TrimLeft(c.text(), " \t\n\v\f\r")
	base := 8
	if digits := strings.TrimLeft(s, "+-"); len(digits) > 1 && digits[0] == '0' {
		switch digits[1] | 0x20 {
		case 'x':
			base = 16
		case 'b':
			base = 2
		case 'd':
			base = 10
		}
	}
	return looseInt(s, base)
}

func strPlus(c *call) value {
	o := c.vm.toStr(c.args[0])
	c.vm.charge(len(c.s().b) + len(o.b) + 32)
	return &str{b: append(append(make([]byte, 0, len(c.s().b)+len(o.b)), c.s().b...), o.b...)}
}

func strTimes(c *call) value {
	n := c.int(0)
	if n < 0 {
		c.vm.argError("negative argument")
	}
	size := float64(n) * float64(len(c.s().b))
	c.vm.charge(int(math.Min(size, maxString+1)))
	return &str{b: bytes.Repeat(c.s().b, n)}
}

func strAppend(c *call) value {
	s := c.modify()
	if n, ok := c.args[0].(int64); ok {
		if n < 0 || n > utf8.MaxRune {
			c.vm.raise("RangeError", "%d out of char range", n)
		}
		s.b = utf8.AppendRune(s.b, rune(n))
		return s
	}
	o := c.vm.toStr(c.args[0])
	s.b = append(s.b, o.b...)
	c.vm.charge(len(o.b))
	if len(s.b) > maxString {
		c.vm.charge(len(s.b))
	}
	return s
}

func strConcat(c *call) value {
	var add []byte
	for i := range c.args {
		one := &call{vm: c.vm, f: c.f, self: &str{}, args: c.args[i : i+1]}
		add = append(add, strAppend(one).(*str).b...)
	}
	s := c.modify()
	s.b = append(s.b, add...)
	c.vm.charge(len(s.b))
	return s
}

func strPrepend(c *call) value {
	s := c.modify()
	var all []byte
	for i := range c.args {
		all = append(all, c.vm.toStr(c.args[i]).b...)
	}
	s.b = append(all, s.b...)
	c.vm.charge(len(s.b))
	return s
}

func strOrd(c *call) value {
	if len(c.s().b) == 0 {
		c.vm.argError("empty string")
	}
	r, n := utf8.DecodeRune(c.s().b)
	if r == utf8.RuneError && n == 1 {
		c.vm.argError("invalid byte sequence in UTF-8")
	}
	return int64(r)
}

// strUnpack is unpack for the directives C, c, U, a, A and H.
func strUnpack(c *call) value {
	out := &array{}
	data := c.s().b
	format := c.str(0)
	for i := 0; i < len(format); i++ {
		d := format[i]
		if isSpaceByte(d) {
			continue
		}
		count, star := 1, false
		if i+1 < len(format) && format[i+1] == '*' {
			star = true
			i++
		}
		if j := i + 1; j < len(format) && isDigit(format[j]) && !star {
			count = 0
			for ; j < len(format) && isDigit(format[j]); j++ {
				count = min(count*10+int(format[j]-'0'), maxString)
			}
			i = j - 1
		}
		data = c.unpackOne(out, d, data, count, star)
	}
	c.vm.chargeElems(len(out.elems))
	return out
}

func (c *call) unpackOne(out *array, d byte, data []byte, count int, star bool) []byte {
	if !star {
		c.vm.chargeElems(count)
	}
	switch d {
	case 'C', 'c':
		for n := 0; (star || n < count) && (len(data) > 0 || !star); n++ {
			if len(data) == 0 {
				out.elems = append(out.elems, nil)
				continue
			}
			v := int64(data[0])
			if d == 'c' {
				v = int64(int8(data[0]))
			}
			out.elems = append(out.elems, v)
			data = data[1:]
		}
	case 'U':
		for n := 0; (star || n < count) && len(data) > 0; n++ {
			r, w := utf8.DecodeRune(data)
			out.elems = append(out.elems, int64(r))
			data = data[w:]
		}
	case 'a', 'A':
		n := min(count, len(data))
		if star {
			n = len(data)
		}
		piece := data[:n]
		if d == 'A' {
			piece = bytes.TrimRight(piece, " \x00")
		}
		out.elems = append(out.elems, newStr(string(piece)))
		data = data[n:]
	case 'H':
		n := len(data)
		if !star {
			n = min((count+1)/2, n)
		}
		text := fmt.Sprintf("%x", data[:n])
		if !star {
			text = text[:min(count, len(text))]
		}
		out.elems = append(out.elems, newStr(text))
		data = data[n:]
	default:
		c.vm.outside("String#unpack with the directive " + string(d))
	}
	return data
}

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

// stringIteration adds each_char and its like.
func stringIteration(t methodTable) {
	each := func(split func(c *call) []string) func(c *call) value {
		return func(c *call) value {
			if c.blk == nil {
				return c.enum()
			}
			for _, s := range split(c) {
				c.vm.tick()
				c.yield(newStr(s))
			}
			return c.self
		}
	}
	all := func(split func(c *call) []string) func(c *call) value {
		return func(c *call) value {
			list := split(c)
			c.vm.chargeElems(3 * len(list))
			if c.blk != nil {
				for _, s := range list {
					c.yield(newStr(s))
				}
				return c.self
			}
			return strList(list)
		}
	}
	charsOf := func(c *call) []string { return chars(c.s().b) }
	t.add(each(charsOf), 0, 0, "each_char", "each_grapheme_cluster")
	t.add(all(charsOf), 0, 0, "chars", "grapheme_clusters")
	t.addKw(each(linesOf), 0, 1, "each_line")
	t.addKw(all(linesOf), 0, 1, "lines")
	t.add(strBytes, 0, 0, "bytes")
	t.add(func(c *call) value {
		if c.blk == nil {
			return c.enum()
		}
		for _, b := range c.s().b {
			c.yield(int64(b))
		}
		return c.self
	}, 0, 0, "each_byte")
	t.add(func(c *call) value {
		out := &array{}
		for _, r := range c.text() {
			out.elems = append(out.elems, int64(r))
		}
		c.vm.chargeElems(len(out.elems))
		return out
	}, 0, 0, "codepoints")
	t.add(strUpto, 1, 2, "upto")
}

func strBytes(c *call) value {
	out := make([]value, len(c.s().b))
	for i, b := range c.s().b {
		out[i] = int64(b)
	}
	return c.list(out)
}

// linesOf splits a string into lines with their ends.
func linesOf(c *call) []string {
	sep := "\n"
	if len(c.args) > 0 {
		if c.args[0] == nil {
			return []string{c.text()}
		}
		sep = c.str(0)
	}
	lines := splitLines(c.text(), sep)
	if truthy(c.kw.sym("chomp")) {
		for i, l := range lines {
			if sep == "\n" {
				lines[i] = chomp(l)
			} else {
				lines[i] = strings.TrimSuffix(l, sep)
			}
		}
	}
	return lines
}

func splitLines(s, sep string) []string {
	if sep == "" {
		return splitParagraphs(s)
	}
	lines := strings.SplitAfter(s, sep)
	if len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func splitParagraphs(s string) []string {
	var out []string
	for s != "" {
		i := strings.Index(s, "\n\n")
		if i < 0 {
			return append(out, s)
		}
		out = append(out, s[:i+2])
		s = strings.TrimLeft(s[i:], "\n")
	}
	return out
}

func strUpto(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	c.vm.strRange(c.text(), c.str(0), truthy(c.arg(1)), func(s string) bool {
		c.yield(newStr(s))
		return true
	})
	return c.self
}

// strRange counts from a string to another with succ.
func (vm *vm) strRange(from, to string, excl bool, fn func(string) bool) {
	if x, ok := wholeNumber(from); ok {
		if y, ok := wholeNumber(to); ok {
			for n := x; n < y || n == y && !excl; n++ {
				vm.tick()
				if !fn(fmt.Sprintf("%0*d", len(from), n)) {
					return
				}
			}
			return
		}
	}
	if len(from) > len(to) || from > to && len(from) == len(to) {
		return
	}
	for s := from; ; s = succ(s) {
		vm.tick()
		vm.charge(len(s))
		if len(s) > len(to) || s == to && excl {
			return
		}
		if !fn(s) || s == to {
			return
		}
	}
}

func wholeNumber(s string) (int64, bool) {
	if s == "" || len(s) > 17 {
		return 0, false
	}
	var n int64
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
