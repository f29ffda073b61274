package docker

import (
	"context"
	"io"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// CopyTo unpacks a tar stream in a container, by PUT /containers/{id}/archive. The numbers of users and groups in the
// stream are kept. What archives do not see goes another way: see hidden.go.
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
	err = b.client.CopyToContainer(ctx, id, dir, onlyReader{visible}, container.CopyToContainerOptions{})
	return wrap(op, local.Failure(err))
}

// CopyFrom returns a tar stream of path, by GET /containers/{id}/archive, or another way: see hidden.go.
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

// onlyReader hides what else a body can do: net/http would close it.
type onlyReader struct{ io.Reader }
