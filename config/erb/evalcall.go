package erb

import (
	"fmt"
)

// call is one invocation of a native method.
type call struct {
	vm   *vm
	f    *frame // of the caller
	self value
	name string
	args []value
	kw   *hash
	blk  *proc
}

// evalArgs evaluates arguments: splats are spread, bare pairs become keywords.
func (vm *vm) evalArgs(f *frame, nodes []node) (args []value, kw *hash) {
	if len(nodes) == 0 {
		return nil, nil
	}
	args = make([]value, 0, len(nodes))
	for _, n := range nodes {
		switch n := n.(type) {
		case *splatNode:
			args = append(args, vm.splat(vm.eval(f, n.val))...)
			vm.chargeElems(2 * len(args))
		case *hashNode:
			h := vm.evalHash(f, n).(*hash)
			if n.bare {
				kw = h
			} else {
				args = append(args, h)
			}
		default:
			args = append(args, vm.eval(f, n))
		}
	}
	if kw != nil && kw.len() == 0 {
		kw = nil
	}
	return args, kw
}

// splat is the list that *v stands for.
func (vm *vm) splat(v value) []value {
	switch v := v.(type) {
	case nil:
		return nil
	case *array:
		return append([]value(nil), v.elems...)
	case *hash, *rangeVal, *enumerator:
		return vm.toList(v)
	case *object:
		if vm.respondTo(v, "to_a", true) {
			if a, ok := vm.send(v, "to_a").(*array); ok {
				return append([]value(nil), a.elems...)
			}
		}
	}
	return []value{v}
}

// evalCall evaluates a method call.
func (vm *vm) evalCall(f *frame, n *callNode) value {
	recv := f.self
	self := n.recv == nil
	if !self {
		recv = vm.eval(f, n.recv)
		if n.safe && recv == nil {
			return nil
		}
		if len(n.args) == 1 && n.block == nil && n.blockArg == nil {
			if v, ok := vm.fastBinary(f, recv, n); ok {
				return v
			}
		}
		_, self = n.recv.(*selfNode)
	}
	args, kw := vm.evalArgs(f, n.args)
	blk := vm.blockOf(f, n.block, n.blockArg)
	vm.at, vm.src = n.span, f.src
	if n.vcall {
		return vm.variableCall(f, n)
	}
	if re, ok := n.recv.(*regexNode); ok && re.lit != nil && n.name == "=~" && len(re.lit.names) > 0 {
		return vm.matchNamed(f, re.lit, n, args)
	}
	if n.block != nil && n.block.hasBreak {
		return vm.breakable(f, blk, func() value {
			return vm.dispatch(f, recv, n.name, args, kw, blk, self)
		})
	}
	return vm.dispatch(f, recv, n.name, args, kw, blk, self)
}

// matchNamed is =~ with a literal on the left, whose named groups become local
// variables.
func (vm *vm) matchNamed(f *frame, re *regex, n *callNode, args []value) value {
	v := vm.dispatch(f, re, n.name, args, nil, nil, false)
	for i, name := range re.names {
		if v == nil {
			f.vars.set(name, nil)
		} else {
			f.vars.set(name, f.act.match.groupValue(i+1))
		}
	}
	return v
}

// variableCall is a bare word that is no variable: a call, or the well-known
// error.
func (vm *vm) variableCall(f *frame, n *callNode) value {
	if vm.find(f.self, n.name) == nil && vm.find(f.self, "method_missing") == nil {
		for _, c := range []string{"main", "Kernel", "Object"} {
			if rubyHas(c, n.name) {
				vm.outside(n.name)
			}
		}
		vm.undefinedVariable(f, n.name)
	}
	return vm.dispatch(f, f.self, n.name, nil, nil, nil, true)
}

func (vm *vm) undefinedVariable(f *frame, name string) {
	vm.raiseName("NameError", name, f.self, "undefined local variable or method `%s' for %s")
}

