package erb

import "strings"

func arrayMethods(t methodTable) {
	arrayAccess(t)
	arrayChange(t)
	arrayCombine(t)
	arrayInPlace(t)
}

func arrayClassMethods(t methodTable) {
	t.add(func(c *call) value {
		if len(c.args) == 0 {
			return &array{}
		}
		if a, ok := c.args[0].(*array); ok {
			return c.list(append([]value(nil), a.elems...))
		}
		n := c.nonNegative(0, "negative array size")
		c.vm.chargeElems(n)
		out := make([]value, n)
		for i := range out {
			if c.blk != nil {
				out[i] = c.yield(int64(i))
			} else {
				out[i] = c.arg(1)
			}
		}
		return &array{elems: out}
	}, 0, 2, "new")
	t.add(func(c *call) value { return c.list(append([]value(nil), c.args...)) }, 0, -1, "[]")
}

// a is the receiver as an array.
func (c *call) a() *array { return c.self.(*array) }

// changed returns the receiver for a change in place.
func (c *call) changing() *array {
	a := c.a()
	if a.frozen {
		c.vm.frozenError(a)
	}
	return a
}

func (a *array) first() value {
	if len(a.elems) == 0 {
		return nil
	}
	return a.elems[0]
}

func (a *array) tail() *array { return &array{elems: a.elems[1:]} }

func (a *array) at(i int) value {
	if i < 0 {
		i += len(a.elems)
	}
	if i < 0 || i >= len(a.elems) {
		return nil
	}
	return a.elems[i]
}

func arrayAccess(t methodTable) {
	t.add(arrIndex, 1, 2, "[]", "slice")
	t.add(func(c *call) value { return c.a().at(c.int(0)) }, 1, 1, "at")
	t.add(func(c *call) value {
		a := c.a()
		if len(c.args) == 0 {
			return a.first()
		}
		n := c.nonNegative(0, "negative array size")
		return c.list(append([]value(nil), a.elems[:min(n, len(a.elems))]...))
	}, 0, 1, "first")
	t.add(func(c *call) value {
		a := c.a()
		if len(c.args) == 0 {
			return a.at(-1)
		}
		n := c.nonNegative(0, "negative array size")
		return c.list(append([]value(nil), a.elems[max(0, len(a.elems)-n):]...))
	}, 0, 1, "last")
	t.add(arrFetch, 1, 2, "fetch")
	t.add(dig, 1, -1, "dig")
	t.add(arrValuesAt, 0, -1, "values_at")
	t.add(func(c *call) value { return int64(len(c.a().elems)) }, 0, 0, "length", "size")
	t.add(func(c *call) value { return len(c.a().elems) == 0 }, 0, 0, "empty?")
	t.add(enumFindIndex, 0, 1, "index")
	t.add(arrRindex, 0, 1, "rindex")
	t.add(blockless(func(c *call) value {
		c.each(func(v value) bool { c.yield(v); return true })
		return c.self
	}), 0, 0, "each")
	t.add(blockless(func(c *call) value {
		for i := 0; i < len(c.a().elems); i++ {
			c.vm.tick()
			c.yield(int64(i))
		}
		return c.self
	}), 0, 0, "each_index")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_a", "to_ary", "entries")
	t.add(func(c *call) value { return c.newStr(c.vm.inspect(c.self)) }, 0, 0, "to_s", "inspect")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==")
	t.add(func(c *call) value { return keyOf(c.self) == keyOf(c.args[0]) }, 1, 1, "eql?")
	t.add(spaceship, 1, 1, "<=>")
	t.add(arrJoin, 0, 1, "join")
	t.add(func(c *call) value { c.a().frozen = true; return c.self }, 0, 0, "freeze")
	t.add(func(c *call) value { return c.a().frozen }, 0, 0, "frozen?")
	t.addKw(func(c *call) value { return c.list(append([]value(nil), c.a().elems...)) }, 0, 0, "dup", "clone")
	t.add(func(c *call) value { return keyHash(c.self) }, 0, 0, "hash")
	t.add(func(c *call) value {
		for _, e := range c.a().elems {
			if p, ok := e.(*array); ok && len(p.elems) > 0 && c.vm.equal(p.elems[0], c.args[0]) {
				return p
			}
		}
		return nil
	}, 1, 1, "assoc")
	t.add(func(c *call) value {
		for _, e := range c.a().elems {
			if p, ok := e.(*array); ok && len(p.elems) > 1 && c.vm.equal(p.elems[1], c.args[0]) {
				return p
			}
		}
		return nil
	}, 1, 1, "rassoc")
	t.add(func(c *call) value { return newStr(string(c.vm.pack(c.a(), c.str(0)))) }, 1, 1, "pack")
	t.add(blockless(arrBsearch), 0, 0, "bsearch")
	t.add(func(c *call) value {
		var words []string
		for _, e := range c.a().elems {
			words = append(words, shellEscape(c.vm.toS(e)))
		}
		return c.newStr(strings.Join(words, " "))
	}, 0, 0, "shelljoin")
	t.add(arrSample, 0, 0, "sample")
	t.add(arrShuffle, 0, 0, "shuffle")
}

// keyHash is a number that equal values share.
func keyHash(v value) value {
	h := uint64(14695981039346656037)
	k, _ := keyOf(v).(deepKey)
	for i := 0; i < len(k); i++ {
		h = (h ^ uint64(k[i])) * 1099511628211
	}
	return int64(h >> 2)
}

