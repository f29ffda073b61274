package lifecycle

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

func identified(t *testing.T, dir string) Project {
	t.Helper()
	p, err := NewProject(dir)
	require.NoError(t, err)
	require.NoError(t, p.ensureID(t.Context(), "test"))
	return p
}

func TestProjectID(t *testing.T) {
	dir := t.TempDir()
	p, err := NewProject(dir)
	require.NoError(t, err)
	require.Empty(t, p.ID)
	require.NoDirExists(t, filepath.Join(dir, ".kitchen"), "asking writes nothing")

	var mu sync.Mutex
	ids := map[string]bool{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			p := identified(t, dir)
			mu.Lock()
			defer mu.Unlock()
			ids[p.ID] = true
		})
	}
	wg.Wait()
	require.Len(t, ids, 1)
	p = identified(t, dir)
	require.True(t, ids[p.ID])
	require.True(t, isProjectID(p.ID))
	require.NotEqual(t, p.ID, identified(t, t.TempDir()).ID)

	for _, text := range []string{"", "{", `{"id":"../../x"}`, `{"id":"0123456789"}`} {
		require.NoError(t, p.state().WriteFile(identityFile, []byte(text)))
		require.NotEqual(t, p.ID, identified(t, dir).ID, text)
	}
}

// A project that moves keeps its ID; a copy gets another one, and believes nothing of what came with it.
func TestMovedAndCopiedProject(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	original := k.project
	parent := t.TempDir()
	moved := filepath.Join(parent, "moved")
	require.NoError(t, os.Rename(original.Root, moved))
	k.project = identified(t, moved)
	require.Equal(t, original.ID, k.project.ID)
	require.NoError(t, k.do("converge", i))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "recreating the runner, since volumes changed")
	require.Len(t, k.runners(), 1)
	first := k.runners()[0].ID

	copied := filepath.Join(parent, "copied")
	out, err := exec.Command("cp", "-a", moved, copied).CombinedOutput()
	require.NoError(t, err, "%s", out)
	was := k.project
	k.project, err = NewProject(copied)
	require.NoError(t, err)
	require.Empty(t, k.project.ID)
	require.Equal(t, hostName()+":"+moved, k.project.CopiedFrom)
	require.Empty(t, k.orphans("a"), "the runner is the original's")
	require.NoError(t, k.do("destroy", i))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "this project is a copy of ")
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.do(ActionTest, i))
	require.Len(t, k.runners(), 1)
	require.Equal(t, first, k.runners()[0].ID)
	require.NotEqual(t, was.ID, identified(t, copied).ID)
	require.Equal(t, was.ID, identified(t, moved).ID)
}

// A project that was moved to another file system has a new file: it gets a new ID, and knows its runners as left over.
func TestMovedToAnotherFileSystem(t *testing.T) {
	k := newKitchen(t)
	require.NoError(t, k.do("create", chefInstance("a")))
	moved := filepath.Join(t.TempDir(), "moved")
	out, err := exec.Command("cp", "-a", k.project.Root, moved).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.RemoveAll(k.project.Root))
	k.project, err = NewProject(moved)
	require.NoError(t, err)
	require.Equal(t, []string{"a running"}, k.orphans("a"))
	require.NoError(t, k.do("create", chefInstance("a")))
	k.project, err = NewProject(moved)
	require.NoError(t, err)
	require.Equal(t, []string{"a running"}, k.orphans("a"))
	require.Len(t, k.runners(), 2)
	_, err = k.run().DestroyOrphans(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Len(t, k.runners(), 1)
}

func TestCopiedFromAnotherHost(t *testing.T) {
	p := identified(t, t.TempDir())
	for _, tc := range []struct {
		what string
		id   identity
		want bool
	}{
		{"restored from a backup", identity{ID: p.ID, Host: hostName(), Path: p.Root, Inode: 1}, false},
		{"another host", identity{ID: p.ID, Host: "other", Path: p.Root, Inode: 1}, true},
		{"moved to another file system", identity{ID: p.ID, Host: hostName(), Path: "/nowhere", Inode: 1}, true},
	} {
		require.Equal(t, tc.want, tc.id.copied(p), tc.what)
	}
}

// Two checkouts at one path, in two containers that share an engine, never see or remove what is the other's.
func TestOnePathTwoProjects(t *testing.T) {
	one, two := newKitchen(t), newKitchen(t)
	two.engines, two.fake = one.engines, one.fake
	i := chefInstance("default-debian-12")
	require.NoError(t, one.do("converge", i))
	first := one.runners()[0].ID
	for _, a := range []Action{"destroy", ActionTest, "create", "destroy"} {
		require.NoError(t, two.do(a, i))
		_, err := one.fake.InspectContainer(t.Context(), first)
		require.NoError(t, err)
	}
	list, err := two.run().Statuses(t.Context(), []string{i.Name})
	require.NoError(t, err)
	require.Empty(t, list[0].Live)
	require.NoError(t, one.do("verify", i))
}

