package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/rig"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// The actions of snapshots.
const (
	// ActionSave makes an image of a runner while that runs, and records it.
	ActionSave Action = "snapshot"
	// ActionRestore makes a runner from a snapshot in the place of the instance's present one.
	ActionRestore Action = "restore"
)

// SnapshotOptions say what is saved or restored, and how.
type SnapshotOptions struct {
	// Name is the snapshot's. Empty, it is made of the time for one that is saved, and the newest for one to restore.
	Name string
	// Replace lets a snapshot that is saved take the place of one of its name.
	Replace bool
	// Volumes keeps the content of the runner's volumes too.
	Volumes bool
	// Force restores although kitchen.yml has changed since.
	Force bool
}

// saveSnapshot keeps the runner's state: first the volumes, then the image, then the record that makes both count.
func (i *instanceRun) saveSnapshot(ctx context.Context, o SnapshotOptions) (err error) {
	f := i.run.snapshotFiles(i.inst.Name)
	if o.Name == "" {
		o.Name = i.run.o.Now().Format("20060102-150405")
	}
	if err := checkSnapshotName(o.Name); err != nil {
		return err
	}
	e, c, err := i.run.reach(ctx, i.inst, "")
	if err != nil {
		return err
	}
	i.eng, i.container = e, &c
	if i.state.ContainerID != c.ID || i.state.LastAction == "" {
		return fmt.Errorf("%s is not created wholly, as far as is recorded\nRun `galley create %s` first", i.inst.Name,
			i.inst.Name)
	}
	if err := f.tidy(ctx, e); err != nil {
		return err
	}
	if replaced, err := f.find(o.Name); err != nil || replaced != nil && !o.Replace {
		if err == nil {
			err = fmt.Errorf("%s has a snapshot %q already\nChoose another name, or --replace it", i.inst.Name, o.Name)
		}
		return err
	}
	s := Snapshot{Project: i.run.o.Project.ID, Instance: i.inst.Name, Name: o.Name,
		Image:      snapshotImages + i.run.o.Project.ID + "-" + names.Random(8),
		PlatformID: platformID(c), LastAction: i.state.LastAction, Spec: i.state.Spec, Kind: string(e.endpoint.Kind),
		Created: i.run.o.Now().UTC()}
	if !e.endpoint.Ephemeral {
		s.Endpoint = hidePassword(e.endpoint.URI)
	}
	defer func() {
		if err != nil { // what was made is not recorded
			ctx, cancel := cleanupContext(ctx)
			defer cancel()
			err = errors.Join(err, f.tidy(ctx, e))
		}
	}()
	if err := i.saveVolumes(ctx, f, &s, o.Volumes); err != nil {
		return err
	}
	labels := i.labels(label.RoleSnapshot) // besides the runner's own, which its image has too
	labels[label.Snapshot], labels[label.LastAction] = s.Name, string(s.LastAction)
	labels[label.Image], labels[label.Created] = s.PlatformID, s.Created.Format(time.RFC3339)
	_, err = e.CommitContainer(ctx, c.ID, backend.CommitOptions{Ref: s.Image, Labels: labels})
	if err != nil {
		return err
	}
	if err := f.save(s); err != nil {
		return err
	}
	i.notice(LevelInfo, fmt.Sprintf("saved %s, which is %s, as the snapshot %q", i.inst.Name,
		strings.ToLower(s.LastAction.Done()), s.Name))
	return f.tidy(ctx, e)
}

// platformID is the ID of the platform's image on which a runner was made, also when it was by way of a snapshot.
func platformID(c backend.Container) string {
	if own, id, ok := strings.Cut(c.Labels[label.Image], " "); ok && own == c.ImageID {
		return id
	}
	return c.ImageID // what a person makes of such a runner has its label too
}

