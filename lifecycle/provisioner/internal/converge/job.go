package converge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/internal/dummy"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Parser reads what a tool prints in one run, line by line.
type Parser interface {
	Line(text string)
	// Summary is what was read; code is the tool's exit code.
	Summary(code int) Summary
}

// Silent is the parser of tools that do not report what they did.
type Silent struct{}

// Line ignores the line.
func (Silent) Line(string) {}

// Summary is unknown.
func (Silent) Summary(int) Summary { return Unknown() }

// Job is the run of a sandbox's RunCommand, and what its exit codes mean.
type Job struct {
	// What is the tool in words.
	What   string
	Parser Parser
	// OK reports whether a code is a success; nil means that 0 is.
	OK func(code int) bool
	// Hint explains a code, or is nil.
	Hint func(code int) string
	// Keys are the provisioner's: those that repeat a run, and command_prefix.
	Keys config.Provisioner
	// Env is the command's environment.
	Env map[string]string
	// Start runs the tool elsewhere than in the runner; nil means the script there.
	Start func(ctx context.Context, out runner.Output) (exitCode int, err error)
}

// Run executes the script in the runner, again for the exit codes that kitchen.yml names in retry_on_exit_code. An exec
// that fails for another reason than its exit code is never repeated: the first may still be running.
func (j Job) Run(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output) (Summary, error) {
	for try := 1; ; try++ {
		code, err := j.exec(ctx, r, sb, out, try)
		if err != nil {
			return j.Parser.Summary(code), err
		}
		if j.OK == nil && code == 0 || j.OK != nil && j.OK(code) {
			return j.Parser.Summary(code), nil
		}
		exit := &runner.ExitError{What: j.What, Code: code}
		if j.Hint != nil {
			exit.Hint = j.Hint(code)
		}
		if try > j.Keys.MaxRetries || !slices.Contains(j.Keys.RetryOnExitCode, code) {
			return j.Parser.Summary(code), exit
		}
		what, remedy, _ := strings.Cut(exit.Error(), "\n")
		fmt.Fprintf(out.Stderr, "%s; trying again in %s (%d of %d)\n", what, j.Keys.WaitForRetry, try, j.Keys.MaxRetries)
		if remedy != "" {
			fmt.Fprintln(out.Stderr, remedy)
		}
		if err := dummy.Pause(ctx, j.Keys.WaitForRetry); err != nil {
			return j.Parser.Summary(code), errors.Join(exit, err)
		}
	}
}

// TryVariable tells the script which try it is, from the second one on.
const TryVariable = "GALLEY_TRY"

// exec runs the script once.
func (j Job) exec(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output, try int) (int, error) {
	var mu sync.Mutex
	stdout := &lineReader{to: out.Stdout, mu: &mu, each: j.Parser.Line}
	stderr := &lineReader{to: out.Stderr, mu: &mu, each: j.Parser.Line}
	out = runner.Output{Stdout: stdout, Stderr: stderr}
	var code int
	var err error
	if j.Start != nil {
		code, err = j.Start(ctx, out)
	} else {
		env := maps.Clone(j.Env)
		if try > 1 {
			env[TryVariable] = strconv.Itoa(try)
		}
		c := command(j.Keys, sb, env)
		c.Stdout, c.Stderr = out.Stdout, out.Stderr
		code, err = r.Exec(ctx, c)
	}
	stdout.close()
	stderr.close()
	return code, err
}

// Marker begins a line that a plugin of galley's in a tool prints for galley alone.
const Marker = "\x1egalley: "

// maxLine is how much of a line is read, in bytes; all of it is passed on.
const maxLine = 64 << 10

// lineReader passes a stream on by lines, but for lines that begin with Marker, and calls
// each with every line of it. Several may share one function: then they share mu too.
type lineReader struct {
	to   io.Writer
	mu   *sync.Mutex
	each func(line string)
	// line is what has come of a line and is not passed on yet. A longer one than maxLine
	// is passed on in pieces: long is set after the first, hidden where none is shown.
	line         []byte
	long, hidden bool
}

// Write passes p on.
func (t *lineReader) Write(p []byte) (int, error) {
	t.mu.Lock()
	var show []byte
	for piece := range bytes.Lines(p) {
		t.line = append(t.line, piece...)
		ended := piece[len(piece)-1] == '\n'
		if !ended && len(t.line) <= maxLine {
			continue
		}
		if !t.long {
			t.hidden = bytes.HasPrefix(t.line, []byte(Marker))
			read := bytes.TrimRight(t.line[:min(len(t.line), maxLine)], "\r\n")
			t.each(string(uncolored().ReplaceAll(read, nil)))
		}
		if !t.hidden {
			show = append(show, t.line...)
		}
		t.line, t.long = t.line[:0], !ended
	}
	t.mu.Unlock()
	if len(show) == 0 {
		return len(p), nil
	}
	if _, err := t.to.Write(show); err != nil {
		return 0, err
	}
	return len(p), nil
}

// close ends the last line when the tool, killed perhaps, did not: what comes next is not a part of it.
func (t *lineReader) close() {
	if len(t.line) > 0 || t.long {
		_, _ = t.Write([]byte{'\n'}) // what is shown, not what is decided
	}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
