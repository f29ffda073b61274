package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/service"
)

// serviceNetwork is the name of the network of an instance's services.
func serviceNetwork(p Project, instance string) string { return containerName(p, instance) }

// serviceName is the name of the container of an instance's service, or of a group's node or service. Apart from those
// of nodes no instance's name has a slash, and in a group no two have one name.
func serviceName(p Project, instance, service string) string {
	return containerName(p, instance+"/"+service)
}

// isService reports whether a container is a service, of whichever project, as isRunner does of runners.
func isService(c backend.Container) bool {
	l := c.Labels
	return l[label.Role] == label.RoleService &&
		c.Name == serviceName(Project{ID: l[label.Project]}, l[label.Instance], l[label.Service])
}

// isOfInstance reports whether a container is a runner or a service.
func isOfInstance(c backend.Container) bool { return isRunner(c) || isService(c) }

// servicesKey is the key of the digest of the services.
const servicesKey = "Services"

// serviceDigests are those of the instance's services, by their names.
func (i *instanceRun) serviceDigests() (map[string]string, error) {
	digests := map[string]string{}
	for _, s := range i.inst.Services {
		s.Image, s.Ready = qualify(i.inst.Driver.Registry, s.Image), nil // what is waited for makes no other container
		text, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("digest the service %s: %w", s.Name, err)
		}
		digests[s.Name] = textDigest(string(text)) // some of it is secret
	}
	return digests, nil
}

// mayHaveServices reports whether there may be services, or a network for nodes: kitchen.yml has some, or had when they
// were made.
func (i *instanceRun) mayHaveServices() bool {
	return i.whole != nil || i.state.Network ||
		len(i.inst.Services)+len(i.state.Services)+len(i.inst.Networks)+len(i.state.Networks) > 0
}

// served is the instance that has the services of one: itself, or the group of the node.
func served(i config.Instance) config.Instance {
	if i.Node != nil {
		return *i.Node.Group
	}
	return i
}

// services asks the engine for the services of the instance, or of its group.
func (i *instanceRun) services(ctx context.Context) (map[string]backend.Container, error) {
	list, err := i.eng.ListContainers(ctx, backend.Labels{label.Role: label.RoleService,
		label.Project: i.run.o.Project.ID, label.Instance: served(i.inst).Name})
	if err != nil {
		return nil, err
	}
	found := map[string]backend.Container{}
	for _, c := range list {
		if isService(c) {
			found[c.Labels[label.Service]] = c
		}
	}
	return found, nil
}

// ensureServices keeps the services that are there, or makes them, and waits until they are ready. They are as old as
// the runner: where there is none, services are made anew, unless this create has made them.
func (i *instanceRun) ensureServices(ctx context.Context) error {
	if err := i.ensureShared(ctx); err != nil {
		return err
	}
	if !i.mayHaveServices() || i.servicesReady {
		return nil
	}
	err := i.recordedStep(StepServices, func() error {
		have, err := i.services(ctx)
		if err != nil {
			return err
		}
		plans, err := i.planServices(ctx)
		if err != nil {
			return err
		}
		fresh := i.container == nil && i.whole == nil && !i.state.has(StepServices)
		keepChanged := i.container != nil && i.run.o.NoRecreate
		for name, c := range have {
			p := plans[name]
			kept := p != nil && (keepChanged || c.Labels[label.Spec] == p.digest && c.ImageID == p.image.ID)
			alive := c.State == backend.StateRunning || c.State == backend.StateExited || c.State == backend.StatePaused
			if !fresh && kept && alive {
				p.container = &c
			} else if err := i.eng.RemoveContainer(ctx, c.ID); err != nil {
				return err
			}
		}
		if len(i.inst.Services)+len(i.inst.Networks) == 0 && i.whole == nil {
			return nil
		}
		if fresh { // networks may be left that were to be others
			if err := i.removeNetworks(ctx, i.state.Networks); err != nil {
				return err
			}
		}
		if err := i.recordServices(); err != nil {
			return err
		}
		i.run.declareLiving() // a prune leaves the network alone
		if err := i.ensureNetworks(ctx); err != nil || len(i.inst.Services) == 0 && i.whole == nil {
			return err
		}
		_, err = i.eng.EnsureNetwork(ctx, backend.NetworkSpec{Name: serviceNetwork(i.run.o.Project, i.inst.Name),
			Labels: i.labels(label.RoleNetwork)})
		if err != nil {
			return err
		}
		return i.startServices(ctx, plans)
	})
	i.servicesReady = err == nil
	return err
}

// recordServices records which services there may be from now on, those of before included.
func (i *instanceRun) recordServices() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state.Services, i.state.Networks, i.state.Network = nil, nil, i.whole != nil
	for _, s := range i.inst.Services {
		i.state.Services = append(i.state.Services, s.Name)
	}
	for _, n := range i.inst.Networks {
		i.state.Networks = append(i.state.Networks, n.Name)
	}
	return i.save()
}

