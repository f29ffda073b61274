package erb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The bounds of one evaluation. A template beyond them ends with an error.
const (
	maxSteps = 4_000_000
	maxBytes = 128 << 20
	maxDepth = 3000
)

// interp evaluates the templates of a session.
type interp struct {
	opts    Options
	ctx     context.Context
	env     *environ
	log     *commandLog
	ivars   map[string]value
	gvars   map[string]value
	consts  map[string]value
	methods map[string]*proc
	tables  map[string]methodTable
	loaded  map[string]bool // what was required
	// frame and node are where the evaluation is, for messages.
	frame  *frame
	node   *node
	match  *match  // $~
	status *status // $?
	steps  int
	bytes  int
	depth  int
	// out and errOut hold what templates print until their file is done.
	out, errOut []byte
}

func newInterp(o Options, log *commandLog) *interp {
	return &interp{
		opts: o, ctx: context.Background(), env: newEnviron(o.Env), log: log,
		ivars: map[string]value{}, gvars: map[string]value{}, consts: map[string]value{}, methods: map[string]*proc{},
		tables: map[string]methodTable{}, loaded: map[string]bool{},
	}
}

// render compiles and evaluates one template.
func (in *interp) render(ctx context.Context, src *source) (out []byte, err *Error) {
	prog, perr := parse(src)
	if perr != nil {
		return nil, syntaxFailure(src, perr)
	}
	in.ctx, in.steps, in.bytes, in.depth = ctx, 0, 0, 0
	in.out, in.errOut = nil, nil
	signal := in.caught(func() {
		f := &frame{src: src, self: mainObject{}}
		text, ok := in.eval(f, prog).(*str)
		if !ok {
			in.raise("TypeError", "the template's code ends with a value that is no text")
		}
		out = []byte(text.String())
	})
	switch s := signal.(type) {
	case nil:
		return out, nil
	case fatal:
		return nil, s.err
	case rubyError:
		e := &Error{Class: s.exc.class, Msg: s.exc.msg, Hint: hintFor(s.exc.class, s.exc.msg)}
		if s.exc.locate(e); s.exc.src == nil {
			in.locate(e)
		}
		return nil, e
	}
	e := &Error{Class: "LocalJumpError", Msg: "break, next, return or retry outside of what it could leave"}
	in.locate(e)
	return nil, e
}

// syntaxFailure turns what the parser found into an Error.
func syntaxFailure(src *source, perr error) *Error {
	se, ok := perr.(*syntaxError) //nolint:errorlint // parse returns nothing else
	if !ok {
		return &Error{File: src.name, Class: "SyntaxError", Msg: perr.Error(), Err: perr}
	}
	e := &Error{File: src.name, Class: "SyntaxError", Msg: se.msg, Construct: se.construct, Err: perr}
	e.Line, e.Col = src.position(se.pos)
	if e.Unsupported = se.construct != ""; e.Unsupported {
		e.Hint = hintOutside
		return e
	}
	e.Construct = src.lineAt(se.pos)
	e.Hint = "Ruby's ERB reads this file without a trim mode: `<%-` and `-%>` are errors, every `if` and `do` needs its `<% end %>`, " +
		"and `<%= … do |x| %>` is not allowed"
	return e
}

// at notes where the evaluation is in the template.
func (in *interp) at(f *frame, n *node) *interp {
	if !f.src.core {
		in.frame, in.node = f, n
	}
	return in
}

// enter counts how deep calls and expressions lie in each other.
func (in *interp) enter() {
	if in.depth++; in.depth > maxDepth {
		in.raise("SystemStackError", "stack level too deep")
	}
}

func (in *interp) locate(e *Error) {
	if in.frame != nil {
		(&exception{src: in.frame.src, at: in.node.at, end: in.node.end}).locate(e)
	}
}

// locate writes where an exception was raised into an error.
func (x *exception) locate(e *Error) {
	if x.src == nil {
		return
	}
	e.File = x.src.name
	e.Line, e.Col = x.src.position(x.at)
	if e.Construct == "" && !e.Unsupported {
		e.Construct = x.src.code(x.at, x.end)
	}
}

