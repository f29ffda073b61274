// Package observed tells how long each call to an engine takes, whichever engine it is.
package observed

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/timing"
)

// Backend returns an engine whose calls are told to the recorders of their contexts (package timing). They are told by
// name, with the image, container or path that they are about: never with commands, environments or credentials.
func Backend(be backend.ContainerBackend) backend.ContainerBackend { return observed{be} }

type observed struct{ backend.ContainerBackend }

// call tells of a call that has a result.
func call[T any](ctx context.Context, name, detail string, do func() (T, error)) (T, error) {
	end := timing.Start(ctx, timing.Engine, name, backend.ShortIDs(detail))
	v, err := do()
	end(err)
	return v, err
}

// run tells of a call that has none.
func run(ctx context.Context, name, detail string, do func() error) error {
	end := timing.Start(ctx, timing.Engine, name, backend.ShortIDs(detail))
	err := do()
	end(err)
	return err
}

// stream is what a call returns that goes on until its end was read.
type stream struct {
	io.ReadCloser
	end func()
}

func (s stream) Close() error {
	err := s.ReadCloser.Close()
	s.end()
	return err
}

// streaming tells of a call when its stream is closed.
func streaming(ctx context.Context, name, detail string, do func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	end := timing.Start(ctx, timing.Engine, name, backend.ShortIDs(detail))
	r, err := do()
	if err != nil {
		end(err)
		return nil, err
	}
	return stream{r, sync.OnceFunc(func() { end(nil) })}, nil
}

func (o observed) Info(ctx context.Context) (backend.Info, error) {
	return call(ctx, "Info", "", func() (backend.Info, error) { return o.ContainerBackend.Info(ctx) })
}

func (o observed) RemapsUsers(ctx context.Context) (bool, error) {
	return call(ctx, "RemapsUsers", "", func() (bool, error) { return o.ContainerBackend.RemapsUsers(ctx) })
}

func (o observed) InspectImage(ctx context.Context, ref string) (backend.Image, error) {
	return call(ctx, "InspectImage", ref,
		func() (backend.Image, error) { return o.ContainerBackend.InspectImage(ctx, ref) })
}

func (o observed) PullImage(ctx context.Context, p backend.PullOptions) (backend.Image, error) {
	return call(ctx, "PullImage", p.Ref, func() (backend.Image, error) { return o.ContainerBackend.PullImage(ctx, p) })
}

func (o observed) BuildImage(ctx context.Context, b backend.BuildOptions) (backend.Image, error) {
	return call(ctx, "BuildImage", b.Tag, func() (backend.Image, error) { return o.ContainerBackend.BuildImage(ctx, b) })
}

func (o observed) ListImages(ctx context.Context, labels backend.Labels) ([]backend.Image, error) {
	return call(ctx, "ListImages", "",
		func() ([]backend.Image, error) { return o.ContainerBackend.ListImages(ctx, labels) })
}

func (o observed) RemoveImage(ctx context.Context, ref string) error {
	return run(ctx, "RemoveImage", ref, func() error { return o.ContainerBackend.RemoveImage(ctx, ref) })
}

func (o observed) SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error) {
	return streaming(ctx, "SaveImages", "", func() (io.ReadCloser, error) {
		return o.ContainerBackend.SaveImages(ctx, refs...)
	})
}

func (o observed) LoadImage(ctx context.Context, tar io.Reader) (backend.Image, error) {
	return call(ctx, "LoadImage", "", func() (backend.Image, error) { return o.ContainerBackend.LoadImage(ctx, tar) })
}

func (o observed) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	return call(ctx, "CreateContainer", s.Name, func() (backend.Container, error) {
		return o.ContainerBackend.CreateContainer(ctx, s)
	})
}

func (o observed) StartContainer(ctx context.Context, id string) error {
	return run(ctx, "StartContainer", id, func() error { return o.ContainerBackend.StartContainer(ctx, id) })
}

func (o observed) InspectContainer(ctx context.Context, idOrName string) (backend.Container, error) {
	return call(ctx, "InspectContainer", idOrName, func() (backend.Container, error) {
		return o.ContainerBackend.InspectContainer(ctx, idOrName)
	})
}

func (o observed) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	return call(ctx, "ListContainers", "", func() ([]backend.Container, error) {
		return o.ContainerBackend.ListContainers(ctx, labels)
	})
}

// Exec is the time of the command that runs, and not of the engine.
func (o observed) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	end := timing.Start(ctx, timing.Command, "Exec", backend.ShortIDs(id))
	code, err := o.ContainerBackend.Exec(ctx, id, e)
	end(err)
	return code, err
}

func (o observed) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	return run(ctx, "CopyTo", id+" "+dir, func() error { return o.ContainerBackend.CopyTo(ctx, id, dir, tar) })
}

func (o observed) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	return streaming(ctx, "CopyFrom", id+" "+path, func() (io.ReadCloser, error) {
		return o.ContainerBackend.CopyFrom(ctx, id, path)
	})
}

func (o observed) ContainerChanges(ctx context.Context, id string) ([]backend.Change, error) {
	return call(ctx, "ContainerChanges", id, func() ([]backend.Change, error) {
		return o.ContainerBackend.ContainerChanges(ctx, id)
	})
}

func (o observed) CommitContainer(ctx context.Context, id string, c backend.CommitOptions) (backend.Image, error) {
	return call(ctx, "CommitContainer", id, func() (backend.Image, error) {
		return o.ContainerBackend.CommitContainer(ctx, id, c)
	})
}

func (o observed) ContainerLogs(ctx context.Context, id string, l backend.LogOptions) error {
	return run(ctx, "ContainerLogs", id, func() error { return o.ContainerBackend.ContainerLogs(ctx, id, l) })
}

// WaitContainer is the time of the command that is waited for, and not of the engine.
func (o observed) WaitContainer(ctx context.Context, id string) (int, error) {
	end := timing.Start(ctx, timing.Command, "WaitContainer", backend.ShortIDs(id))
	code, err := o.ContainerBackend.WaitContainer(ctx, id)
	end(err)
	return code, err
}

func (o observed) StopContainer(ctx context.Context, id string, grace time.Duration) error {
	return run(ctx, "StopContainer", id, func() error { return o.ContainerBackend.StopContainer(ctx, id, grace) })
}

func (o observed) PauseContainer(ctx context.Context, id string) error {
	return run(ctx, "PauseContainer", id, func() error { return o.ContainerBackend.PauseContainer(ctx, id) })
}

func (o observed) UnpauseContainer(ctx context.Context, id string) error {
	return run(ctx, "UnpauseContainer", id, func() error { return o.ContainerBackend.UnpauseContainer(ctx, id) })
}

func (o observed) RemoveContainer(ctx context.Context, id string) error {
	return run(ctx, "RemoveContainer", id, func() error { return o.ContainerBackend.RemoveContainer(ctx, id) })
}

func (o observed) EnsureNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	return call(ctx, "EnsureNetwork", s.Name, func() (backend.Network, error) {
		return o.ContainerBackend.EnsureNetwork(ctx, s)
	})
}

func (o observed) ListNetworks(ctx context.Context, labels backend.Labels) ([]backend.Network, error) {
	return call(ctx, "ListNetworks", "", func() ([]backend.Network, error) {
		return o.ContainerBackend.ListNetworks(ctx, labels)
	})
}

func (o observed) RemoveNetwork(ctx context.Context, name string) error {
	return run(ctx, "RemoveNetwork", name, func() error { return o.ContainerBackend.RemoveNetwork(ctx, name) })
}
