// Package template renders the ERB of kitchen.yml files: by the evaluator in package
// erb, and what that leaves, by a real Ruby.
package template

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/internal/process"
)

// Mode says who evaluates templates.
type Mode string

// The modes, which are the values of the `erb` setting.
const (
	// Auto evaluates here, and hands a file to a ruby when it uses Ruby that is outside the subset. It is the default.
	Auto Mode = "auto"
	// Builtin evaluates here and never runs a ruby.
	Builtin Mode = "builtin"
	// Ruby hands every file with ERB in it to a ruby.
	Ruby Mode = "ruby"
	// Off leaves the text of files as it is.
	Off Mode = "off"
)

// Options say how templates are evaluated. An empty Dir means the current directory, and nil for Env the environment of
// this process. Without Commands no ruby is run, which could run any command.
type Options struct {
	erb.Options
	// Mode says who evaluates; empty means Auto.
	Mode Mode
	// ImageRuby runs a program with the ruby of an image, for machines without
	// one. Nil means that there is no such way.
	ImageRuby ImageRuby
	// Stdout takes what templates print with puts, which is no part of the result; nil drops it.
	Stdout io.Writer
}

// Session renders the files of one project, one after the other. It keeps what Ruby's binding keeps from file to file:
// instance variables, global variables, constants and methods survive, local variables do not. A Session is not safe
// for concurrent use.
type Session struct {
	opts Options
	eval *erb.Evaluator
	// ran are the commands that ran in a ruby.
	ran []erb.Ran
	// files are those rendered so far: a ruby that is started later has to see what they define.
	files []file
	// inRuby is true once a file went to a ruby; all that follow go there as well.
	inRuby bool
	// root is where installed products are looked for; tests set it.
	root string
}

// NewSession returns a session without any state yet.
func NewSession(o Options) *Session {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Mode == "" {
		o.Mode = Auto
	}
	return &Session{opts: o, root: "/"}
}

// Render returns the text of a template. filename is what __FILE__ is. The error is an *erb.Error.
func (s *Session) Render(ctx context.Context, filename string, src []byte) ([]byte, error) {
	if s.opts.Mode == Off || !bytes.Contains(src, []byte("<%")) {
		return src, nil
	}
	if s.eval == nil {
		dir, err := filepath.Abs(s.opts.Dir)
		if err != nil {
			return nil, &erb.Error{File: filename, Msg: "working directory of templates: " + err.Error(), Err: err}
		}
		s.opts.Dir = dir
		s.eval = erb.New(s.opts.Options)
	}
	out, err := s.render(ctx, filename, src)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, file{filename, src})
	return out, nil
}

// render evaluates here or in a ruby. A template is parsed whole before any of it runs; what turns out to be outside
// only while it runs goes to a ruby with the answers of the commands that ran.
func (s *Session) render(ctx context.Context, filename string, src []byte) ([]byte, *erb.Error) {
	if s.opts.Mode == Ruby || s.inRuby {
		return s.renderRuby(ctx, filename, src, nil)
	}
	out, err := s.eval.Render(ctx, filename, src)
	s.ran = s.eval.Ran()
	var why *erb.Error
	switch {
	case !errors.As(err, &why):
		return out, nil
	case why.Unsupported && s.opts.Mode != Builtin:
		return s.renderRuby(ctx, filename, src, why)
	case why.Class == "SyntaxError" && s.opts.Mode != Builtin:
		return s.secondOpinion(ctx, filename, src, why)
	}
	return nil, why
}

// secondOpinion asks a ruby, where there is one, about a file that the
// evaluator's parser refuses. When Ruby refuses it too, ours is the better message.
func (s *Session) secondOpinion(ctx context.Context, filename string, src []byte, mine *erb.Error) ([]byte,
	*erb.Error) {
	if s.opts.Commands == nil {
		return nil, mine
	}
	out, err := s.renderRuby(ctx, filename, src, nil)
	if err != nil && (err.Class == "SyntaxError" || errors.Is(err, ErrNoRuby)) {
		s.inRuby = false
		return nil, mine
	}
	return out, err
}

// renderRuby renders a file with a ruby. The files before it are rendered again in the same process, so that what they
// define is there. why is the reason for it; nil when the user asked for it.
func (s *Session) renderRuby(ctx context.Context, filename string, src []byte, why *erb.Error) ([]byte, *erb.Error) {
	if s.opts.Commands == nil {
		if why == nil {
			why = &erb.Error{File: filename, Msg: "the file needs a ruby",
				Hint: "set erb_commands: true if you trust this file, or erb: builtin"}
		}
		why.Hint = "it was not handed to a ruby, which could run any command, because of erb_commands: false; " + why.Hint
		return nil, why
	}
	s.inRuby = true
	r, err := s.runRuby(ctx, append(slices.Clone(s.files), file{filename, src}))
	if err == nil {
		s.ran = r.Ran
	}
	switch {
	case err == nil && r.Class == "":
		return r.Out, nil
	case err == nil:
		return nil, &erb.Error{File: r.File, Line: r.Line, Col: min(r.Line, 1), Class: r.Class, Msg: r.Msg,
			Hint: erb.Hint(r.Class, r.Msg)}
	case ctx.Err() != nil:
		return nil, &erb.Error{File: filename, Msg: "stopped: " + ctx.Err().Error(), Err: context.Cause(ctx)}
	case !errors.Is(err, ErrNoRuby):
		return nil, &erb.Error{File: filename, Msg: err.Error(),
			Hint: "see whether that ruby runs at all, or set `erb: builtin`", Err: err}
	case why == nil:
		return nil, &erb.Error{File: filename, Msg: "the file needs a ruby: " + err.Error(),
			Hint: "install ruby, or set `erb: builtin`", Err: err}
	}
	why.Hint, why.Err = err.Error()+": "+why.Hint, err
	return nil, why
}

// RunCommand is the erb.CommandRunner that runs commands on this machine. What they write to standard error is dropped.
func RunCommand(ctx context.Context, cmd erb.Command) ([]byte, int, error) {
	c := process.Command(ctx, grace, cmd.Args[0], cmd.Args[1:]...)
	c.Dir, c.Env = cmd.Dir, cmd.Env
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return out.Bytes(), exit.ExitCode(), nil
	}
	return out.Bytes(), 0, err
}
