package erb

import (
	"math"
	"math/big"
)

func rangeClassMethods(t methodTable) {
	t.add(func(c *call) value { return c.vm.newRange(c.args[0], c.args[1], truthy(c.arg(2))) }, 2, 3, "new")
}

func rangeMethods(t methodTable) {
	r := func(c *call) *rangeVal { return c.self.(*rangeVal) }
	t.add(func(c *call) value { return r(c).lo }, 0, 0, "begin")
	t.add(func(c *call) value { return r(c).hi }, 0, 0, "end")
	t.add(func(c *call) value {
		if len(c.args) == 0 {
			if r(c).lo == nil {
				c.vm.raise("RangeError", "cannot get the first element of beginless range")
			}
			return r(c).lo
		}
		return enumFirst(c)
	}, 0, 1, "first")
	t.add(rangeLast, 0, 1, "last")
	t.add(func(c *call) value { return r(c).excl }, 0, 0, "exclude_end?")
	t.add(blockless(func(c *call) value {
		c.vm.eachRange(r(c), func(v value) bool { c.yield(v); return true })
		return c.self
	}), 0, 0, "each")
	t.add(func(c *call) value {
		if r(c).hi == nil {
			c.vm.raise("RangeError", "cannot convert endless range to an array")
		}
		return c.list(c.items())
	}, 0, 0, "to_a", "entries")
	t.add(func(c *call) value { return c.vm.rangeCovers(r(c), c.args[0]) }, 1, 1, "===", "include?", "member?")
	t.add(rangeCover, 1, 1, "cover?")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?")
	t.add(rangeSize, 0, 0, "size")
	t.add(func(c *call) value {
		if len(c.args) == 0 && c.blk == nil {
			return int64(len(c.items()))
		}
		return enumCount(c)
	}, 0, 1, "count")
	t.add(func(c *call) value { return newStr(rangeEnd(c.vm, r(c).lo) + dots(r(c)) + rangeEnd(c.vm, r(c).hi)) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(c.vm.inspectRange(r(c))) }, 0, 0, "inspect")
	t.add(rangeStep, 0, 1, "step", "%")
	t.add(func(c *call) value { return c.rangeExtreme(-1) }, 0, 1, "min")
	t.add(func(c *call) value { return c.rangeExtreme(1) }, 0, 1, "max")
	t.add(rangeSum, 0, 1, "sum")
	t.add(func(c *call) value { return keyHash(c.self) }, 0, 0, "hash")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
}

func rangeEnd(vm *vm, v value) string {
	if v == nil {
		return ""
	}
	return vm.toS(v)
}

// eachRange counts through a range.
func (vm *vm) eachRange(r *rangeVal, fn func(v value) bool) {
	switch lo := r.lo.(type) {
	case int64, *big.Int:
		vm.eachInt(r, fn)
		return
	case *str:
		if hi, ok := r.hi.(*str); ok {
			vm.strRange(string(lo.b), string(hi.b), r.excl, func(s string) bool { return fn(newStr(s)) })
			return
		}
		for s := string(lo.b); r.hi == nil; s = succ(s) {
			vm.tick()
			if !fn(newStr(s)) {
				return
			}
		}
	case symbol:
		if hi, ok := r.hi.(symbol); ok {
			vm.strRange(string(lo), string(hi), r.excl, func(s string) bool { return fn(symbol(s)) })
			return
		}
	}
	if r.lo == nil || !vm.respondTo(r.lo, "succ", false) {
		vm.typeError("can't iterate from %s", vm.classOf(r.lo).name)
	}
	for v := r.lo; ; v = vm.send(v, "succ") {
		vm.tick()
		if r.hi != nil {
			if n := vm.mustCompare(v, r.hi); n > 0 || n == 0 && r.excl {
				return
			}
		}
		if !fn(v) {
			return
		}
	}
}

func (vm *vm) eachInt(r *rangeVal, fn func(v value) bool) {
	if r.hi != nil && !isNumber(r.hi) {
		vm.typeError("can't iterate from %s", vm.classOf(r.lo).name)
	}
	for v := r.lo; ; v = vm.intArith(v, "+", int64(1)) {
		vm.tick()
		if r.hi != nil {
			if n, ok := numCompare(v, r.hi); !ok || n > 0 || n == 0 && r.excl {
				return
			}
		}
		if !fn(v) {
			return
		}
	}
}