// breakable runs a call whose block may break out of it.
func (vm *vm) breakable(f *frame, blk *proc, run func() value) (val value) {
	loops := f.loops
	signal := vm.caught(func() { val = run() })
	blk.orphan = true
	if signal == nil {
		return val
	}
	s, ok := signal.(breakSignal)
	if !ok || s.tag != blk {
		panic(signal)
	}
	f.loops = loops
	return s.val
}

// blockOf makes the proc that a call passes: from its literal block or from an
// & argument.
func (vm *vm) blockOf(f *frame, b *blockNode, arg node) *proc {
	if b != nil {
		return &proc{block: b, frame: f, self: f.self}
	}
	if arg == nil {
		return nil
	}
	if v, ok := arg.(*lvarNode); ok && v.name == "&" {
		return f.act.blk
	}
	v := vm.eval(f, arg)
	vm.at, vm.src = arg.at(), f.src
	return vm.toProc(v)
}

// toProc converts the value behind & to a proc.
func (vm *vm) toProc(v value) *proc {
	switch v := v.(type) {
	case nil:
		return nil
	case *proc:
		return v
	case symbol:
		return vm.symbolProc(string(v))
	case *methodVal:
		return vm.methodProc(v)
	case *hash:
		return &proc{lambda: true, arity: 1, native: func(c *call) value { return vm.hashGet(v, c.args[0]) }}
	}
	if vm.respondTo(v, "to_proc", false) {
		if p, ok := vm.send(v, "to_proc").(*proc); ok {
			return p
		}
	}
	vm.typeError("wrong argument type %s (expected Proc)", vm.classOf(v).name)
	return nil
}

func (vm *vm) symbolProc(name string) *proc {
	return &proc{lambda: true, arity: -2, native: func(c *call) value {
		if len(c.args) == 0 {
			vm.argError("no receiver given")
		}
		return vm.dispatch(c.f, c.args[0], name, c.args[1:], c.kw, c.blk, false)
	}}
}

func (vm *vm) methodProc(m *methodVal) *proc {
	return &proc{lambda: true, arity: vm.arityOf(m.m), native: func(c *call) value {
		return vm.invoke(c.f, m.m, m.recv, m.name, c.args, c.kw, c.blk, 0)
	}}
}

// send calls a method by name, private ones too.
func (vm *vm) send(recv value, name string, args ...value) value {
	return vm.dispatch(vm.topFrame(), recv, name, args, nil, nil, true)
}

// topFrame is a frame for calls that no Ruby code makes.
func (vm *vm) topFrame() *frame {
	return &frame{self: vm.main, vars: &scope{}, act: &activation{self: vm.main}, lex: vm.lex, src: vm.src}
}

// dispatch finds the method and runs it. self allows private methods.
func (vm *vm) dispatch(f *frame, recv value, name string, args []value, kw *hash, blk *proc, self bool) value {
	m := vm.find(recv, name)
	if m == nil || m.vis != "" && !self && !vm.mayCall(f, m, name) {
		return vm.missing(f, recv, name, args, kw, blk, m, self)
	}
	return vm.invoke(f, m, recv, name, args, kw, blk, 0)
}

// mayCall tells whether a method that is not public may be called with an
// explicit receiver.
func (vm *vm) mayCall(f *frame, m *method, name string) bool {
	return m.vis == "protected" && vm.classOf(f.self).isA(m.owner)
}

// missing handles a call to a method that does not exist or may not be called.
func (vm *vm) missing(f *frame, recv value, name string, args []value, kw *hash, blk *proc, hidden *method, self bool) value {
	if mm := vm.find(recv, "method_missing"); mm != nil {
		vm.chargeElems(len(args))
		return vm.invoke(f, mm, recv, "method_missing", append([]value{symbol(name)}, args...), kw, blk, 0)
	}
	if hidden == nil {
		vm.knownToRuby(recv, name, self)
	}
	vm.noMethod(recv, name, hidden)
	return nil
}