// saveVolumes streams what is in the runner's volumes to files, or says what the snapshot is without.
func (i *instanceRun) saveVolumes(ctx context.Context, f snapshotFiles, s *Snapshot, with bool) error {
	volumes, memory, err := i.volumes(ctx)
	if err != nil {
		return err
	}
	if len(memory) > 0 {
		i.notice(LevelWarn, "not in the snapshot: what is in memory at "+strings.Join(memory, ", "))
	}
	if from := i.inst.Driver.VolumesFrom; len(from) > 0 {
		i.notice(LevelWarn, "not in the snapshot: the volumes that driver.volumes_from brings")
	}
	if !with {
		if len(volumes) > 0 {
			i.notice(LevelWarn, "not in the snapshot: the volumes at "+strings.Join(volumes, ", ")+
				"\nTo keep what is in them, save it with --volumes")
		}
		return nil
	}
	for _, p := range volumes {
		inside, err := i.live().mountedIn(ctx, p)
		if err != nil {
			return err
		}
		if len(inside) > 0 {
			i.notice(LevelWarn, fmt.Sprintf("not in the snapshot: the volume at %s, since something else is mounted in it: %s",
				p, strings.Join(inside, ", ")))
			continue
		}
		n := len(s.Volumes)
		s.Volumes = append(s.Volumes, SnapshotVolume{Path: p})
		err = i.live().metered("save "+p, "Downloading", func(m *metered) error {
			return f.dir.WriteStream(f.volumePath(*s, n), func(to *os.File) error {
				err := i.readVolume(ctx, p, io.MultiWriter(to, m))
				s.Volumes[n].Bytes = m.n
				return err
			})
		})
		if err != nil {
			return fmt.Errorf("save the volume at %s: %w", p, err)
		}
		i.notice(LevelInfo, fmt.Sprintf("kept the volume at %s: %s", p, units.HumanSize(float64(s.Volumes[n].Bytes))))
	}
	return nil
}

// readVolume writes what is in a volume as a tar stream. The runner's own tar keeps the owners of files, which the
// archives of Podman's API do not; they serve where there is none.
func (i *instanceRun) readVolume(ctx context.Context, p string, to io.Writer) error {
	l := i.live()
	code, err := l.Exec(ctx, runner.Command{User: "0", Argv: runner.Shell("command -v tar")})
	if err != nil {
		return err
	}
	if code == 0 {
		var said process.Tail
		code, err = l.Exec(ctx, runner.Command{User: "0", Argv: []string{"tar", "-C", p, "-cf", "-", "."}, Stdout: to,
			Stderr: &said})
		if err == nil && code > 1 {
			return fmt.Errorf("tar exited with code %d: %s", code, said.String())
		}
		if err == nil && code == 1 { // a file changed or went while it was read
			i.notice(LevelWarn, said.String())
		}
		return err
	}
	i.notice(LevelWarn,
		"the runner has no tar, so that files in its volumes may be of another owner when they are restored")
	stream, err := i.eng.CopyFrom(ctx, i.container.ID, p+"/.")
	if err != nil {
		return err
	}
	defer stream.Close()
	_, err = io.Copy(to, stream)
	return err
}

// volumes are the places at which the runner has volumes, but for galley's own, and those at which it has memory.
func (i *instanceRun) volumes(ctx context.Context) (volumes, memory []string, err error) {
	image, err := i.eng.InspectImage(ctx, i.container.ImageID)
	if err != nil && !errors.Is(err, backend.ErrNotFound) {
		return nil, nil, err
	}
	points, err := i.mountPoints(ctx, image)
	if err != nil {
		return nil, nil, err
	}
	mounts := map[string]spec.Mount{}
	for _, m := range i.inst.Driver.Mounts {
		mounts[path.Clean(m.Target)] = m
	}
	for _, p := range points.others {
		p = path.Clean(p)
		switch m, known := mounts[p]; {
		case known && m.Type == spec.MountTmpfs:
			memory = append(memory, p)
		case known && (m.Type != spec.MountVolume || m.ReadOnly), rig.MadeByEngine(p), slices.Contains(volumes, p):
		default:
			volumes = append(volumes, p)
		}
	}
	return volumes, memory, nil
}

