package erb

import "math/big"

// eval evaluates one node.
func (vm *vm) eval(f *frame, n node) value {
	vm.tick()
	if vm.depth++; vm.depth > maxDepth {
		vm.raise("SystemStackError", "stack level too deep")
	}
	v := vm.evalNode(f, n)
	vm.depth--
	return v
}

// evalOpt evaluates a node that may be missing.
func (vm *vm) evalOpt(f *frame, n node) value {
	if n == nil {
		return nil
	}
	return vm.eval(f, n)
}

func (vm *vm) evalNode(f *frame, n node) value {
	switch n := n.(type) {
	case *seqNode:
		var v value
		for _, s := range n.stmts {
			v = vm.eval(f, s)
		}
		return v
	case *strNode:
		return vm.evalStr(f, n)
	case *callNode:
		return vm.evalCall(f, n)
	case *lvarNode:
		v, _ := f.vars.get(n.name)
		return v
	case *ifNode:
		if truthy(vm.evalCond(f, n.cond)) {
			return vm.evalOpt(f, n.then)
		}
		return vm.evalOpt(f, n.alt)
	case *asgnNode:
		return vm.evalAsgn(f, n)
	case *opAsgnNode:
		return vm.evalOpAsgn(f, n)
	case *masgnNode:
		return vm.evalMasgn(f, n)
	case *andNode:
		if v := vm.eval(f, n.left); !truthy(v) {
			return v
		}
		return vm.eval(f, n.right)
	case *orNode:
		if v := vm.eval(f, n.left); truthy(v) {
			return v
		}
		return vm.eval(f, n.right)
	case *notNode:
		return !truthy(vm.eval(f, n.val))
	}
	return vm.evalRest(f, n)
}

// evalRest evaluates the nodes that are met less often.
func (vm *vm) evalRest(f *frame, n node) value {
	switch n := n.(type) {
	case *nilNode:
		return nil
	case *trueNode:
		return true
	case *falseNode:
		return false
	case *selfNode:
		return f.self
	case *intNode:
		return n.val
	case *floatNode:
		return n.val
	case *rationalNode:
		return new(big.Rat).Set(n.val)
	case *symNode:
		return symbol(n.name)
	case *dsymNode:
		return symbol(vm.evalParts(f, n.parts))
	case *xstrNode:
		return vm.command(n.span, f, string(vm.evalParts(f, n.parts)))
	case *regexNode:
		return vm.evalRegex(f, n)
	case *arrayNode:
		elems, kw := vm.evalArgs(f, n.elems)
		if kw != nil {
			elems = append(elems, kw)
		}
		vm.chargeElems(len(elems))
		return &array{elems: elems}
	case *hashNode:
		return vm.evalHash(f, n)
	case *rangeNode:
		return vm.evalRange(f, n)
	case *ivarNode:
		return vm.getIvar(f.self, n.name)
	case *gvarNode:
		return vm.getGlobal(f, n.name)
	case *cvarNode:
		return vm.evalCvar(f, n)
	case *nthRefNode:
		return nthRef(f.act.match, n)
	case *constNode:
		return vm.evalConst(f, n)
	case *lambdaNode:
		return &proc{block: n.block, frame: f, self: f.self, lambda: true}
	case *yieldNode:
		return vm.evalYield(f, n)
	case *superNode:
		return vm.evalSuper(f, n)
	case *definedNode:
		return vm.evalDefined(f, n.val)
	}
	return vm.evalControl(f, n)
}

// evalControl evaluates control flow and definitions.
func (vm *vm) evalControl(f *frame, n node) value {
	switch n := n.(type) {
	case *whileNode:
		return vm.evalWhile(f, n)
	case *forNode:
		return vm.evalFor(f, n)
	case *caseNode:
		return vm.evalCase(f, n)
	case *beginNode:
		return vm.evalBegin(f, n)
	case *returnNode:
		val := vm.evalOpt(f, n.val)
		vm.at, vm.src = n.span, f.src
		vm.doReturn(f, val)
	case *breakNode:
		val := vm.evalOpt(f, n.val)
		vm.at, vm.src = n.span, f.src
		vm.doBreak(f, val)
	case *nextNode:
		val := vm.evalOpt(f, n.val)
		if f.loops > 0 {
			panic(loopSignal{f, true, val})
		}
		if f.proc == nil {
			vm.at, vm.src = n.span, f.src
			vm.raise("LocalJumpError", "unexpected next")
		}
		panic(nextSignal{f, val})
	case *retryNode:
		panic(retrySignal{f})
	case *defNode:
		return vm.evalDef(f, n)
	case *classNode:
		return vm.evalClass(f, n)
	case *sclassNode:
		return vm.evalSclass(f, n)
	case *aliasNode:
		return vm.evalAlias(f, n)
	case *lineNode:
		return int64(f.src.lineOf(n.start))
	case *fileNode:
		return newStr(f.src.name)
	case *splatNode:
		return &array{elems: vm.splat(vm.eval(f, n.val))}
	}
	return nil
}

