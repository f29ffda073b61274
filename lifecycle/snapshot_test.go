package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// snapshotKitchen is a kitchen whose runners keep in their files, and in a volume, that they were converged. The
// instance's tests pass only where both are there.
func snapshotKitchen(t *testing.T) (*kitchen, config.Instance) {
	t.Helper()
	k := newKitchen(t)
	files := []string{"/converged", "/data/converged"}
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case slices.Contains(e.Command, "command -v tar"):
			return 1, nil
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			for _, name := range files {
				if err := k.fake.PutFile(c.ID, name, fake.File{Mode: 0o600}); err != nil {
					return 0, err
				}
			}
			return 0, nil
		case slices.Contains(e.Command, "is it converged"):
			for _, name := range files {
				if _, err := k.fake.ReadFile(c.ID, name); err != nil {
					return 1, nil //nolint:nilerr // the test fails
				}
			}
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	i := chefInstance("a")
	i.Driver.Mounts = []spec.Mount{{Type: spec.MountVolume, Target: "/data"}, {Type: spec.MountTmpfs, Target: "/fast"}}
	i.Verifier.Shell.Command = "is it converged"
	return k, i
}

// snapshot does an action of snapshots to an instance.
func (k *kitchen) snapshot(a Action, i config.Instance, o SnapshotOptions) error {
	k.t.Helper()
	k.change = func(all *Options) { all.Snapshot = o }
	defer func() { k.change = nil }()
	return k.do(a, i)
}

// snapshotImages are the images of snapshots that the engine has.
func (k *kitchen) snapshotImages() []backend.Image {
	k.t.Helper()
	list, err := k.fake.ListImages(k.t.Context(), backend.Labels{label.Role: label.RoleSnapshot})
	require.NoError(k.t, err)
	return list
}

// verifiesAsRestored wants the instance to be green without another converge.
func (k *kitchen) verifiesAsRestored(i config.Instance, what string) {
	k.t.Helper()
	k.sink.events = nil
	require.NoError(k.t, k.do("verify", i), what)
	require.Contains(k.t, k.sink.phases(), "verify passed", what)
	require.NotContains(k.t, k.sink.phases(), "converge passed", what)
}

func TestSnapshotIsRestored(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.ErrorContains(t, k.snapshot(ActionSave, i, SnapshotOptions{}), "Run `galley create a` first")
	require.NoError(t, k.do("converge", i))
	was := k.runners()[0]
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x", Volumes: true}))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "not in the snapshot: what is in memory at /fast")
	require.Equal(t, was.ID, k.runners()[0].ID)
	volume := filepath.Join(k.project.StateDir(), snapshotDir, "a", k.recorded()[0].id(), "0.tar")
	st, err := os.Stat(volume)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode())
	require.Equal(t, st.Size(), k.recorded()[0].Volumes[0].Bytes)

	require.NoError(t, k.do("destroy", i))
	require.NoError(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "x"}))
	k.verifiesAsRestored(i, "")
	require.NoError(t, k.do("create", i))
	require.Equal(t, k.snapshotImages()[0].ID, k.runners()[0].ImageID, "create keeps it")

	// One of a runner that was restored is as good.
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "y", Volumes: true}))
	require.Equal(t, was.ImageID, k.recorded()[1].PlatformID)
	require.NoError(t, k.snapshot(ActionRestore, i, SnapshotOptions{})) // the newest
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), `restored a, which is created, from the snapshot "y"`)
	require.NoError(t, k.do("verify", i))

	// The platform's image is another one now: create tells it, as ever.
	k.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/busybox:latest"})
	k.sink.events = nil
	require.NoError(t, k.do("create", i))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "its image is another one now")
}

