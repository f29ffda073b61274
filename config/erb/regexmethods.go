package erb

import (
	"strings"

	"github.com/galley-kitchen/galley/internal/onigmo"
)

func regexpMethods(t methodTable) {
	re := func(c *call) *regex { return c.self.(*regex) }
	t.add(func(c *call) value { return newStr(re(c).source) }, 0, 0, "source")
	t.add(func(c *call) value { return newStr(re(c).String()) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(re(c).inspect()) }, 0, 0, "inspect")
	t.add(func(c *call) value { return int64(re(c).flags) }, 0, 0, "options")
	t.add(func(c *call) value { return re(c).flags&onigmo.IgnoreCase != 0 }, 0, 0, "casefold?")
	t.add(func(c *call) value { return strList(re(c).names) }, 0, 0, "names")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?")
	t.add(func(c *call) value { return c.vm.caseEq(c.f, c.self, c.args[0]) }, 1, 1, "===")
	t.add(func(c *call) value { return c.matchOp(re(c), c.args[0]) }, 1, 1, "=~")
	t.add(func(c *call) value { return c.matchMethod(re(c), c.args[0]) }, 1, 2, "match")
	t.add(func(c *call) value {
		s, ok := matchable(c, c.args[0])
		return ok && c.vm.matchAt(re(c), s, c.optInt(1, 0)) != nil
	}, 1, 2, "match?")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
}

// matchable is the text that a regexp is matched against; nil matches nothing.
func matchable(c *call, v value) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case symbol:
		return string(v), true
	}
	return string(c.vm.toStr(v).b), true
}

// matchOp is =~: the character position of the match.
func (c *call) matchOp(re *regex, v value) value {
	s, ok := matchable(c, v)
	if !ok {
		c.setMatch(nil)
		return nil
	}
	m := c.setMatch(c.vm.matchAt(re, s, 0))
	if m == nil {
		return nil
	}
	return int64(charLen([]byte(m.pre())))
}

// matchMethod is match: the MatchData, handed to the block if there is one.
func (c *call) matchMethod(re *regex, v value) value {
	s, ok := matchable(c, v)
	if !ok {
		c.setMatch(nil)
		return nil
	}
	from := c.optInt(1, 0)
	if from < 0 {
		from += charLen([]byte(s))
	}
	var m *match
	if from >= 0 {
		m = c.vm.matchAt(re, s, from)
	}
	c.setMatch(m)
	if m != nil && c.blk != nil {
		return c.yield(m)
	}
	return matchOrNil(m)
}

func regexpClassMethods(t methodTable) {
	t.add(func(c *call) value {
		if r, ok := c.args[0].(*regex); ok {
			return r
		}
		var f onigmo.Flags
		switch o := c.arg(1).(type) {
		case int64:
			f = onigmo.Flags(o & 7)
		case *str:
			f = parseRegexFlags(string(o.b))
		default:
			if truthy(o) {
				f = onigmo.IgnoreCase
			}
		}
		return c.vm.compileRegex(c.str(0), f)
	}, 1, 3, "new", "compile")
	t.add(func(c *call) value {
		s, _ := matchable(c, c.args[0])
		return c.newStr(escapeRegex(s))
	}, 1, 1, "escape", "quote")
	t.add(regexpUnion, 0, -1, "union")
	t.add(func(c *call) value {
		m := c.f.act.match
		if m == nil {
			return nil
		}
		if len(c.args) == 0 {
			return m
		}
		return c.vm.group(m, c.args[0])
	}, 0, 1, "last_match")
}

func regexpUnion(c *call) value {
	args := c.args
	if len(args) == 1 {
		if a, ok := args[0].(*array); ok {
			args = a.elems
		}
	}
	if len(args) == 0 {
		return c.vm.compileRegex("(?!)", 0)
	}
	if re, ok := args[0].(*regex); ok && len(args) == 1 {
		return re
	}
	var parts []string
	for _, a := range args {
		if re, ok := a.(*regex); ok {
			parts = append(parts, re.String())
			continue
		}
		s, _ := matchable(c, a)
		parts = append(parts, escapeRegex(s))
	}
	return c.vm.compileRegex(strings.Join(parts, "|"), 0)
}

func matchMethods(t methodTable) {
	m := func(c *call) *match { return c.self.(*match) }
	t.add(matchIndex, 1, 2, "[]")
	t.add(func(c *call) value { return newStr(m(c).pre()) }, 0, 0, "pre_match")
	t.add(func(c *call) value { return newStr(m(c).post()) }, 0, 0, "post_match")
	t.add(func(c *call) value { return m(c).groupValue(0) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(m(c).s) }, 0, 0, "string")
	t.add(func(c *call) value { return m(c).re }, 0, 0, "regexp")
	t.add(func(c *call) value { return m(c).list(0) }, 0, 0, "to_a")
	t.add(func(c *call) value { return m(c).list(1) }, 0, 0, "captures")
	t.addKw(func(c *call) value {
		h := newHash()
		for i, n := range m(c).re.names {
			var k value = newStr(n)
			if truthy(c.kw.sym("symbolize_names")) {
				k = symbol(n)
			}
			h.set(k, m(c).groupValue(i+1))
		}
		return h
	}, 0, 0, "named_captures")
	t.add(func(c *call) value { return strList(m(c).re.names) }, 0, 0, "names")
	t.add(func(c *call) value { return int64(len(m(c).groups)) }, 0, 0, "size", "length")
	t.add(func(c *call) value { return m(c).offset(c, true) }, 1, 1, "begin")
	t.add(func(c *call) value { return m(c).offset(c, false) }, 1, 1, "end")
	t.add(func(c *call) value { return newArray(m(c).offset(c, true), m(c).offset(c, false)) }, 1, 1, "offset")
	t.add(func(c *call) value {
		out := &array{}
		for _, k := range c.args {
			out.elems = append(out.elems, c.vm.group(m(c), k))
		}
		return out
	}, 0, -1, "values_at")
	t.add(matchInspect, 0, 0, "inspect")
}

func matchIndex(c *call) value {
	m := c.self.(*match)
	if _, isRange := c.args[0].(*rangeVal); isRange || len(c.args) == 2 {
		sub := &call{vm: c.vm, f: c.f, self: m.list(0), args: c.args}
		return arrIndex(sub)
	}
	return c.vm.group(m, c.args[0])
}

func (m *match) list(from int) *array {
	a := &array{}
	for i := from; i < len(m.groups); i++ {
		a.elems = append(a.elems, m.groupValue(i))
	}
	return a
}

func (m *match) offset(c *call, begin bool) value {
	n := c.vm.groupNumber(m, c.args[0])
	if n < 0 || n >= len(m.groups) {
		c.vm.raise("IndexError", "index %d out of matches", n)
	}
	g := m.groups[n]
	if g.start < 0 {
		return nil
	}
	end := g.end
	if begin {
		end = g.start
	}
	return int64(charLen([]byte(m.s[:end])))
}

func matchInspect(c *call) value {
	m := c.self.(*match)
	var b strings.Builder
	b.WriteString("#<MatchData " + c.vm.inspect(m.groupValue(0)))
	for i := 1; i < len(m.groups); i++ {
		name := itoa(i)
		if i <= len(m.re.names) {
			name = m.re.names[i-1]
		}
		b.WriteString(" " + name + ":" + c.vm.inspect(m.groupValue(i)))
	}
	b.WriteString(">")
	return c.newStr(b.String())
}
