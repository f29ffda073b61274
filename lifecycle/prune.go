package lifecycle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// PruneOptions say what Prune removes.
type PruneOptions struct {
	// Project is where galley was started.
	Project Project
	// All has runners of every project removed too, and snapshots that no record is found of.
	All bool
	// DryRun removes nothing.
	DryRun bool
	// Older keeps what is younger, and what has no known age; 0 keeps nothing for its age.
	Older time.Duration
}

// Pruned is something that Prune removed, or would remove.
type Pruned struct {
	// Kind is "container", "image" or "network".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Role is the thing's label of that name.
	Role string `json:"role"`
	// Size is an image's, in bytes, with the layers that others have too.
	Size int64 `json:"size,omitempty"`
	// Created is when it was made, zero for what the engine does not tell it of.
	Created time.Time `json:"created,omitzero"`
}

// Prune removes what galley shares between projects and keeps for the next run: tool containers with their volumes,
// work images, checkpoints, networks. With all, runners and their services go too, of every project, and snapshots that
// no record is found of. A runner, and a service, whose lease has ended goes in any case. What is in use stays, and so
// do the helpers of another galley that lives: they are all of a run that it could not make again.
func Prune(ctx context.Context, be backend.ContainerBackend, o PruneOptions) (removed []Pruned, err error) {
	containers, err := be.ListContainers(ctx, nil)
	if err != nil {
		return nil, err
	}
	var errs []error
	gone := func(p Pruned, remove func() error) bool {
		if o.Older > 0 && (p.Created.IsZero() || time.Since(p.Created) < o.Older) {
			return false
		}
		if !o.DryRun {
			if err := remove(); errors.Is(err, backend.ErrConflict) {
				return false
			} else if err != nil {
				errs = append(errs, err)
				return false
			}
		}
		removed = append(removed, p)
		return true
	}
	used := map[string]bool{} // by containers that stay: images, and networks of their instances
	runners, inUse := 0, map[string]bool{}
	for _, c := range containers {
		r := c.Labels[label.Role]
		// Other containers have the labels of an image that was made from something of galley's.
		own := isOfInstance(c) && (o.All || isOver(o.Project, c.Labels)) || r == label.RoleTool ||
			r == label.RoleHelper && !ofLivingRun(o.Project, c)
		if own && gone(Pruned{"container", c.Name, r, 0, c.Created},
			func() error { return be.RemoveContainer(ctx, c.ID) }) {
			continue
		}
		used[c.ImageID] = true
		if isOfInstance(c) {
			runners++
			project, instance := c.Labels[label.Project], c.Labels[label.Instance]
			inUse[project+" "+instance], inUse[project+" "+groupOf(instance)] = true, true
		}
	}
	role := backend.Labels{label.Role: ""}
	images, err := be.ListImages(ctx, role)
	errs = append(errs, err)
	for _, i := range images {
		left := (isFrom(i) || isOwnImage(i, label.RoleHelper, commitImages)) && !isLiving(o.Project, i.Labels)
		if used[i.ID] || !left && !isOwnImage(i, label.RoleWork, workImages) && !isCheckpoint(i) &&
			!(o.All && isSnapshot(i) && !snapshotRecorded(i, o.Project)) {
			continue
		}
		name := i.ID
		if len(i.Tags) > 0 {
			name = i.Tags[0]
		}
		gone(Pruned{"image", name, i.Labels[label.Role], i.Size, i.Created},
			func() error { return be.RemoveImage(ctx, i.ID) })
	}
	networks, err := be.ListNetworks(ctx, role)
	errs = append(errs, err)
	for _, n := range networks {
		stays := runners > 0 // on the one that all of them share
		if instance := n.Labels[label.Instance]; instance != "" {
			stays = inUse[n.Labels[label.Project]+" "+instance] || isLiving(o.Project, n.Labels)
		}
		if stays {
			continue
		}
		gone(Pruned{Kind: "network", Name: n.Name, Role: n.Labels[label.Role]},
			func() error { return be.RemoveNetwork(ctx, n.Name) })
	}
	return removed, errors.Join(errs...)
}

// ofLivingRun reports whether a helper belongs to a galley that lives. One of no run evaluates a template, and ends by
// itself when its galley does not end it.
func ofLivingRun(p Project, helper backend.Container) bool {
	run := helper.Labels[label.Run]
	return run == "" && helper.State == backend.StateRunning || isLiving(p, helper.Labels)
}

// isOver reports whether a runner's lease has ended, and its galley, as far as that can be seen.
func isOver(p Project, l backend.Labels) bool {
	end := leaseEnds(l)
	return !end.IsZero() && time.Now().After(end) && !isLiving(p, l)
}

// isOwnImage reports whether an image is one that galley made for a role, whose names begin with prefix, and not one
// that a person made from it or from a runner: such an image inherits the labels.
func isOwnImage(i backend.Image, role, prefix string) bool {
	return i.Labels[label.Role] == role && !slices.ContainsFunc(i.Tags,
		func(tag string) bool { return !strings.HasPrefix(tag, prefix) })
}
