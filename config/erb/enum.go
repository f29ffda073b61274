package erb

import (
	"math"
	"slices"
)

// enumerableMethods are the methods of everything that has each. The element of
// a hash is its [key, value] pair.
func enumerableMethods(t methodTable) {
	enumSearching(t)
	enumMapping(t)
	enumFolding(t)
	enumGrouping(t)
	enumOrdering(t)
}

// items collects the receiver's elements.
func (c *call) items() []value { return c.vm.toList(c.self) }

// each runs fn over the receiver's elements.
func (c *call) each(fn func(v value) bool) { c.vm.each(c.self, fn) }

// test runs the block as a condition.
func (c *call) test(v value) bool { return truthy(c.yield(v)) }

// blockless wraps a method so that it returns an enumerator without a block.
func blockless(fn func(c *call) value) func(c *call) value {
	return func(c *call) value {
		if c.blk == nil {
			return c.enum()
		}
		return fn(c)
	}
}

// matcher is the condition of any?, all? and so on: the block, a pattern, or
// truth.
func (c *call) matcher() func(v value) bool {
	switch {
	case len(c.args) > 0:
		return func(v value) bool { return c.vm.caseEq(c.f, c.args[0], v) }
	case c.blk != nil:
		return c.test
	}
	return truthy
}

func enumSearching(t methodTable) {
	t.add(func(c *call) value {
		is, found := c.matcher(), false
		c.each(func(v value) bool { found = is(v); return !found })
		return found
	}, 0, 1, "any?")
	t.add(func(c *call) value {
		is, all := c.matcher(), true
		c.each(func(v value) bool { all = is(v); return all })
		return all
	}, 0, 1, "all?")
	t.add(func(c *call) value {
		is, found := c.matcher(), false
		c.each(func(v value) bool { found = is(v); return !found })
		return !found
	}, 0, 1, "none?")
	t.add(func(c *call) value {
		is, n := c.matcher(), 0
		c.each(func(v value) bool {
			if is(v) {
				n++
			}
			return n < 2
		})
		return n == 1
	}, 0, 1, "one?")
	t.add(blockless(func(c *call) value {
		var found value
		c.each(func(v value) bool {
			if c.test(v) {
				found = v
				return false
			}
			return true
		})
		return found
	}), 0, 1, "find", "detect")
	t.add(enumFindIndex, 0, 1, "find_index")
	t.add(func(c *call) value {
		found := false
		c.each(func(v value) bool { found = c.vm.equal(v, c.args[0]); return !found })
		return found
	}, 1, 1, "include?", "member?")
	t.add(enumCount, 0, 1, "count")
	t.add(enumFirst, 0, 1, "first")
	t.add(func(c *call) value { return c.grep(true) }, 1, 1, "grep")
	t.add(func(c *call) value { return c.grep(false) }, 1, 1, "grep_v")
}

func enumFindIndex(c *call) value {
	if c.blk == nil && len(c.args) == 0 {
		return c.enum()
	}
	var at value
	i := int64(0)
	c.each(func(v value) bool {
		if len(c.args) > 0 && c.vm.equal(v, c.args[0]) || len(c.args) == 0 && c.test(v) {
			at = i
			return false
		}
		i++
		return true
	})
	return at
}

func enumCount(c *call) value {
	n := int64(0)
	c.each(func(v value) bool {
		switch {
		case len(c.args) > 0:
			if c.vm.equal(v, c.args[0]) {
				n++
			}
		case c.blk == nil || c.test(v):
			n++
		}
		return true
	})
	return n
}

func enumFirst(c *call) value {
	if len(c.args) == 0 {
		var first value
		c.each(func(v value) bool { first = v; return false })
		return first
	}
	return c.list(c.takeN(c.nonNegative(0, "attempt to take negative size")))
}

// nonNegative is an integer argument that must not be negative.
func (c *call) nonNegative(i int, msg string) int {
	n := c.int(i)
	if n < 0 {
		c.vm.argError("%s", msg)
	}
	return n
}

