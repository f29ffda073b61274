package erb

import "math"

// enumerator is an Enumerator: a call that still lacks its block.
type enumerator struct {
	recv value
	meth string
	args []value
	kw   *hash
	f    *frame // of the caller, whose $~ the call sets
	// gen is set for an enumerator made in another way: it calls fn for each
	// element until fn returns false.
	gen func(fn func(value) bool)
	// text is the inspect text of such an enumerator.
	text string
	lazy bool
	pos  int // of next
	buf  []value
}

// enum is what a method called without its block returns.
func (c *call) enum() value {
	return &enumerator{recv: c.self, meth: c.name, args: c.args, kw: c.kw, f: c.f}
}

// each calls fn for each element of anything enumerable until fn returns false.
func (vm *vm) each(v value, fn func(v value) bool) {
	switch v := v.(type) {
	case *array:
		for i := 0; i < len(v.elems); i++ {
			vm.tick()
			if !fn(v.elems[i]) {
				return
			}
		}
		return
	case *hash:
		for _, e := range v.pairs() {
			vm.tick()
			if !fn(newArray(e.key, e.val)) {
				return
			}
		}
		return
	case *rangeVal:
		vm.eachRange(v, fn)
		return
	case *enumerator:
		if v.gen != nil {
			v.gen(fn)
			return
		}
		vm.eachBlock(v, fn)
		return
	case *object:
		if h, ok := setOf(v); ok {
			for _, e := range h.pairs() {
				vm.tick()
				if !fn(e.key) {
					return
				}
			}
			return
		}
	}
	if !vm.respondTo(v, "each", true) {
		vm.noMethod(v, "each", nil)
	}
	vm.eachBlock(&enumerator{recv: v, meth: "each"}, fn)
}

// eachBlock runs the call of an enumerator with a block that feeds fn.
func (vm *vm) eachBlock(e *enumerator, fn func(v value) bool) {
	id := new(int)
	signal := vm.caught(func() {
		vm.runEnumerator(e, func(c *call) value {
			if !fn(packed(c.args)) {
				panic(stopSignal{id})
			}
			return nil
		})
	})
	if s, ok := signal.(stopSignal); signal != nil && (!ok || s.id != id) {
		panic(signal)
	}
}

// runEnumerator runs the call of an enumerator with a native block.
func (vm *vm) runEnumerator(e *enumerator, block func(c *call) value) value {
	if e.gen != nil {
		e.gen(func(v value) bool {
			block(&call{vm: vm, f: vm.topFrame(), args: []value{v}})
			return true
		})
		return e
	}
	p := &proc{native: block, arity: -1}
	f := e.f
	if f == nil {
		f = vm.topFrame()
	}
	return vm.dispatch(f, e.recv, e.meth, e.args, e.kw, p, true)
}

// packed is one value for what a block was given.
func packed(args []value) value {
	switch len(args) {
	case 0:
		return nil
	case 1:
		return args[0]
	}
	return &array{elems: append([]value(nil), args...)}
}

// toList collects the elements of anything enumerable.
func (vm *vm) toList(v value) []value {
	if a, ok := v.(*array); ok {
		return append([]value(nil), a.elems...)
	}
	var out []value
	vm.each(v, func(e value) bool {
		out = append(out, e)
		if len(out)&63 == 0 {
			vm.chargeElems(64)
		}
		return true
	})
	return out
}

func enumeratorClassMethods(t methodTable) {
	t.add(func(c *call) value {
		c.needBlock()
		body := c.blk
		return &enumerator{text: "#<Enumerator: #<Enumerator::Generator>:each>", gen: func(fn func(value) bool) { c.vm.generate(body, fn) }}
	}, 0, 1, "new")
	t.add(func(c *call) value {
		c.needBlock()
		return &enumerator{text: "#<Enumerator: #<Enumerator::Producer>:each>", gen: func(fn func(value) bool) {
			v := c.arg(0)
			if len(c.args) == 0 {
				v = c.yield()
			}
			for fn(v) {
				c.vm.tick()
				v = c.yield(v)
			}
		}}
	}, 0, 1, "produce")
}

// generate runs the block of Enumerator.new with a yielder that feeds fn.
func (vm *vm) generate(body *proc, fn func(value) bool) {
	id := new(int)
	feed := func(c *call) value {
		if !fn(packed(c.args)) {
			panic(stopSignal{id})
		}
		return c.self
	}
	yielder := &object{class: vm.class("Enumerator::Yielder")}
	vm.singleton(yielder).native = methodTable{
		"<<": {fn: feed, min: 1, max: 1}, "yield": {fn: feed, max: -1}, "call": {fn: feed, max: -1},
	}
	signal := vm.caught(func() { vm.callProc(body, []value{yielder}, nil, nil) })
	if s, ok := signal.(stopSignal); signal != nil && (!ok || s.id != id) {
		panic(signal)
	}
}