// An engine goes on with a snapshot's image when galley was interrupted: then its runner is paused, and the next
// command would find it so.
func TestSnapshotInterrupted(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("create", i))
	id := k.runners()[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	k.fake.FailOn(func(c fake.Call) error {
		switch {
		case c.Verb == "CommitContainer":
			cancel()
			return ctx.Err()
		case c.Verb == "InspectContainer" && ctx.Err() != nil:
			if seen++; seen == 2 {
				go func() { assert.NoError(t, k.fake.UnpauseContainer(context.WithoutCancel(ctx), id)) }()
			}
		}
		return nil
	})
	require.NoError(t, k.fake.PauseContainer(t.Context(), id))
	e := &engine{ContainerBackend: k.fake}
	_, err := e.CommitContainer(ctx, id, backend.CommitOptions{Ref: "localhost/x"})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, seen, 2)
}

// recorded are the snapshots on record.
func (k *kitchen) recorded() []Snapshot {
	k.t.Helper()
	list, err := RecordedSnapshots(k.project)
	require.NoError(k.t, err)
	return list
}

func TestSnapshotErrors(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{}), "a has no snapshots\nMake one with")
	require.NoError(t, k.do("converge", i))
	for _, name := range []string{"a\nb", "\xff", "\x1b[1m", strings.Repeat("x", 201)} {
		require.ErrorContains(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: name}), "cannot be the name of a snapshot")
	}
	odd := []string{"x", "X", "../..", "a b", "ä", ".", "-", strings.Repeat("y", 200)}
	for _, name := range odd {
		require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: name}), name)
	}
	require.Len(t, k.recorded(), len(odd))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "not in the snapshot: the volumes at /data\nTo keep")
	require.ErrorContains(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x"}), "--replace")
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "z"}), "there are:\n  x\n  X\n")
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), `saved a, which is converged, as the snapshot "ä"`)
	was := k.runners()[0].ID

	changed := i
	changed.Driver.Env = map[string]string{"A": "b"}
	require.ErrorContains(t, k.snapshot(ActionRestore, changed, SnapshotOptions{Name: "x"}),
		"since x was saved, env changed in its configuration\n")
	require.Equal(t, was, k.runners()[0].ID)
	require.NoError(t, k.snapshot(ActionRestore, changed, SnapshotOptions{Name: "x", Force: true}))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "restoring although env changed")
	require.NotEqual(t, was, k.runners()[0].ID)

	// The runner uses the image: that goes with the next command that finds it unused.
	removed, err := k.run().RemoveSnapshots(t.Context(), "a", []string{"x"})
	require.NoError(t, err)
	require.Len(t, removed, 1)
	require.Len(t, k.snapshotImages(), len(odd))
	require.NoError(t, k.do("destroy", i))
	_, err = k.run().RemoveSnapshots(t.Context(), "a", []string{"X"})
	require.NoError(t, err)
	require.Len(t, k.snapshotImages(), len(odd)-2)

	// An image that was removed by hand, and one that has the name and is not galley's.
	at := slices.IndexFunc(k.recorded(), func(s Snapshot) bool { return s.Name == "ä" })
	image := k.recorded()[at].Image
	require.NoError(t, k.fake.RemoveImage(t.Context(), image))
	list, err := k.run().Snapshots(t.Context())
	require.NoError(t, err)
	require.Equal(t, ImageGone, list[at].State)
	require.Equal(t, ImageWarm, list[0].State)
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "ä"}), "is not on this engine, fake://one")
	k.fake.AddImage(fake.ImageSpec{Ref: image})
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "ä"}), "is not the one that galley made")

	// Nothing in the way of a prune, until the records are gone.
	_, err = Prune(t.Context(), k.fake, PruneOptions{All: true})
	require.NoError(t, err)
	require.NotEmpty(t, k.snapshotImages())
	require.NoError(t, os.RemoveAll(filepath.Join(k.project.StateDir(), snapshotDir)))
	_, err = Prune(t.Context(), k.fake, PruneOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, k.snapshotImages())
	_, err = Prune(t.Context(), k.fake, PruneOptions{All: true})
	require.NoError(t, err)
	require.Empty(t, k.snapshotImages())
}

