package erb

import (
	"math/rand/v2"
	"slices"
	"strings"
)

func (c *call) l() []value { return c.self.(*array).e }

// setList changes the list that a method is called on.
func (c *call) setList(e []value) value {
	a := c.self.(*array)
	if a.frozen {
		c.raise("FrozenError", "can't modify frozen Array: %s", inspect(a))
	}
	c.charge(16 * max(0, len(e)-len(a.e)))
	a.e = e
	return a
}

func arrayMethods(t methodTable) {
	t.each(0, 0, func(c *call) value {
		for i := 0; i < len(c.l()); i++ {
			c.yield(c.l()[i])
		}
		return c.self
	}, "each")
	t.def(0, 0, func(c *call) value { return int64(len(c.l())) }, "length", "size")
	t.def(1, 2, func(c *call) value {
		i, n, ok := c.span(len(c.l()))
		if _, isRange := c.arg(0).(*interval); !isRange && len(c.args) == 1 {
			return at(c.l(), i)
		} else if !ok {
			return nil
		}
		return c.array(slices.Clone(c.l()[i : i+n]))
	}, "[]", "slice")
	t.def(2, 2, func(c *call) value {
		l := slices.Clone(c.l())
		i := c.int(0)
		if i < 0 {
			i += len(l)
		}
		if i < 0 {
			c.raise("IndexError", "index %d too small for array; minimum: -%d", c.int(0), len(l))
		}
		c.charge(16 * min(i, maxBytes))
		for len(l) <= i {
			l = append(l, nil)
		}
		l[i] = c.arg(1)
		c.setList(l)
		return c.arg(1)
	}, "[]=")
	t.def(1, 1, func(c *call) value { return c.setList(append(c.l(), c.arg(0))) }, "<<")
	t.def(1, 1, func(c *call) value { return c.array(slices.Concat(c.l(), c.list(0))) }, "+")
	t.def(1, 1, func(c *call) value {
		if s, ok := c.arg(0).(*str); ok {
			return c.str(c.joined(c.l(), s.String(), 0))
		}
		c.charge(16 * min(maxBytes, len(c.l())) * min(maxBytes, max(0, c.int(0))))
		return c.array(slices.Repeat(c.l(), max(0, c.int(0))))
	}, "*")
	t.def(0, -1, func(c *call) value {
		l := c.l()
		for i := range c.args {
			c.charge(16 * len(c.list(i)))
			l = append(l, c.list(i)...)
		}
		return c.setList(l)
	}, "concat")
	t.def(1, 1, func(c *call) value { return c.setList(slices.Clone(c.list(0))) }, "replace")
	t.def(0, 1, func(c *call) value { return c.str(c.joined(c.l(), toS(c.arg(0)), 0)) }, "join")
	t.def(0, 1, func(c *call) value {
		levels := maxNested
		if len(c.args) > 0 {
			levels = c.int(0)
		}
		return c.array(c.flatten(c.l(), levels))
	}, "flatten")
	t.def(0, 0, func(c *call) value {
		l := slices.Clone(c.l())
		slices.Reverse(l)
		return c.array(l)
	}, "reverse")
	t.def(0, 0, func(c *call) value {
		l := slices.Clone(c.l())
		rand.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		return c.array(l)
	}, "shuffle")
	t.def(0, 0, func(c *call) value {
		l := slices.Clone(c.l())
		slices.SortStableFunc(l, func(a, b value) int {
			if c.step(); c.blk == nil {
				return c.compare(a, b)
			}
			return c.intOf(c.yield(a, b))
		})
		return c.array(l)
	}, "sort")
}

// flatten takes lists in a list apart, so many levels deep.
func (c *call) flatten(l []value, levels int) []value {
	list := []value{}
	for _, v := range l {
		sub, ok := v.(*array)
		if ok && levels == 1 && len(c.args) == 0 {
			tooDeep(maxNested + 1)
		}
		if ok && levels > 0 {
			list = append(list, c.flatten(sub.e, levels-1)...)
			continue
		}
		c.charge(16)
		list = append(list, v)
	}
	return list
}

func (c *call) joined(l []value, sep string, depth int) string {
	tooDeep(depth)
	texts := make([]string, len(l))
	for i, v := range l {
		if sub, ok := v.(*array); ok {
			texts[i] = c.joined(sub.e, sep, depth+1)
		} else {
			texts[i] = toS(v)
		}
		c.charge(len(texts[i]) + len(sep))
	}
	return strings.Join(texts, sep)
}

// span is the place that an index, an index and a length, or a range names in
// something of a size.
func (c *call) span(size int) (start, n int, ok bool) {
	r, isRange := c.arg(0).(*interval)
	switch {
	case isRange:
		end := int64(-1)
		start, n = 0, size
		if r.lo != nil {
			start = c.intOf(r.lo)
		}
		if r.hi != nil {
			end = int64(c.intOf(r.hi))
		}
		if end < 0 {
			end += int64(size)
		}
		if r.open && r.hi != nil {
			end--
		}
		if start < 0 {
			start += size
		}
		n = int(end) + 1 - start
	default:
		start, n = c.int(0), 1
		if len(c.args) > 1 {
			if n = c.int(1); n < 0 {
				return 0, 0, false
			}
		}
		if start < 0 {
			start += size
		}
	}
	if start < 0 || start > size {
		return start, 0, false
	}
	return start, max(0, min(n, size-start)), true
}

func rangeMethods(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.self.(*interval).lo }, "begin")
	t.def(0, 0, func(c *call) value { return c.self.(*interval).hi }, "end")
	t.def(0, 0, func(c *call) value { return c.self.(*interval).open }, "exclude_end?")
	t.def(0, 0, func(c *call) value { return c.array(c.rangeElements(c.self.(*interval))) }, "to_a", "entries")
}

// rangeElements are what a range gives to each.
func (in *interp) rangeElements(r *interval) []value {
	list := []value{}
	switch lo := r.lo.(type) {
	case int64:
		hi, ok := r.hi.(int64)
		if !ok {
			in.outside("a range without an integer as its end")
		}
		for i := lo; i < hi || i == hi && !r.open; i++ {
			in.charge(16)
			list = append(list, i)
		}
	case *str:
		hi := toS(r.hi)
		for s := lo.String(); len(s) <= len(hi) && (s != hi || !r.open); s = succ(s) {
			in.step()
			if list = append(list, in.str(s)); s == hi {
				break
			}
		}
	default:
		in.outside("a range from " + classOf(r.lo))
	}
	return list
}

func enumeratorMethods(t methodTable) {
	t.each(0, 0, func(c *call) value {
		e := c.self.(*enum)
		return c.sendTo(c.frame, e.recv, e.name, e.args, c.blk)
	}, "each")
}