func (c *call) takeN(n int) []value {
	out := []value{}
	if n == 0 {
		return out
	}
	c.each(func(v value) bool { out = append(out, v); return len(out) < n })
	return out
}

func (c *call) grep(want bool) value {
	out := []value{}
	c.each(func(v value) bool {
		if c.vm.caseEq(c.f, c.args[0], v) == want {
			if c.blk != nil {
				v = c.yield(v)
			}
			out = append(out, v)
		}
		return true
	})
	return c.list(out)
}

func enumMapping(t methodTable) {
	t.add(blockless(func(c *call) value {
		out := []value{}
		c.each(func(v value) bool { out = append(out, c.yield(v)); return true })
		return c.list(out)
	}), 0, 0, "map", "collect")
	t.add(blockless(func(c *call) value {
		out := []value{}
		c.each(func(v value) bool {
			r := c.yield(v)
			if a, ok := r.(*array); ok {
				c.vm.chargeElems(len(a.elems))
				out = append(out, a.elems...)
			} else {
				out = append(out, r)
			}
			return true
		})
		return c.list(out)
	}), 0, 0, "flat_map", "collect_concat")
	keep := func(want bool) func(c *call) value {
		return blockless(func(c *call) value {
			out := []value{}
			c.each(func(v value) bool {
				if c.test(v) == want {
					out = append(out, v)
				}
				return true
			})
			return c.list(out)
		})
	}
	t.add(keep(true), 0, 0, "select", "filter", "find_all")
	t.add(keep(false), 0, 0, "reject")
	t.add(blockless(func(c *call) value {
		out := []value{}
		c.each(func(v value) bool {
			if r := c.yield(v); truthy(r) {
				out = append(out, r)
			}
			return true
		})
		return c.list(out)
	}), 0, 0, "filter_map")
	t.add(blockless(func(c *call) value {
		i := int64(0)
		c.each(func(v value) bool { c.yield(v, i); i++; return true })
		return c.self
	}), 0, -1, "each_with_index")
	t.add(blockless(func(c *call) value {
		c.each(func(v value) bool { c.yield(v, c.args[0]); return true })
		return c.args[0]
	}), 1, 1, "each_with_object")
	t.add(blockless(func(c *call) value {
		c.each(func(v value) bool { c.yield(v); return true })
		return c.self
	}), 0, -1, "each_entry")
	t.add(blockless(func(c *call) value {
		items := c.items()
		for i := len(items) - 1; i >= 0; i-- {
			c.yield(items[i])
		}
		return c.self
	}), 0, 0, "reverse_each")
	t.add(func(c *call) value { return c.list(c.items()) }, 0, -1, "to_a", "entries")
	t.add(enumToH, 0, 0, "to_h")
	t.add(func(c *call) value { return c.vm.newSet(c.items()) }, 0, 0, "to_set")
	t.add(enumZip, 0, -1, "zip")
	t.add(func(c *call) value {
		out := []value{}
		for _, v := range c.items() {
			if v != nil {
				out = append(out, v)
			}
		}
		return c.list(out)
	}, 0, 0, "compact")
	t.add(enumCycle, 0, 1, "cycle")
	t.add(lazyOf, 0, 0, "lazy")
}

func enumToH(c *call) value {
	h := newHash()
	i := 0
	c.each(func(v value) bool {
		if c.blk != nil {
			v = c.yield(v)
		}
		pair, ok := v.(*array)
		if !ok {
			c.vm.typeError("wrong element type %s%s (expected array)", c.vm.classOf(v).name, atIndex(c, i))
		}
		if len(pair.elems) != 2 {
			c.vm.argError("wrong array length%s (expected 2, was %d)", atIndex(c, i), len(pair.elems))
		}
		h.set(pair.elems[0], pair.elems[1])
		i++
		return true
	})
	c.vm.chargeElems(3 * h.len())
	return h
}