// What is mounted in a volume, or where one was, may be a directory of the host: nothing of it is saved, and above all
// nothing of it is removed.
func TestSnapshotSparesWhatIsNoVolume(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "full", Volumes: true}))
	require.Len(t, k.recorded()[0].Volumes, 1)
	was, full := k.runners()[0].ID, snapshotFiles{k.project.state(), k.project.ID, "a"}
	file := k.project.state().Path(full.volumePath(k.recorded()[0], 0))
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, damage := range []func() error{
		func() error { return os.WriteFile(file, data[1:], 0o600) }, func() error { return os.Remove(file) },
	} {
		require.NoError(t, damage())
		require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{}), "the volume at /data in the snapshot full: ")
		require.Equal(t, was, k.runners()[0].ID, "what cannot be restored destroys nothing")
	}
	require.NoError(t, os.WriteFile(file, data, 0o600))
	var emptied []string
	mounts := "1 0 8:1 / /data rw - ext4 /dev/x rw\n2 0 8:1 / /data/the\\040host rw - ext4 /dev/x rw\n"
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		line := strings.Join(e.Command, " ")
		switch {
		case strings.Contains(line, "/proc/self/mountinfo"):
			_, err := io.WriteString(e.Stdout, mounts)
			return 0, err
		case strings.Contains(line, "pwd -P"):
			_, err := io.WriteString(e.Stdout, "/data\n")
			return 0, err
		case slices.Contains(e.Command, emptyDirectory):
			emptied = append(emptied, e.Command[len(e.Command)-1])
		}
		return 0, fake.ErrNotHandled
	})
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "without", Volumes: true}))
	require.Empty(t, k.recorded()[1].Volumes)
	require.Contains(t, strings.Join(k.sink.notices(), "\n"),
		"not in the snapshot: the volume at /data, since something else is mounted in it: /data/the host")
	require.NoError(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "full"}))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "not restored: the volume at /data, since something else")

	mounts = ""
	i.Driver.Mounts = []spec.Mount{{Type: spec.MountBind, Source: t.TempDir(), Target: "/data"}}
	require.NoError(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "full", Force: true}))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "not restored: the volume at /data, since the runner has none")
	require.Empty(t, emptied)
}

// Without its image it is not known what volumes a runner has: a restore fails, and is not one without them.
func TestRestoreWithoutTheImage(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x", Volumes: true}))
	started := false
	k.fake.FailOn(func(c fake.Call) error {
		if started = started || c.Verb == "StartContainer"; started && c.Verb == "InspectImage" {
			return &backend.Error{Op: "inspect the image", Kind: backend.ErrNotFound}
		}
		return nil
	})
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{}), "the image of the snapshot x is not on this")
}

// An engine that is gone keeps its image, and the record goes when that is asked for.
func TestSnapshotOfAnEngineThatIsGone(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x"}))
	delete(k.engines, "fake://one")
	list, err := k.run().Snapshots(t.Context())
	require.ErrorContains(t, err, "fake://one, which cannot be used")
	require.Equal(t, ImageUnknown, list[0].State)
	_, err = k.run().RemoveSnapshots(t.Context(), "a", nil)
	require.ErrorContains(t, err, "--forget")
	k.change = func(o *Options) { o.Forget = true }
	_, err = k.run().RemoveSnapshots(t.Context(), "a", nil)
	require.NoError(t, err)
	require.Empty(t, k.recorded())
}

