package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// deathTail is how many last lines of PID 1 are shown when a runner is dead.
const deathTail = 20

// access is how provisioners and verifiers reach the runner, with one of its sandboxes.
type access struct {
	*liveRunner
	box sandbox.Dir
}

// Exec implements runner.Runner.
func (a access) Exec(ctx context.Context, c runner.Command) (int, error) {
	code, err := a.be.Exec(ctx, a.c.ID, backend.ExecSpec{Command: c.Argv, Env: c.Env, User: c.User,
		WorkDir: c.WorkDir, Mark: a.mark, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr})
	if errors.Is(err, backend.ErrNotRunning) || errors.Is(err, backend.ErrNotFound) {
		return code, a.explainDeath(ctx, err)
	}
	return code, err
}

// Sync implements runner.Runner.
func (a access) Sync(ctx context.Context) error {
	if !a.uploaded() {
		return nil // the runner sees the directory itself
	}
	return a.upload(ctx, a.box)
}

// Download implements runner.Runner.
func (a access) Download(ctx context.Context, from, to string) error {
	return a.skipped(from, archive.Fetch(ctx, a.be, a.c.ID, from, to))
}

// explainDeath says how a runner ended that should be running.
func (l *liveRunner) explainDeath(ctx context.Context, cause error) error {
	c, err := l.be.InspectContainer(ctx, l.c.ID)
	if errors.Is(err, backend.ErrNotFound) {
		return fmt.Errorf("the runner is gone: %w\nRun `galley create %s` to make a new one", cause, l.instance)
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	words, wordsErr := l.lastWords(ctx)
	return errors.Join(fmt.Errorf("the runner is %s: its PID 1 ended with code %d (%w)\nIt printed:\n%s\n"+
		"Check driver.pid_one_command, driver.entrypoint and driver.image", c.State, c.ExitCode, cause, words), wordsErr)
}

// lastWords are the last lines that PID 1 printed.
func (l *liveRunner) lastWords(ctx context.Context) (string, error) {
	var log bytes.Buffer
	err := l.be.ContainerLogs(ctx, l.c.ID, backend.LogOptions{Stdout: &log, Stderr: &log, Tail: deathTail})
	if words := strings.TrimSpace(log.String()); words != "" {
		return backend.PlainReason(words), err
	}
	return "(nothing)", err
}