// atIndex names the element in the errors of Array#to_h.
func atIndex(c *call, i int) string {
	if _, ok := c.self.(*array); ok {
		return " at " + itoa(i)
	}
	return ""
}

func enumZip(c *call) value {
	lists := make([][]value, len(c.args))
	for i, a := range c.args {
		lists[i] = c.vm.toList(a)
	}
	out := []value{}
	i := 0
	c.each(func(v value) bool {
		row := []value{v}
		for _, l := range lists {
			var e value
			if i < len(l) {
				e = l[i]
			}
			row = append(row, e)
		}
		i++
		c.vm.chargeElems(len(row))
		out = append(out, &array{elems: row})
		return true
	})
	if c.blk != nil {
		for _, row := range out {
			c.yield(row)
		}
		return nil
	}
	return c.list(out)
}

func enumCycle(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	items := c.items()
	times := math.MaxInt
	if c.arg(0) != nil {
		times = c.int(0)
	}
	for n := 0; n < times && len(items) > 0; n++ {
		for _, v := range items {
			c.vm.tick()
			c.yield(v)
		}
	}
	return nil
}

func enumFolding(t methodTable) {
	t.add(enumInject, 0, 2, "inject", "reduce")
	t.add(enumSum, 0, 1, "sum")
	t.add(blockless(func(c *call) value {
		out := []value{}
		done := false
		c.each(func(v value) bool {
			if done = !c.test(v); !done {
				out = append(out, v)
			}
			return !done
		})
		return c.list(out)
	}), 0, 0, "take_while")
	t.add(blockless(func(c *call) value {
		out := []value{}
		dropping := true
		c.each(func(v value) bool {
			if dropping = dropping && c.test(v); !dropping {
				out = append(out, v)
			}
			return true
		})
		return c.list(out)
	}), 0, 0, "drop_while")
	t.add(func(c *call) value {
		return c.list(c.takeN(c.nonNegative(0, "attempt to take negative size")))
	}, 1, 1, "take")
	t.add(func(c *call) value {
		items := c.items()
		n := min(c.nonNegative(0, "attempt to drop negative size"), len(items))
		return c.list(items[n:])
	}, 1, 1, "drop")
	t.add(enumTally, 0, 1, "tally")
	t.add(enumUniq, 0, 0, "uniq")
}

func enumInject(c *call) value {
	var acc value
	started := false
	op := ""
	args := c.args
	if len(args) > 0 && (c.blk == nil || len(args) == 2) {
		op = c.symName(len(args) - 1)
		args = args[:len(args)-1]
	}
	if len(args) > 0 {
		acc, started = args[0], true
	}
	if op == "" && c.blk == nil {
		c.needBlock()
	}
	at, src := c.vm.at, c.vm.src
	c.each(func(v value) bool {
		switch {
		case !started:
			acc, started = v, true
		case op != "":
			c.vm.at, c.vm.src = at, src
			acc = c.vm.binary(c.f, acc, op, v)
		default:
			acc = c.yield(acc, v)
		}
		return true
	})
	return acc
}

// enumSum adds up; floats with compensation, as Ruby does.
func enumSum(c *call) value {
	var acc value = int64(0)
	if len(c.args) > 0 {
		acc = c.args[0]
	}
	var comp float64
	floating := false
	c.each(func(v value) bool {
		if c.blk != nil {
			v = c.yield(v)
		}
		_, accFloat := acc.(float64)
		_, vFloat := v.(float64)
		if (accFloat || vFloat) && isNumber(acc) && isNumber(v) {
			if !floating {
				floating, comp = true, 0
			}
			acc = kahan(toFloat(acc), toFloat(v), &comp)
			return true
		}
		acc = c.vm.binary(c.f, acc, "+", v)
		return true
	})
	if f, ok := acc.(float64); ok && floating {
		return f + comp
	}
	return acc
}

