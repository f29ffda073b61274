package erb

import (
	"slices"
	"strings"
)

// frame is the state in which code runs: of a method, or of one run of a block.
type frame struct {
	names []string
	vals  []value
	outer *frame // around a block
	root  *frame // that of the method, which return leaves
	proc  *proc  // what runs
	self  value
	blk   *proc // the block given to that method
	src   *source
}

// find is the frame that has a variable, and its place there.
func (f *frame) find(name string) (*frame, int) {
	for g := f; g != nil; g = g.outer {
		if i := slices.Index(g.names, name); i >= 0 {
			return g, i
		}
	}
	return nil, 0
}

func (f *frame) get(name string) value {
	if g, i := f.find(name); g != nil {
		return g.vals[i]
	}
	return nil
}

// set assigns to the variable where it is, or makes it here.
func (f *frame) set(name string, v value) {
	if g, i := f.find(name); g != nil {
		g.vals[i] = v
		return
	}
	f.declare(name, v)
}

// declare makes the variable in this very frame.
func (f *frame) declare(name string, v value) {
	f.names, f.vals = append(f.names, name), append(f.vals, v)
}

// jump is a break, next or return to a place: the block that a call was given, or the frame of a block or method. Jumps
// and errors travel as panics from where control leaves to where it arrives. They never leave Render.
type jump struct {
	to  any
	val value
}

// caught runs fn and returns the signal that leaves it, nil for none. A panic that
// is none is a defect of this package, and goes on.
func (e *Evaluator) caught(fn func()) (signal any) {
	depth := e.depth
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error, jump:
			e.depth, signal = depth, r
			e.steps += 10
		default:
			panic(r)
		}
	}()
	fn()
	return nil
}

// arrived is the value of fn, or of a jump to a place out of it.
func (e *Evaluator) arrived(place any, fn func() value) (v value) {
	signal := e.caught(func() { v = fn() })
	if j, ok := signal.(jump); ok && j.to == place {
		return j.val
	} else if signal != nil {
		panic(signal)
	}
	return v
}

// eval is the value of a tree.
func (e *Evaluator) eval(f *frame, n *node) value {
	if n == nil {
		return nil
	}
	e.step()
	e.enter()
	v := e.evalNode(f, n)
	e.depth--
	return v
}

func (e *Evaluator) evalNode(f *frame, n *node) (v value) {
	switch n.op {
	case opSeq:
		for _, s := range n.list {
			v = e.eval(f, s)
		}
	case opText:
		return e.appendText(f, n)
	case opLit:
		return n.v
	case opSelf:
		return f.self
	case opStr:
		return e.str(n.s)
	case opDStr:
		return e.str(e.join(f, n.list))
	case opXStr:
		return e.at(f, n).backticks(e.join(f, n.list))
	case opRegexp:
		return e.at(f, n).regexp(e.join(f, n.list), n.s)
	case opArray:
		return newArray(e.evalList(f, n.list)...)
	case opHash:
		return e.evalHash(f, n)
	case opRange:
		return &interval{e.eval(f, n.a), e.eval(f, n.b), n.flag}
	case opLvar:
		return f.get(n.s)
	case opIvar:
		return e.named[n.s]
	case opGvar:
		return e.at(f, n).global(n.s)
	case opConst:
		return e.constant(f, n)
	case opAnd, opOr:
		if v = e.eval(f, n.a); truthy(v) == (n.op == opOr) {
			return v
		}
		return e.eval(f, n.b)
	case opNot:
		return !truthy(e.eval(f, n.a))
	case opIf:
		if truthy(e.eval(f, n.a)) {
			return e.eval(f, n.b)
		}
		return e.eval(f, n.c)
	case opCall:
		return e.evalCall(f, n)
	case opYield:
		if f.blk == nil {
			e.at(f, n).raise("LocalJumpError", "no block given (yield)")
		}
		return e.invoke(f.blk, nil, e.evalList(f, n.list), nil)
	case opDef:
		e.methods[n.s] = &proc{params: n.params, body: n.b, src: f.src, method: true}
		return symbol(n.s)
	case opAsgn:
		v = e.eval(f, n.b)
		e.assign(f, n.a, v)
	case opOpAsgn:
		return e.opAssign(f, n)
	case opMasgn:
		v = e.eval(f, n.b)
		list := slices.Clone(e.toList(v).e)
		for i, target := range n.list {
			e.assign(f, target, at(list, i))
		}
	case opRescue:
		signal := e.caught(func() { v = e.eval(f, n.a) })
		if failed, ok := signal.(*Error); ok && slices.Contains(ancestors(failed.Class), "StandardError") {
			return e.eval(f, n.b)
		} else if signal != nil {
			panic(signal)
		}
	case opCase:
		return e.evalCase(f, n)
	case opReturn:
		if f.root == nil {
			e.at(f, n).raise("LocalJumpError", "unexpected return")
		}
		panic(jump{f.root, e.eval(f, n.a)})
	case opBreak:
		panic(jump{f.proc, e.eval(f, n.a)})
	case opNext:
		panic(jump{f, e.eval(f, n.a)})
	}
	return v
}

