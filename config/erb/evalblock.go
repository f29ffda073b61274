package erb

// callProc runs a block, proc or lambda.
func (vm *vm) callProc(p *proc, args []value, kw *hash, blk *proc) value {
	if p.native != nil {
		vm.tick()
		if p.lambda && p.arity >= 0 && len(args) != p.arity {
			vm.checkArity(len(args), p.arity, p.arity)
		}
		return p.native(&call{vm: vm, f: vm.topFrame(), self: nil, args: args, kw: kw, blk: blk})
	}
	f := p.frame.child(p)
	if blk != nil {
		act := *f.act
		act.blk = blk
		f.act = &act
	}
	if p.lambda {
		f.lambda = f
		vm.bindMethod(f, p.block.params, args, kw, blk)
		return vm.runLambda(f, p.block)
	}
	vm.bindBlock(f, p.block.params, args, kw, blk)
	if !p.block.hasNext {
		return vm.eval(f, p.block.body)
	}
	return vm.runBlock(f, p.block.body)
}

// runBlock evaluates the body of a block that may be left by next.
func (vm *vm) runBlock(f *frame, body node) (val value) {
	signal := vm.caught(func() { val = vm.eval(f, body) })
	if signal == nil {
		return val
	}
	s, ok := signal.(nextSignal)
	if !ok || s.frame != f {
		panic(signal)
	}
	return s.val
}

// runLambda evaluates the body of a lambda, which return, next and break leave.
func (vm *vm) runLambda(f *frame, b *blockNode) (val value) {
	if !b.hasNext && !b.hasReturn && !b.hasBreak {
		return vm.eval(f, b.body)
	}
	signal := vm.caught(func() { val = vm.eval(f, b.body) })
	switch s := signal.(type) {
	case nil:
		return val
	case nextSignal:
		if s.frame == f {
			return s.val
		}
	case returnSignal:
		if s.lambda == f {
			return s.val
		}
	}
	panic(signal)
}

// yield runs the block given to a native method.
func (c *call) yield(args ...value) value {
	return c.vm.callProc(c.blk, args, nil, nil)
}

// needBlock raises unless a block was given.
func (c *call) needBlock() {
	if c.blk == nil {
		c.vm.raise("LocalJumpError", "no block given (yield)")
	}
}

// bindBlock binds arguments to the parameters of a block: missing ones are nil,
// surplus ones are dropped, and a single array is taken apart when there is more
// than one parameter.
func (vm *vm) bindBlock(f *frame, ps *params, args []value, kw *hash, blk *proc) {
	if simple := len(ps.req); simple == 1 && len(ps.opt) == 0 && ps.rest == "" && len(ps.post) == 0 && len(ps.kw) == 0 && ps.kwrest == "" && ps.block == "" && !ps.trailing && kw == nil {
		if l, ok := ps.req[0].(*lvarNode); ok {
			var v value
			if len(args) > 0 {
				v = args[0]
			}
			f.vars.names = append(f.vars.names, l.name)
			f.vars.vals = append(f.vars.vals, v)
			vm.blockLocals(f, ps)
			return
		}
	}
	positional := len(ps.req) + len(ps.opt) + len(ps.post)
	if len(args) == 1 && (positional > 1 || positional > 0 && ps.rest != "" || ps.trailing || positional == 1 && (len(ps.kw) > 0 || ps.kwrest != "")) {
		if a, ok := args[0].(*array); ok && (positional > 1 || ps.rest != "" || ps.trailing) {
			args = a.elems
		}
	}
	if kw != nil && len(ps.kw) == 0 && ps.kwrest == "" {
		args = append(args[:len(args):len(args)], kw)
		kw = nil
	}
	required := len(ps.req) + len(ps.post)
	padded := args
	if len(padded) < required {
		padded = make([]value, required)
		copy(padded, args)
	}
	if high := positional; ps.rest == "" && len(padded) > high {
		padded = padded[:high]
	}
	vm.bindPositional(f, ps, padded)
	vm.bindKeywords(f, ps, kw)
	vm.bindBlockParam(f, ps, blk)
	vm.blockLocals(f, ps)
}

func (vm *vm) blockLocals(f *frame, ps *params) {
	for _, name := range ps.locals {
		f.vars.declare(name, nil)
	}
}

// bindMethod binds arguments to the parameters of a method or lambda, whose
// number must fit.
func (vm *vm) bindMethod(f *frame, ps *params, args []value, kw *hash, blk *proc) {
	takesKw := len(ps.kw) > 0 || ps.kwrest != ""
	if kw != nil && !takesKw {
		args = append(args[:len(args):len(args)], kw)
		kw = nil
	}
	low := len(ps.req) + len(ps.post)
	high := low + len(ps.opt)
	if ps.rest != "" {
		high = -1
	}
	if len(args) < low || high >= 0 && len(args) > high {
		if len(args) < low || kw == nil {
			vm.wrongArity(ps, len(args), low, high, kw)
		}
		vm.checkArity(len(args), low, high)
	}
	vm.bindPositional(f, ps, args)
	vm.bindKeywords(f, ps, kw)
	vm.bindBlockParam(f, ps, blk)
}

