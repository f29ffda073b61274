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
	root  *frame // that of the method or lambda, which return leaves
	proc  *proc  // what runs
	self  value
	blk   *proc // the block given to the method
	src   *source
}

func (f *frame) get(name string) (value, bool) {
	for ; f != nil; f = f.outer {
		if i := slices.Index(f.names, name); i >= 0 {
			return f.vals[i], true
		}
	}
	return nil, false
}

// set assigns to the variable where it is, or makes it here.
func (f *frame) set(name string, v value) {
	for g := f; g != nil; g = g.outer {
		if i := slices.Index(g.names, name); i >= 0 {
			g.vals[i] = v
			return
		}
	}
	f.declare(name, v)
}

// declare makes the variable in this very frame.
func (f *frame) declare(name string, v value) {
	if i := slices.Index(f.names, name); i >= 0 {
		f.vals[i] = v
		return
	}
	f.names, f.vals = append(f.names, name), append(f.vals, v)
}

// Signals travel as panics from where control leaves to where it arrives. They
// never leave Render.
type (
	rubyError   struct{ exc *exception }
	fatal       struct{ err *Error } // ends the evaluation; rescue does not see it
	breakSignal struct {
		from *proc
		val  value
	}
	nextSignal struct{ val value }
	loopSignal struct { // break or next of a while loop
		next bool
		val  value
	}
	returnSignal struct {
		root *frame
		val  value
	}
)

// caught runs fn and returns the signal that leaves it, nil for none. A panic that
// is none is a defect of this package, and goes on.
func (in *interp) caught(fn func()) (signal any) {
	depth := in.depth
	defer func() {
		switch r := recover().(type) {
		case nil:
		case rubyError, fatal, breakSignal, nextSignal, loopSignal, returnSignal:
			in.depth, signal = depth, r
			in.steps += 10
		default:
			panic(r)
		}
	}()
	fn()
	return nil
}

// eval is the value of a tree.
func (in *interp) eval(f *frame, n *node) value {
	if n == nil {
		return nil
	}
	in.step()
	in.enter()
	v := in.evalNode(f, n)
	in.depth--
	return v
}

func (in *interp) evalNode(f *frame, n *node) value {
	switch n.op {
	case opSeq:
		var v value
		for _, s := range n.list {
			v = in.eval(f, s)
		}
		return v
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
	case opDSym:
		return symbol(in.join(f, n.list))
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
		v, _ := f.get(n.s)
		return v
	case opIvar:
		return in.ivars[n.s]
	case opGvar:
		return in.at(f, n).global(n.s)
	case opConst:
		return in.constant(f, n)
	case opAnd:
		if v := in.eval(f, n.a); !truthy(v) {
			return v
		}
		return in.eval(f, n.b)
	case opOr:
		if v := in.eval(f, n.a); truthy(v) {
			return v
		}
		return in.eval(f, n.b)
	case opNot:
		return !truthy(in.eval(f, n.a))
	case opDefined:
		return in.defined(f, n.a)
	case opIf:
		if truthy(in.eval(f, n.a)) {
			return in.eval(f, n.b)
		}
		return in.eval(f, n.c)
	case opCall:
		return in.evalCall(f, n)
	case opYield:
		if f.methodFrame().blk == nil {
			in.at(f, n).raise("LocalJumpError", "no block given (yield)")
		}
		return in.invoke(f.methodFrame().blk, in.evalList(f, n.list), nil)
	case opBlock:
		return &proc{params: n.params, body: n.b, frame: f, src: f.src, lambda: n.flag}
	case opDef:
		in.methods[n.s] = &proc{params: n.params, body: n.b, src: f.src, lambda: true, name: n.s}
		return symbol(n.s)
	}
	return in.evalControl(f, n)
}