// A project-id that came with a clone and has another project's ID, as its own or a former one, gives no power over
// that project's runners, whatever records came with it.
func TestForeignID(t *testing.T) {
	i := chefInstance("a")
	stateOf := func(k *kitchen) State {
		s, err := stateFileOf(k.project, i.Name).load()
		require.NoError(t, err)
		return s
	}
	for _, stopped := range []bool{false, true} {
		for name, claim := range map[string]func(victim Project, root string) identity{
			"its own": func(v Project, root string) identity {
				return identity{ID: v.ID, Host: hostName(), Path: root}
			},
			"a former one": func(v Project, _ string) identity {
				return identity{ID: "0123456789ab", Host: "elsewhere", Path: "/x", Former: []string{v.ID}}
			},
			"that of a directory that is gone": func(v Project, _ string) identity {
				return identity{ID: v.ID, Host: hostName(), Path: "/gone"}
			},
		} {
			t.Run(fmt.Sprintf("%s, stopped %v", name, stopped), func(t *testing.T) {
				victim, clone := newKitchen(t), newKitchen(t)
				clone.engines, clone.fake = victim.engines, victim.fake
				require.NoError(t, victim.do("converge", i))
				first := victim.runners()[0].ID
				if stopped {
					require.NoError(t, victim.fake.Stop(first))
				}
				root := clone.project.Root
				data, err := json.Marshal(claim(victim.project, root))
				require.NoError(t, err)
				require.NoError(t, clone.project.state().WriteFile(identityFile, data))
				clone.project, err = NewProject(root)
				require.NoError(t, err)
				for _, record := range []State{{}, stateOf(victim),
					{Attempted: PhaseDestroy, Mark: "x", ContainerID: first}} {
					require.NoError(t, stateFileOf(clone.project, i.Name).save(record))
					for _, instances := range [][]string{nil, {"a"}} {
						list, err := clone.run().Orphans(t.Context(), instances)
						require.NoError(t, err)
						for _, o := range list {
							require.Empty(t, o.Runner)
						}
						_, err = clone.run().DestroyOrphans(t.Context(), instances)
						require.NoError(t, err)
					}
					for _, a := range []Action{"create", "converge", ActionTest, "destroy"} {
						if err := clone.do(a, i); err != nil {
							require.ErrorContains(t, err, "belongs to the project in "+victim.project.Root)
						}
						_, err := victim.fake.InspectContainer(t.Context(), first)
						require.NoError(t, err, "%s removed it", a)
					}
				}
				require.NoError(t, os.Remove(clone.project.state().Path(identityFile)))
				clone.project, err = NewProject(root)
				require.NoError(t, err)
				require.NoError(t, clone.do(ActionTest, i), "the way out that was named")
				require.NoError(t, victim.do("verify", i))
			})
		}
	}
}

// A running runner with this project's ID that was made in a directory that is no more is not removed in silence.
func TestForeignRunnerWithTheID(t *testing.T) {
	one, two := newKitchen(t), newKitchen(t)
	two.engines, two.fake, two.project.ID = one.engines, one.fake, one.project.ID
	i := chefInstance("a")
	require.NoError(t, one.do("converge", i))
	first := one.runners()[0].ID
	require.Empty(t, one.orphans("a"), "it is recorded there")
	require.Empty(t, two.orphans("a"), "it belongs to a project that lives")
	require.NoError(t, os.Rename(one.project.Root, one.project.Root+"-gone"))
	for _, a := range []Action{"destroy", ActionTest, "create", "converge"} {
		require.ErrorContains(t, two.do(a, i), "nothing is recorded of it here")
		require.Equal(t, first, one.runners()[0].ID)
	}
	require.Equal(t, []string{"a running"}, two.orphans("a"))
	_, err := two.run().DestroyOrphans(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.NoError(t, two.do(ActionTest, i), "the way out that was named")
}

// Instances whose names differ in anything live side by side.
func TestNamesSideBySide(t *testing.T) {
	k := newKitchen(t)
	long := strings.Repeat("x", 300)
	var list []config.Instance
	for _, name := range []string{"a", "A", "a b", "a_b", "a/b", "a-b", "ä", "Ä", "日本", "日本語", long, long + "y"} {
		list = append(list, chefInstance(name))
	}
	require.NoError(t, k.do("converge", list...))
	require.Len(t, k.runners(), len(list))
	aliases := map[string]bool{}
	for _, i := range list {
		aliases[networkAttachment(i).Aliases[0]] = true
		s, err := stateFileOf(k.project, i.Name).load()
		require.NoError(t, err)
		require.Equal(t, i.Name, s.Instance)
	}
	require.Len(t, aliases, len(list))
	require.NoError(t, k.do("destroy", list...))
	require.Empty(t, k.runners())
}