// evalStr builds a string.
func (vm *vm) evalStr(f *frame, n *strNode) value {
	if len(n.parts) == 1 {
		if p, ok := n.parts[0].(*strPart); ok {
			vm.charge(len(p.text) + 32)
			return newStr(p.text)
		}
	}
	return &str{b: vm.evalParts(f, n.parts)}
}

// evalParts builds the text of a literal with interpolation.
func (vm *vm) evalParts(f *frame, parts []node) []byte {
	var b []byte
	for _, p := range parts {
		if s, ok := p.(*strPart); ok {
			b = append(b, s.text...)
			continue
		}
		b = append(b, vm.toS(vm.eval(f, p))...)
		vm.charge(len(b))
	}
	vm.charge(len(b) + 32)
	return b
}

func (vm *vm) evalRegex(f *frame, n *regexNode) value {
	if n.lit != nil {
		return n.lit
	}
	var b []byte
	for _, p := range n.parts {
		if s, ok := p.(*strPart); ok {
			b = append(b, s.text...)
			continue
		}
		v := vm.eval(f, p)
		if re, ok := v.(*regex); ok {
			b = append(b, re.String()...)
		} else {
			b = append(b, vm.toS(v)...)
		}
	}
	vm.at, vm.src = n.span, f.src
	return vm.compileRegex(string(b), parseRegexFlags(n.flags))
}

func (vm *vm) evalHash(f *frame, n *hashNode) value {
	h := newHash()
	for _, p := range n.pairs {
		if p.key == nil {
			v := vm.eval(f, p.val)
			if v == nil {
				vm.at, vm.src = n.span, f.src
				vm.typeError("no implicit conversion of nil into Hash")
			}
			for _, e := range vm.toHash(v).pairs() {
				h.set(e.key, e.val)
			}
			continue
		}
		k := vm.eval(f, p.key)
		h.set(k, vm.eval(f, p.val))
	}
	vm.chargeElems(3 * h.len())
	return h
}

func (vm *vm) evalRange(f *frame, n *rangeNode) value {
	lo := vm.evalOpt(f, n.lo)
	hi := vm.evalOpt(f, n.hi)
	vm.at, vm.src = n.span, f.src
	return vm.newRange(lo, hi, n.excl)
}

func (vm *vm) newRange(lo, hi value, excl bool) *rangeVal {
	if lo != nil && hi != nil {
		if _, ok := vm.compare(lo, hi); !ok {
			vm.argError("bad value for range")
		}
	}
	return &rangeVal{lo, hi, excl}
}

// evalCond evaluates a condition; a bare regexp would match $_, a range be a
// flip-flop.
func (vm *vm) evalCond(f *frame, n node) value {
	switch n := n.(type) {
	case *rangeNode:
		if _, lit := n.lo.(*intNode); !lit {
			vm.at, vm.src = n.span, f.src
			vm.outside("flip-flop (a range as a condition)")
		}
	case *regexNode:
		vm.at, vm.src = n.span, f.src
		vm.outside("regexp as a condition")
	}
	return vm.eval(f, n)
}

func (vm *vm) evalCase(f *frame, n *caseNode) value {
	var subject value
	if n.subject != nil {
		subject = vm.eval(f, n.subject)
	}
	for _, w := range n.whens {
		for _, c := range w.conds {
			if vm.whenMatches(f, n, subject, c) {
				return vm.eval(f, w.body)
			}
		}
	}
	return vm.evalOpt(f, n.alt)
}

func (vm *vm) whenMatches(f *frame, n *caseNode, subject value, cond node) bool {
	test := func(v value) bool {
		if n.subject == nil {
			return truthy(v)
		}
		vm.at, vm.src = cond.at(), f.src
		return vm.caseEq(f, v, subject)
	}
	if s, ok := cond.(*splatNode); ok {
		for _, v := range vm.splat(vm.eval(f, s.val)) {
			if test(v) {
				return true
			}
		}
		return false
	}
	return test(vm.eval(f, cond))
}

// evalWhile runs while and until loops.
func (vm *vm) evalWhile(f *frame, n *whileNode) value {
	f.loops++
	defer func(l int) { f.loops = l }(f.loops - 1)
	if n.bodyFirst {
		if v, done := vm.loopBody(f, n.body, n.hasJump); done {
			return v
		}
	}
	for truthy(vm.evalCond(f, n.cond)) != n.negate {
		if v, done := vm.loopBody(f, n.body, n.hasJump); done {
			return v
		}
	}
	return nil
}

