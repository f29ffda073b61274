package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// sharedPrefix begins the name of the instance, without a runner, that has a shared service and its network.
const sharedPrefix = "shared:"

// SharedName is the name of the instance that has a shared service, on the engine that --on names, if it does.
func SharedName(service, on string) string {
	if on != "" {
		return OnName(sharedPrefix+service, on)
	}
	return sharedPrefix + service
}

// sharedService is the name of the service that an instance has which is there for others.
func sharedService(owner string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(owner, sharedPrefix), onSeparator)
	return name
}

// serviceOwner is the name of the instance that has a service of an instance, its own or a shared one.
func serviceOwner(i config.Instance, service string) string {
	if slices.ContainsFunc(i.Shared, func(s config.Service) bool { return s.Name == service }) {
		return SharedName(service, i.On)
	}
	return i.Name
}

// sharedAttachments are how containers of an instance are on the networks of the services that it shares, without names
// of their own there.
func sharedAttachments(p Project, i config.Instance) []backend.NetworkAttachment {
	var list []backend.NetworkAttachment
	for _, s := range served(i).Shared {
		list = append(list, backend.NetworkAttachment{Mode: spec.NetworkNamed,
			Name: serviceNetwork(p, SharedName(s.Name, i.On))})
	}
	return list
}

// ensureShared makes the services that the instance shares with others, once in a run, unless they are there. The
// instance is recorded as one that needs them before.
func (i *instanceRun) ensureShared(ctx context.Context) error {
	if len(i.inst.Shared) == 0 {
		return nil
	}
	var owners []string
	for _, s := range i.inst.Shared {
		owners = append(owners, serviceOwner(i.inst, s.Name))
	}
	if !slices.Equal(owners, i.state.Shared) {
		i.state.Shared = owners
		if err := i.save(); err != nil {
			return err
		}
	}
	for n, s := range i.inst.Shared {
		e, err := i.run.shared.Do(owners[n], func() (*engine, error) {
			inst := config.Instance{Name: owners[n], On: i.inst.On, Suite: i.inst.Suite, Platform: i.inst.Platform,
				Driver: i.inst.Driver, Nodes: []string{}, Services: []config.Service{s}}
			g := newGroup(i.run, inst, make(slots, 1))
			if f := i.run.runInstance(ctx, Action(PhaseCreate), g.instanceRun).failure; f != nil {
				return nil, f.Err
			}
			return g.eng, nil
		})
		if err == nil && e != i.eng {
			err = errors.New("it lives on another engine\n" +
				"Give all instances that share it the same engine, or leave `shared` out")
		}
		if err != nil {
			return fmt.Errorf("the shared service %s: %w", s.Name, err)
		}
	}
	return nil
}

// releaseShared removes the shared services that no instance needs any more.
func (r *Run) releaseShared(ctx context.Context) error {
	files, err := r.o.Project.state().Names(".")
	if err != nil || !slices.ContainsFunc(files, func(name string) bool {
		return strings.HasPrefix(name, strings.TrimSuffix(sharedPrefix, ":"))
	}) {
		return err
	}
	records, err := recordedStates(r.o.Project)
	if err != nil {
		return err
	}
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	var errs []error
	for _, s := range records {
		if !strings.HasPrefix(s.Instance, sharedPrefix) || neededBy(records, s.Instance) {
			continue
		}
		inst := config.Instance{Name: s.Instance, Driver: config.Driver{Recorded: true}}
		g := newGroup(r, inst, make(slots, 1))
		if f := r.runInstance(ctx, Action(PhaseDestroy), g.instanceRun).failure; f != nil {
			errs = append(errs, f.Err)
		}
	}
	return errors.Join(errs...)
}

// neededBy reports whether an instance is recorded that shares the service, or a node of the group, of that name.
func neededBy(records []State, name string) bool {
	return slices.ContainsFunc(records, func(s State) bool {
		return s.Instance != name && groupOf(s.Instance) == name && s.mayHaveRunner() || slices.Contains(s.Shared, name)
	})
}
