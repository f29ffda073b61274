package erb

import (
	"slices"
	"strings"
)

func (c *call) l() []value { return c.self.(*array).e }

// setList changes the list that a method is called on.
func (c *call) setList(e []value) value {
	a := c.self.(*array)
	c.charge(16 * max(0, len(e)-len(a.e)))
	a.e = e
	return a
}

func arrayMethods(t methodTable) {
	t.def(0, 0, func(c *call) value {
		if c.blk == nil {
			c.outside("each without a block")
		}
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
	t.def(2, 2, func(c *call) value { c.l()[c.int(0)] = c.arg(1); return c.arg(1) }, "__set")
	t.def(1, 1, func(c *call) value { return c.setList(append(c.l(), c.arg(0))) }, "<<")
	t.def(1, 1, func(c *call) value { return c.array(slices.Concat(c.l(), c.list(0))) }, "+")
	t.def(1, 1, func(c *call) value { return c.setList(append(c.l(), c.list(0)...)) }, "__concat")
	t.def(1, 1, func(c *call) value { return c.setList(slices.Clone(c.list(0))) }, "replace")
	t.def(1, 1, func(c *call) value {
		texts := []string{}
		for _, v := range c.l() {
			texts = append(texts, toS(v))
			c.charge(len(toS(v)) + len(c.text(0)))
		}
		return c.str(strings.Join(texts, c.text(0)))
	}, "__join")
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

// span is the place that an index, an index and a length, or a range names in something of a size.
func (c *call) span(size int) (start, n int, ok bool) {
	if r, isRange := c.arg(0).(*interval); isRange {
		n = size
		if r.lo != nil {
			start = c.intOf(r.lo)
		}
		if r.hi != nil {
			if n = c.intOf(r.hi); n < 0 {
				n += size
			}
			if !r.open {
				n++
			}
		}
		if start < 0 {
			start += size
		}
		n = max(0, n-start)
	} else if start, n = c.int(0), c.intOr(1, 1); start < 0 {
		start += size
	}
	if start < 0 || start > size || n < 0 {
		return start, 0, false
	}
	return start, min(n, size-start), true
}

func rangeMethods(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.self.(*interval).lo }, "begin")
	t.def(0, 0, func(c *call) value { return c.self.(*interval).hi }, "end")
	t.def(0, 0, func(c *call) value { return c.self.(*interval).open }, "exclude_end?")
}

func hashMethods(t methodTable) {
	h := func(c *call) *hash { return c.self.(*hash) }
	t.def(1, 1, func(c *call) value {
		v, _ := h(c).get(c.arg(0))
		return v
	}, "[]")
	t.def(2, 2, func(c *call) value { c.charge(48); h(c).set(c.arg(0), c.arg(1)); return c.arg(1) }, "[]=")
	t.def(1, 1, func(c *call) value { return h(c).remove(c.arg(0)) }, "delete")
	t.def(1, 1, func(c *call) value { _, ok := h(c).get(c.arg(0)); return ok }, "key?")
	t.def(0, 0, func(c *call) value { return c.array(slices.Clone(h(c).keys)) }, "keys")
	t.def(0, 0, func(c *call) value { return c.array(slices.Clone(h(c).vals)) }, "values")
	t.def(0, 0, func(c *call) value { return h(c).copy() }, "dup")
	t.def(0, 0, func(c *call) value { return int64(len(h(c).keys)) }, "size")
	t.def(1, 1, func(c *call) value { *h(c) = *as[*hash](c, c.arg(0), "Hash").copy(); return c.self }, "replace")
}

// environ is the process environment as the template sees and changes it.
type environ struct{ hash }

func newEnviron(list []string) *environ {
	e := &environ{*newHash()}
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e.set(k, v)
		}
	}
	return e
}

func (e *environ) set(k, v string) { e.hash.set(&str{s: k}, &str{s: v}) }

func (e *environ) get(k string) string {
	v, _ := e.hash.get(&str{s: k})
	return toS(v)
}

// list is the environment for a command.
func (e *environ) list() []string {
	list := make([]string, len(e.keys))
	for i, k := range e.keys {
		list[i] = toS(k) + "=" + toS(e.vals[i])
	}
	return list
}

// envMethods are those of ENV, which takes texts only and is a hash otherwise.
func envMethods(t methodTable) {
	t.def(1, 1, func(c *call) value { v, _ := c.env.hash.get(&str{s: c.text(0)}); return v }, "[]")
	t.def(2, 2, func(c *call) value {
		if c.arg(1) == nil {
			c.env.remove(&str{s: c.text(0)})
			return nil
		}
		c.env.set(c.text(0), c.text(1))
		return c.arg(1)
	}, "[]=", "store")
	t.def(1, 2, func(c *call) value {
		c.text(0)
		return c.sendTo(c.frame, &c.env.hash, c.name, c.args, c.blk)
	}, "fetch", "key?", "has_key?", "include?", "member?", "delete")
	t.def(0, 0, func(c *call) value { return c.str("ENV") }, "to_s")
}
