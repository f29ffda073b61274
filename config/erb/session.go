package erb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Mode says who evaluates templates.
type Mode string

// The modes, which are the values of the `erb` setting.
const (
	// Auto evaluates here, and hands a file to a ruby on the PATH when it uses
	// Ruby that is outside the subset. It is the default.
	Auto Mode = "auto"
	// Builtin evaluates here and never runs a ruby.
	Builtin Mode = "builtin"
	// Ruby hands every file with ERB in it to a ruby.
	Ruby Mode = "ruby"
	// Off leaves the text of files as it is.
	Off Mode = "off"
)

// ParseMode reads the `erb` setting. An empty text is Auto.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case "":
		return Auto, nil
	case Auto, Builtin, Ruby, Off:
		return m, nil
	}
	return "", fmt.Errorf("erb: %q is no mode: use auto, builtin, ruby or off", s)
}

// Options say how templates are evaluated.
type Options struct {
	// Dir is the working directory of templates: Dir.pwd, and the base of
	// relative paths. Empty means the current directory.
	Dir string
	// Env is the environment as KEY=value; nil means that of this process.
	// Templates that change ENV change a copy.
	Env []string
	// Args are what ARGV holds: the words of the command line, without the program.
	Args []string
	// Commands runs backticks, %x() and system; nil refuses them.
	Commands CommandRunner
	// Mode says who evaluates; empty means Auto.
	Mode Mode
	// RubyPath is the ruby to run; empty means the first one on the PATH of Env.
	RubyPath string
	// Stdout takes what templates print with puts, which is no part of the
	// result; nil drops it. Stderr takes what they warn.
	Stdout, Stderr io.Writer
}

// Session renders the files of one project, one after the other. It keeps what
// Ruby's binding keeps from file to file: instance variables, global variables,
// constants and methods survive, local variables do not. A Session is not safe
// for concurrent use.
type Session struct {
	opts Options
	vm   *vm
	// files are those rendered so far: a ruby that is started later has to see
	// what they define.
	files []rubyFile
	// inRuby is true once a file went to ruby; all that follow go there as well.
	inRuby bool
}

// NewSession returns a session without any state yet.
func NewSession(o Options) *Session {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Mode == "" {
		o.Mode = Auto
	}
	return &Session{opts: o}
}

// Render returns the text of a template. filename is what __FILE__ is. The error
// is an *Error.
func (s *Session) Render(ctx context.Context, filename string, src []byte) ([]byte, error) {
	if s.opts.Mode == Off || !bytes.Contains(src, []byte("<%")) {
		return src, nil
	}
	if err := s.start(); err != nil {
		return nil, &Error{File: filename, Msg: err.Error(), Err: err}
	}
	out, err := s.render(ctx, filename, src)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, rubyFile{filename, src})
	return out, nil
}

func (s *Session) render(ctx context.Context, filename string, src []byte) ([]byte, *Error) {
	if s.opts.Mode == Ruby || s.inRuby {
		return s.renderRuby(ctx, filename, src, nil)
	}
	out, err := s.vm.render(ctx, filename, src)
	if err == nil || s.opts.Mode == Builtin {
		return out, err
	}
	if err.Unsupported {
		return s.renderRuby(ctx, filename, src, err)
	}
	var se *syntaxError
	if errors.As(err, &se) {
		return s.secondOpinion(ctx, filename, src, err)
	}
	return nil, err
}

// secondOpinion asks a ruby, where there is one, about a file that the parser of
// this package refuses. When ruby refuses it too, ours is the better message.
func (s *Session) secondOpinion(ctx context.Context, filename string, src []byte, mine *Error) ([]byte, *Error) {
	if _, err := s.findRuby(); err != nil || s.opts.Commands == nil {
		return nil, mine
	}
	out, err := s.renderRuby(ctx, filename, src, nil)
	if err != nil && err.Class == "SyntaxError" {
		return nil, mine
	}
	return out, err
}

// start makes the evaluator at the first file that needs it.
func (s *Session) start() error {
	if s.vm != nil {
		return nil
	}
	dir, err := filepath.Abs(s.opts.Dir)
	if err != nil {
		return fmt.Errorf("working directory of templates: %w", err)
	}
	s.opts.Dir = dir
	s.vm = newVM(s.opts)
	return nil
}

