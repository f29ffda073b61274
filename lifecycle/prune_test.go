package lifecycle

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// prune is a prune's names, by their kinds.
func (k *kitchen) prune(o PruneOptions) map[string][]string {
	k.t.Helper()
	o.Project = k.project
	list, err := Prune(k.t.Context(), k.fake, o)
	require.NoError(k.t, err)
	found := map[string][]string{}
	for _, p := range list {
		found[p.Kind] = append(found[p.Kind], p.Name)
	}
	return found
}

// A dry run tells what a prune removes, with sizes and ages, and nothing that a container needs which stays.
func TestPruneDry(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.IntermediateInstructions = []string{"RUN true"}
	require.NoError(t, k.do("create", i))
	work := func(name string, age time.Duration) {
		k.fake.AddImage(fake.ImageSpec{Ref: workImages + name, Config: backend.Image{
			Labels: backend.Labels{label.Role: label.RoleWork}, Size: 7 << 20, Created: time.Now().Add(-age)}})
	}
	work("old", 25*time.Hour)
	work("new", time.Hour)

	dry := PruneOptions{DryRun: true}
	found := k.prune(dry)
	require.ElementsMatch(t, []string{workImages + "old", workImages + "new"}, found["image"], "the runner needs the other")
	require.Empty(t, found["network"])
	require.Equal(t, found, k.prune(dry), "nothing was removed")
	list, err := Prune(t.Context(), k.fake, dry)
	require.NoError(t, err)
	for _, p := range list {
		require.False(t, p.Created.IsZero())
		require.Equal(t, p.Kind == "image", p.Size == 7<<20)
	}

	dry.All = true
	require.Len(t, k.prune(dry)["image"], 3, "the runner goes too")
	require.NotEmpty(t, k.prune(dry)["network"])

	dry.Older = 24 * time.Hour
	require.Equal(t, map[string][]string{"image": {workImages + "old"}}, k.prune(dry))
	dry.DryRun = false
	require.Equal(t, map[string][]string{"image": {workImages + "old"}}, k.prune(dry))
	require.Len(t, k.runners(), 1)
	dry.Older = 0
	require.Len(t, k.prune(dry)["image"], 2)
	require.Empty(t, k.runners())
}

// Helpers of a galley that lives stay, and those of one that was killed go.
func TestPruneBesideARun(t *testing.T) {
	k := newKitchen(t)
	require.NoError(t, k.do(ActionTest, chefInstance("first")))
	helper := func(labels backend.Labels) string {
		c, err := k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "h" + labels[label.Run], Image: toolRef,
			Labels: labels})
		require.NoError(t, err)
		return c.ID
	}
	r := k.run()
	running := helper(r.labels(label.RoleHelper))
	ruby := helper(backend.Labels{label.Role: label.RoleHelper})
	require.NoError(t, k.fake.StartContainer(t.Context(), ruby))
	lock := runLock(k.project, r.ID())
	require.FileExists(t, lock)

	k.prune(PruneOptions{All: true})
	for _, id := range []string{running, ruby} {
		_, err := k.fake.InspectContainer(t.Context(), id)
		require.NoError(t, err)
	}

	// The lock of a killed galley is free, and its file is there.
	require.NoError(t, r.lock.Release())
	r.lock = nil
	require.NoError(t, k.fake.Stop(ruby))
	k.prune(PruneOptions{})
	for _, id := range []string{running, ruby} {
		_, err := k.fake.InspectContainer(t.Context(), id)
		require.ErrorIs(t, err, backend.ErrNotFound)
	}
	require.NoFileExists(t, lock)

	r = k.run()
	helper(r.labels(label.RoleHelper))
	lock = runLock(k.project, r.ID())
	require.FileExists(t, lock)
	require.NoError(t, r.Close())
	_, err := os.Stat(lock)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A runner whose lease has ended goes with anybody's prune, unless its galley is seen to live; all others stay.
func TestPruneLeases(t *testing.T) {
	k := newKitchen(t)
	made := func(ago, lease time.Duration) *Run {
		k.change = func(o *Options) {
			o.Lease, o.Now = lease, func() time.Time { return time.Now().Add(-ago) }
		}
		r := k.run()
		require.NoError(t, r.Do(t.Context(), "create", []config.Instance{chefInstance("a")}))
		return r
	}
	for _, c := range []struct {
		ago, lease time.Duration
		gone       bool
	}{{48 * time.Hour, 0, false}, {time.Hour, 2 * time.Hour, false}, {3 * time.Hour, 2 * time.Hour, true},
		{-48 * time.Hour, 2 * time.Hour, false}} { // the clock was set back since
		r := made(c.ago, c.lease)
		require.NotContains(t, k.prune(PruneOptions{})["container"], k.runners()[0].Name, "it lives")
		require.NoError(t, r.Close())
		require.Equal(t, c.gone, len(k.prune(PruneOptions{})["container"]) > 0 && len(k.runners()) == 0)
		k.change = nil
		require.NoError(t, k.do("destroy", chefInstance("a")))
	}

	// A galley of another machine does not see the locks: the leases of runners and helpers count.
	r := made(3*time.Hour, 2*time.Hour)
	helper, err := k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "h", Image: toolRef,
		Labels: r.labels(label.RoleHelper)})
	require.NoError(t, err)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	require.Contains(t, k.prune(PruneOptions{})["container"], containerName(k.project, "a"))
	_, err = k.fake.InspectContainer(t.Context(), helper.ID)
	require.NoError(t, err)
	require.NoError(t, k.fake.RemoveContainer(t.Context(), helper.ID))
	k.change = func(o *Options) { o.Now = func() time.Time { return time.Now().Add(-7 * time.Hour) } }
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	old := k.run()
	_, err = k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "old", Image: toolRef,
		Labels: old.labels(label.RoleHelper)})
	require.NoError(t, err)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	require.Contains(t, k.prune(PruneOptions{})["container"], "old")
}
