// Package hostexec runs commands on the user's own machine, for local hooks and for verifiers that run there.
package hostexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/timing"
)

// killGrace is how long a command may take to end after it was asked to, and what it
// has left in the background may hold its output open after its end.
const killGrace = 5 * time.Second

// Command is a shell line or a program.
type Command struct {
	// Line is for the machine's shell.
	Line string
	// Argv is a program and its arguments, in place of Line: no shell is involved.
	Argv []string
	// Dir is where it runs.
	Dir string
	// User is whom to run it as; empty means the user that galley runs as.
	User string
	// Env is the whole environment, as KEY=VALUE pairs.
	Env []string
	// Stdin is what it reads; nil is empty.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Timeout bounds it; 0 means no bound.
	Timeout time.Duration
}

// Run runs a command and returns its exit code. When ctx or the time ends, it and what it started are asked to end,
// then killed, and Run returns when all of them have gone (see package process for what "all" means). What a command
// leaves in the background when it ends by itself goes on; its output is not read any more. Errors: it cannot be
// started, ctx's error, or the timeout.
func Run(ctx context.Context, c Command) (exitCode int, err error) {
	end := timing.Start(ctx, timing.Command, "host command", "")
	code, err := run(ctx, c, killGrace)
	end(err)
	return code, err
}

func run(ctx context.Context, c Command, grace time.Duration) (exitCode int, err error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("it took longer than %s", c.Timeout))
		defer cancel()
	}
	argv, what := c.Argv, c.Line
	if len(argv) == 0 {
		argv = shell(c.Line)
	} else {
		what = strings.Join(argv[:min(2, len(argv))], " ")
	}
	cmd := process.Command(ctx, grace, argv[0], argv[1:]...)
	if c.User != "" {
		if err := runAs(cmd, c.User); err != nil {
			return -1, fmt.Errorf("run %q: %w", what, err)
		}
	}
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	err = cmd.Run()
	var left *process.StillRunningError
	if errors.As(err, &left) {
		return -1, fmt.Errorf("run %q: %w, and %w", what, context.Cause(ctx), left)
	}
	if cmd.Interrupted() {
		return -1, fmt.Errorf("run %q: %w", what, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return code(exit), nil
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) { // which only a command that ended well has
		return -1, fmt.Errorf("run %q: %w", what, err)
	}
	return 0, nil
}