// servicePlan is a service that is about to be started.
type servicePlan struct {
	config.Service
	image backend.Image
	// container is the one that is kept, nil for a new one, which needs the digest and the IDs of images in its mounts.
	container *backend.Container
	digest    string
}

// planServices finds what the services, by their names, are made from. Images are pulled once for all instances, so one
// that fails does not end the others.
func (i *instanceRun) planServices(ctx context.Context) (map[string]*servicePlan, error) {
	digests, err := i.serviceDigests()
	if err != nil {
		return nil, err
	}
	plans := map[string]*servicePlan{}
	var g errgroup.Group
	for _, s := range i.inst.Services {
		p := &servicePlan{Service: s, digest: digests[s.Name]}
		plans[s.Name] = p
		g.Go(func() (err error) {
			if p.image, err = i.image(ctx, s.Image, "", i.inst.Driver.PullPlatform); err != nil {
				return err
			}
			if p.Mounts, err = i.withImages(ctx, s.Mounts); err != nil {
				return fmt.Errorf("the service %s: %w", s.Name, err)
			}
			if ids := imagesMounted(p.Mounts); len(ids) > 0 {
				p.digest = textDigest(append(ids, p.digest)...)
			}
			return nil
		})
	}
	return plans, g.Wait()
}

// startServices starts the services side by side, each when those that it depends on are ready. The first that fails
// ends the others.
func (i *instanceRun) startServices(ctx context.Context, plans map[string]*servicePlan) error {
	ready := map[string]chan struct{}{}
	for name := range plans {
		ready[name] = make(chan struct{})
	}
	g, running := errgroup.WithContext(ctx)
	for _, s := range i.inst.Services {
		g.Go(func() error {
			for _, need := range s.DependsOn {
				select {
				case <-ready[need]:
				case <-running.Done():
					return running.Err()
				}
			}
			if err := i.startService(running, *plans[s.Name]); err != nil {
				return err
			}
			close(ready[s.Name])
			return nil
		})
	}
	return g.Wait()
}

// startService starts a service and returns when it is ready.
func (i *instanceRun) startService(ctx context.Context, p servicePlan) (err error) {
	what := "service " + p.Name
	i.progress(Progress{What: what, Status: "starting"})
	defer func() { i.progress(finished(what, 0, err)) }()
	c := p.container
	if c == nil {
		made, err := i.createService(ctx, p)
		if err != nil {
			return err
		}
		c = &made
	}
	await := service.Container{Engine: i.eng, ID: c.ID, What: "the service " + p.Name, Ready: *p.Ready,
		HealthCheck: p.image.HealthCheck}
	if c.State == backend.StateExited {
		if await.Printed, err = await.Count(ctx); err != nil {
			return err
		}
	}
	switch c.State {
	case backend.StateRunning:
	case backend.StatePaused:
		err = i.eng.UnpauseContainer(ctx, c.ID)
	default:
		err = i.eng.StartContainer(ctx, c.ID)
	}
	if err != nil {
		return fmt.Errorf("the service %s: %w", p.Name, err)
	}
	return await.Await(ctx)
}

// createService makes the container of a service. One that an earlier galley had just asked for gives way.
func (i *instanceRun) createService(ctx context.Context, p servicePlan) (backend.Container, error) {
	labels := i.labels(label.RoleService)
	labels[label.Service], labels[label.Spec] = p.Name, p.digest
	project, names := i.run.o.Project, []string{p.Name}
	c, err := i.createInPlace(ctx, backend.ContainerSpec{
		Name: serviceName(project, i.inst.Name, p.Name), Image: p.image.ID, Entrypoint: p.Entrypoint, Command: p.Command,
		Env: p.Env, Labels: labels, Mounts: p.Mounts, Ports: p.Ports,
		Network: backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: serviceNetwork(project, i.inst.Name),
			Aliases: names},
		Networks: append(sharedAttachments(project, i.inst), endpoints(project, i.inst.Name, p.Networks, names)...),
	})
	if err != nil {
		return c, fmt.Errorf("the service %s: %w", p.Name, err)
	}
	for _, text := range c.Warnings {
		i.notice(LevelWarn, "the service "+p.Name+": "+text)
	}
	return c, nil
}

