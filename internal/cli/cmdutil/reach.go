package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// Reached is a runner, or a service, that was found, for commands that look inside.
type Reached struct {
	Instance config.Instance
	// Service is the name of the service that Runner is, empty for the runner.
	Service string
	Engine  backend.ContainerBackend
	Runner  backend.Container
}

// Name is INSTANCE or INSTANCE/SERVICE, as the command line has it.
func (r Reached) Name() string {
	if r.Service == "" {
		return r.Instance.Name
	}
	return r.Instance.Name + "/" + r.Service
}

// Want says which runners a command works on.
type Want int

// The kinds of commands.
const (
	// WantAll works on the running runners of all chosen instances.
	WantAll Want = iota
	// WantOne works on one running runner.
	WantOne
	// WantOneOrEnded works on one runner, also when it does not run any more.
	WantOneOrEnded
)

// Reach finds the runners of the chosen instances, or their services with INSTANCE/SERVICE, and gives them to do.
func (f *Factory) Reach(ctx context.Context, args []string, want Want, do func([]Reached) error) error {
	o, err := f.RunOptions()
	if err != nil {
		return err
	}
	conf, err := f.Config(ctx)
	if err != nil {
		return err
	}
	args, service, err := splitService(conf.Instances, args)
	if err != nil {
		return err
	}
	instances, err := f.Load(ctx, args)
	if err != nil {
		return err
	}
	if service != "" {
		instances = withServices(instances)
	}
	if want != WantAll && len(instances) != 1 {
		return notOne(instances)
	}
	return WithRun(o, func(r *lifecycle.Run) error {
		var list []Reached
		for _, i := range instances {
			engine, c, err := r.Reach(ctx, i, service)
			if err != nil && !(want == WantOneOrEnded && errors.Is(err, backend.ErrNotRunning)) {
				return err
			}
			list = append(list, Reached{i, service, engine, c})
		}
		return do(list)
	})
}

// NamesService reports whether arguments name a service, as INSTANCE/SERVICE.
func (f *Factory) NamesService(ctx context.Context, args []string) (bool, error) {
	conf, err := f.Config(ctx)
	if err != nil {
		return false, err
	}
	_, service, err := splitService(conf.Instances, args)
	return service != "", err
}

// splitService takes the service off arguments such as INSTANCE/SERVICE. Where INSTANCE is a suite with nodes, and one
// of them has that name, it is the node.
func splitService(all []kitchen.RawInstance, args []string) (instances []string, service string, err error) {
	for n, arg := range args {
		instance, name, _ := strings.Cut(arg, "/")
		var nodes []string
		for _, i := range all {
			pattern, err := regexp.Compile(instance)
			if i.Group != nil && (i.Name == arg || err == nil && i.On == "" && i.Node == name &&
				(i.Group.Name == instance || pattern.MatchString(i.Group.Name))) {
				nodes = append(nodes, i.Name)
			}
		}
		if len(nodes) > 0 {
			instances = append(instances, nodes...)
			name = ""
		} else {
			instances = append(instances, instance)
		}
		if n > 0 && name != service {
			return nil, "", fmt.Errorf("%s: runners, or different services, do not go together: give one command for each",
				strings.Join(args, " "))
		}
		service = name
	}
	return instances, service, nil
}

// withServices are the instances that have the services of others: of nodes their group.
func withServices(instances []config.Instance) []config.Instance {
	var list []config.Instance
	for _, i := range instances {
		if i.Node != nil {
			i = *i.Node.Group
		}
		if !slices.ContainsFunc(list, func(have config.Instance) bool { return have.Name == i.Name }) {
			list = append(list, i)
		}
	}
	return list
}

// WithRun gives a use of the life cycle to do, and ends it. No events are shown, unless o has a sink.
func WithRun(o lifecycle.Options, do func(*lifecycle.Run) error) (err error) {
	if o.Sink == nil {
		o.Sink = report.NewMulti()
	}
	r, err := lifecycle.New(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return do(r)
}

// One is the instance that args select.
func (f *Factory) One(ctx context.Context, args []string) (config.Instance, error) {
	instances, err := f.Load(ctx, args)
	if err != nil {
		return config.Instance{}, err
	}
	if len(instances) != 1 {
		return config.Instance{}, notOne(instances)
	}
	return instances[0], nil
}

func notOne(instances []config.Instance) error {
	return fmt.Errorf("this works on one instance, and %d match:%s", len(instances),
		Names(instances, func(i config.Instance) string { return i.Name }))
}

// AllInstances names all instances of the project, its groups of nodes, and what has shared services: none where there
// is no kitchen.yml.
func (f *Factory) AllInstances(ctx context.Context) ([]string, error) {
	conf, err := f.Config(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []string
	for _, i := range conf.Instances {
		services := i.Services
		if i.Group != nil && i.Node == i.Group.Nodes[0] {
			list, services = append(list, groupName(i)), i.Group.Services
		}
		if services != nil {
			for _, e := range services.Map.Entries() {
				if e.Value.Kind == yaml11.Map && e.Value.Map.Get("shared") != nil {
					list = append(list, lifecycle.SharedName(e.Key, i.On))
				}
			}
		}
		list = append(list, i.Name)
	}
	return list, nil
}

// LeftOver lists what is left over of the project and belongs to no instance, or removes it and lists what went.
func (f *Factory) LeftOver(ctx context.Context, o lifecycle.Options, remove bool) (list []lifecycle.Orphan, err error) {
	names, err := f.AllInstances(ctx)
	if err != nil {
		return nil, err
	}
	err = WithRun(o, func(r *lifecycle.Run) (err error) {
		if remove {
			list, err = r.DestroyOrphans(ctx, names)
		} else {
			list, err = r.Orphans(ctx, names)
		}
		return err
	})
	return list, err
}

// OrphanText describes what is left over of an instance.
func (f *Factory) OrphanText(o lifecycle.Orphan) string {
	if o.Runner == "" {
		return f.Clean(fmt.Sprintf("the record of %s", o.Instance))
	}
	what := "runner"
	if o.Service != "" {
		what = "service " + o.Service
	}
	return f.Clean(fmt.Sprintf("the %s of %s: %s, %s, on %s", what, o.Instance, o.Runner, o.State, o.Endpoint))
}