// raise raises an exception of the template's Ruby.
func (in *interp) raise(class, format string, args ...any) {
	in.raiseException(&exception{class: class, msg: fmt.Sprintf(format, args...)})
}

func (in *interp) raiseException(x *exception) {
	if x.src == nil && in.frame != nil {
		x.src, x.at, x.end = in.frame.src, in.node.at, in.node.end
	}
	panic(rubyError{x})
}

// stop ends the evaluation with an error that no rescue clause sees.
func (in *interp) stop(e *Error) {
	in.locate(e)
	panic(fatal{e})
}

// outside ends the evaluation at Ruby that this package leaves to a ruby.
func (in *interp) outside(construct string) {
	in.stop(&Error{Construct: construct, Msg: outsideMessage(construct), Hint: hintOutside, Unsupported: true})
}

// step counts one step of the evaluation.
func (in *interp) step() {
	if in.steps++; in.steps > maxSteps {
		in.stop(&Error{Msg: fmt.Sprintf("the template took more than %d steps", maxSteps), Hint: "see whether a loop never ends"})
	}
	if in.steps&1023 == 0 && in.ctx.Err() != nil {
		in.stop(&Error{Msg: "stopped: " + in.ctx.Err().Error(), Err: in.ctx.Err()})
	}
}

// charge counts memory that the template asks for.
func (in *interp) charge(n int) {
	if in.bytes += n; n < 0 || n > maxBytes || in.bytes > maxBytes {
		in.stop(&Error{Msg: fmt.Sprintf("the template wants more than %d MiB of memory", maxBytes>>20), Hint: "see whether a loop never ends"})
	}
	in.steps += n >> 8
}

func (in *interp) str(s string) *str {
	in.charge(len(s))
	return &str{s: s}
}

// evalCall evaluates a call and the block given to it.
func (in *interp) evalCall(f *frame, n *node) (v value) {
	recv := f.self
	if n.a != nil {
		if recv = in.eval(f, n.a); n.flag && recv == nil {
			return nil
		}
	}
	args := in.evalList(f, n.list)
	switch {
	case n.blk == nil:
		return in.at(f, n).dispatch(f, n, recv, args, nil)
	case n.blk.op == opBlockPass:
		blk := in.eval(f, n.blk.a)
		return in.at(f, n).dispatch(f, n, recv, args, in.toProc(blk))
	}
	blk := &proc{params: n.blk.params, body: n.blk.b, frame: f, src: f.src}
	signal := in.caught(func() { v = in.at(f, n).dispatch(f, n, recv, args, blk) })
	if b, ok := signal.(breakSignal); ok && b.from == blk {
		return b.val
	}
	if signal != nil {
		panic(signal)
	}
	return v
}