func (vm *vm) wrongArity(ps *params, given, low, high int, kw *hash) {
	var missing []string
	for _, k := range ps.kw {
		if k.def == nil && kw == nil {
			missing = append(missing, k.name)
		}
	}
	if len(missing) > 0 {
		word := "keyword"
		if len(missing) > 1 {
			word = "keywords"
		}
		vm.argError("wrong number of arguments (given %d, expected %s; required %s: %s)", given, arityText(low, high), word, joinNames(missing, ""))
	}
	vm.checkArity(given, low, high)
}

func (vm *vm) bindPositional(f *frame, ps *params, args []value) {
	i := 0
	for _, r := range ps.req {
		vm.bindOne(f, r, args[i])
		i++
	}
	spare := len(args) - len(ps.req) - len(ps.post)
	for _, o := range ps.opt {
		if spare > 0 {
			f.vars.declare(o.name, args[i])
			i++
			spare--
		} else {
			f.vars.declare(o.name, vm.eval(f, o.def))
		}
	}
	if ps.rest != "" {
		rest := &array{}
		if spare > 0 {
			vm.chargeElems(spare)
			rest.elems = append(rest.elems, args[i:i+spare]...)
			i += spare
		}
		f.vars.declare(ps.rest, rest)
	}
	for _, r := range ps.post {
		vm.bindOne(f, r, args[i])
		i++
	}
}

// bindOne binds a required parameter, taking an array apart for (a, b).
func (vm *vm) bindOne(f *frame, target node, v value) {
	switch t := target.(type) {
	case *lvarNode:
		f.vars.declare(t.name, v)
	case *mlhsNode:
		declareNames(f, t)
		vm.destructure(f, t, v)
	}
}

// declareNames makes the variables of a destructuring parameter in the block's
// own scope.
func declareNames(f *frame, m *mlhsNode) {
	for _, t := range m.targets {
		switch t := t.(type) {
		case *lvarNode:
			f.vars.declare(t.name, nil)
		case *mlhsNode:
			declareNames(f, t)
		}
	}
}

func (vm *vm) bindKeywords(f *frame, ps *params, kw *hash) {
	if len(ps.kw) == 0 && ps.kwrest == "" {
		return
	}
	var missing []string
	used := map[string]bool{}
	for _, k := range ps.kw {
		used[k.name] = true
		v, ok := value(nil), false
		if kw != nil {
			v, ok = kw.lookup(symbol(k.name))
		}
		switch {
		case ok:
			f.vars.declare(k.name, v)
		case k.def != nil:
			f.vars.declare(k.name, vm.eval(f, k.def))
		default:
			missing = append(missing, k.name)
		}
	}
	if len(missing) > 0 {
		vm.argError("missing keyword%s: %s", plural(len(missing)), joinNames(missing, ":"))
	}
	rest := newHash()
	var unknown []string
	if kw != nil {
		for _, e := range kw.pairs() {
			if s, ok := e.key.(symbol); ok && used[string(s)] {
				continue
			}
			rest.set(e.key, e.val)
			unknown = append(unknown, vm.inspect(e.key))
		}
	}
	if ps.kwrest != "" {
		f.vars.declare(ps.kwrest, rest)
		return
	}
	if len(unknown) > 0 {
		vm.argError("unknown keyword%s: %s", plural(len(unknown)), joinNames(unknown, ""))
	}
}

func (vm *vm) bindBlockParam(f *frame, ps *params, blk *proc) {
	if ps.block == "" || ps.block == "&" {
		return
	}
	if blk == nil {
		f.vars.declare(ps.block, nil)
		return
	}
	f.vars.declare(ps.block, blk)
}

func plural(n int) string {
	if n > 1 {
		return "s"
	}
	return ""
}

func joinNames(names []string, prefix string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ", "
		}
		s += prefix + n
	}
	return s
}

// arity is what Proc#arity and Method#arity report.
func (ps *params) arity(lambda bool) int64 {
	req := int64(len(ps.req) + len(ps.post))
	for _, k := range ps.kw {
		if k.def == nil {
			req++
			if len(ps.opt) > 0 || ps.rest != "" {
				return -req
			}
			return req
		}
	}
	if ps.rest != "" || lambda && len(ps.opt) > 0 {
		return -req - 1
	}
	if !lambda && len(ps.opt) > 0 {
		return -req - 1
	}
	if lambda && req == 0 && (len(ps.kw) > 0 || ps.kwrest != "") {
		return -1
	}
	return req
}

func (p *proc) arityValue() int64 {
	if p.native != nil {
		return int64(p.arity)
	}
	return p.block.params.arity(p.lambda)
}

func (vm *vm) arityOf(m *method) int {
	switch {
	case m.def != nil:
		return int(m.def.params.arity(true))
	case m.proc != nil:
		return int(m.proc.block.params.arity(true))
	case m.native != nil && m.native.min == m.native.max:
		return m.native.min
	case m.native != nil:
		return -m.native.min - 1
	case m.setter != "":
		return 1
	}
	return 0
}