func enumeratorMethods(t methodTable) {
	e := func(c *call) *enumerator { return c.self.(*enumerator) }
	t.add(func(c *call) value {
		if c.blk == nil {
			return c.self
		}
		if e(c).gen != nil {
			c.vm.each(c.self, func(v value) bool { c.yield(v); return true })
			return c.self
		}
		return c.vm.dispatch(c.f, e(c).recv, e(c).meth, e(c).args, e(c).kw, c.blk, true)
	}, 0, 0, "each")
	t.add(enumWithIndex, 0, 1, "with_index")
	t.add(enumWithIndex, 0, 0, "each_with_index")
	t.add(enumWithObject, 1, 1, "with_object", "each_with_object")
	t.add(enumNext, 0, 0, "next")
	t.add(func(c *call) value {
		v := enumNext(c)
		e(c).pos--
		return v
	}, 0, 0, "peek")
	t.add(func(c *call) value { e(c).pos = 0; return c.self }, 0, 0, "rewind")
	t.add(enumSize, 0, 0, "size")
	t.add(func(c *call) value { return c.newStr(c.vm.inspectEnum(e(c))) }, 0, 0, "inspect", "to_s")
	t.add(lazyOf, 0, 0, "lazy")
	t.add(func(c *call) value { return c.list(c.vm.toList(c.self)) }, 0, 0, "force")
	t.add(func(c *call) value { n := *e(c); n.lazy = false; return &n }, 0, 0, "eager")
	plain := methodTable{}
	enumerableMethods(plain)
	for _, name := range []string{"map", "collect", "select", "filter", "reject", "take_while", "drop_while", "filter_map", "flat_map", "first", "take", "drop", "uniq", "compact"} {
		n := plain[name]
		t.addKw(func(c *call) value {
			if !e(c).lazy || name == "first" {
				c.vm.checkArity(len(c.args), n.min, n.max)
				return n.fn(c)
			}
			return lazyStep(c, name)
		}, 0, -1, name)
	}
}

func enumWithIndex(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	i := int64(c.optInt(0, 0))
	return c.vm.runEnumerator(c.self.(*enumerator), func(b *call) value {
		v := c.yield(packed(b.args), i)
		i++
		return v
	})
}

func enumWithObject(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	c.vm.runEnumerator(c.self.(*enumerator), func(b *call) value {
		return c.yield(packed(b.args), c.args[0])
	})
	return c.args[0]
}

// enumNext hands out elements one by one.
func enumNext(c *call) value {
	e := c.self.(*enumerator)
	if e.pos >= len(e.buf) {
		want := 2*e.pos + 16
		e.buf = nil
		c.vm.each(e, func(v value) bool {
			e.buf = append(e.buf, v)
			return len(e.buf) < want
		})
		c.vm.chargeElems(len(e.buf))
	}
	if e.pos >= len(e.buf) {
		c.vm.raise("StopIteration", "iteration reached an end")
	}
	e.pos++
	return e.buf[e.pos-1]
}

func enumSize(c *call) value {
	e := c.self.(*enumerator)
	switch {
	case e.gen != nil:
		return nil
	case e.meth == "loop":
		return math.Inf(1)
	case e.meth == "times":
		return e.recv
	}
	return int64(len(c.vm.toList(e)))
}

func (vm *vm) inspectEnum(e *enumerator) string {
	if e.gen != nil {
		return e.text
	}
	defer vm.guarded()()
	args := ""
	for i, a := range e.args {
		if i > 0 {
			args += ", "
		}
		args += vm.inspect(a)
	}
	if args != "" {
		args = "(" + args + ")"
	}
	if (e.meth == "step" || e.meth == "%") && isNumeric(e.recv) {
		return "(" + wrapRange(vm, e.recv) + "." + e.meth + args + ")"
	}
	return "#<Enumerator: " + vm.inspect(e.recv) + ":" + e.meth + args + ">"
}

// isNumeric tells a number, or a range of them, whose steps print as arithmetic.
func isNumeric(v value) bool {
	if r, ok := v.(*rangeVal); ok {
		return isNumber(r.lo) || isNumber(r.hi)
	}
	return isNumber(v)
}

func wrapRange(vm *vm, v value) string {
	if _, ok := v.(*rangeVal); ok {
		return "(" + vm.inspect(v) + ")"
	}
	return vm.inspect(v)
}

// lazyOf makes a lazy enumerator.
func lazyOf(c *call) value {
	src := c.self
	return &enumerator{lazy: true, text: "#<Enumerator::Lazy: " + c.vm.inspect(src) + ">", gen: func(fn func(value) bool) { c.vm.each(src, fn) }}
}

// lazyStep adds a step to a lazy enumerator.
func lazyStep(c *call, name string) value {
	src := c.self.(*enumerator)
	test := func(v value) bool { return truthy(c.yield(v)) }
	limit := c.optInt(0, 0)
	gen := func(fn func(value) bool) {
		n := 0
		dropping := true
		seen := newHash()
		if name == "take" && limit == 0 {
			return
		}
		src.gen(func(v value) bool {
			n++
			switch name {
			case "map", "collect":
				return fn(c.yield(v))
			case "select", "filter":
				return !test(v) || fn(v)
			case "reject":
				return test(v) || fn(v)
			case "filter_map":
				r := c.yield(v)
				return !truthy(r) || fn(r)
			case "flat_map":
				for _, e := range c.vm.toAry(c.yield(v)) {
					if !fn(e) {
						return false
					}
				}
				return true
			case "take_while":
				return test(v) && fn(v)
			case "take":
				return fn(v) && n < limit
			case "drop":
				return n <= limit || fn(v)
			case "compact":
				return v == nil || fn(v)
			case "uniq":
				if _, ok := seen.lookup(v); ok {
					return true
				}
				seen.set(v, true)
				return fn(v)
			}
			// drop_while
			if dropping = dropping && test(v); dropping {
				return true
			}
			return fn(v)
		})
	}
	return &enumerator{lazy: true, text: "#<Enumerator::Lazy: " + src.text + ":" + name + ">", gen: gen}
}