// Whatever call fails while a snapshot is saved or restored, and whenever galley is killed: the next one is as good as
// if nothing had been, and nothing stays behind.
func TestSnapshotsRecoverFromEveryFault(t *testing.T) {
	tried := 0
	defer func() { t.Logf("tried %d points", tried) }()
	for _, action := range []Action{ActionSave, ActionRestore} {
		options := SnapshotOptions{Name: "x", Volumes: true, Replace: true}
		setUp := func() (*kitchen, config.Instance) {
			k, i := snapshotKitchen(t)
			require.NoError(t, k.do("converge", i))
			require.NoError(t, k.snapshot(ActionSave, i, options))
			k.change = func(o *Options) { o.Snapshot = options }
			return k, i
		}
		k, i := setUp()
		count := galleyProcess{k: k}
		require.NoError(t, count.run(action, i))
		require.Greater(t, count.seen, count.engine)
		for n, fault := range []error{errors.New("the engine said no"), fake.AfterEffect(errors.New("the answer got lost")),
			fake.ErrDiedBefore, fake.ErrDiedAfter} {
			for at := range points(count.seen, n, 7) {
				k, i := setUp()
				tried++
				err := (&galleyProcess{k: k, at: at, fault: fault}).run(action, i)
				what := fmt.Sprintf("%s, %v at %d, %s: %v", action, fault, at, count.happened[at-1], err)
				if at%2 == 0 || action == ActionRestore { // that of before is whole, or the new one is
					require.NoError(t, k.snapshot(ActionRestore, i, options), what)
					k.verifiesAsRestored(i, what)
				}
				require.NoError(t, k.snapshot(ActionSave, i, options), what)
				require.NoError(t, k.snapshot(ActionRestore, i, options), what)
				k.verifiesAsRestored(i, what)
				require.NoError(t, k.do("destroy", i), what)
				removed, err := k.run().RemoveSnapshots(t.Context(), "a", nil)
				require.NoError(t, err, what)
				require.Len(t, removed, 1, what)
				require.Empty(t, k.snapshotImages(), what)
				require.Empty(t, k.runners(), what)
				left, err := k.project.state().Names(snapshotDir + "/a")
				require.NoError(t, err)
				require.Empty(t, left, what)
			}
		}
	}
}

// After a restore that did not end well, an ordinary command is as right as ever: it converges.
func TestRestoreThatFailedIsTakenUp(t *testing.T) {
	for _, verb := range []string{"CreateContainer", "StartContainer", "CopyTo"} {
		k, i := snapshotKitchen(t)
		require.NoError(t, k.do("converge", i))
		require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x", Volumes: true}))
		k.fake.FailOn(func(c fake.Call) error {
			if c.Verb == verb {
				return fake.ErrDiedAfter
			}
			return nil
		})
		require.Error(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "x"}))
		k.fake.Revive()
		k.sink.events = nil
		require.NoError(t, k.do("verify", i), verb)
		require.Contains(t, k.sink.phases(), "converge passed", verb)
	}
}

// A copy of a project believes none of the records that came with it, nor does it touch what they name.
func TestSnapshotsOfACopy(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x"}))
	copied := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(copied, os.DirFS(k.project.Root)))
	original := k.project
	var err error
	k.project, err = NewProject(copied)
	require.NoError(t, err)
	require.NotEmpty(t, k.project.CopiedFrom)
	require.ErrorContains(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "x"}), "a has no snapshots")
	require.NoError(t, k.do("converge", i))
	k.project, err = NewProject(copied)
	require.NoError(t, err)
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x"}))
	require.Len(t, k.snapshotImages(), 2)
	_, err = k.run().RemoveSnapshots(t.Context(), "a", nil)
	require.NoError(t, err)
	k.project = original
	require.NoError(t, k.snapshot(ActionRestore, i, SnapshotOptions{Name: "x"}))
	require.Equal(t, PhaseConverge, k.recorded()[0].LastAction)
	require.WithinDuration(t, time.Now(), k.recorded()[0].Created, time.Minute)
}

// What prune runs in counts, too: a project that was moved has its records elsewhere than its snapshots say.
func TestPruneSparesSnapshotsOfAMovedProject(t *testing.T) {
	k, i := snapshotKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.snapshot(ActionSave, i, SnapshotOptions{Name: "x"}))
	require.NoError(t, k.do("destroy", i))
	moved := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(k.project.Root, moved))
	project, err := NewProject(moved)
	require.NoError(t, err)
	require.Equal(t, k.project.ID, project.ID)
	_, err = Prune(t.Context(), k.fake, PruneOptions{All: true, Project: project})
	require.NoError(t, err)
	require.Len(t, k.snapshotImages(), 1)
	_, err = Prune(t.Context(), k.fake, PruneOptions{All: true})
	require.NoError(t, err)
	require.Empty(t, k.snapshotImages())
}
