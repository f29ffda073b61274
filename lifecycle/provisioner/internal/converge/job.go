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
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Parser reads what a tool prints in one run, line by line.
type Parser interface {
	Line(text string)
	// Summary is what was read; code is the tool's exit code.
	Summary(code int) Summary
}

// silent is the parser of tools that do not report what they did.
type silent struct{}

func (silent) Line(string)         {}
func (silent) Summary(int) Summary { return Unknown() }

// Job is the run of a sandbox's RunCommand, and what its exit codes mean.
type Job struct {
	// What is the tool in words, Thing what it changes, such as "task".
	What, Thing string
	// Parser makes what reads the output of a run, with all its tries; nil for a tool that does not report what it did.
	Parser func() Parser
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
	Start func(ctx context.Context, second bool, out runner.Output) (exitCode int, err error)

	// second marks the second run, which shows idempotence.
	second bool
}

// Run executes the script in the runner, again for the exit codes that kitchen.yml names in retry_on_exit_code, and for
// those of Reboots after a reboot, where the runner has an init. An exec
// that fails for another reason than its exit code is never repeated: the first may still be running.
func (j Job) Run(ctx context.Context, r runner.Run) (Summary, error) {
	read := Parser(silent{})
	if j.Parser != nil {
		read = j.Parser()
	}
	for try := 1; ; try++ {
		code, err := j.exec(ctx, r, read, try)
		if err != nil {
			return read.Summary(code), err
		}
		if slices.Contains(j.OK, code) || len(j.OK) == 0 && code == 0 {
			return read.Summary(code), nil
		}
		exit := &runner.ExitError{What: j.What, Code: code, Hint: j.Hints[code]}
		next := "trying"
		var reboot func(context.Context) error
		if slices.Contains(j.Reboots, code) {
			reboot = r.Reboots()
		}
		if reboot != nil {
			exit.Hint, next = "it asks for a reboot", "rebooting the runner and trying"
		}
		if try > j.Keys.MaxRetries || reboot == nil && !slices.Contains(j.Keys.RetryOnExitCode, code) {
			return read.Summary(code), exit
		}
		what, remedy, _ := strings.Cut(exit.Error(), "\n")
		fmt.Fprintf(r.Out.Stderr, "%s; %s again in %s (%d of %d)\n", what, next, j.Keys.WaitForRetry, try, j.Keys.MaxRetries)
		if remedy != "" {
			fmt.Fprintln(r.Out.Stderr, remedy)
		}
		if err := runner.Pause(ctx, j.Keys.WaitForRetry); err != nil {
			return read.Summary(code), errors.Join(exit, err)
		}
		if reboot != nil {
			if err := reboot(ctx); err != nil {
				return read.Summary(code), errors.Join(exit, err)
			}
		}
	}
}

// The variables of the script's environment that tell which run it is.
const (
	// TryVariable is the number of the try, from the second one on.
	TryVariable = "GALLEY_TRY"
	// SecondVariable is set for the run that shows idempotence.
	SecondVariable = "GALLEY_SECOND_RUN"
)

// exec runs the script once.
func (j Job) exec(ctx context.Context, r runner.Run, read Parser, try int) (int, error) {
	var mu sync.Mutex
	stdout, stderr := lineReader(r.Out.Stdout, &mu, read.Line), lineReader(r.Out.Stderr, &mu, read.Line)
	out := runner.Output{Stdout: stdout, Stderr: stderr}
	var code int
	var err error
	if j.Start != nil {
		code, err = j.Start(ctx, j.second, out)
	} else {
		env := maps.Clone(j.Env)
		if try > 1 {
			env[TryVariable] = strconv.Itoa(try)
		}
		if j.second {
			env[SecondVariable] = "1"
		}
		c := command(j.Keys, r.Sandbox, env)
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
