package erb

import "slices"

func arrayChange(t methodTable) {
	t.add(arrSet, 2, 3, "[]=")
	t.add(func(c *call) value {
		a := c.changing()
		c.vm.chargeElems(len(c.args))
		a.elems = append(a.elems, c.args...)
		return a
	}, 0, -1, "push", "append")
	t.add(func(c *call) value {
		a := c.changing()
		c.vm.chargeElems(1)
		a.elems = append(a.elems, c.args[0])
		return a
	}, 1, 1, "<<")
	t.add(func(c *call) value {
		a := c.changing()
		c.vm.chargeElems(len(a.elems) + len(c.args))
		a.elems = append(append([]value(nil), c.args...), a.elems...)
		return a
	}, 0, -1, "unshift", "prepend")
	t.add(func(c *call) value { return c.remove(false) }, 0, 1, "pop")
	t.add(func(c *call) value { return c.remove(true) }, 0, 1, "shift")
	t.add(arrInsert, 1, -1, "insert")
	t.add(arrConcat, 0, -1, "concat")
	t.add(arrDelete, 1, 1, "delete")
	t.add(func(c *call) value {
		a, i := c.changing(), c.int(0)
		if i < 0 {
			i += len(a.elems)
		}
		if i < 0 || i >= len(a.elems) {
			return nil
		}
		v := a.elems[i]
		a.elems = append(append([]value(nil), a.elems[:i]...), a.elems[i+1:]...)
		return v
	}, 1, 1, "delete_at")
	t.add(func(c *call) value { c.changing().elems = nil; return c.self }, 0, 0, "clear")
	t.add(func(c *call) value {
		c.changing().elems = append([]value(nil), c.vm.toArr(c.args[0]).elems...)
		return c.self
	}, 1, 1, "replace")
	t.add(arrFill, 0, 3, "fill")
	t.add(arrSliceBang, 1, 2, "slice!")
}

func arrSet(c *call) value {
	a := c.changing()
	last := len(c.args) - 1
	from, n := 0, 0
	if r, ok := c.args[0].(*rangeVal); ok && last == 1 {
		if from, n, ok = c.vm.rangeBounds(r, len(a.elems)); !ok {
			from = c.vm.toInt(r.lo)
			if from < 0 {
				c.vm.raise("RangeError", "%s out of range", c.vm.inspect(r))
			}
		}
	} else {
		if from = c.int(0); from < 0 {
			if from += len(a.elems); from < 0 {
				c.vm.raise("IndexError", "index %d too small for array; minimum: -%d", c.int(0), len(a.elems))
			}
		}
		if last == 1 {
			c.vm.grow(a, from+1)
			a.elems[from] = c.args[1]
			return c.args[1]
		}
		n = c.nonNegative(1, "negative length")
	}
	c.vm.grow(a, from)
	n = min(n, len(a.elems)-from)
	put := []value{c.args[last]}
	if l, ok := c.args[last].(*array); ok {
		put = l.elems
	}
	c.vm.chargeElems(len(a.elems) + len(put))
	a.elems = slices.Concat(a.elems[:from], put, a.elems[from+n:])
	return c.args[last]
}

// grow makes an array at least n elements long.
func (vm *vm) grow(a *array, n int) {
	if n <= len(a.elems) {
		return
	}
	vm.chargeElems(n - len(a.elems))
	a.elems = append(a.elems, make([]value, n-len(a.elems))...)
}

// remove takes elements off the front or the back.
func (c *call) remove(front bool) value {
	a := c.changing()
	n := 1
	if len(c.args) > 0 {
		n = c.nonNegative(0, "negative array size")
	}
	n = min(n, len(a.elems))
	var cut []value
	if front {
		cut = a.elems[:n:n]
		a.elems = a.elems[n:]
	} else {
		cut = append([]value(nil), a.elems[len(a.elems)-n:]...)
		a.elems = a.elems[:len(a.elems)-n]
	}
	if len(c.args) > 0 {
		return c.list(cut)
	}
	if n == 0 {
		return nil
	}
	return cut[0]
}

func arrInsert(c *call) value {
	a, i := c.changing(), c.int(0)
	if len(c.args) == 1 {
		return a
	}
	if i < 0 {
		if i += len(a.elems) + 1; i < 0 {
			c.vm.raise("IndexError", "index %d too small for array; minimum: -%d", c.int(0), len(a.elems)+1)
		}
	}
	c.vm.grow(a, i)
	c.vm.chargeElems(len(a.elems))
	a.elems = slices.Concat(a.elems[:i], c.args[1:], a.elems[i:])
	return a
}

func arrConcat(c *call) value {
	a := c.changing()
	var add []value
	for _, o := range c.args {
		add = append(add, c.vm.toArr(o).elems...)
	}
	c.vm.chargeElems(len(add))
	a.elems = append(a.elems, add...)
	return a
}

func arrDelete(c *call) value {
	a := c.changing()
	var found value
	hit := false
	kept := []value{}
	for _, v := range a.elems {
		if c.vm.equal(v, c.args[0]) {
			found, hit = v, true
		} else {
			kept = append(kept, v)
		}
	}
	a.elems = kept
	if !hit && c.blk != nil {
		return c.yield(c.args[0])
	}
	return found
}

func arrFill(c *call) value {
	a := c.changing()
	args := c.args
	var with value
	if c.blk == nil {
		if len(args) == 0 {
			c.vm.checkArity(0, 1, 3)
		}
		with, args = args[0], args[1:]
	}
	from, n := 0, len(a.elems)
	if len(args) > 0 {
		if r, ok := args[0].(*rangeVal); ok {
			from, n, _ = c.vm.rangeBounds(r, len(a.elems))
		} else if args[0] != nil {
			if from = c.vm.toInt(args[0]); from < 0 {
				from = max(from+len(a.elems), 0)
			}
			n = max(len(a.elems)-from, 0)
		}
		if len(args) > 1 && args[1] != nil {
			n = max(c.vm.toInt(args[1]), 0)
		}
	}
	c.vm.grow(a, from+n)
	for i := from; i < from+n; i++ {
		if c.blk != nil {
			a.elems[i] = c.yield(int64(i))
		} else {
			a.elems[i] = with
		}
	}
	return a
}

func arrSliceBang(c *call) value {
	a := c.changing()
	if _, isRange := c.args[0].(*rangeVal); !isRange && len(c.args) == 1 {
		i := c.int(0)
		v := a.at(i)
		if i < 0 {
			i += len(a.elems)
		}
		if i >= 0 && i < len(a.elems) {
			a.elems = slices.Concat(a.elems[:i], a.elems[i+1:])
		}
		return v
	}
	cut, ok := arrIndex(c).(*array)
	if !ok {
		return nil
	}
	from := 0
	if r, isRange := c.args[0].(*rangeVal); isRange {
		from, _, _ = c.vm.rangeBounds(r, len(a.elems))
	} else if from = c.int(0); from < 0 {
		from += len(a.elems)
	}
	a.elems = slices.Concat(a.elems[:from], a.elems[from+len(cut.elems):])
	return cut
}
