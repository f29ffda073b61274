package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// openEngines opens the engines of all instances, so that "there is no engine" is
// told once and before anything is begun.
func (r *Run) openEngines(ctx context.Context, instances []config.Instance) error {
	for _, i := range instances {
		state, err := stateFileOf(r.o.Project, i.Name).load()
		if err != nil {
			continue // the instance itself will fail with it
		}
		if _, err := r.engineOf(ctx, state, i.Driver, func(string) {}); err != nil {
			return err
		}
	}
	return nil
}

// Reach finds an instance's runner, for a person to look inside. It changes
// nothing. Errors: backend.ErrNotFound when there is no runner,
// backend.ErrNotRunning when it is stopped.
func (r *Run) Reach(ctx context.Context, i config.Instance) (backend.ContainerBackend, backend.Container, error) {
	state, err := stateFileOf(r.o.Project, i.Name).load()
	if err != nil {
		return nil, backend.Container{}, err
	}
	d := i.Driver
	if state.Attempted != "" {
		d.Engine, d.Host = state.Engine, state.Host
	}
	e, err := r.engineOf(ctx, state, d, func(string) {})
	if err != nil {
		return nil, backend.Container{}, err
	}
	c, err := e.InspectContainer(ctx, containerName(r.o.Project, i.Name))
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return nil, c, fmt.Errorf("%s has no runner: %w\nRun `galley create %s` first", i.Name, backend.ErrNotFound, i.Name)
	case err != nil:
		return nil, c, err
	case c.State != backend.StateRunning:
		return e, c, fmt.Errorf("the runner of %s is %s: %w\nRun `galley create %s` to start it", i.Name, c.State, backend.ErrNotRunning, i.Name)
	}
	return e, c, nil
}

// Status is where an instance is in its life.
type Status struct {
	// LastAction is the last phase that succeeded, empty when there is no runner.
	LastAction Phase
	// LastError is the last failure's text, empty after a success.
	LastError string
	// FailedAction is the phase that LastError is of.
	FailedAction Phase
	// Live is the runner's state on its engine, empty when there is none, or the
	// engine was not asked.
	Live backend.State
}

// Statuses tells where the instances of these names are. The engine is only asked
// when a state file says that there may be something; when it cannot be reached,
// what the state files say is returned along with the error.
func (r *Run) Statuses(ctx context.Context, instances []string) ([]Status, error) {
	list := make([]Status, len(instances))
	var errs []error
	for n, name := range instances {
		state, err := stateFileOf(r.o.Project, name).load()
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
		live, err := r.live(ctx, state, name)
		if err != nil {
			errs = append(errs, err)
		} else if s.Live = live; live == "" {
			s.LastAction = ""
		} else if s.LastAction == "" {
			s.LastAction = PhaseCreate
		}
		list[n] = s
	}
	return list, errors.Join(dedupe(errs)...)
}

// live asks the engine on which an instance was made for its runner's state.
func (r *Run) live(ctx context.Context, s State, instance string) (backend.State, error) {
	e, err := r.engineOf(ctx, s, config.Driver{Engine: s.Engine, Host: s.Host}, func(string) {})
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