// kahan adds with Neumaier's compensation.
func kahan(sum, x float64, comp *float64) float64 {
	t := sum + x
	switch {
	case math.IsInf(t, 0) || math.IsNaN(t):
		*comp = 0
	case math.Abs(sum) >= math.Abs(x):
		*comp += (sum - t) + x
	default:
		*comp += (x - t) + sum
	}
	return t
}

func enumTally(c *call) value {
	h := newHash()
	c.each(func(v value) bool {
		n, _ := h.lookup(v)
		k, _ := n.(int64)
		h.set(v, k+1)
		return true
	})
	return h
}

func enumUniq(c *call) value {
	seen := newHash()
	out := []value{}
	c.each(func(v value) bool {
		k := v
		if c.blk != nil {
			k = c.yield(v)
		}
		if _, dup := seen.lookup(k); !dup {
			seen.set(k, true)
			out = append(out, v)
		}
		return true
	})
	return c.list(out)
}

func enumGrouping(t methodTable) {
	t.add(blockless(func(c *call) value {
		h := newHash()
		c.each(func(v value) bool {
			k := c.yield(v)
			g, ok := h.lookup(k)
			if !ok {
				g = &array{}
				h.set(k, g)
			}
			a := g.(*array)
			a.elems = append(a.elems, v)
			c.vm.chargeElems(1)
			return true
		})
		return h
	}), 0, 0, "group_by")
	t.add(blockless(func(c *call) value {
		yes, no := &array{}, &array{}
		c.each(func(v value) bool {
			if c.test(v) {
				yes.elems = append(yes.elems, v)
			} else {
				no.elems = append(no.elems, v)
			}
			return true
		})
		return newArray(yes, no)
	}), 0, 0, "partition")
	t.add(blockless(func(c *call) value { return c.chunks(c.sliceSize("invalid slice size"), false) }), 1, 1, "each_slice")
	t.add(blockless(func(c *call) value { return c.chunks(c.sliceSize("invalid size"), true) }), 1, 1, "each_cons")
	t.add(blockless(enumChunk), 0, 0, "chunk")
	t.add(enumSliceBefore, 0, 1, "slice_before")
	t.add(enumSliceAfter, 0, 1, "slice_after")
	t.add(blockless(func(c *call) value {
		return c.splitWhen(func(prev, v value) bool { return !truthy(c.yield(prev, v)) })
	}), 0, 0, "chunk_while")
	t.add(blockless(func(c *call) value {
		return c.splitWhen(func(prev, v value) bool { return truthy(c.yield(prev, v)) })
	}), 0, 0, "slice_when")
}

func enumSliceBefore(c *call) value {
	is := c.cutter()
	return c.splitWhen(func(_, v value) bool { return is(v) })
}

func enumSliceAfter(c *call) value {
	is := c.cutter()
	return c.splitWhen(func(prev, _ value) bool { return is(prev) })
}

func (c *call) sliceSize(msg string) int {
	n := c.int(0)
	if n <= 0 {
		c.vm.argError("%s", msg)
	}
	return n
}

// chunks yields slices of n elements: one after the other, or overlapping.
func (c *call) chunks(n int, overlap bool) value {
	items := c.items()
	step := n
	if overlap {
		step = 1
	}
	for i := 0; i < len(items); i += step {
		end := min(i+n, len(items))
		if overlap && i+n > len(items) {
			break
		}
		c.vm.chargeElems(end - i)
		c.yield(&array{elems: append([]value(nil), items[i:end]...)})
	}
	return c.self
}

// cutter is the condition of slice_before and slice_after: a pattern or the
// block.
func (c *call) cutter() func(v value) bool {
	if len(c.args) == 0 {
		c.needBlock()
		return c.test
	}
	return func(v value) bool { return c.vm.caseEq(c.f, c.args[0], v) }
}

