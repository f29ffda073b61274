package fake

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// container is a container of the fake, which guards it with its lock.
type container struct {
	id, name, imageID string
	spec              backend.ContainerSpec
	argv              []string // of PID 1
	mounts            []mount  // the later ones cover the earlier ones
	state             backend.State
	exitCode          int
	created           time.Time
	number            int // how many there were when it was made, with itself
	// life ends with PID 1; a new one begins with each start. die ends it.
	life context.Context
	die  context.CancelFunc
}

// describe returns what InspectContainer tells.
func (c *container) describe() backend.Container {
	got := backend.Container{
		ID: c.id, Name: c.name, ImageID: c.imageID, State: c.state,
		Labels: maps.Clone(c.spec.Labels), Created: c.created,
	}
	if c.state == backend.StateExited {
		got.ExitCode = c.exitCode
	}
	if c.state == backend.StateRunning {
		got.Addresses, got.Ports = map[string]string{}, map[string]int{}
		for _, n := range append(slices.Clone(c.spec.Networks), c.spec.Network) {
			got.Addresses[n.Name] = fmt.Sprintf("192.0.2.%d", c.number)
		}
		for _, p := range c.spec.Ports {
			got.Ports[fmt.Sprintf("%d/%s", p.ContainerPort, p.Protocol)] = cmp.Or(p.HostPort, 30000+p.ContainerPort)
		}
	}
	return got
}

func (c *container) volumeNames() []string {
	var names []string
	for _, m := range c.mounts {
		if m.volume != "" {
			names = append(names, m.volume)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// end ends PID 1, if it runs.
func (c *container) end(code int) {
	if c.state == backend.StateRunning || c.state == backend.StatePaused {
		c.state, c.exitCode = backend.StateExited, code
		c.die()
	}
}

// find finds a container by ID or name. The caller holds the lock.
func (f *Engine) find(idOrName string) (*container, error) {
	if c, ok := f.containers[idOrName]; ok {
		return c, nil
	}
	for _, c := range f.containers {
		if c.name == idOrName {
			return c, nil
		}
	}
	return nil, failure(backend.ErrNotFound, "container "+idOrName, "no such container")
}

// nameOf returns the name of a container, for the list of calls.
func (f *Engine) nameOf(idOrName string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, err := f.find(idOrName); err == nil {
		return c.name
	}
	return idOrName
}

// CreateContainer implements backend.Containers.
func (f *Engine) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	return locked(ctx, f, newCall("CreateContainer", s.Name), func() (backend.Container, error) {
		c, err := f.newContainer(ctx, s)
		if err != nil {
			return backend.Container{}, err
		}
		f.containers[c.id] = c
		return c.describe(), nil
	})
}

// newContainer makes a container and its volumes.
func (f *Engine) newContainer(ctx context.Context, s backend.ContainerSpec) (*container, error) {
	if err := engine.CheckSpec(s); err != nil {
		return nil, err
	}
	op := "create container " + s.Name
	if _, err := f.find(s.Name); err == nil && s.Name != "" {
		return nil, failure(backend.ErrConflict, op, "the name is already in use")
	}
	img, err := f.findImage(s.Image)
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Concat(s.Networks, []backend.NetworkAttachment{s.Network}) {
		if err := f.checkNetwork(op, n); err != nil {
			return nil, err
		}
	}
	id := f.newID()
	if s.Name == "" {
		s.Name = "fake-" + id[:12]
	}
	labels := backend.Labels{}
	maps.Copy(labels, img.Labels)
	maps.Copy(labels, s.Labels)
	s.Labels = labels
	c := &container{id: id, name: s.Name, imageID: img.ID, spec: s, state: backend.StateCreated,
		created: time.Now(), number: len(f.containers) + 1}
	entrypoint := img.Entrypoint
	if s.Entrypoint != nil {
		entrypoint = s.Entrypoint
	}
	c.argv = slices.Concat(entrypoint, s.Command)
	return c, f.mountAll(ctx, c, img)
}

// mountAll finds or makes what a container's paths hold.
func (f *Engine) mountAll(ctx context.Context, c *container, img *image) error {
	root := maps.Clone(img.files)
	c.mounts = []mount{{target: "/", tree: root, readOnly: c.spec.ReadOnlyRoot}}
	if err := f.mountTools(ctx, c); err != nil {
		return err
	}
	for _, m := range c.spec.Mounts {
		made := mount{target: m.Target, tree: tree{}, readOnly: m.ReadOnly}
		switch m.Type {
		case spec.MountBind:
			if _, err := os.Stat(m.Source); err != nil {
				return failure(backend.ErrMountSource, "create container "+c.name, "bind source: "+err.Error())
			}
			made.host = m.Source
		case spec.MountVolume:
			made = f.volume(m.Source, m.Target, root.sub(m.Target))
			made.readOnly = m.ReadOnly
		}
		c.mounts = append(c.mounts, made)
	}
	for _, target := range img.Volumes {
		if !slices.ContainsFunc(c.mounts, func(m mount) bool { return m.target == target }) {
			c.mounts = append(c.mounts, f.volume("", target, root.sub(target)))
		}
	}
	return nil
}

// mountTools mounts tools as Podman does: from their images, with nothing else that had to
// be made, unless they are shared.
func (f *Engine) mountTools(ctx context.Context, c *container) error {
	inspect := func(_ context.Context, ref string) (backend.Image, error) {
		img, err := f.findImage(ref)
		return img.Image, err
	}
	tools, err := new(engine.Volumes).Expand(ctx, c.spec, inspect)
	for _, t := range tools {
		img, _ := f.findImage(t.Image) // it was inspected
		m := mount{target: t.Path, tree: img.files.sub(t.Path), readOnly: t.Access == spec.ToolReadOnly}
		if t.Access == spec.ToolShared {
			m = f.volume("tool-"+t.Image+t.Path, t.Path, m.tree)
		}
		c.mounts = append(c.mounts, m)
	}
	return err
}

// volume returns a mount of a volume, which is made with that content if it is new. One without a name is anonymous.
func (f *Engine) volume(name, target string, content tree) mount {
	m := mount{target: target, volume: cmp.Or(name, f.newID()), nameless: name == ""}
	if _, ok := f.volumes[m.volume]; !ok {
		f.volumes[m.volume] = content
	}
	m.tree = f.volumes[m.volume]
	return m
}

// onContainer makes a call that acts on a container, under the lock.
func onContainer[T any](ctx context.Context, f *Engine, verb, id string, effect func(c *container) (T, error),
	args ...string) (T, error) {
	call := newCall(verb, append([]string{f.nameOf(id)}, args...)...)
	return do(ctx, f, call, func() (T, error) { return with(f, id, effect) })
}

// StartContainer implements backend.Containers. PID 1 runs until it is stopped or killed,
// unless it is one of the commands without an effect that OnExec names, or `sh -c "rm ..."`.
func (f *Engine) StartContainer(ctx context.Context, id string) error {
	_, err := onContainer(ctx, f, "StartContainer", id, func(c *container) (none struct{}, err error) {
		if c.state == backend.StateRunning {
			return none, nil
		}
		c.state = backend.StateRunning
		c.life, c.die = context.WithCancel(context.Background())
		code, ends := exitCode(c.argv)
		if ends || (len(c.argv) == 3 && strings.HasPrefix(c.argv[2], "rm ")) {
			c.end(code)
		}
		return none, nil
	})
	return err
}

// InspectContainer implements backend.Containers.
func (f *Engine) InspectContainer(ctx context.Context, id string) (backend.Container, error) {
	return onContainer(ctx, f, "InspectContainer", id, func(c *container) (backend.Container, error) {
		return c.describe(), nil
	})
}

// ListContainers implements backend.Containers.
func (f *Engine) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	return locked(ctx, f, newCall("ListContainers"), func() ([]backend.Container, error) {
		found := listed(f.containers, func(c *container) (backend.Container, bool) {
			return c.describe(), labels.Matches(c.spec.Labels)
		})
		slices.SortFunc(found, func(a, b backend.Container) int { return strings.Compare(a.Name, b.Name) })
		return found, nil
	})
}

// listed are those of what the fake has, by their IDs or names, that describe reports as wanted.
func listed[T, Told any](all map[string]T, describe func(T) (Told, bool)) (found []Told) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if told, wanted := describe(all[id]); wanted {
			found = append(found, told)
		}
	}
	return found
}