// evalControl evaluates assignments, loops and jumps.
func (in *interp) evalControl(f *frame, n *node) value {
	switch n.op {
	case opAsgn:
		v := in.eval(f, n.b)
		in.assign(f, n.a, v)
		return v
	case opOpAsgn:
		return in.opAssign(f, n)
	case opMasgn:
		v := in.eval(f, n.b)
		in.spread(f, n.list, in.toList(v))
		return v
	case opWhile:
		return in.evalWhile(f, n)
	case opCase:
		return in.evalCase(f, n)
	case opBegin:
		return in.evalBegin(f, n)
	case opReturn:
		if f.root == nil {
			in.at(f, n).raise("LocalJumpError", "unexpected return")
		}
		panic(returnSignal{f.root, in.eval(f, n.a)})
	case opBreak:
		v := in.eval(f, n.a)
		if n.flag {
			panic(loopSignal{val: v})
		}
		panic(breakSignal{f.proc, v})
	case opNext:
		v := in.eval(f, n.a)
		if n.flag {
			panic(loopSignal{next: true, val: v})
		}
		panic(nextSignal{v})
	case opSplat, opBlockPass:
		in.at(f, n).outside("a splat here")
	}
	return nil
}

// methodFrame is the frame of the method around a block.
func (f *frame) methodFrame() *frame {
	for f.outer != nil {
		f = f.outer
	}
	return f
}