// removeServices removes the services, each before those that it depends on, and their network. The runner is gone.
func (i *instanceRun) removeServices(ctx context.Context) error {
	if !i.mayHaveServices() {
		return nil
	}
	i.servicesReady = false
	have, err := i.services(ctx)
	if err != nil {
		return err
	}
	order := slices.Clone(i.state.Services)
	for name := range have {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	for _, name := range slices.Backward(order) {
		if c, ok := have[name]; ok {
			i.serviceLog(ctx, name, c.ID)
			if err := i.eng.RemoveContainer(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	if err := i.removeNetworks(ctx, i.state.Networks); err != nil {
		return err
	}
	if err := i.removeNetwork(ctx, serviceNetwork(i.run.o.Project, i.inst.Name)); err != nil {
		return err
	}
	i.state.Services, i.state.Networks, i.state.Network = nil, nil, false
	return nil
}

// removeNetworks removes networks of the instance's own.
func (i *instanceRun) removeNetworks(ctx context.Context, list []string) error {
	for _, name := range list {
		if err := i.removeNetwork(ctx, ownNetwork(i.run.o.Project, i.inst.Name, name)); err != nil {
			return err
		}
	}
	return nil
}

// removeNetwork removes a network, unless something is on it that is not galley's.
func (i *instanceRun) removeNetwork(ctx context.Context, name string) error {
	err := i.eng.RemoveNetwork(ctx, name)
	if errors.Is(err, backend.ErrConflict) {
		i.notice(LevelWarn, fmt.Sprintf("%v\nIt stays, as something that is not galley's is on it: "+
			"`galley prune` removes it later", err))
		return nil
	}
	return err
}

// logLines is how many lines of a service's log are reported.
const logLines = 100

// serviceLog reports the end of a service's log. It is for people, so what fails is a notice.
func (i *instanceRun) serviceLog(ctx context.Context, name, id string) {
	var log strings.Builder
	err := i.eng.ContainerLogs(ctx, id, backend.LogOptions{Stdout: &log, Stderr: &log, Tail: logLines})
	if err != nil {
		i.notice(LevelDebug, fmt.Sprintf("the log of the service %s cannot be read: %v", name, err))
	}
	if text := strings.TrimRight(log.String(), "\r\n"); text != "" {
		i.emit(ServiceLog{Stamp: i.stamp(), Service: name, Lines: strings.Split(text, "\n")})
	}
}

// reportServices reports the logs of the services that are there at the end of a run.
func (i *instanceRun) reportServices(ctx context.Context) {
	if i.eng == nil || len(i.state.Services) == 0 {
		return
	}
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	have, err := i.services(ctx)
	if err != nil {
		i.notice(LevelDebug, fmt.Sprintf("the logs of the services cannot be read: %v", err))
	}
	for _, name := range i.state.Services {
		if c, ok := have[name]; ok {
			i.serviceLog(ctx, name, c.ID)
		}
	}
}

// compareServices makes create look after services of a runner that should run and do not.
func (i *instanceRun) compareServices(list []backend.Container) {
	if i.container == nil || i.state.LastAction == "" || i.phase == PhaseDestroy {
		return
	}
	for _, s := range i.inst.Services {
		name := serviceName(i.run.o.Project, i.inst.Name, s.Name)
		if !slices.ContainsFunc(list, func(c backend.Container) bool {
			return c.Name == name && c.State == backend.StateRunning
		}) {
			i.notice(LevelInfo, "the service "+s.Name+" does not run")
			i.state.LastAction = ""
			return
		}
	}
}

// ownNetwork is the name of a network of an instance's own. No instance's name has a slash.
func ownNetwork(p Project, instance, network string) string {
	return containerName(p, instance+"/"+network+"/network")
}

// ensureNetworks makes the networks of kitchen.yml.
func (i *instanceRun) ensureNetworks(ctx context.Context) error {
	for _, n := range i.inst.Networks {
		_, err := i.eng.EnsureNetwork(ctx, backend.NetworkSpec{Name: ownNetwork(i.run.o.Project, i.inst.Name, n.Name),
			Labels: i.labels(label.RoleNetwork), Subnet: n.Subnet, Internal: n.Internal})
		if errors.Is(err, backend.ErrConflict) {
			err = fmt.Errorf("%w\nAnother network of the engine has some of its addresses: give networks.%s.subnet others",
				err, n.Name)
		}
		if err != nil {
			return fmt.Errorf("the network %s: %w", n.Name, err)
		}
	}
	return nil
}

// endpoints are how a service, or a node, is on networks of its instance, or group, under its names.
func endpoints(p Project, owner string, on []config.Endpoint, names []string) []backend.NetworkAttachment {
	var list []backend.NetworkAttachment
	for _, e := range on {
		list = append(list, backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: ownNetwork(p, owner, e.Network),
			IPv4: e.IPv4, Aliases: slices.Concat(names, e.Aliases)})
	}
	return list
}

// serviceAttachment is how a runner is on the networks of its services, under the names that it has on its own where
// they are not shared, and on those of its own.
func serviceAttachment(p Project, i config.Instance, aliases []string) []backend.NetworkAttachment {
	list := sharedAttachments(p, i)
	if len(i.Services) > 0 {
		list = append(list, backend.NetworkAttachment{Mode: spec.NetworkNamed,
			Name: serviceNetwork(p, i.Name), Aliases: aliases})
	}
	for _, n := range i.Networks {
		list = append(list, backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: ownNetwork(p, i.Name, n.Name),
			IPv4: n.IPv4, Aliases: slices.Concat(aliases, n.Aliases)})
	}
	return list
}