// splitWhen cuts the elements into runs.
func (c *call) splitWhen(cut func(prev, v value) bool) value {
	out := []value{}
	var run *array
	var prev value
	c.each(func(v value) bool {
		if run == nil || cut(prev, v) {
			run = &array{}
			out = append(out, run)
		}
		run.elems = append(run.elems, v)
		prev = v
		return true
	})
	return &enumerator{recv: c.list(out), meth: "each"}
}

// enumChunk cuts the elements into runs for which the block's value is the same.
func enumChunk(c *call) value {
	out := []value{}
	var run *array
	var last value
	c.each(func(v value) bool {
		key := c.yield(v)
		if run == nil || !c.vm.equal(key, last) {
			run, last = &array{}, key
			out = append(out, newArray(key, run))
		}
		run.elems = append(run.elems, v)
		return true
	})
	return &enumerator{recv: c.list(out), meth: "each"}
}

func enumOrdering(t methodTable) {
	t.add(func(c *call) value { return c.list(c.sorted()) }, 0, 0, "sort")
	t.add(blockless(func(c *call) value { return c.list(c.sortedBy()) }), 0, 0, "sort_by")
	t.add(func(c *call) value { return c.extreme(-1, false) }, 0, 1, "min")
	t.add(func(c *call) value { return c.extreme(1, false) }, 0, 1, "max")
	t.add(blockless(func(c *call) value { return c.extreme(-1, true) }), 0, 1, "min_by")
	t.add(blockless(func(c *call) value { return c.extreme(1, true) }), 0, 1, "max_by")
	t.add(func(c *call) value {
		return newArray((&call{vm: c.vm, f: c.f, self: c.self, blk: c.blk}).extreme(-1, false), (&call{vm: c.vm, f: c.f, self: c.self, blk: c.blk}).extreme(1, false))
	}, 0, 0, "minmax")
	t.add(blockless(func(c *call) value { return newArray(c.extreme(-1, true), c.extreme(1, true)) }), 0, 0, "minmax_by")
}

// order compares by the block, or by <=>.
func (c *call) order(a, b value) int {
	if c.blk == nil {
		return c.vm.mustCompare(a, b)
	}
	r := c.yield(a, b)
	if r == nil {
		c.vm.compareFailed(a, b)
	}
	return c.vm.cmpResult(r)
}

func (c *call) sorted() []value {
	items := c.items()
	slices.SortStableFunc(items, func(a, b value) int { return -c.order(b, a) })
	return items
}

// keyed is an element with the key that it is ordered by.
type keyed struct{ key, val value }

func (c *call) keyedItems() []keyed {
	var out []keyed
	c.each(func(v value) bool { out = append(out, keyed{c.yield(v), v}); return true })
	c.vm.chargeElems(2 * len(out))
	return out
}

func (c *call) sortedBy() []value {
	ks := c.keyedItems()
	slices.SortStableFunc(ks, func(a, b keyed) int { return -c.vm.mustCompare(b.key, a.key) })
	return unkeyed(ks)
}

func unkeyed(ks []keyed) []value {
	out := make([]value, len(ks))
	for i, k := range ks {
		out[i] = k.val
	}
	return out
}

// extreme is min, max, min_by and max_by; dir is -1 for the minimum.
func (c *call) extreme(dir int, by bool) value {
	var ks []keyed
	order := func(a, b keyed) int { return -dir * c.vm.mustCompare(a.key, b.key) }
	if by {
		ks = c.keyedItems()
	} else {
		for _, v := range c.items() {
			ks = append(ks, keyed{v, v})
		}
		order = func(a, b keyed) int { return -dir * c.order(a.key, b.key) }
	}
	if len(c.args) > 0 && c.args[0] != nil {
		n := c.nonNegative(0, "negative size")
		slices.SortStableFunc(ks, order)
		return c.list(unkeyed(ks[:min(n, len(ks))]))
	}
	if len(ks) == 0 {
		return nil
	}
	best := ks[0]
	for _, k := range ks[1:] {
		if order(k, best) < 0 {
			best = k
		}
	}
	return best.val
}
