package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The values of label.Sandbox: whether the runner sees the sandboxes of this machine, or has copies that galley sends.
const (
	sandboxMounted  = "mounted"
	sandboxUploaded = "uploaded"
)

// liveRunner is the container that is tested, as the phases use it. Provisioners and verifiers have it as a
// runner.Runner.
type liveRunner struct {
	*subject
	be backend.ContainerBackend
	c  backend.Container
	// sb is the sandbox that its user fills, if it has one.
	sb sandbox.Dir
	// mark is what the commands carry that are run in it.
	mark string
	// reboot stops it and starts it again, nil without an init.
	reboot func(context.Context) error
}

// live is the instance's runner, which must exist.
func (i *instanceRun) live() *liveRunner {
	l := &liveRunner{subject: i.subject, be: i.eng, c: *i.container, mark: i.state.Mark}
	if initKind(i.inst.Driver) == backend.InitSystemd {
		l.reboot = i.reboot
	}
	return l
}

// access is how provisioners and verifiers reach the runner, with one of its sandboxes.
func (i *instanceRun) access(sb sandbox.Dir) *liveRunner {
	l := i.live()
	l.sb = sb
	return l
}

// isUploaded reports whether a runner has copies of the sandboxes.
func isUploaded(c backend.Container) bool { return c.Labels[label.Sandbox] == sandboxUploaded }

// refuseForeign refuses a runner that bears this project's ID and is another project's, whatever is recorded here, or
// that was made in another place and may be in use there, as when a project was copied with its state.
func (i *instanceRun) refuseForeign() error {
	c := i.container
	if c == nil {
		return nil
	}
	if i.run.o.Project.livesElsewhere(c.Labels) {
		return fmt.Errorf("the runner %s of %s belongs to the project in %s, which has the same ID as this one\n"+
			"Remove %s, and this project gets an ID of its own",
			c.Name, i.inst.Name, c.Labels[label.ProjectDir], i.run.o.Project.state().Path(identityFile))
	}
	if c.ID == i.state.ContainerID {
		return nil
	}
	if c.State != backend.StateRunning || i.run.madeHere(*c) {
		return nil
	}
	return fmt.Errorf("the runner %s of %s runs, was made in %s on %s, and nothing is recorded of it here\n"+
		"If this project was moved from there, remove it with `galley destroy --orphans`",
		c.Name, i.inst.Name, c.Labels[label.ProjectDir], c.Labels[label.Host])
}

// acceptUnknown takes a runner of this instance of which nothing is recorded. All of create is done again.
func (i *instanceRun) acceptUnknown() {
	i.notice(LevelInfo, "there is a runner of this instance that nothing is recorded of")
	i.forgetRunner()
}

// createInPlace makes a container, in the place of one of this instance's that a galley which was killed had made.
func (i *instanceRun) createInPlace(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	made, err := i.eng.CreateContainer(ctx, s)
	if !errors.Is(err, backend.ErrConflict) {
		return made, err
	}
	c, err := i.holder(ctx, s.Name, err)
	if err != nil {
		return made, err
	}
	i.notice(LevelInfo, "removing a container that an earlier galley left behind")
	if err := i.eng.RemoveContainer(ctx, c.ID); err != nil {
		return made, err
	}
	return i.eng.CreateContainer(ctx, s)
}

// holder is the container of this instance's that has a name which is taken. One that is not galley's is left alone.
func (i *instanceRun) holder(ctx context.Context, name string, taken error) (backend.Container, error) {
	c, err := i.eng.InspectContainer(ctx, name)
	switch {
	case errors.Is(err, backend.ErrNotFound): // the conflict is about something else
		return c, taken
	case err != nil:
		return c, errors.Join(taken, err)
	case !i.owns(c):
		return c, fmt.Errorf("%w\nThe container %s is not galley's. Remove or rename it", taken, name)
	}
	return c, nil
}

// removeContainers removes the runner, if there is one, with all that is beside it.
func (i *instanceRun) removeContainers(ctx context.Context) error {
	if err := i.removeFaultHelper(ctx); err != nil {
		return err
	}
	if i.container != nil {
		if err := i.eng.RemoveContainer(ctx, i.container.ID); err != nil {
			return err
		}
		i.container = nil
	}
	i.state.Faults = false
	return i.removeServices(ctx)
}

// removeRunner removes the runner and its services, to make others. What create has done before stays done.
func (i *instanceRun) removeRunner(ctx context.Context) error {
	if err := i.removeContainers(ctx); err != nil {
		return err
	}
	i.state.ContainerID, i.state.Spec, i.state.LastAction, i.state.Reached = "", nil, "", ""
	i.state.keepSteps(StepPreCreate)
	return i.save()
}

// deathTail is how many last lines of PID 1 are shown when a runner is dead.
const deathTail = 20

// Exec implements runner.Runner.
func (l *liveRunner) Exec(ctx context.Context, c runner.Command) (int, error) {
	code, err := l.be.Exec(ctx, l.c.ID, backend.ExecSpec{Command: c.Argv, Env: c.Env, User: c.User,
		WorkDir: c.WorkDir, Mark: l.mark, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr})
	if errors.Is(err, backend.ErrNotRunning) || errors.Is(err, backend.ErrNotFound) {
		return code, l.explainDeath(ctx, err)
	}
	return code, err
}

// Sync implements runner.Runner.
func (l *liveRunner) Sync(ctx context.Context) error {
	if !isUploaded(l.c) {
		return nil // the runner sees the directory itself
	}
	return l.upload(ctx)
}

// Download implements runner.Runner.
func (l *liveRunner) Download(ctx context.Context, from, to string) error {
	return l.skipped(from, archive.Fetch(ctx, l.be, l.c.ID, from, to))
}

// explainDeath says how a runner ended that should be running.
func (l *liveRunner) explainDeath(ctx context.Context, cause error) error {
	c, err := l.be.InspectContainer(ctx, l.c.ID)
	if errors.Is(err, backend.ErrNotFound) {
		return fmt.Errorf("the runner is gone: %w\nRun `galley create %s` to make a new one", cause, l.inst.Name)
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	if c.State == backend.StateRunning {
		return fmt.Errorf("the runner runs again, and what ran in it has ended: %w", cause)
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
