package erb

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// jsonMethods are the functions of the JSON module.
func jsonMethods(t methodTable) {
	t.addKw(func(c *call) value {
		p := &jsonParser{vm: c.vm, s: c.str(0), symbols: truthy(c.kw.sym("symbolize_names")), nan: truthy(c.kw.sym("allow_nan"))}
		return p.document()
	}, 1, 2, "parse", "parse!", "load")
	t.addKw(func(c *call) value {
		p := &jsonParser{vm: c.vm, s: string(c.vm.readFile(c.pathArg(0))), symbols: truthy(c.kw.sym("symbolize_names"))}
		return p.document()
	}, 1, 2, "load_file", "load_file!")
	t.addKw(func(c *call) value { return c.newStr(c.vm.toJSON(c.args[0], "", "")) }, 1, 2, "generate", "dump", "fast_generate")
	t.addKw(func(c *call) value { return c.newStr(c.vm.toJSON(c.args[0], "  ", "")) }, 1, 2, "pretty_generate")
}

// toJSON writes a value; indent is empty for the compact form.
func (vm *vm) toJSON(v value, indent, prefix string) string {
	defer vm.guarded()()
	vm.tick()
	switch v := v.(type) {
	case nil:
		return "null"
	case bool, int64, *big.Int:
		return vm.toS(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			vm.raise("JSON::GeneratorError", "%s not allowed in JSON", floatText(v))
		}
		return floatText(v)
	case *array:
		return vm.jsonArray(v, indent, prefix)
	case *hash:
		return vm.jsonHash(v, indent, prefix)
	case *object:
		if m := vm.find(v, "to_json"); m != nil && m.native == nil {
			return vm.toS(vm.send(v, "to_json"))
		}
		if m := vm.find(v, "to_h"); m != nil && m.native == nil {
			return vm.toJSON(vm.send(v, "to_h"), indent, prefix)
		}
	}
	return vm.jsonString(vm.toS(v))
}

func (vm *vm) jsonArray(a *array, indent, prefix string) string {
	var b strings.Builder
	inner := prefix + indent
	b.WriteByte('[')
	for i, e := range a.elems {
		if i > 0 {
			b.WriteByte(',')
		}
		if indent != "" {
			b.WriteString("\n" + inner)
		}
		b.WriteString(vm.toJSON(e, indent, inner))
	}
	if indent != "" {
		if len(a.elems) == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("\n" + prefix)
	}
	b.WriteByte(']')
	vm.charge(b.Len())
	return b.String()
}

func (vm *vm) jsonHash(h *hash, indent, prefix string) string {
	var b strings.Builder
	inner := prefix + indent
	b.WriteByte('{')
	for i, e := range h.pairs() {
		if i > 0 {
			b.WriteByte(',')
		}
		colon := ":"
		if indent != "" {
			b.WriteString("\n" + inner)
			colon = ": "
		}
		b.WriteString(vm.jsonString(vm.toS(e.key)) + colon + vm.toJSON(e.val, indent, inner))
	}
	if indent != "" {
		b.WriteString("\n" + prefix)
	}
	b.WriteByte('}')
	vm.charge(b.Len())
	return b.String()
}

