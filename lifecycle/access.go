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

// access is how provisioners and verifiers reach the instance's runner.
type access struct {
	w   *worker
	box sandbox.Dir
}

func (w *worker) access(box sandbox.Dir) runner.Runner { return access{w, box} }

// Exec implements runner.Runner.
func (a access) Exec(ctx context.Context, c runner.Command) (int, error) {
	code, err := a.w.eng.Exec(ctx, a.w.container.ID, backend.ExecSpec{Command: c.Argv, Env: c.Env, User: c.User,
		WorkDir: c.WorkDir, Mark: a.w.state.Mark, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr})
	if errors.Is(err, backend.ErrNotRunning) || errors.Is(err, backend.ErrNotFound) {
		return code, a.w.explainDeath(ctx, err)
	}
	return code, err
}

// Sync implements runner.Runner.
func (a access) Sync(ctx context.Context) error {
	if !a.w.state.Upload {
		return nil // the runner sees the directory itself
	}
	return a.w.upload(ctx, a.box)
}

// Download implements runner.Runner.
func (a access) Download(ctx context.Context, from, to string) error {
	err := copyFrom(ctx, a.w.eng, a.w.container.ID, from, to)
	var skipped *archive.SkippedError
	if errors.As(err, &skipped) {
		a.w.notice(LevelWarn, "download "+from+": "+skipped.Error())
		return nil
	}
	return err
}

// explainDeath says how a runner ended that should be running.
func (w *worker) explainDeath(ctx context.Context, cause error) error {
	c, err := w.eng.InspectContainer(ctx, w.container.ID)
	if errors.Is(err, backend.ErrNotFound) {
		return fmt.Errorf("the runner is gone: %w\nRun `galley create %s` to make a new one", cause, w.inst.Name)
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	var log bytes.Buffer
	err = w.eng.ContainerLogs(ctx, c.ID, backend.LogOptions{Stdout: &log, Stderr: &log, Tail: deathTail})
	said := strings.TrimSpace(log.String())
	if said == "" {
		said = "(nothing)"
	}
	return errors.Join(fmt.Errorf("the runner is %s: its PID 1 ended with code %d (%w)\nIt printed:\n%s\nCheck driver.pid_one_command and driver.image",
		c.State, c.ExitCode, cause, said), err)
}
