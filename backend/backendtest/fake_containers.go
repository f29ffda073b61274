package backendtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// find finds a container by ID or name. The caller holds the lock.
func (f *Fake) find(idOrName string) (*box, error) {
	if c, ok := f.containers[idOrName]; ok {
		return c, nil
	}
	for _, c := range f.containers {
		if c.name == idOrName {
			return c, nil
		}
	}
	return nil, notFound("container "+idOrName, "no such container")
}

// lookUp is find for those who do not hold the lock.
func (f *Fake) lookUp(idOrName string) (*box, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.find(idOrName)
}

// nameOf returns the name of a container, for the list of calls.
func (f *Fake) nameOf(idOrName string) string {
	if c, err := f.lookUp(idOrName); err == nil {
		return c.name
	}
	return idOrName
}

// CreateContainer implements backend.Containers.
func (f *Fake) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	call := newCall("CreateContainer", s.Name)
	if len(s.Tools) > 0 {
		call.APICalls += toolCalls
	}
	return do(ctx, f, call, func() (backend.Container, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		c, err := f.newBox(s)
		if err != nil {
			return backend.Container{}, err
		}
		f.containers[c.id] = c
		return c.describe(), nil
	})
}

// newBox makes a container and its volumes.
func (f *Fake) newBox(s backend.ContainerSpec) (*box, error) {
	op := "create container " + s.Name
	if err := f.refuse(s); err != nil {
		return nil, err
	}
	if _, err := f.find(s.Name); err == nil && s.Name != "" {
		return nil, conflict(op, "the name is already in use")
	}
	img, err := f.findImage(s.Image)
	if err != nil {
		return nil, err
	}
	if !backend.PlatformMatches(s.Platform, img.Image) {
		return nil, failure(backend.ErrWrongPlatform, op, "the image is for "+img.Platform())
	}
	if err := f.checkNetwork(op, s.Network); err != nil {
		return nil, err
	}
	id := f.newID()
	if s.Name == "" {
		s.Name = "fake-" + id[:12]
	}
	s.Labels = mergeLabels(img.Labels, s.Labels)
	c := &box{
		fake: f, id: id, name: s.Name, imageID: img.ID, imageUser: img.User, spec: s, workDir: img.workDir,
		env: maps.Clone(img.Env), state: backend.StateCreated, running: map[int]*process{}, log: newBoxLog(),
	}
	maps.Copy(c.env, s.Env)
	c.argv = commandOf(img, s)
	var known bool
	stop := s.StopSignal
	if stop == "" {
		stop = img.StopSignal
	}
	if stop == "" {
		stop = "SIGTERM"
	}
	if c.stop, known = signalNumber(stop); !known {
		return nil, invalid(op, "unknown stop signal "+stop)
	}
	if err := f.mountAll(c, img); err != nil {
		return nil, err
	}
	return c, nil
}

// mergeLabels puts a container's labels over its image's.
func mergeLabels(image, own backend.Labels) backend.Labels {
	merged := backend.Labels{}
	maps.Copy(merged, image)
	maps.Copy(merged, own)
	return merged
}

// commandOf returns the argv of PID 1. An entrypoint of the specification's own
// makes the image's command void.
func commandOf(img *fakeImage, s backend.ContainerSpec) []string {
	entrypoint, command := img.Entrypoint, img.Command
	if s.Entrypoint != nil {
		entrypoint, command = s.Entrypoint, nil
	}
	if s.Command != nil {
		command = s.Command
	}
	return slices.Concat(entrypoint, command)
}

// refuse returns an UnsupportedError for what the engine's Info rules out.
func (f *Fake) refuse(s backend.ContainerSpec) error {
	can := f.info.Capabilities
	supported := map[backend.UserNSMode]bool{
		"":                    true,
		backend.UserNSHost:    true,
		backend.UserNSKeepID:  can.KeepIDUserNS,
		backend.UserNSAuto:    can.AutoUserNS,
		backend.UserNSNoMap:   can.KeepIDUserNS && f.info.Rootless,
		backend.UserNSPrivate: f.info.UserNSRemap,
	}
	if !supported[s.UserNS.Mode] {
		return &backend.UnsupportedError{
			Feature: "userns: " + string(s.UserNS.Mode), Engine: f.info.Engine + " " + f.info.Version,
			Remedy: "Leave it out, or use an engine that has it.",
		}
	}
	return nil
}

