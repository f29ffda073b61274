package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/execmark"
	"github.com/galley-kitchen/galley/internal/limits"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// runPhase does one phase with its hooks and records how it went.
func (i *instanceRun) runPhase(ctx context.Context, p Phase) error {
	return i.announced(ctx, p, func(ctx context.Context) error { return i.recordPhase(ctx, p) })
}

// announced does a phase, within its limit of time, between the events that tell of it.
func (i *instanceRun) announced(ctx context.Context, p Phase, do func(context.Context) error) error {
	i.phase = p
	ctx, cancel := i.run.o.Limits.Within(ctx, string(p))
	defer cancel()
	start := i.run.o.Now()
	started := PhaseStarted{Stamp: i.stamp(), Phase: p, Of: i.stepName()}
	if i.eng != nil {
		started.Endpoint = i.eng.endpoint.URI
	}
	i.emit(started)
	err := do(ctx)
	done := PhaseFinished{Stamp: i.stamp(), Phase: p, Of: i.stepName(), Duration: i.run.o.Now().Sub(start)}
	if err != nil {
		done.Error = err.Error()
	}
	i.emit(done)
	return err
}

// recordPhase writes the state before a phase, so that a galley killed half-way leaves
// a trace of what may exist, and after it, unless the next phase is about to.
func (i *instanceRun) recordPhase(ctx context.Context, p Phase) error {
	if p != PhaseDestroy || i.container != nil || i.state.Attempted != "" {
		if err := i.begin(ctx, p); err != nil {
			return err
		}
	}
	err := i.withHooks(ctx, p)
	i.state.Mark = ""
	if err != nil && ctx.Err() != nil {
		err = interrupted(err, context.Cause(ctx))
	}
	switch {
	case err != nil:
		i.state.LastError = summary(ctx, err)
		if i.current != nil {
			i.state.LastError = "step " + i.current.Name + ": " + i.state.LastError
		}
	case p == PhaseDestroy:
		i.state = State{}
		return i.file.remove()
	default:
		if p == PhaseConverge && !i.stepsFollow() {
			i.state.Converge, err = i.convergeDigest()
		}
		i.state.LastError = ""
		if i.current != nil {
			i.state.Reached = i.current.Name
		}
		if !i.stepsFollow() {
			i.state.LastAction = p
		}
		if i.moreFollows {
			return err
		}
	}
	return errors.Join(err, i.save())
}

// begin records that a phase is begun. From here on neither it nor what follows it is done.
func (i *instanceRun) begin(ctx context.Context, p Phase) error {
	i.endLeftovers(ctx, p)
	if p == PhaseCreate && place(i.state.LastAction) >= place(PhaseCreate) {
		i.state.Steps = nil // a create that ended well; this is another one
	}
	if p != PhaseDestroy && place(i.state.LastAction) >= place(p) {
		i.state.LastAction = previous(p)
	}
	if p == PhaseCreate || p == PhaseConverge && i.current != nil && i.current.Name == i.inst.Steps[0].Name {
		i.state.Reached = ""
	}
	i.state.Attempted, i.state.RunID, i.state.Mark = p, i.run.id, names.Random(8)
	if i.eng != nil {
		i.state.Engine, i.state.Host = i.inst.Driver.Engine, hidePassword(i.inst.Driver.Host)
		i.state.Endpoint, i.state.Kind = "", string(i.eng.endpoint.Kind)
		if !i.eng.endpoint.Ephemeral {
			i.state.Endpoint = hidePassword(i.eng.endpoint.URI)
			i.run.rememberEndpoint(i.state.Endpoint)
		}
	}
	return i.save()
}

// withHooks does a phase between its hooks: pre before it, post after it when it
// went well, finally in any case. A hook that fails fails the phase.
func (i *instanceRun) withHooks(ctx context.Context, p Phase) (err error) {
	if p == PhaseConverge && i.isReused() {
		return i.convergeFromCheckpoint(ctx) // which has what the hooks did in the runner
	}
	defer func() {
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, i.hooks(ctx, "finally_"+string(p)))
	}()
	if p == PhaseCreate {
		return i.create(ctx)
	}
	if err := i.hooks(ctx, "pre_"+string(p)); err != nil {
		return err
	}
	switch p {
	case PhaseConverge:
		err = i.converge(ctx)
	case PhaseVerify:
		err = i.verify(ctx)
	case PhaseDestroy:
		err = i.destroy(ctx)
	default: // setup only has hooks, as in Test Kitchen since 2.0
	}
	if err != nil {
		return err
	}
	return i.hooks(ctx, "post_"+string(p))
}

// endLeftovers ends what a galley that was killed left running in the runner, such as a client that would get into the
// way of the next one. An interrupted galley does so itself.
func (i *instanceRun) endLeftovers(ctx context.Context, p Phase) {
	if i.state.Mark == "" || p == PhaseDestroy || i.container == nil || i.container.State != backend.StateRunning {
		return
	}
	var ended bytes.Buffer
	code, err := i.eng.Exec(ctx, i.container.ID,
		backend.ExecSpec{Command: execmark.KillCommand(i.state.Mark), Stdout: &ended})
	switch {
	case err != nil || code != 0:
		i.notice(LevelWarn, "a galley that was killed may have left a command running in the runner, and that cannot be "+
			"ended: `galley destroy` is sure to")
	case ended.Len() > 0:
		i.notice(LevelInfo, "ended the command that a galley which was killed had left running in the runner")
	}
}

// interruptedError is the error of a phase that was interrupted.
type interruptedError struct {
	text       string
	err, cause error
}

func (e *interruptedError) Error() string   { return e.text }
func (e *interruptedError) Unwrap() []error { return []error{e.err, e.cause} }

// interrupted adds the cause of a phase's end to its error. Where the error only says
// that a call was ended by it, the cause alone is said, without the call.
func interrupted(err, cause error) error {
	first, rest, _ := strings.Cut(err.Error(), "\n")
	called := slices.ContainsFunc([]error{cause, context.Canceled, context.DeadlineExceeded}, func(e error) bool {
		return strings.HasSuffix(first, ": "+e.Error())
	})
	switch {
	case called && (rest == "" || rest == cause.Error()):
		return &interruptedError{cause.Error(), err, cause}
	case called:
		return &interruptedError{cause.Error() + "\n" + rest, err, cause}
	case errors.Is(err, cause):
		return err
	}
	return errors.Join(err, cause)
}

// summary says of an error what may be kept in a file: the step, and the kind of the
// failure. The error's own text may hold secrets, as commands and their output do.
func summary(ctx context.Context, err error) string {
	var late *limits.ExceededError
	switch {
	case errors.As(context.Cause(ctx), &late):
		return "timed out"
	case ctx.Err() != nil:
		return "interrupted"
	}
	where := ""
	var step *stepError
	if errors.As(err, &step) {
		where = string(step.step) + ": "
	}
	var exit *runner.ExitError
	var tests *verifier.FailedError
	switch {
	case errors.As(err, &tests):
		return where + "tests failed"
	case errors.As(err, &exit):
		return fmt.Sprintf("%sa command exited with code %d", where, exit.Code)
	}
	for _, kind := range []error{backend.ErrNotFound, backend.ErrConflict, backend.ErrUnauthorized, backend.ErrUnreachable,
		backend.ErrBusy, backend.ErrPermission, backend.ErrNotRunning, backend.ErrInvalid, backend.ErrUnsupported,
		backend.ErrWrongPlatform, backend.ErrNoSpace, backend.ErrPortTaken, backend.ErrMountSource, backend.ErrBuildFailed,
		context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return where + kind.Error()
		}
	}
	return where + "failed"
}
