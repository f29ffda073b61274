package docker

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"path"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// CopyTo unpacks a tar stream in a container, by PUT /containers/{id}/archive. The numbers of users and groups in the
// stream are kept. What archives do not see goes another way: see hidden.
func (b *Backend) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	op := "copy to " + dir + " in container " + id
	over, view, err := b.hidden(ctx, op, id, dir)
	if err != nil {
		return err
	}
	local := engine.NewLocalReader(tar)
	if over != nil {
		err := b.copyToHidden(ctx, op, id, dir, *over, view, local)
		if failure := local.Failure(nil); failure != nil {
			return wrap(op, failure)
		}
		return err
	}
	visible := b.visibleOnly(ctx, op, id, view, local)
	defer visible.Close()
	err = b.client.CopyToContainer(ctx, id, dir, visible, container.CopyToContainerOptions{})
	return wrap(op, local.Failure(err))
}

// CopyFrom returns a tar stream of path, by GET /containers/{id}/archive, or another way: see hidden.
func (b *Backend) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	op := "copy " + path + " from container " + id
	over, view, err := b.hidden(ctx, op, id, path)
	if err == nil && over == nil {
		err = b.holdsHidden(ctx, op, id, path, view)
	}
	if err != nil {
		return nil, err
	}
	if over != nil {
		return b.copyFromHidden(ctx, op, id, path, *over, view)
	}
	stream, _, err := b.client.CopyFromContainer(ctx, id, path)
	if err != nil {
		return nil, wrap(op, err)
	}
	return stream, nil
}

// Docker's archives see a container's files without what is mounted in memory (`tmpfs`, the /run of systemd) or was
// mounted inside. Copies act on what its processes see, so what lies there goes through a tar of the container's own.

// hidden tells which mount hides what is at a path from the archives, or nil. view is
// what the processes see there; its Kind is empty when that cannot be known.
func (b *Backend) hidden(ctx context.Context, op, id, p string) (over *engine.MountPoint, view engine.ProcessView,
	err error) {
	view, ok, err := engine.LookAs(ctx, b, id, p)
	if err != nil || !ok {
		return nil, engine.ProcessView{}, err
	}
	if view.Dir == "" {
		return nil, view, nil
	}
	m, twice := view.Over(view.Dir)
	if m.Path == "/" || m.Path == "" {
		return nil, view, nil
	}
	if !twice {
		seen, err := b.archivesSee(ctx, op, id, m)
		if err != nil || seen {
			return nil, view, err
		}
	}
	return &m, view, nil
}

// archivesSee reports whether a mount is one that Docker makes for its archives too: a
// volume or a bind, with what it has below.
func (b *Backend) archivesSee(ctx context.Context, op, id string, m engine.MountPoint) (bool, error) {
	c, err := b.client.ContainerInspect(ctx, id)
	if err != nil {
		return false, wrap(op, err)
	}
	for _, at := range c.Mounts {
		if at.Type == mount.TypeTmpfs || !engine.Below(at.Destination, m.Path) {
			continue
		}
		if path.Clean(at.Destination) == m.Path || m.Type != "tmpfs" && !m.IsPseudo() {
			return true, nil
		}
	}
	return false, nil
}

// needTar is the error for a container that has no tar where one is needed.
func needTar(p string, over engine.MountPoint) error {
	return backend.Unsupported("Docker",
		fmt.Sprintf("copies of %s, where a %s is mounted on %s of the container", p, over.Type, over.Path),
		"Use an image that has a tar program, or a path that is not below "+over.Path+".")
}

// copyToHidden unpacks a stream where the archives do not see it.
func (b *Backend) copyToHidden(ctx context.Context, op, id, dir string, over engine.MountPoint, view engine.ProcessView,
	stream io.Reader) error {
	switch {
	case view.Kind == "-":
		return &backend.Error{Op: op, Kind: backend.ErrNotFound, Detail: "there is no such directory"}
	case view.Kind != "d":
		return &backend.Error{Op: op, Kind: backend.ErrInvalid, Detail: dir + " is not a directory"}
	case over.IsPseudo():
		return engine.MadeUpDirError("Docker", dir, over)
	case !view.Tar:
		return needTar(dir, over)
	}
	return wrap(op, engine.TarInto(ctx, b, id, dir, stream))
}

// copyFromHidden returns a stream of what the archives do not see.
func (b *Backend) copyFromHidden(ctx context.Context, op, id, p string, over engine.MountPoint,
	view engine.ProcessView) (io.ReadCloser, error) {
	switch {
	case view.Kind == "-":
		return nil, &backend.Error{Op: op, Kind: backend.ErrNotFound, Detail: "there is no such file"}
	case over.IsPseudo() && view.Kind == "f":
		stream, err := engine.ReadMadeUp(ctx, b, id, p)
		return stream, wrap(op, err)
	case over.IsPseudo():
		return nil, engine.MadeUpDirError("Docker", p, over)
	case !view.Tar:
		return nil, needTar(p, over)
	}
	return engine.TarFrom(ctx, b, id, p), nil
}

// visibleOnly passes a stream on for the directory dir, and ends with an error at an entry
// that would land in a mount that the archives do not see. The caller closes it.
func (b *Backend) visibleOnly(ctx context.Context, op, id string, view engine.ProcessView,
	stream io.Reader) io.ReadCloser {
	var mounts []engine.MountPoint
	for _, m := range view.Mounts {
		if m.Path != view.Dir && engine.Below(view.Dir, m.Path) {
			mounts = append(mounts, m)
		}
	}
	if view.Dir == "" || len(mounts) == 0 {
		return io.NopCloser(stream)
	}
	pr, pw := io.Pipe()
	check := func(h *tar.Header) (*tar.Header, error) {
		at := path.Join(view.Dir, h.Name)
		m, _ := engine.ProcessView{Mounts: mounts}.Over(at)
		if m.Path == "" || m.Path == at {
			return h, nil
		}
		if seen, err := b.archivesSee(ctx, op, id, m); err != nil || seen {
			return h, err
		}
		return nil, fmt.Errorf("%s lies in a %s on %s, which Docker's archives do not see\nCopy it there on its own",
			at, m.Type, m.Path)
	}
	go func() { pw.CloseWithError(engine.CopyTar(pw, stream, check)) }()
	return pr
}

// holdsHidden refuses a directory in which something is mounted in memory: the archives
// would show what lies under that.
func (b *Backend) holdsHidden(ctx context.Context, op, id, p string, view engine.ProcessView) error {
	for _, m := range view.Mounts {
		if view.Kind != "d" || m.Type != "tmpfs" || m.Path == view.Dir || !engine.Below(view.Dir, m.Path) {
			continue
		}
		if engine.Below("/dev", m.Path) || engine.Below("/proc", m.Path) || engine.Below("/sys", m.Path) {
			continue // made for the container, and no files of anybody's
		}
		if seen, err := b.archivesSee(ctx, op, id, m); err != nil || seen {
			return err
		}
		return backend.Unsupported("Docker",
			fmt.Sprintf("a copy of %s as a whole: its archives do not see the %s on %s", p, m.Type, m.Path),
			"Copy "+m.Path+" and what lies beside it, each on its own.")
	}
	return nil
}