// restoreSnapshot destroys the instance and creates it from a snapshot.
func (i *instanceRun) restoreSnapshot(ctx context.Context, o SnapshotOptions) error {
	s, err := i.run.snapshotFiles(i.inst.Name).choose(o.Name)
	if err != nil {
		return err
	}
	i.snapshot = s
	if _, err := i.snapshotImage(ctx); err != nil {
		return err
	}
	if err := i.run.snapshotFiles(i.inst.Name).checkVolumes(*s); err != nil {
		return err
	}
	wanted, err := i.wantedTools()
	if err != nil {
		return err
	}
	now, err := i.digests(wanted)
	if err != nil {
		return err
	}
	was := maps.Clone(s.Spec)
	for _, digests := range []map[string]string{now, was} {
		delete(digests, sandboxPaths)
		forgetIDs(digests)
	}
	if changed := describeChange(was, now); !maps.Equal(was, now) {
		if !o.Force {
			return fmt.Errorf("since %s was saved, %s\nConverge anew, or restore it all the same with --force", s.Name, changed)
		}
		i.notice(LevelWarn, "restoring although "+changed+" (--force)")
	}
	if err := i.runPhase(ctx, PhaseDestroy); err != nil {
		return err
	}
	if err := i.member.await(ctx, PhaseCreate); err != nil {
		return err
	}
	if err := i.runPhase(ctx, PhaseCreate); err != nil {
		return err
	}
	i.state.LastAction = s.LastAction
	if err := i.save(); err != nil {
		return err
	}
	i.notice(LevelInfo, fmt.Sprintf("restored %s, which is %s, from the snapshot %q", i.inst.Name,
		strings.ToLower(s.LastAction.Done()), s.Name))
	return nil
}

// runnerImage is the image that the runner is made from.
func (i *instanceRun) runnerImage(ctx context.Context) (backend.Image, error) {
	switch {
	case i.snapshot != nil:
		return i.snapshotImage(ctx)
	case i.inst.From != nil:
		return i.startImage(ctx)
	}
	return i.platformImage(ctx)
}

// snapshotImage finds the image of the snapshot that is restored.
func (i *instanceRun) snapshotImage(ctx context.Context) (backend.Image, error) {
	s := i.snapshot
	img, err := i.eng.InspectImage(ctx, s.Image)
	if errors.Is(err, backend.ErrNotFound) {
		return img, fmt.Errorf("the image of the snapshot %s is not on this engine, %s: %w\n"+
			"It was saved on %s. Use that engine, or remove the snapshot with `galley snapshot rm`", s.Name,
			describeEngine(string(i.eng.endpoint.Kind), hidePassword(i.eng.endpoint.URI)), err,
			describeEngine(s.Kind, s.Endpoint))
	}
	if err != nil {
		return img, err
	}
	if !isSnapshot(img) || img.Labels[label.Project] != s.Project || img.Labels[label.Instance] != s.Instance {
		return img, fmt.Errorf("the image %s is not the one that galley made of %s\nRemove the snapshot with `galley "+
			"snapshot rm`", s.Image, s.Instance)
	}
	return img, nil
}

// emptyDirectory removes all that is in the directory that is its argument.
const emptyDirectory = `rm -rf -- "$1"/* "$1"/.[!.]* "$1"/..?*`

// restoreVolumes gives the volumes of a new runner the content that they had. What its image put into them goes first.
// Nothing is removed but from a volume: what kitchen.yml mounts there now, or in it, may be a directory of the host.
func (i *instanceRun) restoreVolumes(ctx context.Context) error {
	if err := i.requireRunner(ctx); err != nil {
		return err
	}
	if _, err := i.snapshotImage(ctx); err != nil { // without it its volumes would be taken for none
		return err
	}
	f, l := i.run.snapshotFiles(i.inst.Name), i.live()
	volumes, _, err := i.volumes(ctx)
	if err != nil {
		return err
	}
	for n, v := range i.snapshot.Volumes {
		if !slices.Contains(volumes, v.Path) {
			i.notice(LevelWarn, fmt.Sprintf("not restored: the volume at %s, since the runner has none there now", v.Path))
			continue
		}
		inside, err := l.mountedIn(ctx, v.Path)
		if err != nil {
			return err
		}
		if len(inside) > 0 {
			i.notice(LevelWarn, fmt.Sprintf("not restored: the volume at %s, since something else is mounted in it: %s", v.Path,
				strings.Join(inside, ", ")))
			continue
		}
		code, err := l.Exec(ctx, runner.Command{User: "0", Argv: []string{"sh", "-c", emptyDirectory, "sh", v.Path}})
		if err = runner.Succeeded("rm", code, err); err == nil {
			err = l.metered("restore "+v.Path, "Uploading", func(m *metered) error {
				from, err := f.dir.Open(f.volumePath(*i.snapshot, n))
				if err != nil {
					return err
				}
				defer from.Close()
				return m.CopyTo(ctx, i.container.ID, v.Path, from)
			})
		}
		if err != nil {
			return fmt.Errorf("restore the volume at %s: %w", v.Path, err)
		}
	}
	return nil
}