// knownToRuby ends the evaluation when Ruby has the method and the subset lacks
// it: that is no error of the template.
func (vm *vm) knownToRuby(recv value, name string, self bool) {
	if c, ok := recv.(*class); ok {
		if rubyHas(c.name+".", name) {
			vm.outside(c.name + "." + name)
		}
		if rubyHas("Class", name) || rubyHas("Module", name) {
			vm.outside("Module#" + name)
		}
		return
	}
	for _, k := range vm.classOf(recv).ancestors() {
		if rubyHas(k.name, name) {
			vm.outside(k.name + "#" + name)
		}
	}
	if self && rubyHas("main", name) {
		vm.outside(name)
	}
}

func (vm *vm) noMethod(recv value, name string, hidden *method) {
	kind := "undefined"
	if hidden != nil {
		kind = hidden.vis
	}
	if kind != "undefined" {
		vm.raiseName("NoMethodError", name, recv, kind+" method `%s' called for %s")
	}
	vm.raiseName("NoMethodError", name, recv, "undefined method `%s' for %s")
}

// raiseName raises a NameError that knows its name and receiver.
func (vm *vm) raiseName(class, name string, recv value, format string) {
	e := vm.newExc(vm.class(class), fmt.Sprintf(format, name, vm.describe(recv)))
	exc(e).key, exc(e).recv = symbol(name), recv
	vm.raiseExc(e)
}

// describe is how NoMethodError names its receiver.
func (vm *vm) describe(v value) string {
	switch o := v.(type) {
	case *object:
		if o == vm.main {
			return "main:Object"
		}
		if _, ok := o.data.(*excData); !ok && o.class.name != "" {
			return vm.anyToS(o)
		}
	case *class:
		if o.module {
			return o.name + ":Module"
		}
		return o.name + ":Class"
	}
	s := vm.inspect(v)
	if len(s) > 65 {
		return vm.anyToS(v)
	}
	return s + ":" + vm.classOf(v).name
}

// invoke runs a method. level is its position in the resolution order.
func (vm *vm) invoke(f *frame, m *method, recv value, name string, args []value, kw *hash, blk *proc, level int) value {
	switch {
	case m.native != nil:
		return vm.invokeNative(f, m.native, recv, name, args, kw, blk)
	case m.def != nil:
		return vm.invokeDef(m, recv, args, kw, blk, level)
	case m.proc != nil:
		return vm.invokeProcMethod(m, recv, args, kw, blk)
	case m.getter != "":
		vm.checkArity(len(args), 0, 0)
		return vm.getIvar(recv, m.getter)
	}
	vm.checkArity(len(args), 1, 1)
	vm.setIvar(recv, m.setter, args[0])
	return args[0]
}

func (vm *vm) invokeNative(f *frame, n *native, recv value, name string, args []value, kw *hash, blk *proc) value {
	if s, ok := recv.(*str); ok && name != "<<" {
		vm.steps += len(s.b) >> 5 // most methods look at all of it
	}
	if kw != nil && (!n.kw || len(args) < n.min) {
		args = append(args[:len(args):len(args)], kw)
		kw = nil
	}
	vm.checkArity(len(args), n.min, n.max)
	return n.fn(&call{vm: vm, f: f, self: recv, name: name, args: args, kw: kw, blk: blk})
}

func (vm *vm) checkArity(given, low, high int) {
	if given >= low && (high < 0 || given <= high) {
		return
	}
	vm.argError("wrong number of arguments (given %d, expected %s)", given, arityText(low, high))
}

func arityText(low, high int) string {
	switch {
	case high < 0:
		return itoa(low) + "+"
	case low == high:
		return itoa(low)
	}
	return itoa(low) + ".." + itoa(high)
}

// invokeDef runs a method written in Ruby.
func (vm *vm) invokeDef(m *method, recv value, args []value, kw *hash, blk *proc, level int) (val value) {
	act := &activation{method: m, level: level, self: recv, args: args, kw: kw, blk: blk}
	f := &frame{self: recv, vars: &scope{}, act: act, lex: m.cref, src: m.src}
	vm.bindMethod(f, m.def.params, args, kw, blk)
	if !m.def.hasReturn {
		val = vm.eval(f, m.def.body)
		act.done = true
		return val
	}
	signal := vm.caught(func() { val = vm.eval(f, m.def.body) })
	act.done = true
	if signal == nil {
		return val
	}
	s, ok := signal.(returnSignal)
	if !ok || s.act != act {
		panic(signal)
	}
	return s.val
}

