package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/execmark"
)

// ExecCalls are the calls of an engine's API that a command is run by. The errors of CreateExec and InspectExec say op.
type ExecCalls interface {
	// CreateExec makes a session for a command, with env as its environment.
	CreateExec(ctx context.Context, op, id string, e backend.ExecSpec, env []string) (session string, err error)
	// StartExec starts a session, attached over a connection of its own. sized reports
	// whether its terminal has e.Size from the start. Errors: those of Hijack.
	StartExec(ctx context.Context, session string, e backend.ExecSpec) (s *Stream, sized bool, err error)
	// ResizeExec gives a session's terminal another size.
	ResizeExec(ctx context.Context, session string, size backend.TerminalSize) error
	// InspectExec asks for the state of a session.
	InspectExec(ctx context.Context, op, session string) (ExecState, error)
	// Wrap makes the backend's error of op from another one.
	Wrap(op string, err error) error
}

// ExecState is what an engine says of a session.
type ExecState struct {
	// Running is true while the command runs, or is about to; Started when it has begun, or could not.
	Running, Started bool
	ExitCode         int
}

// The codes of a command that could not be started.
const (
	CodeCannotRun = 126
	CodeNotFound  = 127
)

// Exec runs a command in three calls: create a session, start it attached, and ask for
// its exit code when its output has ended. See [backend.Containers] for its errors.
func Exec(ctx context.Context, calls ExecCalls, id string, e backend.ExecSpec) (int, error) {
	x := execs{calls, "run a command in container " + id, id}
	marker := newMarker(e)
	session, err := x.create(ctx, e, marker)
	if err != nil {
		return 0, err
	}
	err = x.attach(ctx, session, e)
	if NeverStarted(err) {
		return 0, x.wrap(ctx, err)
	}
	code := 0
	if err = x.wrap(ctx, err); err == nil {
		code, err = x.exitCode(ctx, session)
	}
	if err != nil {
		return 0, errors.Join(err, x.kill(ctx, session, e, marker))
	}
	return code, nil
}

// newMarker returns a marker (package execmark) that no other exec has. It begins with the command's own mark, if that
// has one.
func newMarker(e backend.ExecSpec) string {
	if e.Mark != "" {
		return e.Mark + "." + rand.Text()
	}
	return rand.Text()
}

// execs runs commands in a container.
type execs struct {
	ExecCalls
	op, id string
}

// wrap is the error of the operation. Once ctx has ended, that is the reason.
func (x execs) wrap(ctx context.Context, err error) error {
	return x.Wrap(x.op, Ended(ctx, err))
}

// create makes a session. The marker is for finding its processes should they have to be killed.
func (x execs) create(ctx context.Context, e backend.ExecSpec, marker string) (session string, err error) {
	env := EnvList(e.Env)
	if marker != "" {
		env = append(env, execmark.Var+"="+marker)
	}
	return x.CreateExec(ctx, x.op, x.id, e, env)
}

// attach starts a session and carries its input and output to the end.
func (x execs) attach(ctx context.Context, session string, e backend.ExecSpec) error {
	stream, sized, err := x.StartExec(ctx, session, e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if e.Tty && !sized && e.Size != (backend.TerminalSize{}) {
		x.setSize(ctx, session, e.Size)
	}
	if e.Tty && e.Resize != nil {
		go x.followSize(ctx, session, e.Resize)
	}
	started := func() {
		// What goes wrong with it is seen when the exit code is asked for.
		_ = x.poll(ctx, session, func(_ context.Context, s ExecState) (bool, error) { return s.Started, nil })
	}
	return errors.Join(AttachStreams(stream, e, started), stream.Close())
}

// firstSizeTime bounds how long a terminal waits for its first size.
const firstSizeTime = 5 * time.Second

// setSize gives the session's terminal its first size, where the start could not. What a user typed ahead must not run
// in one without, so no input is sent before. Output waits, too, so a refusal is final; but the process may not be
// there yet, though its stream is, or has ended.
func (x execs) setSize(ctx context.Context, session string, size backend.TerminalSize) {
	soon, cancel := context.WithTimeout(ctx, firstSizeTime)
	defer cancel()
	_ = x.poll(soon, session, func(ctx context.Context, s ExecState) (bool, error) {
		if !s.Started || !s.Running {
			return s.Started, nil
		}
		err := x.ResizeExec(ctx, session, size)
		var refusal *StatusError
		refused := errors.As(err, &refusal) && !errors.Is(x.Wrap(x.op, err), backend.ErrNotRunning)
		return err == nil || refused, nil
	})
}

// followSize tells the session of every new size of the user's terminal until ctx ends. A size that cannot be set
// leaves the old one, which is no reason to end the command.
func (x execs) followSize(ctx context.Context, session string, sizes <-chan backend.TerminalSize) {
	for {
		select {
		case <-ctx.Done():
			return
		case size, ok := <-sizes:
			if !ok {
				return
			}
			_ = x.ResizeExec(ctx, session, size)
		}
	}
}

// poll looks at a session until look is done or fails.
func (x execs) poll(ctx context.Context, session string, look func(context.Context, ExecState) (bool, error)) error {
	err := Poll(ctx, func(ctx context.Context) (bool, error) {
		state, err := x.InspectExec(ctx, x.op, session)
		if err != nil {
			return false, err
		}
		return look(ctx, state)
	})
	if err != nil && ctx.Err() != nil {
		return x.Wrap(x.op, ctx.Err())
	}
	return err
}

// exitCode asks for the exit code of a session whose output has ended. The server may still be writing it down.
func (x execs) exitCode(ctx context.Context, session string) (code int, err error) {
	err = x.poll(ctx, session, func(_ context.Context, s ExecState) (bool, error) {
		code = s.ExitCode
		return !s.Running, nil
	})
	return code, err
}

// killTimeout bounds how long a cancelled command may hold up its caller.
const killTimeout = 5 * time.Second

// unstartedLooks is how often a session that has not started is looked at before it is
// taken for one that never will: its start may be on the way.
const unstartedLooks = 6

// kill kills the processes of a command whose caller has gone, and sees them end:
// engines leave them running, and cannot signal all of them.
func (x execs) kill(ctx context.Context, session string, e backend.ExecSpec, marker string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	x.op = "kill the command"
	killer := backend.ExecSpec{Command: execmark.KillCommand(marker), User: e.User}
	unstarted := 0
	err := x.poll(ctx, session, func(ctx context.Context, s ExecState) (bool, error) {
		if s.Running {
			return false, x.runKiller(ctx, killer)
		}
		unstarted++
		return s.Started || unstarted > unstartedLooks, nil
	})
	if errors.Is(err, backend.ErrNotFound) || errors.Is(err, backend.ErrNotRunning) {
		return nil // it went with its container
	}
	if err != nil {
		return fmt.Errorf("the command may still run: %w", err)
	}
	return nil
}

func (x execs) runKiller(ctx context.Context, killer backend.ExecSpec) error {
	session, err := x.create(ctx, killer, "")
	if err != nil {
		return err
	}
	if err := x.attach(ctx, session, killer); err != nil {
		return x.wrap(ctx, err)
	}
	code, err := x.exitCode(ctx, session)
	if code == CodeCannotRun || code == CodeNotFound {
		return fmt.Errorf("%s: there is no shell in the container to do it with", x.op)
	}
	return err
}
