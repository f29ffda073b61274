package converge

import (
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
	"github.com/galley-kitchen/galley/internal/lines"
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
	// OK are the codes that are a success, 0 without any.
	OK []int
	// Hints explain codes.
	Hints map[int]string
	// Reboots are codes by which the tool asks for a reboot.
	Reboots []int
	// Keys are the provisioner's: those that repeat a run, and command_prefix.
	Keys config.Provisioner
	// Env is the command's environment.
	Env map[string]string
	// Start runs the tool elsewhere than in the runner; nil means the script there.
	Start func(ctx context.Context, out runner.Output) (exitCode int, err error)
}

// Run executes the script in the runner, again for the exit codes that kitchen.yml names in retry_on_exit_code, and for
// those of Reboots after a reboot, where the runner has an init. An exec
// that fails for another reason than its exit code is never repeated: the first may still be running.
func (j Job) Run(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output) (Summary, error) {
	for try := 1; ; try++ {
		code, err := j.exec(ctx, r, sb, out, try)
		if err != nil {
			return j.Parser.Summary(code), err
		}
		if slices.Contains(j.OK, code) || len(j.OK) == 0 && code == 0 {
			return j.Parser.Summary(code), nil
		}
		exit := &runner.ExitError{What: j.What, Code: code, Hint: j.Hints[code]}
		next, reboot := "trying", j.reboot(r, code)
		if reboot != nil {
			exit.Hint, next = "it asks for a reboot", "rebooting the runner and trying"
		}
		if try > j.Keys.MaxRetries || reboot == nil && !slices.Contains(j.Keys.RetryOnExitCode, code) {
			return j.Parser.Summary(code), exit
		}
		what, remedy, _ := strings.Cut(exit.Error(), "\n")
		fmt.Fprintf(out.Stderr, "%s; %s again in %s (%d of %d)\n", what, next, j.Keys.WaitForRetry, try, j.Keys.MaxRetries)
		if remedy != "" {
			fmt.Fprintln(out.Stderr, remedy)
		}
		if err := dummy.Pause(ctx, j.Keys.WaitForRetry); err != nil {
			return j.Parser.Summary(code), errors.Join(exit, err)
		}
		if reboot != nil {
			if err := reboot(ctx); err != nil {
				return j.Parser.Summary(code), errors.Join(exit, err)
			}
		}
	}
}

// reboot is what reboots the runner when the tool has asked for that, nil when it has not or there is nothing to boot.
func (j Job) reboot(r runner.Runner, code int) func(context.Context) error {
	if machine, ok := r.(runner.Rebooter); ok && slices.Contains(j.Reboots, code) {
		return machine.Reboots()
	}
	return nil
}

// TryVariable tells the script which try it is, from the second one on.
const TryVariable = "GALLEY_TRY"

// exec runs the script once.
func (j Job) exec(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output, try int) (int, error) {
	var mu sync.Mutex
	stdout, stderr := lineReader(out.Stdout, &mu, j.Parser.Line), lineReader(out.Stderr, &mu, j.Parser.Line)
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
	_, _ = stdout.Flush(), stderr.Flush() // what is shown, not what is decided
	return code, err
}

// Marker begins a line that a plugin of galley's in a tool prints for galley alone.
const Marker = "\x1egalley: "

// lineReader passes a stream on by lines, but for lines that begin with Marker, and calls each with every line of it,
// of a very long one with its beginning. Several may share one function or one writer: then they share mu too.
func lineReader(to io.Writer, mu *sync.Mutex, each func(line string)) *lines.Writer {
	var long, hidden bool // whether a line goes on, and is not shown
	pass := func(text, end string) error {
		mu.Lock() // for the writer too: two streams may go to one
		defer mu.Unlock()
		if !long {
			hidden = strings.HasPrefix(text, Marker)
			each(uncolored().ReplaceAllString(text, ""))
		}
		if long = end == ""; hidden {
			return nil
		}
		_, err := io.WriteString(to, text+end)
		return err
	}
	return &lines.Writer{Emit: func(text string) error { return pass(text, "\n") },
		Piece: func(text string) error { return pass(text, "") }}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
