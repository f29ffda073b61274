package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// Reach finds an instance's runner, or the service of that name, for a person to look inside. It changes nothing.
// Errors: backend.ErrNotFound when there is none, backend.ErrNotRunning when it is stopped; it is returned even so.
func (r *Run) Reach(ctx context.Context, inst config.Instance, service string) (backend.ContainerBackend,
	backend.Container, error) {
	e, c, err := r.reach(ctx, inst, service)
	if e == nil {
		return nil, c, err
	}
	return e, c, err
}

// engineOf opens the engine on which an instance lives, or would.
func (r *Run) engineOf(ctx context.Context, inst config.Instance) (*engine, error) {
	s, err := r.stateFile(inst.Name).load()
	if err != nil {
		return nil, err
	}
	if s.mayHaveRunner() {
		return r.whereRecorded(ctx, inst.Name, s, inst.Driver)
	}
	return r.engineFor(ctx, r.kindFor(inst.Driver), r.hostFor(inst.Driver))
}

func (r *Run) reach(ctx context.Context, inst config.Instance, service string) (*engine, backend.Container, error) {
	what, name := "runner", containerName(r.o.Project, inst.Name)
	if service != "" {
		what, name = "service "+service, serviceName(r.o.Project, serviceOwner(inst, service), service)
	}
	e, err := r.engineOf(ctx, inst)
	if err != nil {
		return nil, backend.Container{}, err
	}
	if r.o.Project.ID == "" {
		return nil, backend.Container{}, notThere(inst, what)
	}
	c, err := e.InspectContainer(ctx, name)
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return nil, c, notThere(inst, what)
	case err != nil:
		return nil, c, err
	case c.State != backend.StateRunning:
		return e, c, fmt.Errorf("the %s of %s is %s: %w\nRun `galley create %s` to start it", what, inst.Name, c.State,
			backend.ErrNotRunning, inst.Name)
	}
	return e, c, nil
}

// notThere says that an instance has no runner, or not the service.
func notThere(inst config.Instance, what string) error {
	remedy := fmt.Sprintf("Run `galley create %s` first", inst.Name)
	name, isService := strings.CutPrefix(what, "service ")
	if isService && !slices.ContainsFunc(slices.Concat(inst.Services, inst.Shared),
		func(s config.Service) bool { return s.Name == name }) {
		remedy = "kitchen.yml has no such service for it"
	}
	return fmt.Errorf("%s has no %s: %w\n%s", inst.Name, what, backend.ErrNotFound, remedy)
}

// Status is where an instance is in its life.
type Status struct {
	// LastAction is the last phase that succeeded, empty when there is no runner.
	LastAction Phase
	// Reached is the last of kitchen.yml's steps that is done, empty without steps.
	Reached string
	// Faults is set while the network of the runner is a bad one, as far as is known.
	Faults bool
	// LastError is the step and kind of the last failure, empty after a success.
	LastError string
	// FailedAction is the phase that LastError is of.
	FailedAction Phase
	// Live is the runner's state on its engine, empty when there is none, or the engine was not asked.
	Live backend.State
	// Services are the states of its services, as far as they are there.
	Services map[string]backend.State
}

// Statuses tells where the instances of these names are. The engine is only asked when a state file says that there may
// be something; when it cannot be reached, what the state files say is returned along with the error.
func (r *Run) Statuses(ctx context.Context, instances []string) ([]Status, error) {
	list := make([]Status, len(instances))
	var errs []error
	names, err := r.o.Project.state().Names(".") // of thousands of instances, most have no file
	if err != nil {
		return list, err
	}
	for n, name := range instances {
		file := r.stateFile(name)
		if _, found := slices.BinarySearch(names, file.name()); !found {
			continue
		}
		state, err := file.load()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if state.Attempted == "" {
			continue
		}
		s := Status{LastAction: state.LastAction, LastError: state.LastError, Reached: state.Reached}
		if s.LastError != "" {
			s.FailedAction = state.Attempted
		}
		if err := r.liveStates(ctx, state, name, &s); err != nil {
			errs = append(errs, err)
		} else if s.Live == "" && !state.Network { // a group of nodes has no runner of its own
			s.LastAction, s.Reached = "", ""
		}
		list[n] = s
	}
	return list, errors.Join(dedupe(errs)...)
}

// liveStates asks the engine on which an instance was made for the states of its runner and its services.
func (r *Run) liveStates(ctx context.Context, s State, instance string, to *Status) error {
	if !s.mayHaveRunner() {
		return nil
	}
	e, err := r.recordedEngine(ctx, instance, s)
	if err != nil {
		return err
	}
	known, err := e.knownContainers(ctx)
	if err != nil {
		return err
	}
	to.Live = known.runners[instance].State
	helper := faultHelper(r.o.Project, instance)
	to.Faults = s.Faults && to.Live == backend.StateRunning &&
		!slices.ContainsFunc(known.all, func(c backend.Container) bool {
			return c.Name == helper && c.State == backend.StateExited // it has healed the network
		})
	services := map[string]string{} // by the names of their containers
	for _, name := range s.Services {
		services[serviceName(r.o.Project, instance, name)] = name
	}
	for _, owner := range s.Shared {
		services[serviceName(r.o.Project, owner, sharedService(owner))] = sharedService(owner)
	}
	to.Services = map[string]backend.State{}
	for _, c := range known.all {
		if name, ok := services[c.Name]; ok {
			to.Services[name] = c.State
		}
	}
	return nil
}

// dedupe keeps one of several errors with the same text, and leaves out those that are none.
func dedupe(errs []error) []error {
	seen := map[string]bool{}
	var out []error
	for _, err := range errs {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return out
}