// mountAll builds a container's file system.
func (f *Fake) mountAll(c *box, img *fakeImage) error {
	root := img.root.clone()
	c.files.mount(mountPoint{target: "/", source: root, readOnly: c.spec.ReadOnlyRoot})
	root.add("/etc/hosts", regular(hostsFile(c)))
	root.add("/etc/resolv.conf", regular(resolvConf(c.spec.DNS)))
	c.mountSystem()
	var mounts []mountPoint
	for _, from := range c.spec.VolumesFrom {
		source, err := f.find(from.Container)
		if err != nil {
			return err
		}
		for _, m := range source.files.mounts {
			if m.kind == "volume" || m.kind == "bind" {
				m.readOnly = m.readOnly || from.ReadOnly
				mounts = append(mounts, m)
			}
		}
	}
	for _, tool := range c.spec.Tools {
		made, err := f.mountTool(tool)
		if err != nil {
			return err
		}
		mounts = append(mounts, made...)
	}
	for _, m := range c.spec.Mounts {
		made, err := f.mountFor(c, root, m)
		if err != nil {
			return err
		}
		mounts = append(mounts, made)
	}
	for _, target := range img.Volumes {
		if !slices.ContainsFunc(mounts, func(m mountPoint) bool { return m.target == target }) {
			mounts = append(mounts, f.volume(f.newID(), target, root.subtree(target)))
		}
	}
	for _, m := range mounts {
		if _, err := root.get(m.target); err != nil {
			root.add(m.target, directory())
		}
		c.files.mount(m)
	}
	return nil
}

// mountTool mounts a tool as Podman does: from its image, with nothing else that had to be
// made, unless it is shared.
func (f *Fake) mountTool(t backend.Tool) ([]mountPoint, error) {
	if err := t.Access.Validate(); err != nil {
		return nil, err
	}
	img, err := f.findImage(t.Image)
	if err != nil {
		return nil, err
	}
	paths := img.Volumes
	if t.Path != "" {
		paths = []string{t.Path}
	}
	if len(paths) == 0 {
		return nil, invalid("use image "+t.Image+" as a tool", "it declares no volume, so there is nothing to mount")
	}
	var mounts []mountPoint
	for _, path := range paths {
		m := mountPoint{target: path, source: img.root.subtree(path), readOnly: t.Access == backend.ToolReadOnly, kind: "image"}
		if t.Access == backend.ToolShared {
			m = f.volume("tool-"+img.ID+path, path, img.root.subtree(path))
		}
		mounts = append(mounts, m)
	}
	return mounts, nil
}

// volume returns a mount of a volume, which is made with that content if it is new.
func (f *Fake) volume(name, target string, content *memFS) mountPoint {
	if _, ok := f.volumeData[name]; !ok {
		f.volumeData[name] = content
	}
	return mountPoint{target: target, source: f.volumeData[name], volume: name, kind: "volume"}
}

// mountFor makes what a mount of the specification asks for.
func (f *Fake) mountFor(c *box, root *memFS, m backend.Mount) (mountPoint, error) {
	op := "create container " + c.name
	made := mountPoint{target: m.Target, readOnly: m.ReadOnly, kind: string(m.Type)}
	switch m.Type {
	case backend.MountBind:
		if _, err := os.Stat(m.Source); err != nil {
			return made, failure(backend.ErrMountSource, op, "bind source: "+err.Error())
		}
		made.source = hostFS{m.Source}
	case backend.MountVolume:
		name, content := m.Source, root.subtree(m.Target)
		if name == "" {
			name = f.newID()
		}
		if m.NoCopy {
			content = newMemFS()
		}
		made = f.volume(name, m.Target, content)
		made.readOnly = m.ReadOnly
	case backend.MountTmpfs:
		made.source = newMemFS()
		for _, o := range m.FSOptions {
			made.options += "," + o
		}
	default:
		return made, invalid(op, "unknown kind of mount "+string(m.Type))
	}
	return made, nil
}

func hostsFile(c *box) string {
	text := "127.0.0.1\tlocalhost\n"
	for _, h := range c.spec.ExtraHosts {
		ip := gateway
		if !h.Gateway {
			ip = h.Address.String()
		}
		text += ip + "\t" + h.Name + "\n"
	}
	return text
}

func resolvConf(dns backend.DNS) string {
	var text strings.Builder
	for _, s := range dns.Servers {
		text.WriteString("nameserver " + s + "\n")
	}
	if len(dns.Search) > 0 {
		text.WriteString("search " + strings.Join(dns.Search, " ") + "\n")
	}
	if len(dns.Options) > 0 {
		text.WriteString("options " + strings.Join(dns.Options, " ") + "\n")
	}
	return text.String()
}

// StartContainer implements backend.Containers.
func (f *Fake) StartContainer(ctx context.Context, id string) error {
	return doOnly(ctx, f, newCall("StartContainer", f.nameOf(id)), func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		c, err := f.find(id)
		if err != nil {
			return err
		}
		if c.describe().State == backend.StateRunning {
			return nil
		}
		if err := f.connect(c); err != nil {
			return err
		}
		return c.start()
	})
}

// InspectContainer implements backend.Containers.
func (f *Fake) InspectContainer(ctx context.Context, idOrName string) (backend.Container, error) {
	return do(ctx, f, newCall("InspectContainer", f.nameOf(idOrName)), func() (backend.Container, error) {
		c, err := f.lookUp(idOrName)
		if err != nil {
			return backend.Container{}, err
		}
		return c.describe(), nil
	})
}