// CopyTo implements backend.Containers. The stream is read first.
func (f *Engine) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	call := newCall("CopyTo", f.nameOf(id), dir)
	_, err := do(ctx, f, call, func() (struct{}, error) {
		entries, readErr := readTar(tar)
		return struct{}{}, f.withContainer(id, func(c *container) error {
			at, err := c.get(dir)
			switch {
			case err != nil:
				return failure(backend.ErrNotFound, call.String(), err.Error())
			case !at.Mode.IsDir():
				return failure(backend.ErrInvalid, call.String(), "not a directory")
			case readErr != nil:
				return fmt.Errorf("%s: %w", call, readErr)
			}
			delete(entries, ".")
			for _, name := range slices.Sorted(maps.Keys(entries)) {
				if err := c.put(path.Join(dir, name), entries[name]); err != nil {
					return fmt.Errorf("%s: %w", call, err)
				}
			}
			return nil
		})
	})
	return err
}

// CopyFrom implements backend.Containers.
func (f *Engine) CopyFrom(ctx context.Context, id, from string) (io.ReadCloser, error) {
	return onContainer(ctx, f, "CopyFrom", id, func(c *container) (io.ReadCloser, error) {
		var buf bytes.Buffer
		if err := c.pack(&buf, from); err != nil {
			return nil, failure(backend.ErrNotFound, "copy from "+c.name, err.Error())
		}
		return io.NopCloser(&buf), nil
	}, from)
}

// ContainerLogs implements backend.Containers. No PID 1 of the fake prints anything.
func (f *Engine) ContainerLogs(ctx context.Context, id string, _ backend.LogOptions) error {
	_, err := onContainer(ctx, f, "ContainerLogs", id, func(*container) (struct{}, error) { return struct{}{}, nil })
	return err
}

