package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/rig"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// publish makes an image of the runner and brings it to where it belongs. Nothing of it is recorded: the runner stays
// what it was.
func (i *instanceRun) publish(ctx context.Context, p Phase) error {
	return i.announced(ctx, p, func(ctx context.Context) (err error) {
		defer func() {
			if err != nil && ctx.Err() != nil {
				err = interrupted(err, context.Cause(ctx))
			}
		}()
		if i.container != nil { // of one that this run made not all is known
			if err := i.findRunner(ctx); err != nil {
				return err
			}
		}
		untested, err := i.untested()
		if err != nil {
			return err
		}
		image, err := i.eng.InspectImage(ctx, platformID(*i.container))
		if err != nil {
			return fmt.Errorf("find the image that the runner was made from: %w", err)
		}
		if err := i.run.publishing.register(i.inst.Name,
			v1.Platform{OS: image.OS, Architecture: image.Arch, Variant: image.Variant}); err != nil {
			return err
		}
		mounts, lost, err := i.mounted(ctx, image)
		if err != nil {
			return err
		}
		if len(lost) > 0 {
			i.notice(LevelWarn, "what the runner has in these places is on volumes or in memory, and no part of the image: "+
				strings.Join(lost, ", "))
		}
		pub := publication{supplies: i.supplies, runner: i.container.ID, below: image.ID, mounts: mounts, untested: untested}
		dir, err := pub.publishDir()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		img, err := pub.makeImage(ctx, dir)
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("%w\nSet TMPDIR to a directory that has room for the image twice", err)
		}
		if err != nil {
			return err
		}
		if p == PhasePackage {
			return i.step(StepPackage, func() error { return pub.packageImage(ctx, img) })
		}
		return i.step(StepPush, func() error { return pub.push(ctx, img) })
	})
}

// untested is an error unless the runner is as its last tests saw it, and they passed. With Force it only reports that.
func (i *instanceRun) untested() (bool, error) {
	if i.container == nil {
		return false, notThere(i.inst, "runner")
	}
	if i.container.State == backend.StatePaused {
		return false, fmt.Errorf("the runner of %s is paused: %w\nThe engine may still make an image of it, for a galley that was "+
			"interrupted: wait a moment, and publish again", i.inst.Name, backend.ErrNotRunning)
	}
	if i.container.State != backend.StateRunning {
		return false, fmt.Errorf("the runner of %s is %s: %w\nRun `galley verify %s` first", i.inst.Name, i.container.State,
			backend.ErrNotRunning, i.inst.Name)
	}
	changed, err := i.configChanged()
	if err != nil {
		return false, err
	}
	whole, err := i.testedAsAWhole()
	if err != nil {
		return false, err
	}
	why, verify := "", i.inst.Name
	switch s := i.state; {
	case s.LastAction != PhaseVerify && s.Attempted == PhaseVerify:
		why = "its last tests did not pass"
	case s.LastAction != PhaseVerify:
		why = "it was not tested since its last " + string(cmp.Or(s.Attempted, PhaseCreate))
	case changed != "":
		why = changed + " since it was tested"
	case !whole:
		verify = i.inst.Node.Group.Name
		why = verify + " has not passed its tests as a whole since then"
	default:
		return false, nil
	}
	if i.run.o.Publish.Force {
		i.notice(LevelWarn, "published although "+why+" (--force); a label of the image says so")
		return true, nil
	}
	return false, fmt.Errorf("%s is not published: %s\n"+
		"Run `galley verify %s` first, or publish it all the same with --force", i.inst.Name, why, verify)
}

// testedAsAWhole reports whether the group of a node has passed the tests that it has, if any, with its nodes as they are.
func (i *instanceRun) testedAsAWhole() (bool, error) {
	if i.inst.Node == nil || i.inst.Node.Group.Verifier.Kind == "" {
		return true, nil
	}
	s, err := stateFileOf(i.run.o.Project, i.inst.Node.Group.Name).load()
	return s.LastAction == PhaseVerify, err
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
	switch m.path {
	case "/run", "/run/lock", "/tmp", "/var/log/journal":
		return m.kind == "tmpfs"
	}
	return strings.HasPrefix(m.path, "/run/") && m.kind == "tmpfs"
}

// maxMountInfo bounds what a runner may tell of its mounts.
const maxMountInfo = 4 << 20

// mountInfo asks the runner what is mounted in it. It needs no more of it than a shell.
func (l *liveRunner) mountInfo(ctx context.Context) ([]runnerMount, error) {
	var list []runnerMount
	size := 0
	read := &lines.Writer{Emit: func(line string) error {
		if size += len(line); size > maxMountInfo {
			return fmt.Errorf("the runner tells of more than %d bytes of mounts", maxMountInfo)
		}
		if m, ok := parseMount(line); ok {
			list = append(list, m)
		}
		return nil
	}}
	code, err := l.Exec(ctx, runner.Command{User: "0", WorkDir: "/", Stdout: read, Argv: runner.Shell(
		`while IFS= read -r line; do printf '%s\n' "$line"; done < /proc/self/mountinfo`)})
	if err := runner.Succeeded("the shell that lists what is mounted", code, err); err != nil {
		return nil, err
	}
	return list, read.Flush()
}

// parseMount reads a line of /proc/self/mountinfo.
func parseMount(line string) (runnerMount, bool) {
	place, fs, ok := strings.Cut(line, " - ")
	fields, kind := strings.Fields(place), strings.Fields(fs)
	if !ok || len(fields) < 6 || len(kind) == 0 {
		return runnerMount{}, false
	}
	return runnerMount{path: unescape(fields[4]), kind: kind[0],
		readOnly: fields[5] == "ro" || strings.HasPrefix(fields[5], "ro,")}, true
}

// mountedIn are the paths in a directory of the runner at which something is mounted.
func (l *liveRunner) mountedIn(ctx context.Context, dir string) ([]string, error) {
	var out process.Tail
	code, err := l.Exec(ctx, runner.Command{User: "0", Stdout: &out,
		Argv: []string{"sh", "-c", `cd -- "$1" && pwd -P`, "sh", dir}}) // the kernel's list has it without links
	if err := runner.Succeeded("the shell that looks for "+dir, code, err); err != nil {
		return nil, err
	}
	place := cmp.Or(out.String(), dir)
	all, err := l.mountInfo(ctx)
	var inside []string
	for _, m := range all {
		if m.path != place && rig.In([]string{place}, m.path) && !slices.Contains(inside, m.path) {
			inside = append(inside, m.path)
		}
	}
	return inside, err
}

// unescape is a path as the kernel's lists have it: blanks and the like in octal digits.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}
