package podman

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/containers/podman/v4/libpod/define"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// CreateContainer makes a container by POST /containers/create. A tool that vanished
// between the look for it and the creation is made again.
func (b *Backend) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	c, err := b.createContainer(ctx, s)
	if len(s.Tools) > 0 && errors.Is(err, backend.ErrNotFound) {
		c, err = b.createContainer(ctx, s)
	}
	return c, err
}

func (b *Backend) createContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	f, err := b.facts(ctx, s)
	if err != nil {
		return backend.Container{}, err
	}
	config, warnings, err := containerConfig(s, f)
	if err != nil {
		return backend.Container{}, err
	}
	if err := b.applyTools(ctx, &config, s); err != nil {
		return backend.Container{}, err
	}
	answer, err := b.create(ctx, config)
	if err != nil {
		return backend.Container{}, err
	}
	return backend.Container{
		ID: answer.ID, Name: s.Name, State: backend.StateCreated, Labels: s.Labels,
		Warnings: append(warnings, answer.Warnings...),
	}, nil
}

// creation is the answer of a request that makes something.
type creation struct {
	ID       string `json:"Id"`
	Warnings []string
}

// awaitTimeout bounds how long a name is waited for that is taken by a container which is not there yet, or no more.
const awaitTimeout = 5 * time.Second

// create sends a creation. Podman goes on with that of a client which was killed, and its storage has the name
// meanwhile.
func (b *Backend) create(ctx context.Context, config createConfig) (answer creation, err error) {
	r := request{op: "create container " + config.Name, path: "POST /containers/create", json: config}
	send := func() error { return b.call(ctx, r, &answer) }
	err = engine.AwaitName(ctx, awaitTimeout, send, func(conflict error) error {
		if !engine.Says(conflict, nameTaken()...) {
			return conflict
		}
		_, err := b.inspectContainer(ctx, config.Name)
		return err
	})
	return answer, err
}

// facts is what the translation of a specification depends on besides itself. It asks the engine for no more than this
// specification needs, which mostly is nothing.
func (b *Backend) facts(ctx context.Context, s backend.ContainerSpec) (facts, error) {
	f := facts{linked: map[string]string{}}
	if needsMeasure(s) {
		m, err := b.measure(ctx)
		if err != nil {
			return facts{}, err
		}
		f.measured = m
	}
	if needsVersion(s) {
		v, err := b.engineVersion(ctx)
		if err != nil {
			return facts{}, err
		}
		f.version = v
	}
	if needsImageUser(s) {
		image, err := b.inspectImage(ctx, s.Image)
		if err != nil {
			return facts{}, err
		}
		f.imageUser = image.Config.User
	}
	for _, name := range linkedContainers(s) {
		c, err := b.inspectContainer(ctx, name)
		if err != nil {
			return facts{}, err
		}
		f.linked[name] = addressOf(c)
	}
	return f, nil
}

// startTries is how often a start is tried that another container's end gets in the way of.
const startTries = 8

// StartContainer starts a container by POST /containers/{id}/start, which answers 304 for one that runs. Podman mounts
// a tool's image at each start and unmounts it at each end, and the end of one container can take the mount away from
// another that is about to start. Nothing has been started then, and the next try goes well.
func (b *Backend) StartContainer(ctx context.Context, id string) error {
	tries := 0
	return engine.Poll(ctx, func(ctx context.Context) (done bool, err error) {
		err = b.call(ctx, request{op: "start container " + id, path: "POST /containers/%s/start", arg: id}, nil)
		if tries++; isImageUnmounted(err) && tries < startTries {
			return false, nil
		}
		var told *backend.Error
		if isImageUnmounted(err) && errors.As(err, &told) { // that often it is no accident
			told.Remedy = remedyPart
		}
		return true, err
	})
}

// containerAnswer is what galley reads of an inspected container.
type containerAnswer struct {
	ID    string `json:"Id"`
	Name  string
	Image string
	State struct {
		Status   string
		ExitCode int
	}
	Config struct {
		Labels map[string]string
	}
	Mounts          []mountPoint
	NetworkSettings struct {
		endpointAnswer
		Networks map[string]endpointAnswer
		Ports    map[string][]struct{ HostPort string }
	}
}

type mountPoint struct {
	Type string
	Name string
	// Source and Destination are paths on the engine's host and in the container.
	Source, Destination string
}

type endpointAnswer struct {
	IPAddress         string
	GlobalIPv6Address string
}

// InspectContainer finds a container, by GET /containers/{name}/json.
func (b *Backend) InspectContainer(ctx context.Context, idOrName string) (backend.Container, error) {
	answer, err := b.inspectContainer(ctx, idOrName)
	if err != nil {
		return backend.Container{}, err
	}
	c := backend.Container{
		ID: answer.ID, Name: answer.Name, ImageID: imageID(answer.Image),
		State: stateFrom(answer.State.Status), ExitCode: answer.State.ExitCode, Labels: answer.Config.Labels,
		Addresses: map[string]string{}, Ports: map[string]int{},
	}
	for name, n := range answer.NetworkSettings.Networks {
		c.Addresses[name] = n.address()
	}
	for name, ends := range answer.NetworkSettings.Ports {
		for _, end := range ends {
			c.Ports[name], _ = strconv.Atoi(end.HostPort) // engines write numbers
		}
	}
	return c, nil
}