func at(list []value, i int) value {
	if i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// appendText puts out a run of the template's text.
func (in *interp) appendText(f *frame, n *node) value {
	out, ok := f.get(outVariable)
	text, isText := out.(*str)
	if !ok || !isText {
		in.at(f, n).raise("NameError", "undefined local variable or method `%s' for main:Object", outVariable)
	}
	s := f.src.texts[n.v.(int)]
	in.charge(len(s))
	text.tail = append(text.tail, s...)
	return text
}

// join is the text of a string's parts.
func (in *interp) join(f *frame, parts []*node) string {
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
func (in *interp) evalList(f *frame, nodes []*node) []value {
	list := make([]value, 0, len(nodes))
	for _, n := range nodes {
		if n.op == opSplat {
			list = append(list, in.toList(in.eval(f, n.a)).e...)
			in.charge(16 * len(list))
			continue
		}
		list = append(list, in.eval(f, n))
	}
	in.charge(16 * len(list))
	if l := len(list); l > 0 {
		if h, ok := list[l-1].(*hash); ok && h.keywords && len(h.keys) == 0 {
			list = list[:l-1]
		}
	}
	return list
}

// toList is the list that a value is spread to.
func (in *interp) toList(v value) *array {
	switch v := v.(type) {
	case *array:
		return v
	case nil:
		return newArray()
	case *hash, *interval, *enum:
		return in.send(v, "to_a").(*array)
	}
	return newArray(v)
}

func (in *interp) evalHash(f *frame, n *node) value {
	h := newHash()
	h.keywords = n.flag
	for i := 0; i < len(n.list); i += 2 {
		if n.list[i] == nil {
			more, ok := in.eval(f, n.list[i+1]).(*hash)
			if !ok {
				in.at(f, n).raise("TypeError", "no implicit conversion into Hash")
			}
			for j, k := range more.keys {
				h.set(k, more.vals[j])
			}
			continue
		}
		h.set(in.eval(f, n.list[i]), in.eval(f, n.list[i+1]))
	}
	in.charge(48 * len(h.keys))
	return h
}

// assign gives a target its value.
func (in *interp) assign(f *frame, n *node, v value) {
	switch n.op {
	case opLvar:
		f.set(n.s, v)
	case opIvar:
		in.ivars[n.s] = v
	case opGvar:
		if !isIdentStart(n.s[1]) || n.s == "$stdout" || n.s == "$stderr" {
			in.at(f, n).outside("assignment to " + n.s)
		}
		in.gvars[n.s] = v
	case opConst:
		in.consts[n.s] = v
	case opCall:
		recv := in.eval(f, n.a)
		args := append(in.evalList(f, n.list), v)
		in.at(f, n).send(recv, "[]=", args...)
	}
}

// spread assigns a list to several targets.
func (in *interp) spread(f *frame, targets []*node, list *array) {
	e := slices.Clone(list.e)
	for i, t := range targets {
		if t.op != opSplat {
			in.assign(f, t, at(e, 0))
			e = e[min(1, len(e)):]
			continue
		}
		n := max(0, len(e)-(len(targets)-i-1))
		if t.a != nil {
			in.assign(f, t.a, newArray(slices.Clone(e[:n])...))
		}
		e = e[n:]
	}
}

// opAssign is a += b and its like; ||= and &&= evaluate b only when they assign.
func (in *interp) opAssign(f *frame, n *node) value {
	target := n.a
	var recv value
	var args []value
	var old value
	switch target.op {
	case opCall:
		recv, args = in.eval(f, target.a), in.evalList(f, target.list)
		old = in.at(f, target).send(recv, "[]", args...)
	case opConst:
		old = in.consts[target.s]
	default:
		old = in.eval(f, target)
	}
	var v value
	switch n.s {
	case "||":
		if truthy(old) {
			return old
		}
		v = in.eval(f, n.b)
	case "&&":
		if !truthy(old) {
			return old
		}
		v = in.eval(f, n.b)
	default:
		right := in.eval(f, n.b)
		v = in.at(f, n).send(old, n.s, right)
	}
	if target.op == opCall {
		in.at(f, target).send(recv, "[]=", append(slices.Clone(args), v)...)
		return v
	}
	in.assign(f, target, v)
	return v
}

func (in *interp) evalWhile(f *frame, n *node) value {
	for first := true; first && n.flag || truthy(in.eval(f, n.a)); first = false {
		in.step()
		if v, stop := in.loopBody(f, n.b); stop {
			return v
		}
	}
	return nil
}

// loopBody runs the body of a loop; stop is true after break.
func (in *interp) loopBody(f *frame, body *node) (v value, stop bool) {
	switch s := in.caught(func() { in.eval(f, body) }).(type) {
	case nil:
		return nil, false
	case loopSignal:
		return s.val, !s.next
	default:
		panic(s)
	}
}

func (in *interp) evalCase(f *frame, n *node) value {
	var subject value
	if n.a != nil {
		subject = in.eval(f, n.a)
	}
	for _, w := range n.list {
		for i, v := range in.evalList(f, w.list) {
			if n.a == nil && truthy(v) || n.a != nil && in.at(f, w.list[min(i, len(w.list)-1)]).caseEqual(v, subject) {
				return in.eval(f, w.b)
			}
		}
	}
	return in.eval(f, n.b)
}

// caseEqual is pattern === v.
func (in *interp) caseEqual(pattern, v value) bool {
	switch p := pattern.(type) {
	case class, *regex, *interval, *proc:
		return truthy(in.send(p, "===", v))
	}
	return same(pattern, v)
}

// evalBegin runs the body and, when it raises, the clause that fits, and what
// stands behind ensure in any case.
func (in *interp) evalBegin(f *frame, n *node) (v value) {
	signal := in.caught(func() { v = in.eval(f, n.a) })
	e, raised := signal.(rubyError)
	if raised {
		if clause := in.clauseFor(f, n, e.exc); clause != nil {
			outer := in.gvars["$!"]
			in.gvars["$!"] = e.exc
			signal = in.caught(func() {
				if clause.a != nil {
					in.assign(f, clause.a, e.exc)
				}
				v = in.eval(f, clause.b)
			})
			in.gvars["$!"] = outer
		}
	} else if signal == nil && n.b != nil {
		signal = in.caught(func() { v = in.eval(f, n.b) })
	}
	if _, stop := signal.(fatal); !stop {
		in.eval(f, n.c)
	}
	if signal != nil {
		panic(signal)
	}
	return v
}

func (in *interp) clauseFor(f *frame, n *node, e *exception) *node {
	for _, r := range n.list {
		if len(r.list) == 0 && slices.Contains(ancestors(e.class), "StandardError") {
			return r
		}
		for _, c := range in.evalList(f, r.list) {
			if name, ok := c.(class); ok && slices.Contains(ancestors(e.class), string(name)) {
				return r
			}
		}
	}
	return nil
}

// defined is what defined?() says.
func (in *interp) defined(f *frame, n *node) value {
	what, ok := "", true
	switch n.op {
	case opSeq:
		if len(n.list) == 1 {
			return in.defined(f, n.list[0])
		}
	case opLvar:
		what = "local-variable"
	case opIvar:
		what = "instance-variable"
		_, ok = in.ivars[n.s]
	case opGvar:
		what = "global-variable"
		_, ok = in.gvars[n.s]
	case opConst:
		what = "constant"
		_, isError := in.caught(func() { in.eval(f, n) }).(rubyError)
		ok = !isError
	case opCall:
		if n.a == nil && n.list == nil {
			what, ok = "method", in.methods[n.s] != nil || in.method(f.self, n.s) != nil || leftToRuby(f.self, n.s)
		}
	}
	if what == "" {
		in.at(f, n).outside("defined? of such an expression")
	} else if !ok {
		return nil
	}
	return in.str(what)
}
