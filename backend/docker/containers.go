package docker

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/nat"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// CreateContainer makes a container, by POST /containers/create. A tool that vanished
// between the look for it and the creation is made again.
func (b *Backend) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	c, err := b.createContainer(ctx, s)
	if len(s.Tools) > 0 && errors.Is(err, backend.ErrNotFound) {
		c, err = b.createContainer(ctx, s)
	}
	return c, err
}

func (b *Backend) createContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	op := "create container " + s.Name
	cli, err := b.api(ctx)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	var proxyWarnings []string
	if s.ClientProxies {
		if s.Env, proxyWarnings, err = withProxies(s.Env, configFile(), b.endpoint.URI); err != nil {
			return backend.Container{}, wrap(op, err)
		}
	}
	f, err := b.facts(ctx, s)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	platform, err := platformOf(s.Platform)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	request, warnings, err := containerConfig(s, f)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	if err := b.requireNetwork(ctx, cli, s.Network); err != nil {
		return backend.Container{}, wrap(op, err)
	}
	toolWarnings, err := b.applyTools(ctx, cli, &request, s)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	warnings = slices.Concat(warnings, toolWarnings, proxyWarnings)
	var answer container.CreateResponse
	err = awaitName(ctx, cli, s.Name, func() error {
		answer, err = cli.ContainerCreate(ctx, request.Config, request.HostConfig, request.NetworkingConfig, platform, s.Name)
		return wrap(op, err)
	})
	if err != nil {
		if hasLayers(request) {
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
			defer cancel()
			err = errors.Join(err, b.removeLayers(clean, cli))
		}
		return backend.Container{}, err
	}
	if !hasLayers(request) {
		b.bare.Add(answer.ID)
	}
	return backend.Container{
		ID: answer.ID, Name: s.Name, State: backend.StateCreated, Labels: s.Labels,
		Warnings: append(warnings, answer.Warnings...),
	}, nil
}

// awaitName creates a container, and again while its name is taken by one that cannot be
// seen. Docker takes the name first and shows the container when it is made, so that is one
// which another process, or one that was killed since, has asked for. An error that says
// that the name is taken is about a container that there is.
func awaitName(ctx context.Context, cli *client.Client, name string, create func() error) (err error) {
	soon, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	_ = engine.Poll(soon, func(context.Context) (done bool, _ error) { // what ends it is err
		if err = create(); !errors.Is(err, backend.ErrConflict) {
			return true, nil
		}
		_, unseen := cli.ContainerInspect(ctx, name)
		return !errors.Is(wrap("container "+name, unseen), backend.ErrNotFound), nil
	})
	return err
}

// requireNetwork looks for the network or container that a new container is to be
// attached to, since Docker notices only at the start that there is none. What
// EnsureNetwork has seen is not looked for again. A fixed address needs a subnet
// that a person chose, which the networks that EnsureNetwork makes do not have.
func (b *Backend) requireNetwork(ctx context.Context, cli *client.Client, n backend.NetworkAttachment) error {
	switch n.Mode {
	case backend.NetworkNamed:
		if n.IPv4 == "" {
			return nil // the start finds out, and a look beforehand is a request for each container
		}
		found, err := b.inspectNetwork(ctx, cli, n.Name)
		if err == nil && n.IPv4 != "" && isOurs(found.Labels) {
			err = unsupported(facts{engine: b.engineName()}, "a fixed IPv4 address on a network whose subnet the engine chose",
				"Make a network with docker network create --subnet 10.5.0.0/24 NAME, and name it in network_mode.")
		}
		return err
	case backend.NetworkContainer:
		_, err := cli.ContainerInspect(ctx, n.Name)
		return err
	}
	return nil
}

// isOurs tells whether galley has made what carries labels.
func isOurs(labels backend.Labels) bool {
	for name := range labels {
		if strings.HasPrefix(name, engine.LabelPrefix) {
			return true
		}
	}
	return false
}

