package erb

import (
	"context"
	"fmt"
	"strconv"
)

// The bounds of one evaluation. A template beyond them ends with an error.
const (
	maxSteps = 2_500_000
	maxBytes = 128 << 20
	maxDepth = 3000
)

// interp evaluates the templates of a session.
type interp struct {
	opts    Options
	ctx     context.Context
	env     *environ
	ran     []Ran
	ivars   map[string]value
	gvars   map[string]value
	consts  map[string]value
	methods map[string]*proc
	tables  map[string]methodTable
	// frame and node are where the evaluation is, for messages.
	frame *frame
	node  *node
	match *match // $~
	most  int    // how many steps a template may take
	steps int
	bytes int
	depth int
}

// Options say what templates see.
type Options struct {
	// Dir is the working directory of templates, absolute.
	Dir string
	// Env is the environment as KEY=value. Templates that change ENV change a copy.
	Env []string
	// Args are what ARGV holds: the words of the command line, without the program.
	Args []string
	// Commands runs backticks and %x(). Nil refuses them.
	Commands CommandRunner
}

// Evaluator evaluates the templates of one project, one after the other. It keeps what
// Ruby's binding keeps from file to file: instance and global variables, constants and
// methods. It is not safe for concurrent use.
type Evaluator struct{ in *interp }

// New returns an Evaluator without any state yet.
func New(o Options) *Evaluator { return &Evaluator{newInterp(o)} }

// Render returns the text of a template. filename is what __FILE__ is. The error is an
// *Error.
func (e *Evaluator) Render(ctx context.Context, filename string, src []byte) ([]byte, error) {
	out, err := e.in.render(ctx, compileTemplate(filename, src))
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Ran are the commands that templates ran.
func (e *Evaluator) Ran() []Ran { return e.in.ran }

func newInterp(o Options) *interp {
	return &interp{
		opts: o, ctx: context.Background(), env: newEnviron(o.Env),
		ivars: map[string]value{}, gvars: map[string]value{}, consts: map[string]value{}, methods: map[string]*proc{},
		tables: map[string]methodTable{}, most: maxSteps,
	}
}

// render compiles and evaluates one template.
func (in *interp) render(ctx context.Context, src *source) (out []byte, err *Error) {
	defer func() { // a defect of this package must not take the program down
		if r := recover(); r != nil {
			out, err = nil, &Error{File: src.name, Msg: fmt.Sprintf("internal error: %v", r), Hint: "please report this, with the template", Unsupported: true}
		}
	}()
	prog, perr := parse(src)
	if perr != nil {
		return nil, syntaxFailure(src, perr)
	}
	in.ctx, in.steps, in.bytes, in.depth = ctx, 0, 0, 0
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
	case *exception:
		e := &Error{Class: s.class, Msg: s.msg, Hint: Hint(s.class, s.msg)}
		if s.locate(e); s.src == nil {
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
	x := &exception{class: class, msg: fmt.Sprintf(format, args...)}
	if in.frame != nil {
		x.src, x.at, x.end = in.frame.src, in.node.at, in.node.end
	}
	panic(x)
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
	if in.steps++; in.steps > in.most {
		in.stop(&Error{Msg: fmt.Sprintf("the template took more than %d steps", in.most), Hint: "see whether a loop never ends"})
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

// constant is the value of a constant.
func (in *interp) constant(f *frame, n *node) value {
	name := n.s
	if scope, ok := in.eval(f, n.a).(class); ok {
		name = string(scope) + "::" + n.s
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
	switch m := in.match; {
	case m == nil && (err == nil || name == "$~" || name == "$&"):
		return nil
	case err == nil:
		return m.group(int64(n))
	case name == "$&":
		return m.group(int64(0))
	case name == "$~":
		return m
	case !isIdentByte(name[1]) || isIn(" $stdout $stderr $stdin $PROGRAM_NAME ", name):
		in.outside(name)
	}
	return in.gvars[name]
}
