package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// ContainerChanges lists what a container changed in its image, by GET /containers/{id}/changes.
func (b *Backend) ContainerChanges(ctx context.Context, id string) ([]backend.Change, error) {
	op := "list the changes of container " + id
	answer, err := b.client.ContainerDiff(ctx, id)
	if err != nil {
		return nil, wrap(op, err)
	}
	changes, err := engine.Changes(answer, func(c container.FilesystemChange) (string, int) { return c.Path, int(c.Kind) })
	return changes, wrap(op, err)
}

// CommitContainer makes an image of a container, by POST /commit, and inspects it. Docker adds the container's
// configuration to the one that is given here.
func (b *Backend) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	op := "make an image of container " + id
	if err := b.requireOwners(ctx, op, id); err != nil {
		return backend.Image{}, err
	}
	answer, err := b.client.ContainerCommit(ctx, id, container.CommitOptions{
		Reference: o.Ref, Pause: true, Config: &container.Config{Labels: o.Labels},
	})
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	return b.InspectImage(ctx, answer.ID)
}

// requireOwners refuses to commit a container with the host's users on a daemon that remaps them: Docker leaves the
// files of such users out of the image without a word.
func (b *Backend) requireOwners(ctx context.Context, op, id string) error {
	m, err := b.measure(ctx)
	if err != nil || !m.remaps {
		return err
	}
	c, err := b.client.ContainerInspect(ctx, id)
	if err != nil {
		return wrap(op, err)
	}
	if c.HostConfig == nil || !c.HostConfig.UsernsMode.IsHost() {
		return nil
	}
	return wrap(op, backend.Unsupported("Docker with userns-remap",
		"an image of a container that has the host's users, as a privileged one does: files of root would be missing in it",
		"Leave out driver.privileged and userns_host, or use an engine without userns-remap."))
}