// ListContainers implements backend.Containers.
func (f *Fake) ListContainers(ctx context.Context, labels backend.Labels) ([]backend.Container, error) {
	return do(ctx, f, newCall("ListContainers"), func() ([]backend.Container, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var found []backend.Container
		for _, c := range f.containers {
			if labels.Matches(c.spec.Labels) {
				found = append(found, c.describe())
			}
		}
		slices.SortFunc(found, func(a, b backend.Container) int { return strings.Compare(a.Name, b.Name) })
		return found, nil
	})
}

// CopyTo implements backend.Containers.
func (f *Fake) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	return doOnly(ctx, f, newCall("CopyTo", f.nameOf(id), dir), func() error {
		c, err := f.lookUp(id)
		if err != nil {
			return err
		}
		op := "copy to " + c.name + ":" + dir
		at, err := c.files.stat(dir, true)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return notFound(op, err.Error())
		case err != nil:
			return fmt.Errorf("%s: %w", op, err)
		case !at.mode.IsDir():
			return invalid(op, "not a directory")
		}
		if err := c.files.unpack(dir, tar); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	})
}

// CopyFrom implements backend.Containers.
func (f *Fake) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	return do(ctx, f, newCall("CopyFrom", f.nameOf(id), path), func() (io.ReadCloser, error) {
		c, err := f.lookUp(id)
		if err != nil {
			return nil, err
		}
		var buf bytes.Buffer
		if err := c.files.pack(&buf, path); err != nil {
			return nil, notFound("copy from "+c.name+":"+path, err.Error())
		}
		return io.NopCloser(&buf), nil
	})
}

// ContainerLogs implements backend.Containers.
func (f *Fake) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	return doOnly(ctx, f, newCall("ContainerLogs", f.nameOf(id)), func() error {
		c, err := f.lookUp(id)
		if err != nil {
			return err
		}
		return c.log.write(ctx, o)
	})
}

// WaitContainer implements backend.Containers.
func (f *Fake) WaitContainer(ctx context.Context, id string) (int, error) {
	return do(ctx, f, newCall("WaitContainer", f.nameOf(id)), func() (int, error) {
		c, err := f.lookUp(id)
		if err != nil {
			return 0, err
		}
		c.mu.Lock()
		over := c.over
		c.mu.Unlock()
		if over == nil {
			return 0, failure(backend.ErrNotRunning, "wait for container "+c.name, "it was never started")
		}
		select {
		case <-over:
			return c.describe().ExitCode, nil
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for container %s: %w", c.name, ctx.Err())
		}
	})
}

// StopContainer implements backend.Containers. The grace is waited for only if PID 1
// has a trap for the signal, since otherwise nothing could happen in it.
func (f *Fake) StopContainer(ctx context.Context, id string, grace time.Duration) error {
	return doOnly(ctx, f, newCall("StopContainer", f.nameOf(id)), func() error {
		c, err := f.lookUp(id)
		if err != nil {
			return err
		}
		c.mu.Lock()
		p, over := c.running[1], c.over
		c.mu.Unlock()
		if p == nil {
			return nil
		}
		if grace > 0 && p.signal(c.stop) {
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case <-over:
			case <-timer.C:
			case <-ctx.Done():
				return fmt.Errorf("stop container %s: %w", c.name, ctx.Err())
			}
		}
		c.kill()
		return nil
	})
}

// RemoveContainer implements backend.Containers.
func (f *Fake) RemoveContainer(ctx context.Context, id string) error {
	return doOnly(ctx, f, newCall("RemoveContainer", f.nameOf(id)), func() error {
		c, err := f.lookUp(id)
		if err != nil {
			return nil
		}
		c.kill()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.containers, c.id)
		for _, name := range c.volumeNames() {
			if isAnonymous(name) && !f.volumeInUse(name) {
				delete(f.volumeData, name)
			}
		}
		return nil
	})
}

// isAnonymous tells a volume without a name of its own by its name.
func isAnonymous(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

func (f *Fake) volumeInUse(name string) bool {
	for _, c := range f.containers {
		if slices.Contains(c.volumeNames(), name) {
			return true
		}
	}
	return false
}

// ReadFile returns a file of a container, for hooks and assertions. It is no call.
func (f *Fake) ReadFile(container, name string) ([]byte, error) {
	c, err := f.lookUp(container)
	if err != nil {
		return nil, err
	}
	return c.files.read(name)
}

// WriteFile writes a file of a container, with the directories that it needs. It is
// no call.
func (f *Fake) WriteFile(container, name string, data []byte) error {
	c, err := f.lookUp(container)
	if err != nil {
		return err
	}
	if dir := name[:strings.LastIndexByte(name, '/')+1]; dir != "/" {
		if err := c.files.mkdirAll(strings.TrimSuffix(dir, "/")); err != nil {
			return err
		}
	}
	return c.files.write(name, data, false, regular(""))
}

// Kill ends a container from outside, as a person or the kernel would. It is no call.
func (f *Fake) Kill(container string) error {
	c, err := f.lookUp(container)
	if err != nil {
		return err
	}
	c.kill()
	return nil
}