// StartContainer starts a container, by POST /containers/{id}/start.
func (b *Backend) StartContainer(ctx context.Context, id string) error {
	op := "start container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return wrap(op, err)
	}
	return wrap(op, cli.ContainerStart(ctx, id, container.StartOptions{}))
}

// InspectContainer finds a container, by GET /containers/{id}/json.
func (b *Backend) InspectContainer(ctx context.Context, idOrName string) (backend.Container, error) {
	op := "container " + idOrName
	cli, err := b.api(ctx)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	answer, err := cli.ContainerInspect(ctx, idOrName)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	return b.noteBare(containerFrom(answer)), nil
}

// noteBare remembers of a container that it has no private tools, so that its removal
// need not look for what they leave.
func (b *Backend) noteBare(c backend.Container) backend.Container {
	if !slices.ContainsFunc(c.Volumes, func(name string) bool { return strings.HasPrefix(name, layerPrefix) }) {
		b.bare.Add(c.ID)
	}
	return c
}

// containerFrom translates the answer of an inspection.
func containerFrom(answer container.InspectResponse) backend.Container {
	c := backend.Container{Volumes: volumesOf(answer.Mounts)}
	if base := answer.ContainerJSONBase; base != nil {
		c.ID, c.Name, c.ImageID = base.ID, strings.TrimPrefix(base.Name, "/"), base.Image
		if base.State != nil {
			c.State, c.ExitCode = stateFrom(base.State.Status), base.State.ExitCode
		}
	}
	if answer.Config != nil {
		c.Labels = answer.Config.Labels
	}
	if settings := answer.NetworkSettings; settings != nil {
		c.Ports = portsFrom(settings.Ports)
		c.IPAddress = addressOf(settings.Networks)
	}
	return c
}

// stateFrom says a container's state in the interface's words.
func stateFrom(state string) backend.State {
	switch state {
	case "created":
		return backend.StateCreated
	case "running", "restarting":
		return backend.StateRunning
	case "paused":
		return backend.StatePaused
	case "removing", "dead":
		return backend.StateRemoving
	}
	return backend.StateExited
}

