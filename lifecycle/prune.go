package lifecycle

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// Pruned is something that Prune removed, or would remove.
type Pruned struct {
	// Kind is "container", "image" or "network".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Role is the thing's label of that name.
	Role string `json:"role"`
}

// Prune removes what galley shares between projects and keeps for the next run:
// tool containers with their volumes, work images, the network. With all, runners
// go too, of every project, and snapshots that no record is found of. What is in use stays. With dry nothing is removed.
func Prune(ctx context.Context, be backend.ContainerBackend, all, dry bool) (removed []Pruned, err error) {
	role := backend.Labels{label.Role: ""}
	containers, err := be.ListContainers(ctx, role)
	if err != nil {
		return nil, err
	}
	var errs []error
	gone := func(p Pruned, remove func() error) {
		if !dry {
			if err := remove(); errors.Is(err, backend.ErrConflict) {
				return
			} else if err != nil {
				errs = append(errs, err)
				return
			}
		}
		removed = append(removed, p)
	}
	runners := 0
	for _, c := range containers {
		r := c.Labels[label.Role]
		switch {
		case isRunner(c) && !all:
			runners++
			continue
		case r != label.RoleTool && r != label.RoleHelper && !isRunner(c):
			continue // it has the labels of an image that was made from something of galley's
		}
		gone(Pruned{"container", c.Name, r}, func() error { return be.RemoveContainer(ctx, c.ID) })
	}
	images, err := be.ListImages(ctx, role)
	errs = append(errs, err)
	for _, i := range images {
		if !isOwnImage(i, label.RoleWork, workImages) && !isOwnImage(i, label.RoleHelper, commitImages) &&
			!(all && isSnapshot(i) && !snapshotRecorded(i)) {
			continue
		}
		name := i.ID
		if len(i.Tags) > 0 {
			name = i.Tags[0]
		}
		gone(Pruned{"image", name, i.Labels[label.Role]}, func() error { return be.RemoveImage(ctx, i.ID) })
	}
	if runners > 0 {
		return removed, errors.Join(errs...)
	}
	networks, err := be.ListNetworks(ctx, role)
	errs = append(errs, err)
	for _, n := range networks {
		gone(Pruned{"network", n.Name, n.Labels[label.Role]}, func() error { return be.RemoveNetwork(ctx, n.Name) })
	}
	return removed, errors.Join(errs...)
}

// isOwnImage reports whether an image is one that galley made for a role, whose names begin with prefix, and not one that
// a person made from it or from a runner: such an image inherits the labels.
func isOwnImage(i backend.Image, role, prefix string) bool {
	return i.Labels[label.Role] == role && !slices.ContainsFunc(i.Tags,
		func(tag string) bool { return !strings.HasPrefix(tag, prefix) })
}