// rangeBounds resolves a range to a start and a length within n elements.
func (vm *vm) rangeBounds(r *rangeVal, n int) (from, length int, ok bool) {
	if r.lo != nil {
		from = vm.toInt(r.lo)
	}
	end := n
	if r.hi != nil {
		end = vm.toInt(r.hi)
		if end < 0 {
			end += n
		}
		if !r.excl {
			end++
		}
	}
	if from < 0 {
		from += n
	}
	if from < 0 || from > n {
		return 0, 0, false
	}
	end = min(end, n)
	return from, max(end-from, 0), true
}

func arrIndex(c *call) value {
	a := c.a()
	if len(c.args) == 1 {
		r, ok := c.args[0].(*rangeVal)
		if !ok {
			return a.at(c.int(0))
		}
		from, n, ok := c.vm.rangeBounds(r, len(a.elems))
		if !ok {
			return nil
		}
		return c.list(append([]value(nil), a.elems[from:from+n]...))
	}
	from, n := c.int(0), c.int(1)
	if from < 0 {
		from += len(a.elems)
	}
	if from < 0 || from > len(a.elems) || n < 0 {
		return nil
	}
	return c.list(append([]value(nil), a.elems[from:min(from+n, len(a.elems))]...))
}

func arrFetch(c *call) value {
	a, i := c.a(), c.int(0)
	k := i
	if k < 0 {
		k += len(a.elems)
	}
	if k >= 0 && k < len(a.elems) {
		return a.elems[k]
	}
	switch {
	case c.blk != nil:
		return c.yield(c.args[0])
	case len(c.args) > 1:
		return c.args[1]
	}
	c.vm.raise("IndexError", "index %d outside of array bounds: %d...%d", i, -len(a.elems), len(a.elems))
	return nil
}

// dig follows a path of keys and indexes.
func dig(c *call) value {
	v := c.self
	for _, k := range c.args {
		if v == nil {
			return nil
		}
		switch d := v.(type) {
		case *hash:
			v = c.vm.hashGet(d, k)
		case *array:
			v = d.at(c.vm.toInt(k))
		case *object:
			v = c.vm.send(d, "[]", k)
		default:
			c.vm.typeError("%s does not have #dig method", c.vm.classOf(v).name)
		}
	}
	return v
}

func arrValuesAt(c *call) value {
	out := []value{}
	for _, k := range c.args {
		if r, ok := k.(*rangeVal); ok {
			if from, n, ok := c.vm.rangeBounds(r, len(c.a().elems)); ok {
				out = append(out, c.a().elems[from:from+n]...)
			}
			continue
		}
		out = append(out, c.a().at(c.vm.toInt(k)))
	}
	return c.list(out)
}

func arrRindex(c *call) value {
	for i := len(c.a().elems) - 1; i >= 0; i-- {
		v := c.a().elems[i]
		if len(c.args) > 0 && c.vm.equal(v, c.args[0]) || len(c.args) == 0 && c.blk != nil && c.test(v) {
			return int64(i)
		}
	}
	return nil
}

func arrJoin(c *call) value {
	sep := ""
	if c.arg(0) != nil {
		sep = c.str(0)
	}
	var b strings.Builder
	c.vm.join(&b, c.a(), sep)
	return c.newStr(b.String())
}

func (vm *vm) join(b *strings.Builder, a *array, sep string) {
	defer vm.guarded()()
	for i, e := range a.elems {
		vm.tick()
		if i > 0 {
			b.WriteString(sep)
		}
		if inner, ok := e.(*array); ok {
			vm.join(b, inner, sep)
		} else {
			b.WriteString(vm.toS(e))
		}
		if b.Len() > maxString {
			vm.charge(b.Len())
		}
	}
}

func arrBsearch(c *call) value {
	a := c.a().elems
	lo, hi := 0, len(a)
	for lo < hi {
		mid := (lo + hi) / 2
		switch r := c.yield(a[mid]).(type) {
		case bool:
			if r {
				hi = mid
			} else {
				lo = mid + 1
			}
		case nil:
			lo = mid + 1
		default:
			n := c.vm.cmpResult(r)
			if n == 0 {
				return a[mid]
			}
			if n < 0 {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
	}
	if lo < len(a) && c.yield(a[lo]) == true {
		return a[lo]
	}
	return nil
}

func arrSample(c *call) value {
	if len(c.a().elems) == 0 {
		return nil
	}
	return c.a().elems[c.vm.rand.IntN(len(c.a().elems))]
}

func arrShuffle(c *call) value {
	out := append([]value(nil), c.a().elems...)
	c.vm.rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return c.list(out)
}

// arrayInPlace adds the ! forms, which change the receiver to what the plain
// method returns.
func arrayInPlace(t methodTable) {
	all := methodTable{}
	enumerableMethods(all)
	arrayCombine(all)
	arrayAccess(all)
	inPlace := func(name, plain string, nilIfSame bool) {
		n := all[plain]
		t.add(func(c *call) value {
			if c.blk == nil && (plain == "map" || plain == "select" || plain == "reject" || plain == "sort_by") {
				return c.enum()
			}
			a := c.changing()
			before := len(a.elems)
			out := n.fn(c).(*array).elems
			a.elems = out
			if nilIfSame && len(out) == before {
				return nil
			}
			return a
		}, n.min, n.max, name)
	}
	for _, name := range []string{"map", "collect", "sort", "sort_by", "reverse", "rotate", "shuffle"} {
		inPlace(name+"!", name, false)
	}
	for _, name := range []string{"select", "filter", "reject", "uniq", "compact", "flatten"} {
		inPlace(name+"!", name, true)
	}
	inPlace("keep_if", "select", false)
	inPlace("delete_if", "reject", false)
	t.add(func(c *call) value {
		if len(c.args) == 0 && c.blk == nil {
			return int64(len(c.a().elems))
		}
		return enumCount(c)
	}, 0, 1, "count")
}