func (b *Backend) inspectContainer(ctx context.Context, idOrName string) (answer containerAnswer, err error) {
	err = b.call(ctx, request{op: "container " + idOrName, path: "GET /containers/%s/json", arg: idOrName}, &answer)
	return answer, err
}

// stateFrom says a container's state in the interface's words.
func stateFrom(status string) backend.State {
	switch status {
	case define.ContainerStateRunning.String(), define.ContainerStateStopping.String():
		return backend.StateRunning
	case define.ContainerStatePaused.String():
		return backend.StatePaused
	case define.ContainerStateExited.String(), define.ContainerStateStopped.String():
		return backend.StateExited
	case define.ContainerStateRemoving.String():
		return backend.StateRemoving
	default: // configured, initialized, created
		return backend.StateCreated
	}
}

// addressOf is a container's address on the first network, by name, that gave one.
// Podman's own network is told in another place.
func addressOf(c containerAnswer) string {
	networks := c.NetworkSettings.Networks
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if address := networks[name].address(); address != "" {
			return address
		}
	}
	return c.NetworkSettings.address()
}

func (e endpointAnswer) address() string { return cmp.Or(e.IPAddress, e.GlobalIPv6Address) }

// listedContainer is what galley reads of a container in a list.
type listedContainer struct {
	ID       string `json:"Id"`
	Names    []string
	ImageID  string
	State    string
	ExitCode int
	Labels   map[string]string
	Created  time.Time
}

// ListContainers returns the containers with labels, by GET /containers/json.
func (b *Backend) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	var answer []listedContainer
	err := b.list(ctx, request{op: "list containers", path: "GET /containers/json", query: url.Values{"all": {"true"}},
		filters: labelFilters(labels)}, &answer)
	answer = slices.DeleteFunc(answer, func(c listedContainer) bool { return !labels.Matches(c.Labels) })
	return engine.TranslateList(answer, err, func(c listedContainer) backend.Container {
		one := backend.Container{ID: c.ID, ImageID: imageID(c.ImageID), State: stateFrom(c.State), ExitCode: c.ExitCode,
			Labels: c.Labels, Created: c.Created}
		if len(c.Names) > 0 {
			one.Name = c.Names[0]
		}
		return one
	})
}

// StopContainer ends PID 1, by POST /containers/{id}/stop, which answers 304 for one that does not run.
func (b *Backend) StopContainer(ctx context.Context, id string, grace time.Duration) error {
	return b.call(ctx, request{op: "stop container " + id, path: "POST /containers/%s/stop", arg: id,
		query: url.Values{"timeout": {strconv.Itoa(int(math.Ceil(grace.Seconds())))}, "ignore": {"true"}}}, nil)
}

// PauseContainer freezes a container, by POST /containers/{id}/pause. A rootless user may do that on cgroup v2 only.
func (b *Backend) PauseContainer(ctx context.Context, id string) error {
	m, err := b.measure(ctx)
	if err != nil {
		return err
	}
	if m.rootless && m.CgroupVersion < 2 {
		return unsupported(facts{measured: m}, "to pause containers, as it is rootless on cgroup v1",
			"Boot the engine's host with cgroup v2, or use a rootful Podman.")
	}
	return b.call(ctx, request{op: "pause container " + id, path: "POST /containers/%s/pause", arg: id}, nil)
}

// UnpauseContainer lets a container go on, by POST /containers/{id}/unpause, which refuses one that is not paused.
func (b *Backend) UnpauseContainer(ctx context.Context, id string) error {
	c, err := b.InspectContainer(ctx, id)
	if err != nil || c.State != backend.StatePaused {
		return err
	}
	return b.call(ctx, request{op: "unpause container " + id, path: "POST /containers/%s/unpause", arg: id}, nil)
}

// waitInterval is how often the server looks whether a container has stopped; its own choice is a quarter of a second.
const waitInterval = "50ms"

// WaitContainer waits by POST /containers/{id}/wait, which answers with the exit code alone.
func (b *Backend) WaitContainer(ctx context.Context, id string) (int, error) {
	query := url.Values{
		"condition": {define.ContainerStateStopped.String(), define.ContainerStateExited.String()},
		"interval":  {waitInterval},
	}
	var code int
	err := b.call(ctx, request{
		op: "wait for container " + id, path: "POST /containers/%s/wait", arg: id, query: query,
	}, &code)
	return code, err
}

// RemoveContainer removes a container by DELETE /containers/{id}. Without a timeout of 0 Podman waits ten seconds for
// PID 1, and the parameter for the volumes is "volumes", whatever the API's description says.
func (b *Backend) RemoveContainer(ctx context.Context, id string) error {
	return engine.UnlessGone(b.call(ctx, request{
		op: "remove container " + id, path: "DELETE /containers/%s", arg: id,
		query: url.Values{"force": {"true"}, "timeout": {"0"}, "volumes": {"true"}, "ignore": {"true"}},
	}, nil))
}