// invokeProcMethod runs a method made by define_method: a lambda whose self is
// the receiver.
func (vm *vm) invokeProcMethod(m *method, recv value, args []value, kw *hash, blk *proc) value {
	p := *m.proc
	p.self = recv
	p.lambda = true
	return vm.callProc(&p, args, kw, blk)
}

// evalYield runs the block of the method around.
func (vm *vm) evalYield(f *frame, n *yieldNode) value {
	args, kw := vm.evalArgs(f, n.args)
	vm.at, vm.src = n.span, f.src
	if f.act.blk == nil {
		vm.raise("LocalJumpError", "no block given (yield)")
	}
	return vm.callProc(f.act.blk, args, kw, nil)
}

// evalSuper calls the method that the current one hides.
func (vm *vm) evalSuper(f *frame, n *superNode) value {
	act := f.act
	if act.method == nil {
		vm.at, vm.src = n.span, f.src
		vm.raise("RuntimeError", "super called outside of method")
	}
	args, kw := vm.evalArgs(f, n.args)
	if n.bare {
		args, kw = vm.superArgs(f)
	}
	blk := vm.blockOf(f, n.block, n.blockArg)
	if blk == nil {
		blk = act.blk
	}
	vm.at, vm.src = n.span, f.src
	m, level := vm.superMethod(act)
	if m == nil {
		if act.method.name == "initialize" || act.method.name == "respond_to_missing?" {
			return nil
		}
		if act.method.name == "method_missing" && len(args) > 0 {
			vm.noMethod(act.self, vm.toS(args[0]), nil)
		}
		vm.raise("NoMethodError", "super: no superclass method `%s' for %s", act.method.name, vm.describe(act.self))
	}
	return vm.invoke(f, m, act.self, act.method.name, args, kw, blk, level)
}

// superArgs are the current values of the method's own parameters.
func (vm *vm) superArgs(f *frame) ([]value, *hash) {
	ps := f.act.method.def
	if ps == nil {
		return f.act.args, f.act.kw
	}
	vars := f.vars
	get := func(name string) value { v, _ := vars.get(name); return v }
	var args []value
	for _, r := range ps.params.req {
		if l, ok := r.(*lvarNode); ok {
			args = append(args, get(l.name))
		}
	}
	for _, o := range ps.params.opt {
		args = append(args, get(o.name))
	}
	if ps.params.rest != "" {
		args = append(args, vm.splat(get(ps.params.rest))...)
	}
	for _, r := range ps.params.post {
		if l, ok := r.(*lvarNode); ok {
			args = append(args, get(l.name))
		}
	}
	if len(ps.params.kw) == 0 && ps.params.kwrest == "" {
		return args, nil
	}
	kw := newHash()
	for _, k := range ps.params.kw {
		kw.set(symbol(k.name), get(k.name))
	}
	if ps.params.kwrest != "" {
		if h, ok := get(ps.params.kwrest).(*hash); ok {
			for _, e := range h.pairs() {
				kw.set(e.key, e.val)
			}
		}
	}
	return args, kw
}

// superMethod finds the next method of the name behind the running one's owner.
func (vm *vm) superMethod(act *activation) (*method, int) {
	name := act.method.name
	owner := act.method.owner
	if c, ok := act.self.(*class); ok && owner.meta[name] != nil {
		if owner.super != nil {
			if m := owner.super.findMeta(name); m != nil {
				return m, 0
			}
		}
		return vm.classOf(c).cached(name, vm.epoch), 0
	}
	start := vm.classOf(act.self)
	if o, ok := act.self.(*object); ok && o.singleton != nil {
		start = o.singleton
	}
	for i, k := range start.ancestors() {
		if k == owner {
			return start.find(name, i+1)
		}
	}
	return nil, 0
}