// loopBody runs the body of a loop once; done tells that it was left by break.
func (vm *vm) loopBody(f *frame, body node, jumps bool) (val value, done bool) {
	if !jumps {
		vm.eval(f, body)
		return nil, false
	}
	loops := f.loops
	signal := vm.caught(func() { vm.eval(f, body) })
	if signal == nil {
		return nil, false
	}
	s, ok := signal.(loopSignal)
	if !ok || s.frame != f || loops != f.loops {
		panic(signal)
	}
	return s.val, !s.next
}

func (vm *vm) evalFor(f *frame, n *forNode) value {
	iter := vm.eval(f, n.iter)
	f.loops++
	defer func(l int) { f.loops = l }(f.loops - 1)
	result := iter
	vm.at, vm.src = n.span, f.src
	vm.each(iter, func(v value) bool {
		vm.assign(f, n.target, v)
		r, done := vm.loopBody(f, n.body, n.hasJump)
		if done {
			result = r
		}
		return !done
	})
	return result
}

// evalBegin runs begin … rescue … else … ensure … end.
func (vm *vm) evalBegin(f *frame, n *beginNode) value {
	if n.ensure == nil {
		return vm.evalRescue(f, n)
	}
	loops := f.loops
	var v value
	signal := vm.caught(func() { v = vm.evalRescue(f, n) })
	switch signal.(type) {
	case fatal, *internalError:
		panic(signal)
	}
	f.loops = loops
	vm.eval(f, n.ensure)
	if signal != nil {
		panic(signal)
	}
	return v
}

// evalRescue runs begin … rescue … else … end.
func (vm *vm) evalRescue(f *frame, n *beginNode) value {
	if len(n.rescues) == 0 {
		v := vm.eval(f, n.body)
		if n.alt != nil {
			v = vm.eval(f, n.alt)
		}
		return v
	}
	for {
		v, again := vm.rescuing(f, n)
		if !again {
			return v
		}
		vm.tick()
	}
}

// rescuing runs the body once, and the rescue clause that fits what it raised.
func (vm *vm) rescuing(f *frame, n *beginNode) (val value, again bool) {
	saved := vm.err
	v, raised := vm.protect(f, n.body)
	if raised == nil {
		if n.alt != nil {
			v = vm.eval(f, n.alt)
		}
		return v, false
	}
	vm.err = raised
	for _, r := range n.rescues {
		if !vm.rescueFits(f, r, raised) {
			continue
		}
		if r.target != nil {
			vm.assign(f, r.target, raised)
		}
		val, again = vm.rescueBody(f, r.body)
		vm.err = saved
		return val, again
	}
	panic(rubyError{raised})
}

// protect evaluates a node and hands back the exception it raises.
func (vm *vm) protect(f *frame, n node) (val value, raised *object) {
	loops := f.loops
	switch s := vm.caught(func() { val = vm.eval(f, n) }).(type) {
	case nil:
	case rubyError:
		f.loops = loops
		return nil, s.exc
	default:
		panic(s)
	}
	return val, nil
}

// rescueBody runs a rescue clause; again tells that it asked for a retry.
func (vm *vm) rescueBody(f *frame, body node) (val value, again bool) {
	signal := vm.caught(func() { val = vm.eval(f, body) })
	if signal == nil {
		return val, false
	}
	if s, ok := signal.(retrySignal); !ok || s.frame != f {
		panic(signal)
	}
	return nil, true
}

func (vm *vm) rescueFits(f *frame, r rescueNode, raised *object) bool {
	if len(r.classes) == 0 {
		return raised.class.isA(vm.class("StandardError"))
	}
	for _, c := range r.classes {
		list := []value{}
		if s, ok := c.(*splatNode); ok {
			list = vm.splat(vm.eval(f, s.val))
		} else {
			list = append(list, vm.eval(f, c))
		}
		for _, v := range list {
			k, ok := v.(*class)
			if !ok {
				vm.typeError("class or module required for rescue clause")
			}
			if raised.class.isA(k) {
				return true
			}
		}
	}
	return false
}

// doReturn leaves the method or lambda that the code stands in.
func (vm *vm) doReturn(f *frame, val value) {
	if f.lambda != nil {
		panic(returnSignal{lambda: f.lambda, val: val})
	}
	if f.act.method == nil || f.act.done {
		vm.raise("LocalJumpError", "unexpected return")
	}
	panic(returnSignal{act: f.act, val: val})
}

// doBreak leaves the loop, or the call that was given the block.
func (vm *vm) doBreak(f *frame, val value) {
	switch {
	case f.loops > 0:
		panic(loopSignal{f, false, val})
	case f.proc == nil:
		vm.raise("LocalJumpError", "unexpected break")
	case f.proc.lambda:
		panic(returnSignal{lambda: f, val: val})
	case f.proc.orphan:
		vm.raise("LocalJumpError", "break from proc-closure")
	}
	panic(breakSignal{f.proc, val})
}
