package lifecycle

import (
	"context"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/rig"
)

// mountPoints are the places of a runner at which something is mounted. What is in them is no part of the runner's own
// files: no comparison sees it, and no image of the runner has it.
type mountPoints struct {
	// own are galley's: the sandboxes, the tools, and what backends make those of.
	own []string
	// others are those of kitchen.yml, and the volumes that the runner's image declares.
	others []string
}

// mountPoints finds where something is mounted in a runner of image. What `volumes_from` brings is not known.
func (i *instanceRun) mountPoints(ctx context.Context, image backend.Image) (mountPoints, error) {
	m := mountPoints{own: []string{backend.ToolDir, fastboot.Dir}}
	for _, sb := range i.sandboxes() {
		m.own = append(m.own, sb.Remote)
	}
	tools, err := i.wantedTools()
	if err != nil {
		return m, err
	}
	for _, t := range tools {
		m.own = append(m.own, t.Volumes...)
		full, err := i.fullName(t.Image)
		if err != nil {
			continue // it is built of instructions
		}
		// An image that is gone since has nothing to tell; the runner keeps what was mounted.
		if img, err := i.localImage(ctx, t.Image, full); err == nil {
			m.own = append(m.own, img.Volumes...)
		}
	}
	for _, mount := range i.inst.Driver.Mounts {
		m.others = append(m.others, mount.Target)
	}
	m.others = append(m.others, image.Volumes...)
	m.others = slices.DeleteFunc(m.others, func(p string) bool { return rig.In(m.own, p) })
	slices.Sort(m.others)
	m.others = slices.Compact(m.others)
	return m, nil
}
