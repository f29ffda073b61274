package erb

import "strings"

func procMethods(t methodTable) {
	p := func(c *call) *proc { return c.self.(*proc) }
	t.addKw(func(c *call) value { return c.vm.callProc(p(c), c.args, c.kw, c.blk) }, 0, -1, "call", "()", "yield", "===", "[]")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_proc")
	t.add(func(c *call) value { return p(c).lambda }, 0, 0, "lambda?")
	t.add(func(c *call) value { return p(c).arityValue() }, 0, 0, "arity")
	t.add(func(c *call) value { return c.paramNames(p(c).block, p(c).lambda) }, 0, 0, "parameters")
	t.add(procCurry, 0, 1, "curry")
	t.add(func(c *call) value { return c.compose(c.self, c.args[0]) }, 1, 1, ">>")
	t.add(func(c *call) value { return c.compose(c.args[0], c.self) }, 1, 1, "<<")
	t.add(func(c *call) value {
		if p(c).lambda {
			return newStr(strings.TrimSuffix(c.vm.anyToS(c.self), ">") + " (lambda)>")
		}
		return newStr(c.vm.anyToS(c.self))
	}, 0, 0, "inspect", "to_s")
}

func procClassMethods(t methodTable) {
	t.add(kernelProc, 0, 0, "new")
}

func kernelProc(c *call) value {
	if c.blk == nil {
		c.vm.argError("tried to create Proc object without a block")
	}
	return c.blk
}

func kernelLambda(c *call) value {
	if c.blk == nil {
		c.vm.argError("tried to create Proc object without a block")
	}
	if c.blk.native != nil {
		return c.blk
	}
	l := *c.blk
	l.lambda = true
	return &l
}

// compose makes the proc that calls first and hands its result to second.
func (c *call) compose(first, second value) value {
	for _, v := range []value{first, second} {
		if !c.vm.respondTo(v, "call", false) {
			c.vm.typeError("callable object is expected")
		}
	}
	return &proc{lambda: true, arity: -1, native: func(in *call) value {
		mid := in.vm.dispatch(in.f, first, "call", in.args, in.kw, in.blk, false)
		return in.vm.dispatch(in.f, second, "call", []value{mid}, nil, nil, false)
	}}
}

func procCurry(c *call) value {
	p := c.self.(*proc)
	n := p.arityValue()
	if n < 0 {
		n = -n - 1
	}
	want := c.optInt(0, int(n))
	if p.lambda && len(c.args) > 0 && p.arityValue() >= 0 {
		c.vm.checkArity(want, int(n), int(n))
	}
	return c.vm.curry(p, want, nil)
}

func (vm *vm) curry(p *proc, want int, have []value) value {
	if len(have) >= want {
		return vm.callProc(p, have, nil, nil)
	}
	return &proc{lambda: true, arity: -1, native: func(c *call) value {
		vm.tick()
		return vm.curry(p, want, append(have[:len(have):len(have)], c.args...))
	}}
}

// paramNames is Proc#parameters.
func (c *call) paramNames(b *blockNode, lambda bool) value {
	if b == nil {
		return newArray(newArray(symbol("rest")))
	}
	return describeParams(b.params, lambda)
}

func describeParams(ps *params, lambda bool) *array {
	out := &array{}
	add := func(kind, name string) {
		e := newArray(symbol(kind))
		if name != "" {
			e.elems = append(e.elems, symbol(name))
		}
		out.elems = append(out.elems, e)
	}
	required := "opt"
	if lambda {
		required = "req"
	}
	name := func(n node) string {
		if l, ok := n.(*lvarNode); ok {
			return l.name
		}
		return ""
	}
	for _, r := range ps.req {
		add(required, name(r))
	}
	for _, o := range ps.opt {
		add("opt", o.name)
	}
	if ps.rest != "" {
		add("rest", ps.rest)
	}
	for _, r := range ps.post {
		add(required, name(r))
	}
	for _, k := range ps.kw {
		if k.def == nil {
			add("keyreq", k.name)
		} else {
			add("key", k.name)
		}
	}
	if ps.kwrest != "" {
		add("keyrest", ps.kwrest)
	}
	if ps.block != "" {
		add("block", ps.block)
	}
	return out
}

