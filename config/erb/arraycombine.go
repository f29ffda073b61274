package erb

import (
	"math"
	"slices"
)

func arrayCombine(t methodTable) {
	t.add(func(c *call) value {
		return c.list(slices.Concat(c.a().elems, c.vm.toArr(c.args[0]).elems))
	}, 1, 1, "+")
	t.add(arrTimes, 1, 1, "*")
	t.add(func(c *call) value { return c.list(c.without(c.args)) }, 1, 1, "-")
	t.add(func(c *call) value { return c.list(c.without(c.args)) }, 0, -1, "difference")
	t.add(func(c *call) value { return c.list(c.common(c.args)) }, 1, 1, "&")
	t.add(func(c *call) value { return c.list(c.common(c.args)) }, 0, -1, "intersection")
	t.add(func(c *call) value { return len(c.common(c.args)) > 0 }, 1, 1, "intersect?")
	t.add(func(c *call) value { return c.list(c.union(c.args)) }, 1, 1, "|")
	t.add(func(c *call) value { return c.list(c.union(c.args)) }, 0, -1, "union")
	t.add(func(c *call) value {
		depth := c.optInt(0, -1)
		out := []value{}
		c.vm.flatten(c.a(), depth, &out)
		return c.list(out)
	}, 0, 1, "flatten")
	t.add(func(c *call) value {
		out := append([]value(nil), c.a().elems...)
		slices.Reverse(out)
		return c.list(out)
	}, 0, 0, "reverse")
	t.add(arrRotate, 0, 1, "rotate")
	t.add(arrTranspose, 0, 0, "transpose")
	t.add(arrProduct, 0, -1, "product")
	t.add(func(c *call) value { return c.choose("combination") }, 1, 1, "combination")
	t.add(func(c *call) value { return c.choose("permutation") }, 0, 1, "permutation")
}

func arrTimes(c *call) value {
	if s, ok := c.args[0].(*str); ok {
		return arrJoin(&call{vm: c.vm, f: c.f, self: c.self, args: []value{s}})
	}
	n := c.nonNegative(0, "argument must be non-negative")
	c.vm.chargeElems(int(math.Min(float64(n)*float64(len(c.a().elems)), maxString)))
	return &array{elems: slices.Repeat(c.a().elems, n)}
}

func (c *call) keySet(lists []value) *hash {
	h := newHash()
	for _, l := range lists {
		for _, v := range c.vm.toArr(l).elems {
			h.set(v, true)
		}
		c.vm.chargeElems(3 * h.len())
	}
	return h
}

func (c *call) without(lists []value) []value {
	drop := c.keySet(lists)
	out := []value{}
	for _, v := range c.a().elems {
		if _, ok := drop.lookup(v); !ok {
			out = append(out, v)
		}
	}
	return out
}

func (c *call) common(lists []value) []value {
	var sets []*hash
	for i := range lists {
		sets = append(sets, c.keySet(lists[i:i+1]))
	}
	seen := newHash()
	out := []value{}
next:
	for _, v := range c.a().elems {
		for _, s := range sets {
			if _, ok := s.lookup(v); !ok {
				continue next
			}
		}
		if _, dup := seen.lookup(v); !dup {
			seen.set(v, true)
			out = append(out, v)
		}
	}
	return out
}

func (c *call) union(lists []value) []value {
	seen := newHash()
	out := []value{}
	for _, l := range append([]value{c.self}, lists...) {
		for _, v := range c.vm.toArr(l).elems {
			if _, dup := seen.lookup(v); !dup {
				seen.set(v, true)
				out = append(out, v)
			}
		}
	}
	return out
}

func (vm *vm) flatten(a *array, depth int, out *[]value) {
	defer vm.guarded()()
	for _, e := range a.elems {
		vm.tick()
		if inner, ok := e.(*array); ok && depth != 0 {
			if inner == a {
				vm.argError("tried to flatten recursive array")
			}
			vm.flatten(inner, depth-1, out)
			continue
		}
		*out = append(*out, e)
		if len(*out)&255 == 0 {
			vm.chargeElems(256)
		}
	}
}

func arrRotate(c *call) value {
	a := c.a().elems
	if len(a) == 0 {
		return &array{}
	}
	n := c.optInt(0, 1) % len(a)
	if n < 0 {
		n += len(a)
	}
	return c.list(slices.Concat(a[n:], a[:n]))
}

func arrTranspose(c *call) value {
	rows := c.a().elems
	out := []value{}
	for i, r := range rows {
		row := c.vm.toArr(r)
		if i > 0 && len(row.elems) != len(out) {
			c.vm.raise("IndexError", "element size differs (%d should be %d)", len(row.elems), len(out))
		}
		for j, v := range row.elems {
			if i == 0 {
				out = append(out, &array{})
			}
			col := out[j].(*array)
			col.elems = append(col.elems, v)
			c.vm.charge(16)
		}
	}
	return c.list(out)
}

func arrProduct(c *call) value {
	rows := [][]value{{}}
	for _, l := range append([]value{c.self}, c.args...) {
		var next [][]value
		for _, row := range rows {
			for _, v := range c.vm.toArr(l).elems {
				c.vm.chargeElems(len(row) + 1)
				next = append(next, append(row[:len(row):len(row)], v))
			}
		}
		rows = next
	}
	out := make([]value, len(rows))
	for i, r := range rows {
		out[i] = &array{elems: r}
	}
	if c.blk != nil {
		for _, r := range out {
			c.yield(r)
		}
		return c.self
	}
	return c.list(out)
}

// choose yields all combinations or permutations of n elements.
func (c *call) choose(kind string) value {
	if c.blk == nil {
		return c.enum()
	}
	items := append([]value(nil), c.a().elems...)
	n := c.optInt(0, len(items))
	if n < 0 || n > len(items) {
		return c.self
	}
	used := make([]bool, len(items))
	var pick func(from int, row []value)
	pick = func(from int, row []value) {
		c.vm.tick()
		if len(row) == n {
			c.vm.chargeElems(n)
			c.yield(&array{elems: append([]value(nil), row...)})
			return
		}
		if kind == "permutation" {
			from = 0
		}
		for i := from; i < len(items); i++ {
			if used[i] {
				continue
			}
			used[i] = true
			pick(i+1, append(row, items[i]))
			used[i] = false
		}
	}
	pick(0, nil)
	return c.self
}