func at(list []value, i int) value {
	if i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// appendText puts out a run of the template's text.
func (e *Evaluator) appendText(f *frame, n *node) value {
	text, ok := f.get(outVariable).(*str)
	if !ok {
		e.at(f, n).raise("NameError", "undefined local variable or method `%s' for main:Object", outVariable)
	}
	s := f.src.texts[n.v.(int)]
	e.charge(len(s))
	text.tail = append(text.tail, s...)
	return text
}

// join is the text of a string's parts.
func (e *Evaluator) join(f *frame, parts []*node) string {
	var b strings.Builder
	for _, p := range parts {
		if p.op == opStr {
			b.WriteString(p.s)
			continue
		}
		b.WriteString(toS(e.eval(f, p)))
		e.charge(b.Len())
	}
	return b.String()
}

// evalList evaluates arguments or elements, with splats.
func (e *Evaluator) evalList(f *frame, nodes []*node) []value {
	list := make([]value, 0, len(nodes))
	for _, n := range nodes {
		if n.op == opSplat {
			list = append(list, e.toList(e.eval(f, n.a)).e...)
			continue
		}
		list = append(list, e.eval(f, n))
	}
	e.charge(16 * len(list))
	return list
}

// toList is the list that a value is spread to.
func (e *Evaluator) toList(v value) *array {
	switch v := v.(type) {
	case *array:
		return v
	case nil:
		return newArray()
	case *hash, *interval:
		return e.send(v, "to_a").(*array)
	}
	return newArray(v)
}

func (e *Evaluator) evalHash(f *frame, n *node) value {
	h := newHash()
	h.keywords = n.flag
	for i := 0; i < len(n.list); i += 2 {
		h.set(e.eval(f, n.list[i]), e.eval(f, n.list[i+1]))
	}
	e.charge(48 * len(h.keys))
	return h
}

// place gives access to what a variable, a constant or an index stands for; receiver and index are evaluated once.
func (e *Evaluator) place(f *frame, n *node) (get func() value, set func(v value)) {
	switch n.op {
	case opLvar:
		return func() value { return f.get(n.s) }, func(v value) { f.set(n.s, v) }
	case opCall:
		recv, args := e.eval(f, n.a), e.evalList(f, n.list)
		return func() value { return e.at(f, n).send(recv, "[]", args...) },
			func(v value) { e.at(f, n).send(recv, "[]=", append(args, v)...) }
	case opGvar:
		e.at(f, n).global(n.s) // refuses those that are not plain variables
	}
	return func() value { return e.named[n.s] }, func(v value) { e.named[n.s] = v }
}

// assign gives a target its value.
func (e *Evaluator) assign(f *frame, n *node, v value) {
	_, set := e.place(f, n)
	set(v)
}

// opAssign is a += b and its like; ||= and &&= evaluate b only when they assign.
func (e *Evaluator) opAssign(f *frame, n *node) value {
	get, set := e.place(f, n.a)
	v := get()
	switch {
	case n.s == "||" && truthy(v), n.s == "&&" && !truthy(v):
		return v
	case n.s == "||", n.s == "&&":
		v = e.eval(f, n.b)
	default:
		right := e.eval(f, n.b)
		v = e.at(f, n).send(v, n.s, right)
	}
	set(v)
	return v
}

func (e *Evaluator) evalCase(f *frame, n *node) value {
	subject := e.eval(f, n.a)
	for _, w := range n.list {
		for _, v := range e.evalList(f, w.list) {
			if n.a == nil && truthy(v) || n.a != nil && e.at(f, n).caseEqual(v, subject) {
				return e.eval(f, w.b)
			}
		}
	}
	return e.eval(f, n.b)
}

// caseEqual is pattern === v.
func (e *Evaluator) caseEqual(pattern, v value) bool {
	switch pattern.(type) {
	case class, *regex, *interval:
		return truthy(e.send(pattern, "===", v))
	}
	return same(pattern, v)
}

// evalCall evaluates a call and the block given to it.
func (e *Evaluator) evalCall(f *frame, n *node) value {
	recv := f.self
	if n.a != nil {
		if recv = e.eval(f, n.a); n.flag && recv == nil {
			return nil
		}
	}
	args := e.evalList(f, n.list)
	if n.blk == nil || n.blk.op == opBlockPass {
		var blk *proc
		if n.blk != nil {
			blk = e.toProc(e.eval(f, n.blk.a))
		}
		return e.at(f, n).dispatch(f, n, recv, args, blk)
	}
	blk := &proc{params: n.blk.params, body: n.blk.b, frame: f, src: f.src}
	return e.arrived(blk, func() value { return e.at(f, n).dispatch(f, n, recv, args, blk) })
}

func (e *Evaluator) dispatch(f *frame, n *node, recv value, args []value, blk *proc) value {
	if n.a == nil {
		if m, ok := e.methods[n.s]; ok && !f.src.core {
			return e.invoke(m, mainObject{}, args, blk)
		}
		if e.method(recv, n.s) == nil {
			recv = mainObject{}
		}
		if len(n.list) == 0 && blk == nil && e.method(recv, n.s) == nil && !leftToRuby(recv, n.s) {
			e.raise("NameError", "undefined local variable or method `%s' for main:Object", n.s)
		}
	}
	return e.sendTo(f, recv, n.s, args, blk)
}

// toProc turns what stands behind & into a block.
func (e *Evaluator) toProc(v value) *proc {
	switch v := v.(type) {
	case nil:
		return nil
	case *proc:
		return v
	case symbol:
		return &proc{native: func(args []value) value { return e.send(at(args, 0), string(v), args[min(1, len(args)):]...) }}
	}
	e.outside("& before " + classOf(v))
	return nil
}

// invoke runs a block, or a method with its self and the block given to it.
func (e *Evaluator) invoke(p *proc, self value, args []value, blk *proc) value {
	if e.step(); p.native != nil {
		return p.native(args)
	}
	f := &frame{outer: p.frame, proc: p, src: p.src, self: self, blk: blk}
	if f.root = f; p.frame != nil {
		f.root, f.self, f.blk = p.frame.root, p.frame.self, p.frame.blk
	}
	caller, site := e.frame, e.node
	e.bind(f, p, args, blk)
	v := e.arrived(f, func() value { return e.eval(f, p.body) })
	e.frame, e.node = caller, site
	return v
}

// bind gives the parameters their values. A block is lenient, and takes a list
// apart when it has several parameters; a method is strict.
func (e *Evaluator) bind(f *frame, p *proc, args []value, blk *proc) {
	kinds := map[byte]int{}
	for _, q := range p.params {
		kinds[q.kind]++
	}
	required := kinds['r'] + kinds['d']
	if l, ok := at(args, 0).(*array); ok && len(args) == 1 && !p.method && required+kinds['o']+kinds['*'] > 1 {
		args = l.e
	}
	if p.method && (len(args) < required || kinds['*'] == 0 && len(args) > required+kinds['o']) {
		e.raise("ArgumentError", "wrong number of arguments (given %d, expected %d)", len(args), required)
	}
	if h, ok := at(args, len(args)-1).(*hash); ok {
		h.keywords = false
	}
	extra := max(0, len(args)-required)
	for _, q := range p.params {
		n, v := min(1, len(args)), at(args, 0)
		switch q.kind {
		case 'd':
			e.bind(f, &proc{params: q.sub}, e.toList(v).e, nil)
		case 'o':
			if extra--; extra < 0 {
				n, v = 0, e.eval(f, q.def)
			}
		case '*':
			n = min(max(0, extra), len(args))
			v = newArray(slices.Clone(args[:n])...)
		case '&':
			if n, v = 0, nil; blk != nil {
				v = blk
			}
		}
		f.declare(q.name, v)
		args = args[n:]
	}
}
