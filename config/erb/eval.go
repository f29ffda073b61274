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
func (in *Evaluator) caught(fn func()) (signal any) {
	depth := in.depth
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error, jump:
			in.depth, signal = depth, r
			in.steps += 10
		default:
			panic(r)
		}
	}()
	fn()
	return nil
}

// arrived is the value of fn, or of a jump to a place out of it.
func (in *Evaluator) arrived(place any, fn func() value) (v value) {
	signal := in.caught(func() { v = fn() })
	if j, ok := signal.(jump); ok && j.to == place {
		return j.val
	} else if signal != nil {
		panic(signal)
	}
	return v
}

// eval is the value of a tree.
func (in *Evaluator) eval(f *frame, n *node) value {
	if n == nil {
		return nil
	}
	in.step()
	in.enter()
	v := in.evalNode(f, n)
	in.depth--
	return v
}

func (in *Evaluator) evalNode(f *frame, n *node) (v value) {
	switch n.op {
	case opSeq:
		for _, s := range n.list {
			v = in.eval(f, s)
		}
	case opText:
		return in.appendText(f, n)
	case opLit:
		return n.v
	case opSelf:
		return f.self
	case opStr:
		return in.str(n.s)
	case opDStr:
		return in.str(in.join(f, n.list))
	case opXStr:
		return in.at(f, n).backticks(in.join(f, n.list))
	case opRegexp:
		return in.at(f, n).regexp(in.join(f, n.list), n.s)
	case opArray:
		return newArray(in.evalList(f, n.list)...)
	case opHash:
		return in.evalHash(f, n)
	case opRange:
		return &interval{in.eval(f, n.a), in.eval(f, n.b), n.flag}
	case opLvar:
		return f.get(n.s)
	case opIvar:
		return in.named[n.s]
	case opGvar:
		return in.at(f, n).global(n.s)
	case opConst:
		return in.constant(f, n)
	case opAnd, opOr:
		if v = in.eval(f, n.a); truthy(v) == (n.op == opOr) {
			return v
		}
		return in.eval(f, n.b)
	case opNot:
		return !truthy(in.eval(f, n.a))
	case opIf:
		if truthy(in.eval(f, n.a)) {
			return in.eval(f, n.b)
		}
		return in.eval(f, n.c)
	case opCall:
		return in.evalCall(f, n)
	case opYield:
		if f.blk == nil {
			in.at(f, n).raise("LocalJumpError", "no block given (yield)")
		}
		return in.invoke(f.blk, nil, in.evalList(f, n.list), nil)
	case opDef:
		in.methods[n.s] = &proc{params: n.params, body: n.b, src: f.src, method: true}
		return symbol(n.s)
	case opAsgn:
		v = in.eval(f, n.b)
		in.assign(f, n.a, v)
	case opOpAsgn:
		return in.opAssign(f, n)
	case opMasgn:
		v = in.eval(f, n.b)
		list := slices.Clone(in.toList(v).e)
		for i, target := range n.list {
			in.assign(f, target, at(list, i))
		}
	case opRescue:
		signal := in.caught(func() { v = in.eval(f, n.a) })
		if e, ok := signal.(*Error); ok && slices.Contains(ancestors(e.Class), "StandardError") {
			return in.eval(f, n.b)
		} else if signal != nil {
			panic(signal)
		}
	case opCase:
		return in.evalCase(f, n)
	case opReturn:
		if f.root == nil {
			in.at(f, n).raise("LocalJumpError", "unexpected return")
		}
		panic(jump{f.root, in.eval(f, n.a)})
	case opBreak:
		panic(jump{f.proc, in.eval(f, n.a)})
	case opNext:
		panic(jump{f, in.eval(f, n.a)})
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
func (in *Evaluator) appendText(f *frame, n *node) value {
	text, ok := f.get(outVariable).(*str)
	if !ok {
		in.at(f, n).raise("NameError", "undefined local variable or method `%s' for main:Object", outVariable)
	}
	s := f.src.texts[n.v.(int)]
	in.charge(len(s))
	text.tail = append(text.tail, s...)
	return text
}

// join is the text of a string's parts.
func (in *Evaluator) join(f *frame, parts []*node) string {
	var b strings.Builder
	for _, p := range parts {
		if p.op == opStr {
			b.WriteString(p.s)
			continue
		}
		b.WriteString(toS(in.eval(f, p)))
		in.charge(b.Len())
	}
	return b.String()
}

// evalList evaluates arguments or elements, with splats.
func (in *Evaluator) evalList(f *frame, nodes []*node) []value {
	list := make([]value, 0, len(nodes))
	for _, n := range nodes {
		if n.op == opSplat {
			list = append(list, in.toList(in.eval(f, n.a)).e...)
			continue
		}
		list = append(list, in.eval(f, n))
	}
	in.charge(16 * len(list))
	return list
}

// toList is the list that a value is spread to.
func (in *Evaluator) toList(v value) *array {
	switch v := v.(type) {
	case *array:
		return v
	case nil:
		return newArray()
	case *hash, *interval:
		return in.send(v, "to_a").(*array)
	}
	return newArray(v)
}

func (in *Evaluator) evalHash(f *frame, n *node) value {
	h := newHash()
	h.keywords = n.flag
	for i := 0; i < len(n.list); i += 2 {
		h.set(in.eval(f, n.list[i]), in.eval(f, n.list[i+1]))
	}
	in.charge(48 * len(h.keys))
	return h
}

// place gives access to what a variable, a constant or an index stands for; receiver and index are evaluated once.
func (in *Evaluator) place(f *frame, n *node) (get func() value, set func(v value)) {
	switch n.op {
	case opLvar:
		return func() value { return f.get(n.s) }, func(v value) { f.set(n.s, v) }
	case opCall:
		recv, args := in.eval(f, n.a), in.evalList(f, n.list)
		return func() value { return in.at(f, n).send(recv, "[]", args...) },
			func(v value) { in.at(f, n).send(recv, "[]=", append(args, v)...) }
	case opGvar:
		in.at(f, n).global(n.s) // refuses those that are not plain variables
	}
	return func() value { return in.named[n.s] }, func(v value) { in.named[n.s] = v }
}

// assign gives a target its value.
func (in *Evaluator) assign(f *frame, n *node, v value) {
	_, set := in.place(f, n)
	set(v)
}

// opAssign is a += b and its like; ||= and &&= evaluate b only when they assign.
func (in *Evaluator) opAssign(f *frame, n *node) value {
	get, set := in.place(f, n.a)
	v := get()
	switch {
	case n.s == "||" && truthy(v), n.s == "&&" && !truthy(v):
		return v
	case n.s == "||", n.s == "&&":
		v = in.eval(f, n.b)
	default:
		right := in.eval(f, n.b)
		v = in.at(f, n).send(v, n.s, right)
	}
	set(v)
	return v
}

func (in *Evaluator) evalCase(f *frame, n *node) value {
	subject := in.eval(f, n.a)
	for _, w := range n.list {
		for _, v := range in.evalList(f, w.list) {
			if n.a == nil && truthy(v) || n.a != nil && in.at(f, n).caseEqual(v, subject) {
				return in.eval(f, w.b)
			}
		}
	}
	return in.eval(f, n.b)
}

// caseEqual is pattern === v.
func (in *Evaluator) caseEqual(pattern, v value) bool {
	switch pattern.(type) {
	case class, *regex, *interval:
		return truthy(in.send(pattern, "===", v))
	}
	return same(pattern, v)
}

// evalCall evaluates a call and the block given to it.
func (in *Evaluator) evalCall(f *frame, n *node) value {
	recv := f.self
	if n.a != nil {
		if recv = in.eval(f, n.a); n.flag && recv == nil {
			return nil
		}
	}
	args := in.evalList(f, n.list)
	if n.blk == nil || n.blk.op == opBlockPass {
		var blk *proc
		if n.blk != nil {
			blk = in.toProc(in.eval(f, n.blk.a))
		}
		return in.at(f, n).dispatch(f, n, recv, args, blk)
	}
	blk := &proc{params: n.blk.params, body: n.blk.b, frame: f, src: f.src}
	return in.arrived(blk, func() value { return in.at(f, n).dispatch(f, n, recv, args, blk) })
}

func (in *Evaluator) dispatch(f *frame, n *node, recv value, args []value, blk *proc) value {
	if n.a == nil {
		if m, ok := in.methods[n.s]; ok && !f.src.core {
			return in.invoke(m, mainObject{}, args, blk)
		}
		if in.method(recv, n.s) == nil {
			recv = mainObject{}
		}
		if len(n.list) == 0 && blk == nil && in.method(recv, n.s) == nil && !leftToRuby(recv, n.s) {
			in.raise("NameError", "undefined local variable or method `%s' for main:Object", n.s)
		}
	}
	return in.sendTo(f, recv, n.s, args, blk)
}

// toProc turns what stands behind & into a block.
func (in *Evaluator) toProc(v value) *proc {
	switch v := v.(type) {
	case nil:
		return nil
	case *proc:
		return v
	case symbol:
		return &proc{native: func(args []value) value { return in.send(at(args, 0), string(v), args[min(1, len(args)):]...) }}
	}
	in.outside("& before " + classOf(v))
	return nil
}

// invoke runs a block, or a method with its self and the block given to it.
func (in *Evaluator) invoke(p *proc, self value, args []value, blk *proc) value {
	if in.step(); p.native != nil {
		return p.native(args)
	}
	f := &frame{outer: p.frame, proc: p, src: p.src, self: self, blk: blk}
	if f.root = f; p.frame != nil {
		f.root, f.self, f.blk = p.frame.root, p.frame.self, p.frame.blk
	}
	caller, site := in.frame, in.node
	in.bind(f, p, args, blk)
	v := in.arrived(f, func() value { return in.eval(f, p.body) })
	in.frame, in.node = caller, site
	return v
}

// bind gives the parameters their values. A block is lenient, and takes a list
// apart when it has several parameters; a method is strict.
func (in *Evaluator) bind(f *frame, p *proc, args []value, blk *proc) {
	kinds := map[byte]int{}
	for _, q := range p.params {
		kinds[q.kind]++
	}
	required := kinds['r'] + kinds['d']
	if l, ok := at(args, 0).(*array); ok && len(args) == 1 && !p.method && required+kinds['o']+kinds['*'] > 1 {
		args = l.e
	}
	if p.method && (len(args) < required || kinds['*'] == 0 && len(args) > required+kinds['o']) {
		in.raise("ArgumentError", "wrong number of arguments (given %d, expected %d)", len(args), required)
	}
	if h, ok := at(args, len(args)-1).(*hash); ok {
		h.keywords = false
	}
	extra := max(0, len(args)-required)
	for _, q := range p.params {
		n, v := min(1, len(args)), at(args, 0)
		switch q.kind {
		case 'd':
			in.bind(f, &proc{params: q.sub}, in.toList(v).e, nil)
		case 'o':
			if extra--; extra < 0 {
				n, v = 0, in.eval(f, q.def)
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