func (vm *vm) jsonString(s string) string {
	if !utf8.ValidString(s) {
		vm.raise("JSON::GeneratorError", "source sequence is illegal/malformed utf-8")
	}
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\f':
			b.WriteString(`\f`)
		case '\b':
			b.WriteString(`\b`)
		default:
			if c < ' ' {
				fmt.Fprintf(&b, `\u%04x`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// jsonParser reads JSON with the comments that Ruby's parser accepts.
type jsonParser struct {
	vm      *vm
	s       string
	pos     int
	symbols bool
	nan     bool
}

func (p *jsonParser) fail() {
	rest := p.s[min(p.pos, len(p.s)):]
	if r := []rune(rest); len(r) > 60 {
		rest = string(r[:60])
	}
	p.vm.raise("JSON::ParserError", "unexpected token at '%s'", rest)
}

func (p *jsonParser) document() value {
	p.skip()
	v := p.value()
	p.skip()
	if p.pos < len(p.s) {
		p.fail()
	}
	return v
}

// skip steps over white space and comments.
func (p *jsonParser) skip() {
	for p.pos < len(p.s) {
		rest := p.s[p.pos:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			p.pos++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				p.pos = len(p.s)
				return
			}
			p.pos += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				p.fail()
			}
			p.pos += n + 4
		default:
			return
		}
	}
}

func (p *jsonParser) value() value {
	defer p.vm.guarded()()
	p.vm.tick()
	if p.pos >= len(p.s) {
		p.fail()
	}
	for word, v := range map[string]value{"null": nil, "true": true, "false": false} {
		if strings.HasPrefix(p.s[p.pos:], word) {
			p.pos += len(word)
			return v
		}
	}
	switch c := p.s[p.pos]; {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		return newStr(p.string())
	case c == '-' || isDigit(c):
		return p.number()
	}
	if p.nan && strings.HasPrefix(p.s[p.pos:], "NaN") {
		p.pos += 3
		return math.NaN()
	}
	p.fail()
	return nil
}

func (p *jsonParser) accept(c byte) bool {
	p.skip()
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *jsonParser) object() value {
	h := newHash()
	p.pos++
	if p.accept('}') {
		return h
	}
	for {
		p.skip()
		if p.pos >= len(p.s) || p.s[p.pos] != '"' {
			p.fail()
		}
		k := p.string()
		if !p.accept(':') {
			p.fail()
		}
		p.skip()
		v := p.value()
		if p.symbols {
			h.set(symbol(k), v)
		} else {
			h.set(newStr(k), v)
		}
		p.vm.chargeElems(3)
		if p.accept('}') {
			return h
		}
		if !p.accept(',') {
			p.fail()
		}
	}
}

func (p *jsonParser) array() value {
	a := &array{}
	p.pos++
	if p.accept(']') {
		return a
	}
	for {
		p.skip()
		a.elems = append(a.elems, p.value())
		p.vm.chargeElems(1)
		if p.accept(']') {
			return a
		}
		if !p.accept(',') {
			p.fail()
		}
	}
}

func (p *jsonParser) number() value {
	start := p.pos
	if p.s[p.pos] == '-' {
		p.pos++
	}
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
			p.pos++
		}
		return p.pos > from
	}
	first := p.pos
	if !digits() || p.s[first] == '0' && p.pos > first+1 {
		p.pos = start
		p.fail()
	}
	float := false
	if p.pos+1 < len(p.s) && p.s[p.pos] == '.' && isDigit(p.s[p.pos+1]) {
		p.pos++
		float = digits()
	}
	if p.pos < len(p.s) && p.s[p.pos]|0x20 == 'e' {
		mark := p.pos
		p.pos++
		if p.pos < len(p.s) && (p.s[p.pos] == '+' || p.s[p.pos] == '-') {
			p.pos++
		}
		if digits() {
			float = true
		} else {
			p.pos = mark
		}
	}
	text := p.s[start:p.pos]
	if float {
		return looseFloat(text)
	}
	p.vm.charge(len(text))
	p.vm.steps += len(text) >> 4
	return looseInt(text, 10)
}

func (p *jsonParser) string() string {
	start := p.pos
	p.pos++
	var b []byte
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == '"':
			p.vm.charge(len(b))
			return string(b)
		case c < ' ':
			p.pos = start
			p.fail()
		case c == '\\':
			b = p.escape(b)
		default:
			b = append(b, c)
		}
	}
	p.pos = start
	p.fail()
	return ""
}

func (p *jsonParser) escape(b []byte) []byte {
	if p.pos >= len(p.s) {
		return b
	}
	c := p.s[p.pos]
	p.pos++
	switch c {
	case 'n':
		return append(b, '\n')
	case 't':
		return append(b, '\t')
	case 'r':
		return append(b, '\r')
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'u':
		r := p.hex4()
		if r >= 0xd800 && r < 0xdc00 && strings.HasPrefix(p.s[p.pos:], `\u`) {
			p.pos += 2
			r = 0x10000 + (r-0xd800)<<10 + (p.hex4() - 0xdc00)
		}
		return utf8.AppendRune(b, r)
	}
	return append(b, c)
}

func (p *jsonParser) hex4() rune {
	var r rune
	for range 4 {
		if p.pos >= len(p.s) {
			p.fail()
		}
		d, ok := hexDigit(p.s[p.pos])
		if !ok {
			p.fail()
		}
		r = r<<4 | rune(d)
		p.pos++
	}
	return r
}
