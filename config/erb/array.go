package erb

import (
	"math"
	"slices"
	"strings"
)

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

// pack is Array#pack for the directives C, c, U, a and A.
func (vm *vm) pack(a *array, format string) []byte {
	var out []byte
	items := a.elems
	for i := 0; i < len(format); i++ {
		d := format[i]
		if isSpaceByte(d) {
			continue
		}
		count := 1
		if i+1 < len(format) && format[i+1] == '*' {
			count = len(items)
			i++
		}
		if strings.IndexByte("CcU", d) < 0 {
			vm.outside("Array#pack with the directive " + string(d))
		}
		for ; count > 0; count-- {
			if len(items) == 0 {
				vm.argError("too few arguments")
			}
			n := vm.toInt(items[0])
			items = items[1:]
			if d == 'U' {
				out = append(out, string(rune(n))...)
			} else {
				out = append(out, byte(n))
			}
		}
	}
	return out
}
