package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// Reach finds an instance's runner, for a person to look inside. It changes nothing. Errors: backend.ErrNotFound when
// there is no runner, backend.ErrNotRunning when it is stopped; the runner is returned even so.
func (r *Run) Reach(ctx context.Context, inst config.Instance) (backend.ContainerBackend, backend.Container, error) {
	e, c, err := r.reach(ctx, inst)
	if e == nil {
		return nil, c, err
	}
	return e, c, err
}

func (r *Run) reach(ctx context.Context, inst config.Instance) (*engine, backend.Container, error) {
	s, err := r.stateFile(inst.Name).load()
	if err != nil {
		return nil, backend.Container{}, err
	}
	var e *engine
	if s.mayHaveRunner() {
		e, err = r.whereRecorded(ctx, inst.Name, s, inst.Driver)
	} else {
		e, err = r.engineFor(ctx, inst.Driver.Engine, r.hostFor(inst.Driver))
	}
	if err != nil {
		return nil, backend.Container{}, err
	}
	if r.o.Project.ID == "" {
		return nil, backend.Container{}, noRunner(inst.Name)
	}
	c, err := e.InspectContainer(ctx, containerName(r.o.Project, inst.Name))
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return nil, c, noRunner(inst.Name)
	case err != nil:
		return nil, c, err
	case c.State != backend.StateRunning:
		return e, c, fmt.Errorf("the runner of %s is %s: %w\nRun `galley create %s` to start it", inst.Name, c.State,
			backend.ErrNotRunning, inst.Name)
	}
	return e, c, nil
}

func noRunner(instance string) error {
	return fmt.Errorf("%s has no runner: %w\nRun `galley create %s` first", instance, backend.ErrNotFound, instance)
}

// Status is where an instance is in its life.
type Status struct {
	// LastAction is the last phase that succeeded, empty when there is no runner.
	LastAction Phase
	// LastError is the step and kind of the last failure, empty after a success.
	LastError string
	// FailedAction is the phase that LastError is of.
	FailedAction Phase
	// Live is the runner's state on its engine, empty when there is none, or the engine was not asked.
	Live backend.State
}

// Statuses tells where the instances of these names are. The engine is only asked when a state file says that there may
// be something; when it cannot be reached, what the state files say is returned along with the error.
func (r *Run) Statuses(ctx context.Context, instances []string) ([]Status, error) {
	list := make([]Status, len(instances))
	var errs []error
	for n, name := range instances {
		state, err := r.stateFile(name).load()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if state.Attempted == "" {
			continue
		}
		s := Status{LastAction: state.LastAction, LastError: state.LastError}
		if s.LastError != "" {
			s.FailedAction = state.Attempted
		}
		live, err := r.liveState(ctx, state, name)
		if err != nil {
			errs = append(errs, err)
		} else if s.Live = live; live == "" {
			s.LastAction = ""
		}
		list[n] = s
	}
	return list, errors.Join(dedupe(errs)...)
}

// liveState asks the engine on which an instance was made for its runner's state.
func (r *Run) liveState(ctx context.Context, s State, instance string) (backend.State, error) {
	if !s.mayHaveRunner() {
		return "", nil
	}
	e, err := r.recordedEngine(ctx, instance, s)
	if err != nil {
		return "", err
	}
	snap, err := e.snapshot(ctx)
	if err != nil {
		return "", err
	}
	return snap.runners[instance].State, nil
}

// dedupe keeps one of several errors with the same text.
func dedupe(errs []error) []error {
	seen := map[string]bool{}
	var out []error
	for _, err := range errs {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return out
}
