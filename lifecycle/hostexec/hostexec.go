// Package hostexec runs shell lines on the user's own machine, for local hooks
// and for verifiers that run there.
package hostexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// killDelay is how long a command may take to end after it was interrupted.
const killDelay = 5 * time.Second

// Command is a shell line.
type Command struct {
	Line string
	// Dir is where it runs.
	Dir string
	// User is whom to run it as; empty means the user that galley runs as.
	User string
	// Env is the whole environment, as KEY=VALUE pairs.
	Env            []string
	Stdout, Stderr io.Writer
	// Timeout bounds it; 0 means no bound.
	Timeout time.Duration
}

// Run runs a line with the machine's shell and returns its exit code. When ctx
// ends, the line and what it started are interrupted, then killed. Errors: the
// shell cannot be started, ctx's error, or the timeout.
func Run(ctx context.Context, c Command) (exitCode int, err error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("it took longer than %s", c.Timeout))
		defer cancel()
	}
	cmd := shell(ctx, c.Line)
	if c.User != "" {
		if err := runAs(cmd, c.User); err != nil {
			return -1, fmt.Errorf("run %q: %w", c.Line, err)
		}
	}
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	cmd.WaitDelay = killDelay
	err = cmd.Run()
	if ctx.Err() != nil {
		return -1, fmt.Errorf("run %q: %w", c.Line, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return code(exit), nil
	}
	if err != nil {
		return -1, fmt.Errorf("run %q: %w", c.Line, err)
	}
	return 0, nil
}
