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
func (in *Evaluator) Ran() []Ran { return in.ran }

// Render returns the text of a template. filename is what __FILE__ is. The error is an *Error.
func (in *Evaluator) Render(ctx context.Context, filename string, src []byte) (out []byte, err error) {
	defer func() { // a defect of this package must not take the program down
		if r := recover(); r != nil {
			out, err = nil, &Error{File: filename, Msg: fmt.Sprintf("internal error: %v", r),
				Hint: "please report this, with the template", Unsupported: true}
		}
	}()
	in.ctx, in.steps, in.bytes, in.depth, in.frame = ctx, 0, 0, 0, nil
	signal := in.caught(func() {
		f := &frame{src: compileTemplate(filename, src), self: mainObject{}}
		text, ok := in.eval(f, parse(f.src)).(*str)
		if !ok {
			in.raise("TypeError", "the template's code ends with a value that is no text")
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
	if failed.Line == 0 && in.frame != nil {
		at := in.frame.src
		failed.File = at.name
		failed.Line, failed.Col = at.position(in.node.at)
		failed.Construct = cmp.Or(failed.Construct, at.code(in.node.at, in.node.end))
	}
	failed.File = cmp.Or(failed.File, filename)
	return nil, failed
}

// at notes where the evaluation is in the template.
func (in *Evaluator) at(f *frame, n *node) *Evaluator {
	if !f.src.core {
		in.frame, in.node = f, n
	}
	return in
}

// enter counts how deep calls and expressions lie in each other.
func (in *Evaluator) enter() {
	if in.depth++; in.depth > maxDepth {
		in.raise("SystemStackError", "stack level too deep")
	}
}

// raise raises an exception of the template's Ruby.
func (in *Evaluator) raise(class, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	panic(&Error{Class: class, Msg: msg, Hint: Hint(class, msg)})
}

// outside ends the evaluation at Ruby that this package leaves to a ruby.
func (in *Evaluator) outside(construct string) {
	panic(outside(construct))
}

// step counts one step of the evaluation.
func (in *Evaluator) step() {
	if in.steps++; in.steps > in.most {
		panic(&Error{Msg: fmt.Sprintf("the template took more than %d steps", in.most),
			Hint: "see whether a loop never ends"})
	}
	if in.steps&1023 == 0 && in.ctx.Err() != nil {
		in.stopped()
	}
}

// stopped ends the evaluation because its context is done. No rescue sees an error without a class.
func (in *Evaluator) stopped() {
	panic(&Error{Msg: "stopped: " + in.ctx.Err().Error(), Err: in.ctx.Err()})
}

// charge counts memory that the template asks for.
func (in *Evaluator) charge(n int) {
	if in.bytes += n; n < 0 || n > maxBytes || in.bytes > maxBytes {
		panic(&Error{Msg: fmt.Sprintf("the template wants more than %d MiB of memory", maxBytes>>20),
			Hint: "see whether a loop never ends"})
	}
	in.steps += n >> 8
}

func (in *Evaluator) str(s string) *str {
	in.charge(len(s))
	return &str{s: s}
}

// constant is the value of a constant.
func (in *Evaluator) constant(f *frame, n *node) value {
	name := n.s
	if scope, ok := in.eval(f, n.a).(class); ok {
		name = string(scope) + "::" + n.s
	}
	if v, ok := in.named[name]; ok {
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
func (in *Evaluator) global(name string) value {
	n, err := strconv.Atoi(name[1:])
	switch m := in.match; {
	case m == nil && (err == nil || name == "$~"):
		return nil
	case err == nil:
		return m.group(int64(n))
	case name == "$~":
		return m
	case !isIdentByte(name[1]) || isIn(" $stdout $stderr $stdin $PROGRAM_NAME ", name):
		in.outside(name)
	}
	return in.named[name]
}
