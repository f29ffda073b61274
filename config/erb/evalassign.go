package erb

// assign stores a value into a target.
func (vm *vm) assign(f *frame, target node, v value) {
	switch t := target.(type) {
	case *lvarNode:
		if t.name != "" {
			f.vars.set(t.name, v)
		}
	case *ivarNode:
		vm.setIvar(f.self, t.name, v)
	case *gvarNode:
		vm.at, vm.src = t.span, f.src
		vm.setGlobal(f, t.name, v)
	case *cvarNode:
		vm.setCvar(f, t, v)
	case *constNode:
		vm.constTarget(f, t).setConst(t.name, v)
	case *mlhsNode:
		vm.destructure(f, t, v)
	case *callNode:
		vm.assignCall(f, t, v)
	}
}

// assignCall runs "recv.name = v" and "recv[args] = v".
func (vm *vm) assignCall(f *frame, t *callNode, v value) {
	recv := f.self
	if t.recv != nil {
		recv = vm.eval(f, t.recv)
	}
	if t.safe && recv == nil {
		return
	}
	args, kw := vm.evalArgs(f, t.args)
	if kw != nil {
		args = append(args, kw)
	}
	vm.at, vm.src = t.span, f.src
	_, self := t.recv.(*selfNode)
	vm.dispatch(f, recv, t.name+"=", append(args, v), nil, nil, self)
}

func (vm *vm) constTarget(f *frame, t *constNode) *class {
	switch {
	case t.top:
		return vm.class("Object")
	case t.scope == nil:
		return f.lex.class
	}
	c, ok := vm.eval(f, t.scope).(*class)
	if !ok {
		vm.at, vm.src = t.span, f.src
		vm.typeError("not a class/module")
	}
	return c
}

func (vm *vm) evalAsgn(f *frame, n *asgnNode) value {
	v := vm.eval(f, n.val)
	vm.assign(f, n.target, v)
	return v
}

// evalMasgn runs "a, b = x, y".
func (vm *vm) evalMasgn(f *frame, n *masgnNode) value {
	v := vm.eval(f, n.val)
	vm.destructure(f, n.left, v)
	return v
}

// destructure spreads a value over the targets of a multiple assignment.
func (vm *vm) destructure(f *frame, m *mlhsNode, v value) {
	vals := vm.toAry(v)
	at := func(i int) value {
		if i < len(vals) {
			return vals[i]
		}
		return nil
	}
	if m.splat < 0 {
		for i, t := range m.targets {
			vm.assign(f, t, at(i))
		}
		return
	}
	after := len(m.targets) - m.splat - 1
	for i := range m.splat {
		vm.assign(f, m.targets[i], at(i))
	}
	end := max(len(vals)-after, m.splat)
	rest := &array{}
	if end > m.splat {
		rest.elems = append(rest.elems, vals[m.splat:end]...)
	}
	vm.assign(f, m.targets[m.splat], rest)
	for i := range after {
		vm.assign(f, m.targets[m.splat+1+i], at(end+i))
	}
}

// toAry is the list that a value is taken apart into.
func (vm *vm) toAry(v value) []value {
	switch v := v.(type) {
	case *array:
		return append([]value(nil), v.elems...)
	case *object:
		if vm.respondTo(v, "to_ary", false) {
			if a, ok := vm.send(v, "to_ary").(*array); ok {
				return a.elems
			}
		}
	}
	return []value{v}
}

// place is a target whose receiver and arguments were evaluated once, as
// "a[f()] += 1" needs.
type place struct {
	get func() value
	set func(v value)
}

