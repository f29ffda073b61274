package erb

import (
	"cmp"
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

// Evaluator evaluates the templates of one project, one after the other. It keeps what Ruby's binding keeps from file
// to file: instance and global variables, constants and methods. It is not safe for concurrent use.
type Evaluator struct {
	opts    Options
	ctx     context.Context
	env     *environ
	ran     []Ran
	named   map[string]value // instance variables (@a), global ones ($a) and constants (A)
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

// New returns an Evaluator without any state yet.
func New(o Options) *Evaluator {
	return &Evaluator{
		opts: o, ctx: context.Background(), env: newEnviron(o.Env), named: map[string]value{}, methods: map[string]*proc{},
		tables: map[string]methodTable{}, most: maxSteps,
	}
}

// Ran are the commands that templates ran.
func (e *Evaluator) Ran() []Ran { return e.ran }

// Render returns the text of a template. filename is what __FILE__ is. The error is an *Error.
func (e *Evaluator) Render(ctx context.Context, filename string, src []byte) (out []byte, err error) {
	defer func() { // a defect of this package must not take the program down
		if r := recover(); r != nil {
			out, err = nil, &Error{File: filename, Msg: fmt.Sprintf("internal error: %v", r),
				Hint: "please report this, with the template", Unsupported: true}
		}
	}()
	e.ctx, e.steps, e.bytes, e.depth, e.frame = ctx, 0, 0, 0, nil
	signal := e.caught(func() {
		f := &frame{src: compileTemplate(filename, src), self: mainObject{}}
		text, ok := e.eval(f, parse(f.src)).(*str)
		if !ok {
			e.raise("TypeError", "the template's code ends with a value that is no text")
		}
		out = []byte(text.String())
	})
	if signal == nil {
		return out, nil
	}
	failed, ok := signal.(*Error)
	if !ok {
		failed = &Error{Class: "LocalJumpError", Msg: "break, next or return outside of what it could leave"}
	}
	if failed.Line == 0 && e.frame != nil {
		at := e.frame.src
		failed.File = at.name
		failed.Line, failed.Col = at.position(e.node.at)
		failed.Construct = cmp.Or(failed.Construct, at.code(e.node.at, e.node.end))
	}
	failed.File = cmp.Or(failed.File, filename)
	return nil, failed
}

// at notes where the evaluation is in the template.
func (e *Evaluator) at(f *frame, n *node) *Evaluator {
	if !f.src.core {
		e.frame, e.node = f, n
	}
	return e
}

// enter counts how deep calls and expressions lie in each other.
func (e *Evaluator) enter() {
	if e.depth++; e.depth > maxDepth {
		e.raise("SystemStackError", "stack level too deep")
	}
}

// raise raises an exception of the template's Ruby.
func (e *Evaluator) raise(class, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	panic(&Error{Class: class, Msg: msg, Hint: Hint(class, msg)})
}

// outside ends the evaluation at Ruby that this package leaves to a ruby.
func (e *Evaluator) outside(construct string) {
	panic(outside(construct))
}

// step counts one step of the evaluation.
func (e *Evaluator) step() {
	if e.steps++; e.steps > e.most {
		panic(&Error{Msg: fmt.Sprintf("the template took more than %d steps", e.most),
			Hint: "see whether a loop never ends"})
	}
	if e.steps&1023 == 0 && e.ctx.Err() != nil {
		e.stopped()
	}
}

// stopped ends the evaluation because its context is done. No rescue sees an error without a class.
func (e *Evaluator) stopped() {
	panic(&Error{Msg: "stopped: " + e.ctx.Err().Error(), Err: e.ctx.Err()})
}

// charge counts memory that the template asks for.
func (e *Evaluator) charge(n int) {
	if e.bytes += n; n < 0 || n > maxBytes || e.bytes > maxBytes {
		panic(&Error{Msg: fmt.Sprintf("the template wants more than %d MiB of memory", maxBytes>>20),
			Hint: "see whether a loop never ends"})
	}
	e.steps += n >> 8
}

func (e *Evaluator) str(s string) *str {
	e.charge(len(s))
	return &str{s: s}
}

// constant is the value of a constant.
func (e *Evaluator) constant(f *frame, n *node) value {
	name := n.s
	if scope, ok := e.eval(f, n.a).(class); ok {
		name = string(scope) + "::" + n.s
	}
	if v, ok := e.named[name]; ok {
		return v
	}
	if v, ok := e.builtinConstant(name); ok {
		return v
	}
	if e.at(f, n); rubyHasConst(name) {
		e.outside(name)
	}
	e.raise("NameError", "uninitialized constant %s", name)
	return nil
}

// global is the value of a global variable.
func (e *Evaluator) global(name string) value {
	n, err := strconv.Atoi(name[1:])
	switch m := e.match; {
	case m == nil && (err == nil || name == "$~"):
		return nil
	case err == nil:
		return m.group(int64(n))
	case name == "$~":
		return m
	case !isIdentByte(name[1]) || isIn(" $stdout $stderr $stdin $PROGRAM_NAME ", name):
		e.outside(name)
	}
	return e.named[name]
}
