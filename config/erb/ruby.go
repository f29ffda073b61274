package erb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// rubyFile is a template for a ruby process.
type rubyFile struct {
	name string
	src  []byte
}

// driver is the program that a ruby runs: it renders the templates it reads from
// standard input in order, in one process, and writes the result of the last one
// where standard output was. What templates print goes to standard error.
const driver = `
require "erb"
require "json"
require "yaml"
require "pathname"
require "date"
require "time"
out = STDOUT.dup
STDOUT.reopen(STDERR)
files = JSON.parse(STDIN.read)
STDIN.reopen(File::NULL)
result = nil
files.each do |f|
  begin
    template = ERB.new(f["src"].unpack1("m").force_encoding("UTF-8"))
    template.filename = f["name"]
    result = { "out" => [template.result].pack("m0") }
  rescue SystemExit, ScriptError, StandardError => e
    at = e.backtrace_locations.to_a.find { |l| l.path == f["name"] }
    line = at ? at.lineno : e.message[/\A#{Regexp.escape(f["name"])}:(\d+)/, 1].to_i
    result = { "class" => e.class.name, "msg" => e.message.dup.force_encoding("UTF-8").scrub, "line" => line, "file" => f["name"] }
    break
  end
end
out.write(JSON.generate(result))
`

// rubyResult is what the driver writes.
type rubyResult struct {
	Out   []byte `json:"out"`
	Class string `json:"class"`
	Msg   string `json:"msg"`
	Line  int    `json:"line"`
	File  string `json:"file"`
}

// renderRuby renders a file in a ruby process. The files before it are rendered
// again in the same process, so that what they define is there. why is the
// reason for it; nil when the user asked for ruby.
func (s *Session) renderRuby(ctx context.Context, filename string, src []byte, why *Error) ([]byte, *Error) {
	ruby, err := s.findRuby()
	if err != nil {
		if why != nil {
			why.Hint = "no ruby was found on the PATH: " + why.Hint
			if !why.outside() {
				why.Hint = hintOutside
			}
			return nil, why
		}
		return nil, &Error{File: filename, Msg: err.Error(), Hint: "install ruby, or set `erb: builtin`", Err: err}
	}
	if s.opts.Commands == nil && why != nil {
		why.Hint = "it was not handed to " + ruby + ", which could run any command, because of erb_commands: false; " + why.Hint
		return nil, why
	}
	s.inRuby = true
	return s.runRuby(ctx, ruby, filename, src)
}

func (e *Error) outside() bool { return e.Unsupported && strings.Contains(e.Hint, hintOutside) }

// findRuby finds the interpreter on the PATH of the session's environment.
func (s *Session) findRuby() (string, error) {
	if s.opts.RubyPath != "" {
		return s.opts.RubyPath, nil
	}
	dirs := filepath.SplitList(newEnviron(s.opts.Env).vals["PATH"])
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue // never run what lies in the project
		}
		if p, err := exec.LookPath(filepath.Join(dir, "ruby")); err == nil {
			return p, nil
		}
	}
	return "", errors.New("the file needs ruby, and there is none on the PATH")
}

func (s *Session) runRuby(ctx context.Context, ruby, filename string, src []byte) ([]byte, *Error) {
	input, err := json.Marshal(rubyInput(append(s.files[:len(s.files):len(s.files)], rubyFile{filename, src})))
	if err != nil {
		return nil, &Error{File: filename, Msg: "preparing the input of ruby: " + err.Error(), Err: err}
	}
	cmd := exec.CommandContext(ctx, ruby, append([]string{"-EUTF-8", "-e", driver, "--"}, s.opts.Args...)...)
	cmd.Dir = s.opts.Dir
	cmd.Env = s.opts.Env
	cmd.Stdin = bytes.NewReader(input)
	var out, tail bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = &tail
	if s.opts.Stdout != nil {
		cmd.Stderr = &teeWriter{first: s.opts.Stdout, second: &tail}
	}
	if err := cmd.Run(); err != nil || out.Len() == 0 {
		return nil, rubyFailed(ctx, filename, ruby, err, tail.String())
	}
	var r rubyResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return nil, &Error{File: filename, Msg: "reading the answer of " + ruby + ": " + err.Error(), Err: err}
	}
	if r.Class != "" {
		e := &Error{File: r.File, Line: r.Line, Class: r.Class, Msg: r.Msg, Hint: hintFor(r.Class, r.Msg)}
		if r.Line > 0 {
			e.Col = 1
		}
		return nil, e
	}
	return r.Out, nil
}

func rubyInput(files []rubyFile) []map[string]any {
	list := make([]map[string]any, 0, len(files))
	for _, f := range files {
		list = append(list, map[string]any{"name": f.name, "src": f.src}) // bytes become base64
	}
	return list
}

func rubyFailed(ctx context.Context, filename, ruby string, err error, stderr string) *Error {
	if ctx.Err() != nil {
		return &Error{File: filename, Msg: "stopped: " + ctx.Err().Error(), Err: context.Cause(ctx)}
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	msg := "running " + ruby
	if err != nil {
		msg += ": " + err.Error()
	}
	if last := lines[len(lines)-1]; last != "" {
		msg += ": " + strconv.Quote(last)
	}
	return &Error{File: filename, Msg: msg, Hint: "see whether that ruby runs at all, or set `erb: builtin`", Err: err}
}

// teeWriter writes to two places; a failure of the first is ignored no more
// than one of the second.
type teeWriter struct {
	first  io.Writer
	second *bytes.Buffer
}

func (t *teeWriter) Write(p []byte) (int, error) {
	if _, err := t.second.Write(p); err != nil {
		return 0, fmt.Errorf("keeping the output of ruby: %w", err)
	}
	return t.first.Write(p)
}