// volumesOf are the names of the volumes among mounts.
func volumesOf(mounts []container.MountPoint) []string {
	var names []string
	for _, m := range mounts {
		if m.Type == mount.TypeVolume {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

// The addresses by which Docker says "all".
const (
	allIPv4 = "0.0.0.0"
	allIPv6 = "::"
)

// portsFrom are the ports that are bound, in the order of their numbers.
func portsFrom(bound nat.PortMap) []backend.PortMapping {
	var ports []backend.PortMapping
	for port, bindings := range bound {
		for _, binding := range bindings {
			hostPort, err := strconv.Atoi(binding.HostPort)
			if err != nil {
				// Not bound yet: the container does not run.
				continue
			}
			ports = append(ports, backend.PortMapping{
				HostIP: binding.HostIP, HostPort: hostPort, ContainerPort: port.Int(), Protocol: port.Proto(),
			})
		}
	}
	return tidyPorts(ports)
}

// tidyPorts sorts ports, and leaves of a port that is bound to all addresses one
// entry, where Docker has one for each version of IP.
func tidyPorts(ports []backend.PortMapping) []backend.PortMapping {
	onAllIPv4 := map[backend.PortMapping]bool{}
	inside := func(p backend.PortMapping) backend.PortMapping {
		return backend.PortMapping{ContainerPort: p.ContainerPort, Protocol: p.Protocol}
	}
	for i, p := range ports {
		if p.HostIP == allIPv4 {
			ports[i].HostIP = ""
			onAllIPv4[inside(p)] = true
		}
	}
	ports = slices.DeleteFunc(ports, func(p backend.PortMapping) bool { return p.HostIP == allIPv6 && onAllIPv4[inside(p)] })
	slices.SortFunc(ports, comparePorts)
	return ports
}

func comparePorts(a, b backend.PortMapping) int {
	return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.Protocol, b.Protocol),
		cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
}

// addressOf is the address on the first network, by name, that gave one.
func addressOf(networks map[string]*network.EndpointSettings) string {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if e := networks[name]; e != nil && e.IPAddress != "" {
			return e.IPAddress
		}
	}
	return ""
}

// ListContainers returns the containers with labels, by GET /containers/json.
func (b *Backend) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	const op = "list containers"
	cli, err := b.api(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	answer, err := cli.ContainerList(ctx, container.ListOptions{All: true, Filters: labelFilter(labels)})
	if err != nil {
		return nil, wrap(op, err)
	}
	containers := make([]backend.Container, 0, len(answer))
	for _, c := range answer {
		containers = append(containers, b.noteBare(containerFromList(c)))
	}
	return containers, nil
}

// containerFromList translates an entry of a list.
func containerFromList(entry container.Summary) backend.Container {
	c := backend.Container{
		ID: entry.ID, Name: nameOf(entry.Names), ImageID: entry.ImageID,
		State: stateFrom(entry.State), Labels: entry.Labels, Volumes: volumesOf(entry.Mounts),
	}
	if entry.NetworkSettings != nil {
		c.IPAddress = addressOf(entry.NetworkSettings.Networks)
	}
	for _, p := range entry.Ports {
		if p.PublicPort == 0 {
			// Only exposed.
			continue
		}
		c.Ports = append(c.Ports, backend.PortMapping{
			HostIP: p.IP, HostPort: int(p.PublicPort), ContainerPort: int(p.PrivatePort), Protocol: p.Type,
		})
	}
	c.Ports = tidyPorts(c.Ports)
	return c
}

// nameOf is the container's own name: a link gives it further ones, which have
// the other container's name before them.
func nameOf(names []string) string {
	for _, name := range names {
		if own := strings.TrimPrefix(name, "/"); !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}

// WaitContainer blocks until a container has stopped, by POST
// /containers/{id}/wait.
func (b *Backend) WaitContainer(ctx context.Context, id string) (int, error) {
	op := "wait for container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return 0, wrap(op, err)
	}
	answers, failures := cli.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case answer := <-answers:
		if answer.Error != nil && answer.Error.Message != "" {
			return 0, wrap(op, &engine.StreamError{Message: answer.Error.Message})
		}
		return int(answer.StatusCode), nil
	case err := <-failures:
		return 0, wrap(op, err)
	}
}

// StopContainer stops a container, by POST /containers/{id}/stop.
func (b *Backend) StopContainer(ctx context.Context, id string, grace time.Duration) error {
	op := "stop container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return wrap(op, err)
	}
	seconds := int(math.Ceil(grace.Seconds()))
	return wrap(op, cli.ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds}))
}

// RemoveContainer kills and removes a container with its anonymous volumes, by
// DELETE /containers/{id}, and then the volumes of its private tools.
func (b *Backend) RemoveContainer(ctx context.Context, id string) error {
	op := "remove container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return wrap(op, err)
	}
	err = wrap(op, cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	// The only conflict that force leaves is a removal that is under way.
	if errors.Is(err, backend.ErrConflict) {
		err = b.awaitRemoval(ctx, cli, id, err)
	}
	if err != nil && !errors.Is(err, backend.ErrNotFound) {
		return err
	}
	if b.bare.Has(id) {
		return nil
	}
	return b.removeLayers(ctx, cli)
}

// removalTime bounds how long somebody else's removal of a container is waited for.
const removalTime = 30 * time.Second

// awaitRemoval waits for the end of a removal that is under way, since until then
// the container has its name and its ports. One that does not end is the conflict.
func (b *Backend) awaitRemoval(ctx context.Context, cli *client.Client, id string, conflict error) error {
	soon, cancel := context.WithTimeout(ctx, removalTime)
	defer cancel()
	err := engine.Poll(soon, func(ctx context.Context) (gone bool, err error) {
		_, err = cli.ContainerInspect(ctx, id)
		err = wrap("container "+id, err)
		return errors.Is(err, backend.ErrNotFound), err
	})
	if soon.Err() != nil && ctx.Err() == nil && !errors.Is(err, backend.ErrNotFound) {
		return conflict
	}
	return err
}
