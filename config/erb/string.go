package erb

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// s is the text of the string or symbol that a method is called on.
func (c *call) s() string { return toS(c.self) }

const whitespace = " \t\n\v\f\r\x00"

func stringMethods(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.str(strings.ToUpper(c.s())) }, "upcase")
	t.def(0, 0, func(c *call) value { return c.str(strings.ToLower(c.s())) }, "downcase")
	t.def(2, 2, func(c *call) value { return c.str(translate(c.s(), c.text(0), c.text(1))) }, "tr")
	t.def(1, 2, func(c *call) value { return c.str(c.substitute(true)) }, "gsub")
	t.def(1, 2, func(c *call) value { return c.str(c.substitute(false)) }, "sub")
	t.def(1, 1, func(c *call) value { return c.str(c.s() + c.text(0)) }, "+")
	t.def(1, 1, func(c *call) value {
		n := c.int(0)
		if n < 0 {
			c.raise("ArgumentError", "argument must be non-negative")
		}
		c.charge(min(len(c.s()), maxBytes) * min(n, maxBytes))
		return c.str(strings.Repeat(c.s(), n))
	}, "*")
	t.def(1, 1, func(c *call) value {
		c.charge(len(c.text(0)))
		c.self.(*str).tail = append(c.self.(*str).tail, c.text(0)...)
		return c.self
	}, "<<")
	t.def(1, 1, func(c *call) value { c.self.(*str).set(c.text(0)); return c.self }, "replace")
	t.def(0, 0, func(c *call) value { return int64(utf8.RuneCountInString(c.s())) }, "length", "size")
	t.def(0, 0, func(c *call) value { return int64(len(c.s())) }, "bytesize")
	t.def(0, -1, func(c *call) value {
		return slices.ContainsFunc(c.args, func(a value) bool {
			if re, ok := a.(*regex); ok {
				m := c.find(re, c.s(), 0)
				return m != nil && m.groups[0][0] == 0
			}
			return strings.HasPrefix(c.s(), c.textOf(a))
		})
	}, "start_with?")
	t.def(0, -1, func(c *call) value {
		return slices.ContainsFunc(c.args, func(a value) bool { return strings.HasSuffix(c.s(), c.textOf(a)) })
	}, "end_with?")
	t.def(1, 2, func(c *call) value { return c.slice() }, "[]", "slice")
	t.def(1, 1, func(c *call) value { return position(c.find(c.pattern(0), c.s(), 0)) }, "index")
	t.def(1, 1, func(c *call) value {
		var last *match
		for _, m := range c.all(c.pattern(0), c.s()) {
			last = m
		}
		return position(last)
	}, "rindex")
	t.def(0, 2, func(c *call) value { return c.split() }, "split")
	t.def(0, 0, func(c *call) value { return c.self }, "to_s", "to_str")
	t.def(0, 0, func(c *call) value { return symbol(c.s()) }, "to_sym")
	t.def(0, 1, func(c *call) value { return c.exact(leadingInt(c.s(), c.intOr(0, 10))) }, "to_i")
	t.def(0, 0, func(c *call) value {
		f, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(c.s()), "_", ""), 64)
		return map[bool]float64{true: f}[err == nil]
	}, "__float")
	t.def(0, 0, func(c *call) value { return c.str(string(rune(c.s()[0]) + 1)) }, "__next")
	t.def(1, 1, func(c *call) value {
		list := []value{}
		for _, m := range c.all(c.pattern(0), c.s()) {
			item := m.group(int64(0))
			if len(m.groups) > 1 {
				item = newArray(m.all()[1:]...)
			}
			if c.interp.match = m; c.blk != nil {
				c.yield(item)
			}
			list = append(list, item)
		}
		return map[bool]value{true: c.array(list), false: c.self}[c.blk == nil]
	}, "scan")
}

// slice is text[…].
func (c *call) slice() value {
	s := c.s()
	switch a := c.arg(0).(type) {
	case *str:
		return map[bool]value{true: c.str(a.String())}[strings.Contains(s, a.String())]
	case *regex:
		if m := c.find(a, s, 0); m != nil {
			return m.group(int64(c.intOr(1, 0)))
		}
		return nil
	}
	c.steps += len(s) >> 4
	r := strings.Split(s, "")
	start, n, ok := c.span(len(r))
	if _, isInt := c.arg(0).(int64); !ok || isInt && len(c.args) == 1 && start == len(r) {
		return nil
	}
	return c.str(strings.Join(r[start:start+n], ""))
}

// split is String#split.
func (c *call) split() value {
	s, limit := c.s(), c.intOr(1, 0)
	var list []string
	switch sep := c.arg(0).(type) {
	case *regex:
		list = c.splitRegexp(sep, s, limit)
	case nil, *str:
		switch text := toS(sep); {
		case c.blk != nil || (sep == nil || text == " ") && limit != 0:
			c.outside("such a String#split")
		case sep == nil || text == " ":
			list = strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(whitespace, r) })
		case limit > 0:
			list = strings.SplitN(s, text, limit)
		default:
			list = strings.Split(s, text)
		}
	}
	for len(list) > 0 && list[len(list)-1] == "" && (limit == 0 || s == "") {
		list = list[:len(list)-1]
	}
	return c.strings(list)
}

// leadingInt is the integer at the start of a text, 0 without one; fits is false
// when it is too large.
func leadingInt(s string, base int) (n int64, fits bool) {
	s = strings.ReplaceAll(strings.TrimLeft(s, whitespace), "_", "")
	if base == 16 {
		s = strings.TrimPrefix(s, "0x")
	}
	for end := min(len(s), 40); end > 0; end-- {
		n, err := strconv.ParseInt(s[:end], base, 64)
		if err == nil || strings.HasSuffix(err.Error(), "out of range") {
			return n, err == nil
		}
	}
	return 0, true
}

// translate is tr: characters of one set become those of another, or vanish. A set
// may hold ranges, and start with ^ for all other characters.
func translate(s, from, to string) string {
	set, with := charSet(strings.TrimPrefix(from, "^")), charSet(to)
	negated := strings.HasPrefix(from, "^") && len(from) > 1
	return strings.Map(func(r rune) rune {
		i := slices.Index(set, r)
		switch {
		case i < 0 != negated:
			return r
		case len(with) == 0:
			return -1
		case negated:
			i = len(with)
		}
		return with[min(i, len(with)-1)]
	}, s)
}

func charSet(spec string) []rune {
	r, set := []rune(spec), []rune{}
	for i := 0; i < len(r); i++ {
		set = append(set, r[i])
		if i+2 < len(r) && r[i+1] == '-' && r[i+2]-r[i] < 1<<12 {
			for ch := r[i] + 1; ch <= r[i+2]; ch++ {
				set = append(set, ch)
			}
			i += 2
		}
	}
	return set
}
