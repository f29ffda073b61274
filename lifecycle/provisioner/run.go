package provisioner

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// run executes the sandbox's run_command in the runner, again for the exit codes
// that kitchen.yml names in retry_on_exit_code. An exec that fails for another
// reason than its exit code is never repeated: the first may still be running.
func run(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output, p config.Provisioner, what string) error {
	if err := r.Publish(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		code, err := r.Exec(ctx, runner.Command{
			Argv: []string{"sh", path.Join(box.Remote, runCommand)}, Stdout: out.Stdout, Stderr: out.Stderr,
		})
		if err != nil {
			return err
		}
		if code == 0 {
			return nil
		}
		exit := &runner.ExitError{What: what, Code: code}
		if try > p.MaxRetries || !slices.Contains(p.RetryOnExitCode, code) {
			return exit
		}
		fmt.Fprintf(out.Stderr, "%v; trying again in %s (%d of %d)\n", exit, p.WaitForRetry, try, p.MaxRetries)
		select {
		case <-time.After(p.WaitForRetry):
		case <-ctx.Done():
			return errors.Join(exit, ctx.Err())
		}
	}
}