// rangeCovers is ===: whether a value lies between the ends.
func (vm *vm) rangeCovers(r *rangeVal, v value) bool {
	if r.lo != nil {
		n, ok := vm.compare(r.lo, v)
		if !ok || n > 0 {
			return false
		}
	}
	if r.hi != nil {
		n, ok := vm.compare(v, r.hi)
		if !ok || n > 0 || n == 0 && r.excl {
			return false
		}
	}
	return true
}

func rangeCover(c *call) value {
	r := c.self.(*rangeVal)
	if inner, ok := c.args[0].(*rangeVal); ok {
		if !c.vm.rangeCovers(r, inner.lo) {
			return false
		}
		return c.vm.rangeCovers(r, inner.hi) || inner.excl && c.vm.equal(r.hi, inner.hi)
	}
	return c.vm.rangeCovers(r, c.args[0])
}

func rangeLast(c *call) value {
	r := c.self.(*rangeVal)
	if r.hi == nil {
		c.vm.raise("RangeError", "cannot get the last element of endless range")
	}
	if len(c.args) == 0 {
		return r.hi
	}
	items := c.items()
	n := c.nonNegative(0, "negative array size")
	return c.list(items[max(0, len(items)-n):])
}

func rangeSize(c *call) value {
	r := c.self.(*rangeVal)
	if !isNumber(r.lo) {
		return nil
	}
	if r.hi == nil {
		return c.vm.class("Float").consts["INFINITY"]
	}
	lo, ok1 := r.lo.(int64)
	hi, ok2 := r.hi.(int64)
	if !ok1 || !ok2 {
		if f, ok := r.hi.(float64); ok && ok1 {
			if math.IsInf(f, 1) {
				return f
			}
			return c.vm.intArith(c.vm.intArith(c.vm.floatToInt(f), "-", r.lo), "+", int64(1))
		}
		return int64(len(c.items()))
	}
	if r.excl {
		hi--
	}
	return max(hi-lo+1, 0)
}

func rangeStep(c *call) value {
	r := c.self.(*rangeVal)
	step := c.arg(0)
	if step == nil {
		step = int64(1)
	}
	if numSign(step) < 0 {
		c.vm.argError("step can't be negative")
	}
	if numSign(step) == 0 {
		c.vm.argError("step can't be 0")
	}
	if c.blk == nil {
		return c.enum()
	}
	if isNumber(r.lo) {
		c.vm.stepFrom(r.lo, r.hi, step, r.excl, func(v value) bool { c.yield(v); return true })
		return c.self
	}
	n, i := c.vm.toInt(step), 0
	c.vm.eachRange(r, func(v value) bool {
		if i%n == 0 {
			c.yield(v)
		}
		i++
		return true
	})
	return c.self
}

// rangeExtreme is min and max, which need no counting for plain ends.
func (c *call) rangeExtreme(dir int) value {
	r := c.self.(*rangeVal)
	if c.blk != nil || len(c.args) > 0 {
		return c.extreme(dir, false)
	}
	end := r.hi
	if dir < 0 {
		end = r.lo
	}
	if end == nil {
		c.vm.raise("RangeError", "cannot get the %s of %s range", map[int]string{-1: "minimum", 1: "maximum"}[dir], map[int]string{-1: "beginless", 1: "endless"}[dir])
	}
	if r.lo == nil || r.hi == nil {
		return end
	}
	n := c.vm.mustCompare(r.lo, r.hi)
	if n > 0 || n == 0 && r.excl {
		return nil
	}
	if dir > 0 && r.excl {
		if !isInt(r.hi) || !isInt(r.lo) {
			if isNumber(r.hi) {
				c.vm.typeError("cannot exclude non Integer end value")
			}
			return c.extreme(dir, false)
		}
		return c.vm.intArith(r.hi, "-", int64(1))
	}
	return end
}

func isInt(v value) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// rangeSum adds integers up by formula.
func rangeSum(c *call) value {
	r := c.self.(*rangeVal)
	if c.blk != nil || !isInt(r.lo) || !isInt(r.hi) || len(c.args) > 0 {
		return enumSum(c)
	}
	hi := r.hi
	if r.excl {
		hi = c.vm.intArith(hi, "-", int64(1))
	}
	if n, _ := numCompare(r.lo, hi); n > 0 {
		return int64(0)
	}
	count := c.vm.intArith(c.vm.intArith(hi, "-", r.lo), "+", int64(1))
	twice := c.vm.intArith(c.vm.intArith(r.lo, "+", hi), "*", count)
	half, _ := c.vm.divmod(twice, int64(2))
	return half
}
