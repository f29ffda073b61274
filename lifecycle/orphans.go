package lifecycle

import (
	"context"
	"errors"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// Orphan is a runner, or a service, of this project that no instance of kitchen.yml belongs to.
type Orphan struct {
	// Instance is the name of the instance that it was made for.
	Instance string `json:"instance"`
	// Service is the name of the service that is left over, empty for a runner.
	Service string `json:"service,omitempty"`
	// Runner is the container's name, and State what it does. They are empty when only records are left.
	Runner string        `json:"runner,omitempty"`
	State  backend.State `json:"state,omitempty"`
	// Endpoint is the engine that it is on.
	Endpoint string `json:"endpoint,omitempty"`
	// ProjectDir and Host are where it was made.
	ProjectDir string `json:"project_dir,omitempty"`
	Host       string `json:"host,omitempty"`

	engine    *engine
	container backend.Container
	record    *State
}

// Orphans lists what is left over of this project: runners and records of instances that kitchen.yml no longer has, and
// runners that were made in this directory under another ID, as before a `git clean -fdx` or a move to another file
// system. instances are all that kitchen.yml has, by the names of all KITCHEN_YAML files that are in use. It changes
// nothing. Engines are those that the project's records name and the one that is chosen now; one that cannot be asked
// is an error beside what the others told.
func (r *Run) Orphans(ctx context.Context, instances []string) ([]Orphan, error) {
	records, err := recordedStates(r.o.Project)
	if err != nil {
		return nil, err
	}
	var errs []error
	var engines []*engine
	add := func(e *engine, err error) {
		errs = append(errs, err)
		if err == nil && !slices.Contains(engines, e) {
			engines = append(engines, e)
		}
	}
	var list []Orphan
	recorded := map[string]bool{} // container IDs, and names of services
	for _, s := range records {
		recorded[s.ContainerID] = true
		for _, name := range s.Services {
			recorded[serviceName(r.o.Project, s.Instance, name)] = true
		}
		if s.mayHaveRunner() {
			add(r.recordedEngine(ctx, s.Instance, s))
		}
		if !slices.Contains(instances, s.Instance) {
			list = append(list, Orphan{Instance: s.Instance, Endpoint: s.Endpoint, record: &s})
		}
	}
	add(r.engineFor(ctx, "", ""))
	for _, e := range engines {
		known, err := e.knownContainers(ctx)
		errs = append(errs, err)
		for _, c := range known.all {
			if !recorded[c.ID] && !recorded[c.Name] && r.isUnknown(c) || r.isOrphan(c, instances) {
				list = addOrphan(list, e, c)
			}
		}
	}
	// The networks of a record go after the containers that are on them.
	slices.SortStableFunc(list, func(a, b Orphan) int {
		switch {
		case a.isRecord() == b.isRecord():
			return 0
		case a.isRecord():
			return 1
		}
		return -1
	})
	return list, errors.Join(dedupe(errs)...)
}

// isRecord reports whether only a record is left of it, as of a group of nodes, which has no runner of its own.
func (o Orphan) isRecord() bool { return o.container.ID == "" }

// isOrphan reports whether a runner was made by this project for no instance of it.
func (r *Run) isOrphan(c backend.Container, instances []string) bool {
	l := c.Labels
	switch {
	case !isOfInstance(c) || r.o.Project.livesElsewhere(l):
		return false
	case r.o.Project.ID != "" && l[label.Project] == r.o.Project.ID:
		return !slices.Contains(instances, l[label.Instance])
	case slices.Contains(r.o.Project.former, l[label.Project]):
		return l[label.Host] == hostName()
	}
	return r.madeHere(c) && l[label.Checkout] == r.o.Project.checkout()
}

// isUnknown reports whether a runner has this project's ID and was made in another place.
func (r *Run) isUnknown(c backend.Container) bool {
	return isOfInstance(c) && r.o.Project.ID != "" &&
		c.Labels[label.Project] == r.o.Project.ID && !r.madeHere(c) && !r.o.Project.livesElsewhere(c.Labels)
}

// madeHere reports whether a runner was made in this directory of this machine.
func (r *Run) madeHere(c backend.Container) bool {
	return c.Labels[label.ProjectDir] == r.o.Project.Root && c.Labels[label.Host] == hostName()
}

// addOrphan adds a runner to the list, to the record of its instance if that is there.
func addOrphan(list []Orphan, e *engine, c backend.Container) []Orphan {
	o := Orphan{Instance: c.Labels[label.Instance], Service: c.Labels[label.Service], Runner: c.Name, State: c.State,
		Endpoint: hidePassword(e.endpoint.URI), ProjectDir: c.Labels[label.ProjectDir], Host: c.Labels[label.Host],
		engine: e, container: c}
	for n, have := range list {
		if have.record != nil && have.Runner == "" && have.record.ContainerID == c.ID {
			o.record = have.record
			list[n] = o
			return list
		}
	}
	return append(list, o)
}

// DestroyOrphans removes what Orphans lists, and returns what it removed. Hooks are not
// run: their instances are no more.
func (r *Run) DestroyOrphans(ctx context.Context, instances []string) ([]Orphan, error) {
	list, err := r.Orphans(ctx, instances)
	errs := []error{err}
	var removed []Orphan
	for _, o := range list {
		if err := r.destroyOrphan(ctx, o); err != nil {
			errs = append(errs, err)
			continue
		}
		removed = append(removed, o)
	}
	return removed, errors.Join(errs...)
}

func (r *Run) destroyOrphan(ctx context.Context, o Orphan) (err error) {
	f := r.stateFile(o.Instance)
	if o.record != nil {
		lock, err := filelock.Acquire(ctx, f.lockPath(), filelock.Options{Owner: r.owner("destroy")})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	if o.container.ID != "" {
		if err := o.engine.RemoveContainer(ctx, o.container.ID); err != nil {
			return err
		}
		// Networks in use go with the last container on them.
		_, err := o.engine.removeNetworksOf(ctx, o.container.Labels[label.Project], o.Instance, groupOf(o.Instance))
		if err != nil {
			return err
		}
	} else if o.record.mayHaveRunner() { // its engine must say that there is none
		e, err := r.recordedEngine(ctx, o.Instance, *o.record)
		if err == nil {
			var inUse error
			inUse, err = e.removeNetworksOf(ctx, r.o.Project.ID, o.Instance)
			err = errors.Join(inUse, err)
		}
		if err != nil && !r.o.Forget {
			return err
		}
	}
	if o.record == nil {
		return nil
	}
	if o.record.Sandbox != "" {
		i := r.newInstanceRun(config.Instance{Name: o.Instance})
		i.eng, i.state, i.phase = o.engine, *o.record, PhaseDestroy
		if err := i.removeSandboxes(ctx, o.container.ImageID, o.engine == nil || isUploaded(o.container)); err != nil {
			return err
		}
	}
	return f.remove()
}

// removeNetworksOf removes the networks of instances, or of groups, that are left over. inUse tells of those that stay,
// since a container is on them.
func (e *engine) removeNetworksOf(ctx context.Context, project string, instances ...string) (inUse, err error) {
	for _, name := range slices.Compact(instances) {
		networks, listErr := e.ListNetworks(ctx, backend.Labels{label.Role: label.RoleNetwork, label.Project: project,
			label.Instance: name})
		err = errors.Join(err, listErr)
		for _, n := range networks {
			if failed := e.RemoveNetwork(ctx, n.Name); errors.Is(failed, backend.ErrConflict) {
				inUse = errors.Join(inUse, failed)
			} else {
				err = errors.Join(err, failed)
			}
		}
	}
	return inUse, err
}
