package erb

import (
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inspect is the text of a value as p shows it.
func (vm *vm) inspect(v value) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case *str:
		vm.charge(len(v.b))
		return inspectBytes(v.b)
	case symbol:
		return inspectSymbol(string(v))
	case bool, int64, float64, *big.Int:
		return vm.toS(v)
	case *array:
		return vm.inspectArray(v)
	case *hash:
		return vm.inspectHash(v)
	case *rangeVal:
		return vm.inspectRange(v)
	}
	if s, ok := vm.send(v, "inspect").(*str); ok {
		return string(s.b)
	}
	return vm.anyToS(v)
}

func (vm *vm) inspectArray(a *array) string {
	defer vm.guarded()()
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range a.elems {
		vm.tick()
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(vm.inspect(e))
		vm.charge(4)
	}
	b.WriteByte(']')
	vm.charge(b.Len())
	return b.String()
}

func (vm *vm) inspectHash(h *hash) string {
	defer vm.guarded()()
	if h.len() == 0 {
		return "{}"
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range h.pairs() {
		vm.tick()
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(vm.inspect(e.key))
		b.WriteString("=>")
		b.WriteString(vm.inspect(e.val))
	}
	b.WriteByte('}')
	vm.charge(b.Len())
	return b.String()
}

func (vm *vm) inspectRange(r *rangeVal) string {
	end := func(v value) string {
		if v == nil {
			return ""
		}
		return vm.inspect(v)
	}
	return end(r.lo) + dots(r) + end(r.hi)
}

func dots(r *rangeVal) string {
	if r.excl {
		return "..."
	}
	return ".."
}

// inspectObject is Object#inspect.
func (vm *vm) inspectObject(o *object) string {
	if len(o.ivarOrder) == 0 {
		return vm.anyToS(o)
	}
	defer vm.guarded()()
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(vm.anyToS(o), ">"))
	for i, name := range o.ivarOrder {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + name + "=" + vm.inspect(o.ivars[name]))
	}
	b.WriteByte('>')
	return b.String()
}

// inspectBytes is String#inspect.
func inspectBytes(s []byte) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < 0x80 {
			writeEscaped(&b, s, i)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, c)
		case rubyPrintable(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}

// rubyPrintable tells whether String#inspect shows a character as it is.
func rubyPrintable(r rune) bool {
	return r == 0x85 || unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co)
}

// writeEscaped writes the ASCII character at i as it stands in a literal.
func writeEscaped(b *strings.Builder, s []byte, i int) {
	c := s[i]
	switch c {
	case '"', '\\':
		b.WriteByte('\\')
		b.WriteByte(c)
	case '\n':
		b.WriteString(`\n`)
	case '\t':
		b.WriteString(`\t`)
	case '\r':
		b.WriteString(`\r`)
	case '\f':
		b.WriteString(`\f`)
	case '\v':
		b.WriteString(`\v`)
	case 7:
		b.WriteString(`\a`)
	case 8:
		b.WriteString(`\b`)
	case 0x1b:
		b.WriteString(`\e`)
	case '#':
		if i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '$' || s[i+1] == '@') {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	default:
		if c < ' ' || c == 0x7f {
			fmt.Fprintf(b, `\u%04X`, c)
			return
		}
		b.WriteByte(c)
	}
}

// dumpString is String#dump.
func dumpString(s []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < 0x80 {
			if c < ' ' && strings.IndexByte("\n\t\r\f\v\a\b\x1b", c) < 0 || c == 0x7f {
				fmt.Fprintf(&b, `\x%02X`, c)
			} else {
				writeEscaped(&b, s, i)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, c)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}

// inspectSymbol is Symbol#inspect.
func inspectSymbol(s string) string {
	if plainSymbol(s) {
		return ":" + s
	}
	return ":" + inspectBytes([]byte(s))
}

// plainSymbol tells whether a symbol is written without quotes.
func plainSymbol(s string) bool {
	if s == "" {
		return false
	}
	for _, op := range operatorMethods {
		if s == op {
			return true
		}
	}
	rest := strings.TrimLeft(s, "@$")
	switch s[:len(s)-len(rest)] {
	case "", "@", "@@", "$":
	default:
		return false
	}
	if rest == "" || !isIdentStart(rest[0]) || !utf8.ValidString(rest) {
		return false
	}
	for i := 0; i < len(rest); i++ {
		if !isIdentByte(rest[i]) {
			return len(rest) == len(s) && i == len(rest)-1 && strings.IndexByte("?!=", rest[i]) >= 0
		}
	}
	return true
}
