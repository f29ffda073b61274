package erb

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
)

// ErrNoRuby means that there is no ruby to evaluate a file.
var ErrNoRuby = errors.New("there is no ruby")

// rubyLimit bounds one run of a ruby.
const rubyLimit = 10 * time.Minute

// RubyProgram is one run of a ruby.
type RubyProgram struct {
	// Args stand behind the name of the ruby.
	Args []string
	// Dir is the working directory, which is that of the project.
	Dir string
	// Env is the whole environment, as KEY=value.
	Env []string
	// Stdin is what the program reads.
	Stdin []byte
	// Stderr takes what it prints beside its result.
	Stderr io.Writer
}

// ImageRuby runs a program with the ruby of an image that the project uses, and
// returns what it writes to its standard output. template is the text of the file
// that needs it. An error that wraps ErrNoRuby says why there is no such image.
type ImageRuby func(ctx context.Context, template []byte, p RubyProgram) ([]byte, error)

// rubyFile is a template for a ruby.
type rubyFile struct {
	name string
	src  []byte
}

// driver is the program that a ruby runs.
//
//go:embed driver.rb
var driver string

// rubyResult is what the driver writes.
type rubyResult struct {
	Out   []byte       `json:"out"`
	Class string       `json:"class"`
	Msg   string       `json:"msg"`
	Line  int          `json:"line"`
	File  string       `json:"file"`
	Ran   []ranCommand `json:"ran"`
}

// renderRuby renders a file with a ruby. The files before it are rendered again in
// the same process, so that what they define is there. why is the reason for it;
// nil when the user asked for it.
func (s *Session) renderRuby(ctx context.Context, filename string, src []byte, why *Error) ([]byte, *Error) {
	if s.opts.Commands == nil {
		return nil, s.refuse(filename, why)
	}
	p := RubyProgram{
		Args: append([]string{"-EUTF-8", "-e", driver, "--"}, s.opts.Args...), Dir: s.opts.Dir, Env: s.opts.Env,
	}
	var tail bytes.Buffer
	if p.Stderr = &tail; s.opts.Stdout != nil {
		p.Stderr = io.MultiWriter(s.opts.Stdout, &tail)
	}
	files := []map[string]any{}
	for _, f := range append(s.files[:len(s.files):len(s.files)], rubyFile{filename, src}) {
		files = append(files, map[string]any{"name": f.name, "src": f.src}) // bytes become base64
	}
	input, err := json.Marshal(map[string]any{"files": files, "ran": append([]ranCommand{}, s.log.ran...)})
	if err != nil {
		return nil, &Error{File: filename, Msg: "preparing the input of ruby: " + err.Error(), Err: err}
	}
	p.Stdin = input
	s.inRuby = true
	out, err := s.runRuby(ctx, src, p)
	if err != nil || len(out) == 0 {
		return nil, rubyFailed(ctx, filename, err, tail.String(), why)
	}
	var r rubyResult
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, &Error{File: filename, Msg: "reading the answer of ruby: " + err.Error(), Err: err}
	}
	s.log.ran = r.Ran
	if r.Class != "" {
		e := &Error{File: r.File, Line: r.Line, Class: r.Class, Msg: r.Msg, Hint: hintFor(r.Class, r.Msg)}
		if r.Line > 0 {
			e.Col = 1
		}
		return nil, e
	}
	return r.Out, nil
}

// refuse says that a file goes to no ruby because commands are switched off.
func (s *Session) refuse(filename string, why *Error) *Error {
	if why == nil {
		why = &Error{File: filename, Msg: "the file needs a ruby", Hint: "set erb_commands: true if you trust this file, or erb: builtin"}
	}
	why.Hint = "it was not handed to a ruby, which could run any command, because of erb_commands: false; " + why.Hint
	return why
}

// runRuby runs a program with the first ruby that there is: on this machine, else
// in an image.
func (s *Session) runRuby(ctx context.Context, template []byte, p RubyProgram) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, rubyLimit)
	defer cancel()
	ruby := s.findRuby()
	if ruby == "" {
		where := fmt.Errorf("%w on the PATH nor in an installed Workstation, Chef or Cinc", ErrNoRuby)
		if s.opts.ImageRuby == nil {
			return nil, where
		}
		out, err := s.opts.ImageRuby(ctx, template, p)
		if errors.Is(err, ErrNoRuby) {
			return nil, fmt.Errorf("%w; in an image: %w", where, err)
		} else if err != nil {
			return nil, fmt.Errorf("running the ruby of an image: %w", err)
		}
		return out, nil
	}
	cmd := process.Command(ctx, commandGrace, ruby, p.Args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = p.Dir, p.Env, bytes.NewReader(p.Stdin), p.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", ruby, err)
	}
	return out, nil
}

// findRuby is the path of a ruby on this machine, "" without one.
func (s *Session) findRuby() string {
	if s.opts.RubyPath != "" {
		return s.opts.RubyPath
	}
	path := newEnviron(s.opts.Env).get("PATH")
	candidates := []string{}
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) { // never run what lies in the project
			candidates = append(candidates, filepath.Join(dir, "ruby"))
		}
	}
	for _, pattern := range []string{
		"opt/*-workstation/embedded/bin/ruby", "opt/*/embedded/bin/ruby", "hab/pkgs/core/ruby*/*/*/bin/ruby",
		"opscode/*/embedded/bin/ruby.exe", "cinc-project/*/embedded/bin/ruby.exe",
	} {
		found, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(pattern)))
		if err != nil {
			continue // the patterns are well-formed
		}
		slices.SortFunc(found, func(a, b string) int { return compareVersions(b, a) })
		candidates = append(candidates, found...)
	}
	for _, c := range candidates {
		if p, err := exec.LookPath(c); err == nil {
			return p
		}
	}
	return ""
}

// digits matches the numbers in a path.
var digits = regexp.MustCompile(`\d+`)

// compareVersions compares paths with the numbers in them as numbers.
func compareVersions(a, b string) int {
	pad := func(s string) string {
		return digits.ReplaceAllStringFunc(s, func(n string) string { return fmt.Sprintf("%020s", n) })
	}
	return strings.Compare(pad(a), pad(b))
}

// rubyFailed says why a ruby gave no result. why is why it was needed.
func rubyFailed(ctx context.Context, filename string, err error, stderr string, why *Error) *Error {
	switch {
	case ctx.Err() != nil:
		return &Error{File: filename, Msg: "stopped: " + ctx.Err().Error(), Err: context.Cause(ctx)}
	case errors.Is(err, ErrNoRuby):
		if why == nil {
			return &Error{File: filename, Msg: "the file needs a ruby: " + err.Error(), Hint: "install ruby, or set `erb: builtin`", Err: err}
		}
		why.Hint, why.Err = err.Error()+": "+why.Hint, err
		return why
	}
	msg := "the ruby gave no result"
	if err != nil {
		msg = err.Error()
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if last := lines[len(lines)-1]; last != "" {
		msg += ": " + strconv.Quote(last)
	}
	return &Error{File: filename, Msg: msg, Hint: "see whether that ruby runs at all, or set `erb: builtin`", Err: err}
}
