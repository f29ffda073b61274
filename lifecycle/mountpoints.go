package lifecycle

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/rig"
	"github.com/galley-kitchen/galley/lifecycle/runner"
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

// mounted are the paths of the runner at which something is mounted. What is written in those that are lost is in no
// image of it.
func (i *instanceRun) mounted(ctx context.Context, below backend.Image) (all, lost []string, err error) {
	known, err := i.mountPoints(ctx, below)
	if err != nil {
		return nil, nil, err
	}
	all = append(append([]string{}, known.own...), known.others...)
	seen, err := i.live().mountInfo(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range seen {
		all = append(all, m.path)
		if !m.readOnly && m.path != "/" && !rig.MadeByEngine(m.path) && !rig.In(known.own, m.path) && !m.ofSystemd() {
			lost = append(lost, m.path)
		}
	}
	slices.Sort(lost)
	return all, slices.Compact(lost), nil
}

// runnerMount is something that is mounted in a runner.
type runnerMount struct {
	path, kind string
	readOnly   bool
}

// ofSystemd reports whether it is a file system in memory where systemd wants one, which an engine may have made.
func (m runnerMount) ofSystemd() bool {
	return m.kind == "tmpfs" && (strings.HasPrefix(m.path, "/run/") ||
		slices.Contains([]string{"/run", "/tmp", "/var/log/journal"}, m.path))
}

// mountInfo asks the runner what is mounted in it. It needs no more of it than a shell.
func (l *liveRunner) mountInfo(ctx context.Context) ([]runnerMount, error) {
	found, err := l.ask(ctx, "the shell that lists what is mounted",
		runner.Shell(`while IFS= read -r line; do printf '%s\n' "$line"; done < /proc/self/mountinfo`)...)
	var list []runnerMount
	octal := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`) // as the kernel writes blanks
	for _, line := range found {
		place, fs, ok := strings.Cut(line, " - ")
		fields, kind := strings.Fields(place), strings.Fields(fs)
		if ok && len(fields) >= 6 && len(kind) > 0 {
			list = append(list, runnerMount{path: octal.Replace(fields[4]), kind: kind[0],
				readOnly: fields[5] == "ro" || strings.HasPrefix(fields[5], "ro,")})
		}
	}
	return list, err
}

// mountedIn are the paths in a directory of the runner at which something is mounted.
func (l *liveRunner) mountedIn(ctx context.Context, dir string) ([]string, error) {
	found, err := l.ask(ctx, "the shell that looks for "+dir,
		"sh", "-c", `cd -- "$1" && pwd -P`, "sh", dir) // the kernel's list has it without links
	if err != nil {
		return nil, err
	}
	place := cmp.Or(strings.Join(found, "\n"), dir)
	all, err := l.mountInfo(ctx)
	var inside []string
	for _, m := range all {
		if m.path != place && rig.In([]string{place}, m.path) && !slices.Contains(inside, m.path) {
			inside = append(inside, m.path)
		}
	}
	return inside, err
}