func methodMethods(t methodTable) {
	m := func(c *call) *methodVal { return c.self.(*methodVal) }
	t.addKw(func(c *call) value {
		return c.vm.invoke(c.f, m(c).m, m(c).recv, m(c).name, c.args, c.kw, c.blk, 0)
	}, 0, -1, "call", "()", "===", "[]")
	t.add(func(c *call) value { return c.vm.methodProc(m(c)) }, 0, 0, "to_proc")
	t.add(func(c *call) value { return symbol(m(c).name) }, 0, 0, "name")
	t.add(func(c *call) value { return m(c).recv }, 0, 0, "receiver")
	t.add(func(c *call) value { return m(c).m.owner }, 0, 0, "owner")
	t.add(func(c *call) value { return int64(c.vm.arityOf(m(c).m)) }, 0, 0, "arity")
	t.add(func(c *call) value {
		if d := m(c).m.def; d != nil {
			return describeParams(d.params, true)
		}
		return newArray(newArray(symbol("rest")))
	}, 0, 0, "parameters")
	t.add(func(c *call) value { return c.self }, 0, 0, "unbind")
	t.add(func(c *call) value { return &methodVal{recv: c.args[0], name: m(c).name, m: m(c).m} }, 1, 1, "bind")
	t.add(func(c *call) value { return c.compose(c.self, c.args[0]) }, 1, 1, ">>")
	t.add(func(c *call) value { return c.compose(c.args[0], c.self) }, 1, 1, "<<")
	t.add(func(c *call) value {
		return newStr("#<Method: " + c.vm.classOf(m(c).recv).name + "#" + m(c).name + ">")
	}, 0, 0, "inspect", "to_s")
}

func nilMethods(t methodTable) {
	t.add(func(c *call) value { return true }, 0, 0, "nil?", "frozen?")
	t.add(func(c *call) value { return newStr("") }, 0, 0, "to_s")
	t.add(func(c *call) value { return &array{} }, 0, 0, "to_a")
	t.add(func(c *call) value { return newHash() }, 0, 0, "to_h")
	t.add(func(c *call) value { return int64(0) }, 0, 0, "to_i")
	t.add(func(c *call) value { return 0.0 }, 0, 0, "to_f")
	t.add(func(c *call) value { return newStr("nil") }, 0, 0, "inspect")
	t.add(func(c *call) value { return false }, 1, 1, "&")
	t.add(func(c *call) value { return truthy(c.args[0]) }, 1, 1, "|", "^")
	t.add(func(c *call) value { return nil }, 1, 1, "=~")
}

func boolMethods(t methodTable) {
	b := func(c *call) bool { return c.self.(bool) }
	t.add(func(c *call) value { return newStr(c.vm.toS(c.self)) }, 0, 0, "to_s", "inspect")
	t.add(func(c *call) value { return b(c) && truthy(c.args[0]) }, 1, 1, "&")
	t.add(func(c *call) value { return b(c) || truthy(c.args[0]) }, 1, 1, "|")
	t.add(func(c *call) value { return b(c) != truthy(c.args[0]) }, 1, 1, "^")
	t.add(func(c *call) value { return !b(c) }, 0, 0, "!")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
}

func comparableMethods(t methodTable) {
	for _, op := range []string{"<", ">", "<=", ">="} {
		t.add(func(c *call) value { return relation(op, c.vm.mustCompare(c.self, c.args[0])) }, 1, 1, op)
	}
	t.add(func(c *call) value {
		if c.self == c.args[0] {
			return true
		}
		r := c.vm.send(c.self, "<=>", c.args[0])
		return r != nil && c.vm.cmpResult(r) == 0
	}, 1, 1, "==")
	t.add(func(c *call) value {
		return c.vm.mustCompare(c.self, c.args[0]) >= 0 && c.vm.mustCompare(c.self, c.args[1]) <= 0
	}, 2, 2, "between?")
	t.add(comparableClamp, 1, 2, "clamp")
}

func comparableClamp(c *call) value {
	lo, hi := c.args[0], c.arg(1)
	if r, ok := lo.(*rangeVal); ok && len(c.args) == 1 {
		lo, hi = r.lo, r.hi
	} else if len(c.args) == 1 {
		c.vm.typeError("wrong argument type %s (expected Range)", c.vm.classOf(lo).name)
	}
	if lo != nil && hi != nil && c.vm.mustCompare(lo, hi) > 0 {
		c.vm.argError("min argument must be smaller than max argument")
	}
	if lo != nil && c.vm.mustCompare(c.self, lo) < 0 {
		return lo
	}
	if hi != nil && c.vm.mustCompare(c.self, hi) > 0 {
		return hi
	}
	return c.self
}