func (in *interp) dispatch(f *frame, n *node, recv value, args []value, blk *proc) value {
	if n.a == nil {
		if m, ok := in.methods[n.s]; ok && !f.src.core {
			return in.invoke(m, args, blk)
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
func (in *interp) toProc(v value) *proc {
	switch v := v.(type) {
	case nil:
		return nil
	case *proc:
		return v
	case symbol:
		return &proc{lambda: true, native: func(args []value) value { return in.send(at(args, 0), string(v), args[min(1, len(args)):]...) }}
	}
	in.raise("TypeError", "wrong argument type %s (expected Proc)", classOf(v))
	return nil
}

// invoke runs a block, lambda or method of the template.
func (in *interp) invoke(p *proc, args []value, blk *proc) value {
	return in.invokeOn(p, mainObject{}, args, blk)
}

// invokeOn runs a proc; a method sees self.
func (in *interp) invokeOn(p *proc, self value, args []value, blk *proc) (v value) {
	in.step()
	if p.native != nil {
		return p.native(args)
	}
	f := &frame{outer: p.frame, proc: p, src: p.src, self: self, blk: blk}
	if p.frame != nil {
		f.root, f.self = p.frame.root, p.frame.self
	}
	if p.lambda {
		f.root = f
	}
	caller, site := in.frame, in.node
	in.bind(f, p, args, blk)
	switch s := in.caught(func() { v = in.eval(f, p.body) }).(type) {
	case nil:
	case nextSignal:
		v = s.val
	case returnSignal:
		if s.root != f {
			panic(s)
		}
		v = s.val
	case breakSignal:
		if s.from != p || !p.lambda {
			panic(s)
		}
		v = s.val
	default:
		panic(s)
	}
	in.frame, in.node = caller, site
	return v
}

// bind gives the parameters their values. A block is lenient, and takes a list
// apart when it has several parameters; a lambda or method is strict.
func (in *interp) bind(f *frame, p *proc, args []value, blk *proc) {
	kinds := map[byte]int{}
	for _, q := range p.params {
		kinds[q.kind]++
	}
	required := kinds['r'] + kinds['d']
	if l, ok := at(args, 0).(*array); ok && len(args) == 1 && !p.lambda && required+kinds['o']+kinds['*'] > 1 {
		args = l.e
	}
	if p.lambda && (len(args) < required || kinds['*'] == 0 && len(args) > required+kinds['o']) {
		expected := strconv.Itoa(required)
		if kinds['*'] > 0 {
			expected += "+"
		} else if kinds['o'] > 0 {
			expected += ".." + strconv.Itoa(required+kinds['o'])
		}
		in.raise("ArgumentError", "wrong number of arguments (given %d, expected %s)", len(args), expected)
	}
	if h, ok := at(args, len(args)-1).(*hash); ok {
		h.keywords = false
	}
	extra := max(0, len(args)-required)
	for _, q := range p.params {
		n := min(1, len(args))
		v := at(args, 0)
		switch q.kind {
		case 'd':
			in.bind(f, &proc{params: q.sub}, in.toList(v).e, nil)
		case 'o':
			if extra == 0 {
				n, v = 0, in.eval(f, q.def)
			} else {
				extra--
			}
		case '*':
			n = min(extra, len(args))
			v = newArray(slices.Clone(args[:n])...)
		case '&':
			n, v = 0, nil
			if blk != nil {
				v = blk
			}
		}
		f.declare(q.name, v)
		args = args[n:]
	}
}

// constant is the value of a constant.
func (in *interp) constant(f *frame, n *node) value {
	name := n.s
	if n.a != nil {
		scope, ok := in.eval(f, n.a).(class)
		if !ok {
			in.at(f, n).raise("TypeError", "%s is not a class/module", inspect(in.eval(f, n.a)))
		}
		if name = string(scope) + "::" + n.s; scope == "Object" {
			name = n.s
		}
	}
	if v, ok := in.consts[name]; ok {
		return v
	}
	if v, ok := in.builtinConstant(name); ok {
		return v
	}
	if in.at(f, n); rubyHasConst(name) {
		in.outside(name)
	}
	in.raise("NameError", "uninitialized constant %s", name)
	return nil
}

// global is the value of a global variable.
func (in *interp) global(name string) value {
	n, err := strconv.Atoi(name[1:])
	m := in.match
	switch {
	case m == nil && (err == nil || strings.Contains("$~ $& $` $'", name)):
		return nil
	case err == nil:
		return m.group(n)
	}
	switch name {
	case "$~":
		return m
	case "$&":
		return m.group(0)
	case "$`":
		return in.str(m.text[:m.groups[0][0]])
	case "$'":
		return in.str(m.text[m.groups[0][1]:])
	case "$?":
		if in.status == nil {
			return nil
		}
		return in.status
	case "$stdout":
		return &stream{&in.out}
	case "$stderr":
		return &stream{&in.errOut}
	}
	if !isIdentStart(name[1]) && name != "$!" {
		in.outside(name)
	}
	return in.gvars[name]
}

// arguments is ARGV.
func (in *interp) arguments() value {
	l := newArray()
	for _, a := range in.opts.Args {
		l.e = append(l.e, in.str(a))
	}
	return l
}