func (vm *vm) place(f *frame, target node) place {
	t, ok := target.(*callNode)
	if !ok {
		return place{
			get: func() value { return vm.eval(f, target) },
			set: func(v value) { vm.assign(f, target, v) },
		}
	}
	recv := f.self
	if t.recv != nil {
		recv = vm.eval(f, t.recv)
	}
	args, kw := vm.evalArgs(f, t.args)
	if kw != nil {
		args = append(args, kw)
	}
	_, self := t.recv.(*selfNode)
	return place{
		get: func() value {
			vm.at, vm.src = t.span, f.src
			return vm.dispatch(f, recv, t.name, args, nil, nil, self)
		},
		set: func(v value) {
			vm.at, vm.src = t.span, f.src
			vm.dispatch(f, recv, t.name+"=", append(append([]value(nil), args...), v), nil, nil, self)
		},
	}
}

// evalOpAsgn runs "a op= b".
func (vm *vm) evalOpAsgn(f *frame, n *opAsgnNode) value {
	if t, ok := n.target.(*callNode); ok && t.safe {
		if vm.eval(f, t.recv) == nil {
			return nil
		}
	}
	if n.op == "||" && vm.evalDefined(f, n.target) == nil && !isCall(n.target) {
		v := vm.eval(f, n.val)
		vm.assign(f, n.target, v)
		return v
	}
	p := vm.place(f, n.target)
	cur := p.get()
	switch n.op {
	case "||":
		if truthy(cur) {
			return cur
		}
	case "&&":
		if !truthy(cur) {
			return cur
		}
	default:
		arg := vm.eval(f, n.val)
		vm.at, vm.src = n.span, f.src
		v := vm.binary(f, cur, n.op, arg)
		p.set(v)
		return v
	}
	v := vm.eval(f, n.val)
	p.set(v)
	return v
}

func isCall(n node) bool {
	_, ok := n.(*callNode)
	return ok
}

// Variables that are not local.

func (vm *vm) getIvar(self value, name string) value {
	switch o := self.(type) {
	case *object:
		return o.getIvar(name)
	case *class:
		return o.ivars[name]
	}
	return nil
}

func (vm *vm) setIvar(self value, name string, v value) {
	switch o := self.(type) {
	case *object:
		if o.frozen {
			vm.frozenError(o)
		}
		o.setIvar(name, v)
	case *class:
		if o.ivars == nil {
			o.ivars = map[string]value{}
		}
		o.ivars[name] = v
	default:
		vm.outside("instance variables of " + vm.classOf(self).name)
	}
}

// cvarHolder is the class that has a class variable, from the one around the
// code upwards.
func (vm *vm) cvarHolder(f *frame, name string) *class {
	for _, k := range f.lex.class.ancestors() {
		if _, ok := k.cvars[name]; ok {
			return k
		}
	}
	return nil
}

func (vm *vm) evalCvar(f *frame, n *cvarNode) value {
	if k := vm.cvarHolder(f, n.name); k != nil {
		return k.cvars[n.name]
	}
	vm.at, vm.src = n.span, f.src
	vm.raise("NameError", "uninitialized class variable %s in %s", n.name, f.lex.class.name)
	return nil
}

func (vm *vm) setCvar(f *frame, n *cvarNode, v value) {
	k := vm.cvarHolder(f, n.name)
	if k == nil {
		k = f.lex.class
	}
	if k.cvars == nil {
		k.cvars = map[string]value{}
	}
	k.cvars[n.name] = v
}

// getGlobal reads a global variable; a few are computed.
func (vm *vm) getGlobal(f *frame, name string) value {
	switch name {
	case "$~":
		if f.act.match == nil {
			return nil
		}
		return f.act.match
	case "$!":
		if vm.err == nil {
			return nil
		}
		return vm.err
	case "$$":
		return vm.pid()
	case "$?":
		return vm.lastStatus()
	}
	return vm.global[name]
}

func (vm *vm) setGlobal(f *frame, name string, v value) {
	switch name {
	case "$~":
		m, _ := v.(*match)
		f.act.match = m
		return
	case "$!", "$$", "$?", "$:", "$\"", "$LOAD_PATH":
		vm.raise("NameError", "%s is a read-only variable", name)
	}
	vm.global[name] = v
}
