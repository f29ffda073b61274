package docker

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
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
	fail := func(err error) (backend.Container, error) { return backend.Container{}, wrap(op, err) }
	var proxyWarnings []string
	var err error
	if s.ClientProxies {
		if s.Env, proxyWarnings, err = withProxies(s.Env, configFile(), b.endpoint.URI); err != nil {
			return fail(err)
		}
	}
	f, err := b.facts(ctx, s)
	if err != nil {
		return fail(err)
	}
	platform, err := engine.ParsePlatform(s.Platform)
	if err != nil {
		return fail(err)
	}
	request, warnings, err := containerConfig(s, f)
	if err != nil {
		return fail(err)
	}
	if err := b.requireNetwork(ctx, s.Network); err != nil {
		return fail(err)
	}
	toolWarnings, err := b.applyTools(ctx, &request, s)
	if err != nil {
		return fail(err)
	}
	var answer container.CreateResponse
	err = b.awaitName(ctx, s.Name, func() error {
		answer, err = b.client.ContainerCreate(ctx, request.Config, request.HostConfig, request.NetworkingConfig, platform,
			s.Name)
		return wrap(op, err)
	})
	switch {
	case err == nil && !hasLayers(request):
		b.bare.Store(answer.ID, true)
	case err != nil && hasLayers(request):
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
		defer cancel()
		return backend.Container{}, errors.Join(err, b.removeLayers(clean))
	case err != nil:
		return backend.Container{}, err
	}
	endpoints := request.NetworkingConfig.EndpointsConfig
	if err := b.joinNetworks(ctx, answer.ID, s.Networks, endpoints); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
		defer cancel()
		return backend.Container{}, errors.Join(wrap(op, err), b.RemoveContainer(clean, answer.ID))
	}
	b.attached.Store(answer.ID, endpoints)
	return backend.Container{
		ID: answer.ID, Name: s.Name, State: backend.StateCreated, Labels: s.Labels,
		Warnings: slices.Concat(warnings, toolWarnings, proxyWarnings, answer.Warnings),
	}, nil
}

// joinNetworks attaches a new container to further networks, by POST /networks/{name}/connect, and adds them to
// endpoints. Before version 1.44 of the API a container could be created on one network only.
func (b *Backend) joinNetworks(ctx context.Context, id string, further []backend.NetworkAttachment,
	endpoints map[string]*network.EndpointSettings) error {
	for _, n := range further {
		endpoint := &network.EndpointSettings{Aliases: n.Aliases}
		if n.IPv4 != "" {
			endpoint.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.IPv4}
		}
		if err := b.client.NetworkConnect(ctx, n.Name, id, endpoint); err != nil {
			return err
		}
		endpoints[n.Name] = endpoint
	}
	return nil
}

// awaitName creates a container, and waits for a name that is taken by one that cannot be seen.
func (b *Backend) awaitName(ctx context.Context, name string, create func() error) error {
	return engine.AwaitName(ctx, awaitTimeout, create, func(conflict error) error {
		if !engine.Says(conflict, nameTaken) {
			return conflict
		}
		_, err := b.client.ContainerInspect(ctx, name)
		return wrap("container "+name, err)
	})
}

// requireNetwork looks for the network or container that a new container is to be attached to, since Docker notices
// only at the start that there is none; for a network without a fixed address that will do, and saves a request. Such
// an address needs a subnet that a person chose, which the networks that EnsureNetwork makes do not have.
func (b *Backend) requireNetwork(ctx context.Context, n backend.NetworkAttachment) (err error) {
	switch {
	case n.Mode == spec.NetworkNamed && n.IPv4 != "":
		var found backend.Network
		found, err = b.inspectNetwork(ctx, n.Name)
		if err == nil && isOurs(found.Labels) {
			err = backend.Unsupported(b.engineName(), "a fixed IPv4 address on a network whose subnet the engine chose",
				remedySubnet)
		}
	case n.Mode == spec.NetworkContainer:
		_, err = b.client.ContainerInspect(ctx, n.Name)
	}
	return err
}

// isOurs reports whether galley has made what carries labels.
func isOurs(labels backend.Labels) bool {
	for name := range labels {
		if strings.HasPrefix(name, engine.LabelPrefix) {
			return true
		}
	}
	return false
}

// StartContainer starts a container, by POST /containers/{id}/start. Docker 29 takes one whose port is taken off its
// network for good, and would start it without one the next time: it is put back.
func (b *Backend) StartContainer(ctx context.Context, id string) error {
	op := "start container " + id
	err := wrap(op, b.client.ContainerStart(ctx, id, container.StartOptions{}))
	if errors.Is(err, backend.ErrPortTaken) {
		err = errors.Join(err, wrap(op, b.reattach(ctx, id)))
	}
	return err
}

// reattach attaches a container that is on no network to those that it was on when it was made or last seen at rest.
func (b *Backend) reattach(ctx context.Context, id string) error {
	seen, _ := b.attached.Load(id)
	networks, _ := seen.(map[string]*network.EndpointSettings)
	if len(networks) == 0 {
		return nil
	}
	answer, err := b.client.ContainerInspect(ctx, id)
	if err != nil || answer.NetworkSettings == nil || len(answer.NetworkSettings.Networks) > 0 {
		return err
	}
	for name, e := range networks {
		err = errors.Join(err, b.client.NetworkConnect(ctx, name, id, &network.EndpointSettings{IPAMConfig: e.IPAMConfig,
			Links: e.Links, Aliases: e.Aliases, MacAddress: e.MacAddress}))
	}
	return err
}