func newVM(o Options) *vm {
	vm := &vm{
		opts:    o,
		ctx:     context.Background(),
		env:     newEnviron(o.Env),
		rand:    rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		stdout:  o.Stdout,
		stderr:  o.Stderr,
		ids:     map[any]int{},
		regexps: map[string]*regex{},
		loaded:  map[string]bool{},
	}
	vm.boot()
	return vm
}

// render compiles and evaluates one template.
func (vm *vm) render(ctx context.Context, filename string, tmpl []byte) (out []byte, err *Error) {
	src := compileTemplate(filename, tmpl, outVariable)
	prog, perr := parse(src.gen)
	if perr != nil {
		return nil, syntaxFailure(src, perr)
	}
	vm.ctx, vm.src, vm.at = ctx, src, span{}
	vm.steps, vm.bytes, vm.depth, vm.nest, vm.matching, vm.err, vm.tags = 0, 0, 0, 0, 0, nil, nil
	signal := vm.caught(func() {
		vm.charge(8 * len(src.gen))
		f := vm.top()
		f.src = src
		text, ok := vm.eval(f, prog).(*str)
		if !ok {
			vm.typeError("the template's code ends with a value that is no text")
		}
		out = text.b
		for i := len(vm.atExit) - 1; i >= 0; i-- {
			vm.callProc(vm.atExit[i], nil, nil, nil)
		}
	})
	vm.atExit = nil
	if signal != nil {
		return nil, vm.failure(signal, src)
	}
	return out, nil
}

// syntaxFailure turns what the parser found into an Error.
func syntaxFailure(src *source, perr error) *Error {
	e := &Error{File: src.name, Class: "SyntaxError", Msg: perr.Error(), Err: perr}
	var se *syntaxError
	if !errors.As(perr, &se) {
		return e
	}
	e.Line, e.Col = src.position(se.pos)
	e.Construct = se.construct
	if e.Construct == "" {
		e.Construct = src.tagAt(se.pos)
	}
	if se.unsupported {
		e.Unsupported = true
		e.Hint = hintOutside
	} else {
		e.Hint = "Ruby's ERB reads this file without a trim mode: `<%-` and `-%>` are errors, every `if` and `do` needs its `<% end %>`, and `<%= … do |x| %>` is not allowed"
	}
	return e
}

// failure turns the signal that left a template into the Error that Render
// returns.
func (vm *vm) failure(signal any, src *source) *Error {
	switch s := signal.(type) {
	case fatal:
		return s.err
	case rubyError:
		return vm.uncaught(s.exc)
	case breakSignal, nextSignal, loopSignal, returnSignal, retrySignal:
		e := &Error{Class: "LocalJumpError", Msg: "break, next, return or retry outside of what it could leave"}
		vm.locate(e, vm.at, vm.src)
		return e
	}
	// A defect of this package must not take the program down with it.
	e := &Error{Msg: "internal error", Hint: "please report this, with the template; `erb: ruby` avoids it", Unsupported: true}
	if ie, ok := signal.(*internalError); ok {
		e.Msg, e.Err = fmt.Sprintf("internal error: %v", ie.reason), ie
	}
	vm.locate(e, vm.at, vm.src)
	if vm.src == nil {
		vm.locate(e, span{}, src)
	}
	return e
}

// internalError keeps the stack of a defect for tests and reports.
type internalError struct {
	reason any
	stack  []byte
}

func (e *internalError) Error() string { return fmt.Sprintf("%v\n%s", e.reason, e.stack) }

// uncaught describes an exception that the template did not rescue.
func (vm *vm) uncaught(o *object) *Error {
	d := exc(o)
	e := &Error{Class: o.class.name, Msg: "exception whose message cannot be shown"}
	if d.src != nil {
		vm.locate(e, d.at, d.src)
	}
	// The message may come from a method of the template, which may fail.
	if vm.caught(func() { e.Msg = vm.excText(o) }) == nil {
		e.Hint = hintFor(e.Class, e.Msg)
	}
	return e
}
