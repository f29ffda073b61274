package erb

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// s is the text of the string or symbol that a method is called on.
func (c *call) s() string { return toS(c.self) }

func stringMethods(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.str(strings.ToUpper(c.s())) }, "upcase")
	t.def(0, 0, func(c *call) value { return c.str(strings.ToLower(c.s())) }, "downcase")
	t.def(1, 2, func(c *call) value { return c.substitute(-1) }, "gsub")
	t.def(1, 2, func(c *call) value { return c.substitute(1) }, "sub")
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
				m := c.find(re, c.s())
				return m != nil && m.groups[0] == 0
			}
			return strings.HasPrefix(c.s(), c.textOf(a))
		})
	}, "start_with?")
	t.def(0, -1, func(c *call) value {
		return slices.ContainsFunc(c.args, func(a value) bool { return strings.HasSuffix(c.s(), c.textOf(a)) })
	}, "end_with?")
	t.def(1, 2, func(c *call) value { return c.slice() }, "[]", "slice")
	t.def(1, 1, func(c *call) value { return position(c.find(c.pattern(0), c.s())) }, "index")
	t.def(1, 1, func(c *call) value {
		var last *match
		for _, m := range c.matches(c.pattern(0), c.s(), -1) {
			last = m
		}
		return position(last)
	}, "rindex")
	t.def(0, 0, func(c *call) value { return c.self }, "to_s", "to_str")
	t.def(0, 0, func(c *call) value { return symbol(c.s()) }, "to_sym")
	t.def(0, 0, func(c *call) value { return c.exact(leadingInt(c.s())) }, "to_i")
	t.def(0, 0, func(c *call) value {
		f, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(c.s()), "_", ""), 64)
		return map[bool]float64{true: f}[err == nil]
	}, "__float")
	t.def(0, 0, func(c *call) value { return c.str(string(rune(c.s()[0]) + 1)) }, "__next")
	t.def(1, 1, func(c *call) value {
		list := []value{}
		for _, m := range c.matches(c.pattern(0), c.s(), -1) {
			item := m.group(int64(0))
			if len(m.groups) > 2 {
				item = newArray(m.all()[1:]...)
			}
			if c.Evaluator.match = m; c.blk != nil {
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
		if m := c.find(a, s); m != nil {
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

// leading matches the integer at the start of a text.
var leading = lazyregexp.New(`^[\s\x00]*([-+]?\d+(_\d+)*)`)

// leadingInt is the integer at the start of a text, 0 without one; fits is false when it is too large.
func leadingInt(s string) (n int64, fits bool) {
	m := leading().FindStringSubmatch(s)
	if m == nil {
		return 0, true
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(m[1], "_", ""), 10, 64)
	return n, err == nil
}
