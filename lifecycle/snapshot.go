package lifecycle

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/statedir"
)

// Snapshot is what is recorded of a runner's state that was kept: an image on an engine, and the content of volumes
// beside the record. It lies in the project, so what it says is checked before it is used.
type Snapshot struct {
	// Project is the ID of the project whose snapshot this is, and Instance the instance's name.
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Name     string `json:"name"`
	// Image names the image.
	Image string `json:"image"`
	// PlatformID is the ID of the platform's image, on which the runner was made.
	PlatformID string `json:"platform_id"`
	// LastAction is the last phase that had succeeded.
	LastAction Phase `json:"last_action"`
	// Spec has a digest of each part of what the runner was made from.
	Spec    map[string]string `json:"spec"`
	Volumes []SnapshotVolume  `json:"volumes,omitempty"`
	// Kind and Endpoint are the engine that has the image, as State has them.
	Kind     string    `json:"engine_kind,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	Created  time.Time `json:"created"`
}

// SnapshotVolume is the content of one volume of a snapshot.
type SnapshotVolume struct {
	// Path is where the volume is mounted in the runner.
	Path string `json:"path"`
	// Bytes is the size of the tar file that has its content.
	Bytes int64 `json:"bytes"`
}

// snapshotImages is what the names of the images of snapshots begin with; the project and a random word follow.
const snapshotImages = "localhost/galley-snapshot:"

// snapshotDir is the directory of all snapshots in the state directory.
const snapshotDir = "snapshots"

// isSnapshot reports whether an image is one that galley keeps of a runner: it has the labels, and no name of another
// kind. What a person makes of it inherits the labels alone, and is theirs.
func isSnapshot(i backend.Image) bool {
	return isOwnImage(i, label.RoleSnapshot, snapshotImages+i.Labels[label.Project]+"-")
}

// id is the random word that names the image and the directory with the content of the volumes.
func (s Snapshot) id() string { return strings.TrimPrefix(s.Image, snapshotImages+s.Project+"-") }

// VolumesSize is how much the files of the volumes take.
func (s Snapshot) VolumesSize() (bytes int64) {
	for _, v := range s.Volumes {
		bytes += v.Bytes
	}
	return bytes
}

// check refuses a name that cannot be shown in a list.
func checkSnapshotName(name string) error {
	const most = 200
	if name == "" || len(name) > most || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("%q cannot be the name of a snapshot\nWrite up to %d letters, digits and signs on one line",
			name, most)
	}
	return nil
}

// snapshotFiles are the snapshots of one instance on disk. Each has a record, replaced as a whole, and its volumes in
// a directory of their own, which is complete before the record names it.
type snapshotFiles struct {
	dir               statedir.Dir
	project, instance string
}

func (r *Run) snapshotFiles(instance string) snapshotFiles {
	return snapshotFiles(r.stateFile(instance))
}

// path is that of something of the instance's snapshots in the state directory.
func (f snapshotFiles) path(elem ...string) string {
	return path.Join(append([]string{snapshotDir, names.File(f.instance)}, elem...)...)
}

func (f snapshotFiles) recordPath(name string) string {
	return f.path(names.File(name) + stateExtension)
}

func (f snapshotFiles) volumePath(s Snapshot, n int) string {
	return f.path(s.id(), fmt.Sprintf("%d.tar", n))
}

// list are the instance's snapshots, the oldest first. A record that is damaged or another project's is left out.
func (f snapshotFiles) list() ([]Snapshot, error) { return f.listIn(f.path()) }

func (f snapshotFiles) listIn(dir string) ([]Snapshot, error) {
	entries, err := f.dir.Names(dir)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	var list []Snapshot
	for _, entry := range entries {
		if path.Ext(entry) != stateExtension {
			continue
		}
		s, err := f.read(path.Join(dir, entry))
		if err != nil {
			return nil, err
		}
		if s != nil {
			list = append(list, *s)
		}
	}
	slices.SortStableFunc(list, func(a, b Snapshot) int { return a.Created.Compare(b.Created) })
	return list, nil
}

// read returns the snapshot of a record, nil when that is damaged, another project's or, where an instance is known,
// another instance's.
func (f snapshotFiles) read(file string) (*Snapshot, error) {
	data, err := f.dir.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the record of a snapshot: %w", err)
	}
	var s Snapshot
	if json.Unmarshal(data, &s) != nil || s.Project != f.project || f.project == "" ||
		(f.instance != "" && s.Instance != f.instance) || checkSnapshotName(s.Name) != nil {
		return nil, nil //nolint:nilerr // what is no record is none
	}
	if _, err := hex.DecodeString(s.id()); err != nil || s.id() == "" {
		return nil, nil //nolint:nilerr // its image is not one of galley's
	}
	return &s, nil
}

// find is the snapshot of a name, nil when there is none.
func (f snapshotFiles) find(name string) (*Snapshot, error) { return f.read(f.recordPath(name)) }

// choose is the snapshot of a name, or the newest one.
func (f snapshotFiles) choose(name string) (*Snapshot, error) {
	if name != "" {
		s, err := f.find(name)
		if err == nil && s == nil {
			err = f.absent(name)
		}
		return s, err
	}
	list, err := f.list()
	if err == nil && len(list) == 0 {
		err = f.absent(name)
	}
	if err != nil {
		return nil, err
	}
	return &list[len(list)-1], nil
}

// checkVolumes is an error when the content of a volume is not there as it was saved.
func (f snapshotFiles) checkVolumes(s Snapshot) error {
	for n, v := range s.Volumes {
		info, err := f.dir.Stat(f.volumePath(s, n))
		if err == nil && info.Size() != v.Bytes {
			err = fmt.Errorf("it has %d bytes, and %d were saved", info.Size(), v.Bytes)
		}
		if err != nil {
			return fmt.Errorf("the content of the volume at %s in the snapshot %s: %w\n"+
				"Nothing was done. Remove the snapshot with `galley snapshot rm`", v.Path, s.Name, err)
		}
	}
	return nil
}

// absent says that there is no such snapshot, and which there are.
func (f snapshotFiles) absent(name string) error {
	list, err := f.list()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%s has no snapshots\nMake one with `galley snapshot save %s`", f.instance, f.instance)
	}
	var b strings.Builder
	for _, s := range list {
		b.WriteString("\n  " + s.Name)
	}
	return fmt.Errorf("%s has no snapshot %q; there are:%s", f.instance, name, b.String())
}

// save replaces the record of a snapshot.
func (f snapshotFiles) save(s Snapshot) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := f.dir.WriteFile(f.recordPath(s.Name), append(data, '\n')); err != nil {
		return fmt.Errorf("save the record of the snapshot: %w", err)
	}
	return nil
}

// tidy removes what no record of the instance names: images of snapshots that were replaced, removed or not finished,
// and files of such. An image that is in use, as by the runner that was made from it, stays until the next time.
func (f snapshotFiles) tidy(ctx context.Context, be backend.Images) error {
	list, err := f.list()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, s := range list {
		known[s.id()], known[s.Image] = true, true
	}
	entries, err := f.dir.Names(f.path())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if path.Ext(entry) != stateExtension && !known[entry] {
			if err := f.dir.RemoveAll(f.path(entry)); err != nil {
				return fmt.Errorf("remove what is left of a snapshot: %w", err)
			}
		}
	}
	if be == nil {
		return nil
	}
	images, err := be.ListImages(ctx, backend.Labels{label.Role: label.RoleSnapshot, label.Project: f.project,
		label.Instance: f.instance})
	if err != nil {
		return err
	}
	return removeUnused(ctx, be, slices.DeleteFunc(images, func(img backend.Image) bool {
		return !isSnapshot(img) || slices.ContainsFunc(img.Tags, func(tag string) bool { return known[tag] })
	}))
}

// ImageState says whether the image of a snapshot is where it was made.
type ImageState string

// The states of images.
const (
	ImageWarm    ImageState = "warm"
	ImageGone    ImageState = "gone"
	ImageUnknown ImageState = "unknown" // its engine does not answer
)

// SnapshotStatus is a snapshot and what its engine says of it.
type SnapshotStatus struct {
	Snapshot
	State ImageState
	// Size is the image's, in bytes, with the layers that others have too; 0 when it is not known.
	Size int64
}

// Snapshots lists the snapshots of the project, by instance and age, also those of instances that kitchen.yml no longer
// has. It changes nothing. An engine that cannot be asked is an error beside the list.
func (r *Run) Snapshots(ctx context.Context) ([]SnapshotStatus, error) {
	recorded, err := RecordedSnapshots(r.o.Project)
	if err != nil {
		return nil, err
	}
	var list []SnapshotStatus
	var errs []error
	for _, s := range recorded {
		status, err := r.snapshotStatus(ctx, s)
		if err != nil {
			errs = append(errs, err)
		}
		list = append(list, status)
	}
	return list, errors.Join(dedupe(errs)...)
}

// RecordedSnapshots are the snapshots that a project has recorded, by instance and age. No engine is asked.
func RecordedSnapshots(p Project) ([]Snapshot, error) {
	dirs, err := p.state().Names(snapshotDir)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	var list []Snapshot
	for _, dir := range dirs {
		found, err := snapshotFiles{dir: p.state(), project: p.ID}.listIn(path.Join(snapshotDir, dir))
		if err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(found, func(s Snapshot) bool { return names.File(s.Instance) != dir })...)
	}
	return list, nil
}

func (r *Run) snapshotStatus(ctx context.Context, s Snapshot) (SnapshotStatus, error) {
	status := SnapshotStatus{Snapshot: s, State: ImageUnknown}
	e, err := r.snapshotEngine(ctx, s)
	if err != nil {
		return status, err
	}
	switch img, err := e.InspectImage(ctx, s.Image); {
	case errors.Is(err, backend.ErrNotFound):
		status.State = ImageGone
	case err != nil:
		return status, err
	default:
		status.State, status.Size = ImageWarm, img.Size
	}
	return status, nil
}

// snapshotEngine opens the engine that has the image of a snapshot.
func (r *Run) snapshotEngine(ctx context.Context, s Snapshot) (*engine, error) {
	if s.Endpoint != "" && !r.offers(ctx, s.Endpoint) {
		return nil, fmt.Errorf("the snapshot %s of %s is on %s as its record says, and neither your settings nor this "+
			"machine offer that engine\nIf it is yours, say so with --host %s", s.Name, s.Instance, s.Endpoint, s.Endpoint)
	}
	e, err := r.engineFor(ctx, s.Kind, s.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("the snapshot %s of %s is on %s, which cannot be used: %w", s.Name, s.Instance,
			describeEngine(s.Kind, s.Endpoint), err)
	}
	return e, nil
}

// RemoveSnapshots removes snapshots of an instance by their names, or all of it when none is named, and returns those
// that it removed. With Forget, the image of one whose engine does not answer is left behind.
func (r *Run) RemoveSnapshots(ctx context.Context, instance string, named []string) (removed []Snapshot, err error) {
	lock, err := filelock.Acquire(ctx, r.stateFile(instance).lockPath(), filelock.Options{Owner: r.owner("snapshot rm")})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	f := r.snapshotFiles(instance)
	list, err := f.list()
	if err != nil {
		return nil, err
	}
	for _, name := range named {
		if !slices.ContainsFunc(list, func(s Snapshot) bool { return s.Name == name }) {
			return nil, f.absent(name)
		}
	}
	for _, s := range list {
		if len(named) > 0 && !slices.Contains(named, s.Name) {
			continue
		}
		if err := r.removeSnapshot(ctx, f, s); err != nil {
			return removed, err
		}
		removed = append(removed, s)
	}
	return removed, nil
}

// removeSnapshot removes the record of a snapshot, and then what that named.
func (r *Run) removeSnapshot(ctx context.Context, f snapshotFiles, s Snapshot) error {
	e, err := r.snapshotEngine(ctx, s)
	if err != nil && !r.o.Forget {
		return fmt.Errorf("%w\nStart that engine, or leave the image there with --forget", err)
	}
	if err := f.dir.Remove(f.recordPath(s.Name)); err != nil {
		return fmt.Errorf("remove the record of the snapshot: %w", err)
	}
	if err != nil {
		return f.tidy(ctx, nil)
	}
	if err := f.tidy(ctx, e); err != nil {
		return err
	}
	return e.removeStartImages(ctx, "") // the snapshot may have been what kept one
}

// snapshotRecorded reports whether a snapshot is recorded in a project, to which it may belong though that was moved,
// or in the directory of this machine where it was made.
func snapshotRecorded(i backend.Image, p Project) bool {
	dirs := []string{p.Root}
	if root := i.Labels[label.ProjectDir]; i.Labels[label.Host] == hostName() {
		dirs = append(dirs, root)
	}
	return slices.ContainsFunc(dirs, func(dir string) bool {
		if !filepath.IsAbs(dir) {
			return false
		}
		list, err := snapshotFiles{statedir.Of(dir), i.Labels[label.Project], i.Labels[label.Instance]}.list()
		if err != nil {
			return !errors.Is(err, fs.ErrNotExist) // what cannot be read is another user's
		}
		return slices.ContainsFunc(list, func(s Snapshot) bool { return slices.Contains(i.Tags, s.Image) })
	})
}
