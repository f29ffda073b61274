package erb

import (
	"bytes"
	"math"
	"strings"
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
