package erb

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

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

// pack is Array#pack for the directives C, c, U, a and A.
func (vm *vm) pack(a *array, format string) []byte {
	var out []byte
	items := a.elems
	for i := 0; i < len(format); i++ {
		d := format[i]
		if isSpaceByte(d) {
			continue
		}
		count := 1
		if i+1 < len(format) && format[i+1] == '*' {
			count = len(items)
			i++
		}
		if strings.IndexByte("CcU", d) < 0 {
			vm.outside("Array#pack with the directive " + string(d))
		}
		for ; count > 0; count-- {
			if len(items) == 0 {
				vm.argError("too few arguments")
			}
			n := vm.toInt(items[0])
			items = items[1:]
			if d == 'U' {
				out = append(out, string(rune(n))...)
			} else {
				out = append(out, byte(n))
			}
		}
	}
	return out
}