// InspectContainer finds a container, by GET /containers/{id}/json.
func (b *Backend) InspectContainer(ctx context.Context, idOrName string) (backend.Container, error) {
	op := "container " + idOrName
	answer, err := b.client.ContainerInspect(ctx, idOrName)
	if err != nil {
		return backend.Container{}, wrap(op, err)
	}
	c := containerFrom(answer)
	b.noteBare(c.ID, answer.Mounts)
	if c.State != backend.StateRunning && answer.NetworkSettings != nil && len(answer.NetworkSettings.Networks) > 0 {
		b.attached.Store(c.ID, answer.NetworkSettings.Networks)
	}
	return c, nil
}

// noteBare remembers of a container that it has no private tools, so that its removal
// need not look for what they leave.
func (b *Backend) noteBare(id string, mounts []container.MountPoint) {
	if !slices.ContainsFunc(mounts, func(m container.MountPoint) bool { return strings.HasPrefix(m.Name, layerPrefix) }) {
		b.bare.Store(id, true)
	}
}

// containerFrom translates the answer of an inspection.
func containerFrom(answer container.InspectResponse) backend.Container {
	var c backend.Container
	if base := answer.ContainerJSONBase; base != nil {
		c.ID, c.Name, c.ImageID = base.ID, strings.TrimPrefix(base.Name, "/"), base.Image
		if base.State != nil {
			c.State, c.ExitCode = stateFrom(base.State.Status), base.State.ExitCode
		}
	}
	if answer.Config != nil {
		c.Labels = answer.Config.Labels
	}
	if s := answer.NetworkSettings; s != nil {
		c.Addresses, c.Ports = map[string]string{}, map[string]int{}
		for name, n := range s.Networks {
			c.Addresses[name] = cmp.Or(n.IPAddress, n.GlobalIPv6Address)
		}
		for name, ends := range s.Ports {
			for _, end := range ends { // Docker 20.10 gives IPv6 a port of its own, and names the two in any order
				if c.Ports[string(name)] == 0 || !strings.Contains(end.HostIP, ":") {
					c.Ports[string(name)], _ = strconv.Atoi(end.HostPort) // engines write numbers
				}
			}
		}
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

// ListContainers returns the containers with labels, by GET /containers/json.
func (b *Backend) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	answer, err := b.client.ContainerList(ctx, container.ListOptions{All: true, Filters: labelFilter(labels)})
	return engine.TranslateList(answer, wrap("list containers", err), func(c container.Summary) backend.Container {
		b.noteBare(c.ID, c.Mounts)
		return backend.Container{ID: c.ID, Name: nameOf(c.Names), ImageID: c.ImageID, State: stateFrom(c.State),
			Labels: c.Labels, Created: time.Unix(c.Created, 0)}
	})
}

// nameOf is the container's own name: a link gives it further ones, which have the other container's name before them.
func nameOf(names []string) string {
	for _, name := range names {
		if own := strings.TrimPrefix(name, "/"); !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}

// WaitContainer blocks until a container has stopped, by POST /containers/{id}/wait.
func (b *Backend) WaitContainer(ctx context.Context, id string) (int, error) {
	op := "wait for container " + id
	answers, failures := b.client.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case answer := <-answers:
		if answer.Error != nil && answer.Error.Message != "" {
			return 0, wrap(op, &engine.StatusError{Message: answer.Error.Message})
		}
		return int(answer.StatusCode), nil
	case err := <-failures:
		return 0, wrap(op, err)
	}
}

// StopContainer ends PID 1, by POST /containers/{id}/stop.
func (b *Backend) StopContainer(ctx context.Context, id string, grace time.Duration) error {
	seconds := int(math.Ceil(grace.Seconds()))
	return wrap("stop container "+id, b.client.ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds}))
}

// PauseContainer freezes a container, by POST /containers/{id}/pause.
func (b *Backend) PauseContainer(ctx context.Context, id string) error {
	return wrap("pause container "+id, b.client.ContainerPause(ctx, id))
}

// UnpauseContainer lets a container go on, by POST /containers/{id}/unpause, which refuses one that is not paused.
func (b *Backend) UnpauseContainer(ctx context.Context, id string) error {
	c, err := b.InspectContainer(ctx, id)
	if err != nil || c.State != backend.StatePaused {
		return err
	}
	return wrap("unpause container "+id, b.client.ContainerUnpause(ctx, id))
}

// RemoveContainer kills and removes a container with its anonymous volumes, by
// DELETE /containers/{id}, and then the volumes of its private tools.
func (b *Backend) RemoveContainer(ctx context.Context, id string) error {
	op := "remove container " + id
	err := wrap(op, b.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	// The only conflict that force leaves is a removal that is under way.
	if errors.Is(err, backend.ErrConflict) {
		err = b.awaitRemoval(ctx, id, err)
	}
	if err = engine.UnlessGone(err); err != nil {
		return err
	}
	if _, bare := b.bare.Load(id); bare {
		return nil
	}
	return b.removeLayers(ctx)
}

// removalTime bounds how long another caller's removal of a container is waited for.
const removalTime = 30 * time.Second

// awaitRemoval waits for the end of a removal that is under way, since until then
// the container has its name and its ports. One that does not end is the conflict.
func (b *Backend) awaitRemoval(ctx context.Context, id string, conflict error) error {
	soon, cancel := context.WithTimeout(ctx, removalTime)
	defer cancel()
	err := engine.Poll(soon, func(ctx context.Context) (gone bool, err error) {
		_, err = b.client.ContainerInspect(ctx, id)
		err = wrap("container "+id, err)
		return errors.Is(err, backend.ErrNotFound), err
	})
	if soon.Err() != nil && ctx.Err() == nil && !errors.Is(err, backend.ErrNotFound) {
		return conflict
	}
	return err
}
