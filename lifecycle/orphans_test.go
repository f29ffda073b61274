package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

func (k *kitchen) orphans(instances ...string) []string {
	k.t.Helper()
	list, err := k.run().Orphans(k.t.Context(), instances)
	require.NoError(k.t, err)
	var names []string
	for _, o := range list {
		names = append(names, o.Instance+" "+string(o.State))
	}
	return names
}

// What no instance of kitchen.yml belongs to is listed, in no one's way, and removed by one command.
func TestOrphans(t *testing.T) {
	for name, lose := range map[string]func(k *kitchen) (left, now []string){
		"nothing": func(*kitchen) ([]string, []string) { return nil, []string{"a", "b"} },
		"a removed suite": func(*kitchen) ([]string, []string) {
			return []string{"b running"}, []string{"a"}
		},
		"another KITCHEN_YAML": func(*kitchen) ([]string, []string) {
			return []string{"a running", "b running"}, []string{"c"}
		},
		"git clean -fdx": func(k *kitchen) ([]string, []string) {
			require.NoError(k.t, os.RemoveAll(filepath.Join(k.project.Root, ".kitchen")))
			p, err := NewProject(k.project.Root)
			require.NoError(k.t, err)
			k.project = p
			return []string{"a running", "b running"}, []string{"a", "b"}
		},
		"git clean -fdx and converge": func(k *kitchen) ([]string, []string) {
			require.NoError(k.t, os.RemoveAll(filepath.Join(k.project.Root, ".kitchen")))
			p, err := NewProject(k.project.Root)
			require.NoError(k.t, err)
			k.project = p
			require.NoError(k.t, k.do("converge", chefInstance("a")))
			k.project, err = NewProject(k.project.Root)
			require.NoError(k.t, err)
			return []string{"a running", "b running"}, []string{"a", "b"}
		},
		"the runner is gone": func(k *kitchen) ([]string, []string) {
			for _, c := range k.runners() {
				require.NoError(k.t, k.fake.RemoveContainer(k.t.Context(), c.ID))
			}
			return []string{"b "}, []string{"a"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			other := newKitchen(t)
			other.engines, other.fake = k.engines, k.fake
			require.NoError(t, other.do("create", chefInstance("a")))
			require.NoError(t, k.do("create", chefInstance("a"), chefInstance("b")))
			theirs := other.runners()
			_ = theirs
			want, now := lose(k)
			require.ElementsMatch(t, want, k.orphans(now...))
			before := len(k.runners())
			removed, err := k.run().DestroyOrphans(t.Context(), now)
			require.NoError(t, err)
			require.Len(t, removed, len(want))
			require.Empty(t, k.orphans(now...))
			gone := 0
			for _, o := range removed {
				if o.Runner != "" {
					gone++
				}
			}
			require.Len(t, k.runners(), before-gone)
			require.Empty(t, other.orphans("a"))

			var list []config.Instance
			for _, n := range now {
				list = append(list, chefInstance(n))
			}
			require.NoError(t, k.do(ActionTest, list...))
			require.NoError(t, other.do("destroy", chefInstance("a")))
			require.Empty(t, k.runners())
			left, err := k.project.state().Names(sandboxDir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// An orphan on an engine that does not answer stays on the list.
func TestOrphanOnAStoppedEngine(t *testing.T) {
	k := newKitchen(t)
	k.secondEngine()
	require.NoError(t, k.do("create", chefInstance("a")))
	delete(k.engines, "fake://one")
	k.usual = "fake://two"
	list, err := k.run().Orphans(t.Context(), nil)
	require.ErrorContains(t, err, "fake://one")
	require.Len(t, list, 1)
	_, err = k.run().DestroyOrphans(t.Context(), nil)
	require.ErrorContains(t, err, "galley destroy --forget a")
	require.Len(t, k.runners(), 1)
	require.FileExists(t, k.project.state().Path("a.json"))
}

// Where only a record is left, it goes after the services, and stays as long as one of the networks does.
func TestOrphanWithoutARunner(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Services, i.Networks = twoServices(), []config.Network{{Name: "back"}, {Name: "front"}}
	for _, foreign := range []bool{false, true} {
		require.NoError(t, k.do("create", i))
		require.NoError(t, k.fake.RemoveContainer(t.Context(), k.runners()[0].ID))
		if foreign {
			for _, c := range k.services() {
				require.NoError(t, k.fake.RemoveContainer(t.Context(), c.ID))
			}
			_, err := k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "theirs", Image: toolRef,
				Network: backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: ownNetwork(k.project, "a", "back")}})
			require.NoError(t, err)
			gone, err := k.run().DestroyOrphans(t.Context(), nil)
			require.ErrorIs(t, err, backend.ErrConflict)
			require.Empty(t, gone)
			require.Equal(t, 2, k.networks(), "theirs, and the one of all projects")
			require.FileExists(t, k.project.state().Path("a.json"))
			require.NoError(t, k.fake.RemoveContainer(t.Context(), "theirs"))
		}
		_, err := k.run().DestroyOrphans(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, k.services())
		require.Equal(t, 1, k.networks())
		require.NoFileExists(t, k.project.state().Path("a.json"))
	}
}

// What a person made of a runner, as by docker commit and docker run, has the runner's labels. It is never taken for
// one, listed or removed, and neither is its image.
func TestMadeOfARunner(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("converge", i))
	labels := k.runners()[0].Labels
	theirs, err := k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "debug", Image: toolRef,
		Command: []string{"sleep"}, Labels: labels})
	require.NoError(t, err)
	require.NoError(t, k.fake.StartContainer(t.Context(), theirs.ID))
	alive := func(what string) {
		c, err := k.fake.InspectContainer(t.Context(), theirs.ID)
		require.NoError(t, err, what)
		require.Equal(t, backend.StateRunning, c.State, what)
	}
	for _, a := range []Action{"verify", "create", "destroy", ActionTest, "converge", "destroy"} {
		require.NoError(t, k.do(a, i))
		alive(string(a))
	}
	require.Empty(t, k.orphans())
	_, err = k.run().DestroyOrphans(t.Context(), nil)
	require.NoError(t, err)
	_, err = Prune(t.Context(), k.fake, PruneOptions{All: true})
	require.NoError(t, err)
	alive("prune")

	work := backend.Labels{label.Role: label.RoleWork}
	isWork := func(i backend.Image) bool { return isOwnImage(i, label.RoleWork, workImages) }
	require.True(t, isWork(backend.Image{Labels: work, Tags: []string{workImages + "0123"}}))
	require.True(t, isWork(backend.Image{Labels: work}))
	require.False(t, isWork(backend.Image{Labels: labels}))
	require.False(t, isWork(backend.Image{Labels: work, Tags: []string{workImages + "0123", "mine:1"}}))
}
