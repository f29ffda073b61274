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
	changes := make([]backend.Change, len(answer))
	for i, c := range answer {
		if changes[i], err = engine.ChangeFrom(c.Path, int(c.Kind)); err != nil {
			return nil, wrap(op, err)
		}
	}
	engine.SortChanges(changes)
	return changes, nil
}

// CommitContainer makes an image of a container, by POST /commit, and inspects it. Docker adds the container's
// configuration to the one that is given here.
func (b *Backend) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	op := "make an image of container " + id
	answer, err := b.client.ContainerCommit(ctx, id, container.CommitOptions{
		Reference: o.Ref, Pause: true, Config: &container.Config{Labels: o.Labels},
	})
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	return b.InspectImage(ctx, answer.ID)
}
