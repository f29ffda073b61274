package provisioner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// runCommand is the file in the sandbox with what a converge runs.
const runCommand = "run_command"

// parser reads what a tool prints in one run, line by line.
type parser interface {
	line(text string)
	// summary is what was read; code is the tool's exit code.
	summary(code int) Summary
}

// job is the run of a sandbox's run_command, and what its exit codes mean.
type job struct {
	// what is the tool in words.
	what   string
	parser parser
	// ok tells whether a code is a success; nil means that 0 is.
	ok func(code int) bool
	// hint explains a code, or is nil.
	hint func(code int) string
	// retry are the keys that repeat a run.
	retry config.Provisioner
	// start runs the tool elsewhere than in the runner; nil means the script there.
	start func(ctx context.Context, out runner.Output) (exitCode int, err error)
}

// run executes the script in the runner, again for the exit codes that kitchen.yml
// names in retry_on_exit_code. An exec that fails for another reason than its exit
// code is never repeated: the first may still be running.
func (j job) run(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	for try := 1; ; try++ {
		code, err := j.exec(ctx, r, box, out, try)
		if err != nil {
			return j.parser.summary(code), err
		}
		if j.succeeded(code) {
			return j.parser.summary(code), nil
		}
		exit := &runner.ExitError{What: j.what, Code: code}
		if j.hint != nil {
			exit.Hint = j.hint(code)
		}
		if try > j.retry.MaxRetries || !slices.Contains(j.retry.RetryOnExitCode, code) {
			return j.parser.summary(code), exit
		}
		what, remedy, _ := strings.Cut(exit.Error(), "\n")
		fmt.Fprintf(out.Stderr, "%s; trying again in %s (%d of %d)\n", what, j.retry.WaitForRetry, try, j.retry.MaxRetries)
		if remedy != "" {
			fmt.Fprintln(out.Stderr, remedy)
		}
		select {
		case <-time.After(j.retry.WaitForRetry):
		case <-ctx.Done():
			return j.parser.summary(code), errors.Join(exit, ctx.Err())
		}
	}
}

func (j job) succeeded(code int) bool {
	if j.ok == nil {
		return code == 0
	}
	return j.ok(code)
}

// tryVariable tells the script which try it is, from the second one on.
const tryVariable = "GALLEY_TRY"

// exec runs the script once.
func (j job) exec(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output, try int) (int, error) {
	var mu sync.Mutex
	stdout := &tap{to: out.Stdout, mu: &mu, each: j.parser.line}
	stderr := &tap{to: out.Stderr, mu: &mu, each: j.parser.line}
	start := j.start
	if start == nil {
		start = func(ctx context.Context, out runner.Output) (int, error) {
			c := runner.Command{Argv: []string{"sh", path.Join(box.Remote, runCommand)}, Stdout: out.Stdout, Stderr: out.Stderr}
			if try > 1 {
				c.Env = map[string]string{tryVariable: strconv.Itoa(try)}
			}
			return r.Exec(ctx, c)
		}
	}
	code, err := start(ctx, runner.Output{Stdout: stdout, Stderr: stderr})
	stdout.close()
	stderr.close()
	return code, err
}

// silent is the parser of tools that do not tell what they did.
type silent struct{}

func (silent) line(string)         {}
func (silent) summary(int) Summary { return unknown() }

// coin falls on either side.
func coin() bool { return rand.IntN(2) == 0 }

// ChangedAgainError says that a second converge changed something, and what.
type ChangedAgainError struct {
	// What is the tool in words; Thing is what it changes: "resource", "task".
	What, Thing string
	// Count is how many it changed, Changes their names as far as they are known.
	Count   int
	Changes []string
	Remedy  string
}

// namedChanges is how many changes an error names.
const namedChanges = 20

// Error names the changes.
func (e *ChangedAgainError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not idempotent: the second run of %s changed %d %s", e.What, e.Count, e.Thing)
	if e.Count != 1 {
		b.WriteByte('s')
	}
	for i, c := range e.Changes {
		if i == namedChanges {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Changes)-i)
			break
		}
		b.WriteString("\n  " + c)
	}
	if e.Remedy != "" {
		b.WriteString("\n" + e.Remedy)
	}
	return b.String()
}