// ContainerChanges implements backend.Containers.
func (f *Engine) ContainerChanges(ctx context.Context, id string) ([]backend.Change, error) {
	return onContainer(ctx, f, "ContainerChanges", id, func(c *container) ([]backend.Change, error) {
		var changes []backend.Change
		have, had := c.mounts[0].tree, f.images[c.imageID].files
		for name, file := range have {
			if before, ok := had[name]; !ok {
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeAdded})
			} else if !reflect.DeepEqual(before, file) {
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeModified})
			}
		}
		for name := range had {
			_, ok := have[name]
			dir := path.Dir(name)
			_, dirWas := had[dir]
			if _, dirIs := have[dir]; !ok && (dirIs || !dirWas) { // what was in a directory that is gone goes without saying
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeDeleted})
			}
		}
		engine.SortChanges(changes)
		return changes, nil
	})
}

// CommitContainer implements backend.Containers.
func (f *Engine) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	return onContainer(ctx, f, "CommitContainer", id, func(c *container) (backend.Image, error) {
		img := ImageSpec{Ref: o.Ref, Config: f.images[c.imageID].Image}
		img.Config.ID, img.Config.Content, img.Config.Labels = "", "", maps.Clone(c.spec.Labels)
		maps.Copy(img.Config.Labels, o.Labels)
		made := f.addImage(img)
		f.images[made.ID].files = maps.Clone(c.mounts[0].tree)
		return made, nil
	}, o.Ref)
}

// WaitContainer implements backend.Containers.
func (f *Engine) WaitContainer(ctx context.Context, id string) (int, error) {
	return do(ctx, f, newCall("WaitContainer", f.nameOf(id)), func() (int, error) {
		var life <-chan struct{}
		c, err := with(f, id, func(c *container) (*container, error) {
			if c.life == nil {
				return c, failure(backend.ErrNotRunning, "wait for container "+c.name, "it was never started")
			}
			life = c.life.Done()
			return c, nil
		})
		if err != nil {
			return 0, err
		}
		select {
		case <-life:
			f.mu.Lock()
			defer f.mu.Unlock()
			return c.exitCode, nil
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for container %s: %w", c.name, ctx.Err())
		}
	})
}

// StopContainer implements backend.Containers.
func (f *Engine) StopContainer(ctx context.Context, id string, _ time.Duration) error {
	_, err := onContainer(ctx, f, "StopContainer", id, func(c *container) (none struct{}, err error) {
		c.end(killed)
		return none, nil
	})
	return err
}

// PauseContainer implements backend.Containers.
func (f *Engine) PauseContainer(ctx context.Context, id string) error {
	_, err := onContainer(ctx, f, "PauseContainer", id, func(c *container) (none struct{}, err error) {
		if c.state != backend.StateRunning {
			return none, failure(backend.ErrNotRunning, "pause container "+c.name, "it does not run")
		}
		c.state = backend.StatePaused
		return none, nil
	})
	return err
}

// UnpauseContainer implements backend.Containers.
func (f *Engine) UnpauseContainer(ctx context.Context, id string) error {
	_, err := onContainer(ctx, f, "UnpauseContainer", id, func(c *container) (none struct{}, err error) {
		if c.state == backend.StatePaused {
			c.state = backend.StateRunning
		}
		return none, nil
	})
	return err
}

// RemoveContainer implements backend.Containers.
func (f *Engine) RemoveContainer(ctx context.Context, id string) error {
	return change(ctx, f, newCall("RemoveContainer", f.nameOf(id)), func() error {
		c, err := f.find(id)
		if err != nil {
			return nil //nolint:nilerr // to remove what is not there is a success
		}
		c.end(killed)
		delete(f.containers, c.id)
		for _, m := range c.mounts {
			if m.nameless && !f.volumeInUse(m.volume) {
				delete(f.volumes, m.volume)
			}
		}
		return nil
	})
}

// volumeInUse reports whether a container has a volume.
func (f *Engine) volumeInUse(name string) bool {
	for _, c := range f.containers {
		if slices.Contains(c.volumeNames(), name) {
			return true
		}
	}
	return false
}

// Stop ends PID 1 of a container, as a signal does. It is no call.
func (f *Engine) Stop(id string) error {
	return f.withContainer(id, func(c *container) error {
		c.end(killed)
		return nil
	})
}

// VolumesOf returns the names of a container's volumes. It is no call.
func (f *Engine) VolumesOf(id string) ([]string, error) {
	return with(f, id, func(c *container) ([]string, error) { return c.volumeNames(), nil })
}

// Volumes returns the names of all volumes. It is no call.
func (f *Engine) Volumes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.volumes))
}

// RemoveVolume removes a volume that no container has. It is no call.
func (f *Engine) RemoveVolume(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.volumeInUse(name) {
		return failure(backend.ErrConflict, "remove volume "+name, "it is in use")
	}
	delete(f.volumes, name)
	return nil
}
