package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// startKitchen is a kitchen with the instance default, and upgrade that starts from it and passes only where default
// was converged once.
func startKitchen(t *testing.T) (k *kitchen, parent, child config.Instance) {
	t.Helper()
	k = newKitchen(t)
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		instance := c.Labels[label.Instance]
		switch {
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			return 0, k.fake.PutFile(c.ID, "/converged-"+instance, fake.File{Mode: 0o600})
		case slices.Contains(e.Command, "is it upgraded"):
			if _, err := k.fake.ReadFile(c.ID, "/converged-default"); err != nil {
				return 1, nil //nolint:nilerr // the test fails
			}
		}
		return 0, fake.ErrNotHandled
	})
	parent, child = chefInstance("default"), chefInstance("upgrade")
	child.From = &parent
	child.Verifier.Shell.Command = "is it upgraded"
	return k, parent, child
}

// startImages are the images that instances start from.
func (k *kitchen) startImages() []backend.Image {
	k.t.Helper()
	list, err := k.fake.ListImages(k.t.Context(), backend.Labels{label.Role: label.RoleFrom})
	require.NoError(k.t, err)
	return list
}

// converges is how often an instance was converged.
func (r *recorder) converges(instance string) (n int) {
	for _, e := range r.events {
		if p, ok := e.(PhaseFinished); ok && p.Phase == PhaseConverge && p.Instance == instance {
			n++
		}
	}
	return n
}

// Whatever is selected, in whatever order and however many side by side: what others start from is converged once.
func TestStartsFromAnother(t *testing.T) {
	for _, concurrency := range []int{1, 2, 4} {
		for _, action := range []Action{ActionTest, "verify", "converge"} {
			for name, list := range map[string][]string{"child": {"upgrade"}, "both": {"upgrade", "default"},
				"chain": {"later", "upgrade", "default"}, "ends": {"later", "default"},
				"three": {"later", "two", "upgrade", "default"}} {
				t.Run(fmt.Sprint(name, " ", action, " ", concurrency), func(t *testing.T) {
					k, parent, child := startKitchen(t)
					later := chefInstance("later")
					later.From, later.Verifier = &child, child.Verifier
					two := chefInstance("two")
					two.From, two.Verifier = &parent, child.Verifier
					all := map[string]config.Instance{"default": parent, "upgrade": child, "later": later, "two": two}
					var instances []config.Instance
					for _, n := range list {
						instances = append(instances, all[n])
					}
					k.change = func(o *Options) { o.Concurrency = concurrency }
					require.NoError(t, k.do(action, instances...))
					for n := range all {
						want := 0
						if n == "default" || slices.Contains(list, n) || n == "upgrade" && slices.Contains(list, "later") {
							want = 1
						}
						require.Equal(t, want, k.sink.converges(n), n)
					}
					if action == ActionTest {
						require.Empty(t, k.runners())
					} else {
						require.Len(t, k.runners(), len(list), "those that were not selected are gone again")
					}
					k.sink.events = nil
					if action != ActionTest {
						require.NoError(t, k.do("create", instances...))
						require.Zero(t, k.sink.converges("default"), "nothing has changed")
						require.NotContains(t, strings.Join(k.sink.notices(), "\n"), "recreating")
					}
					require.NoError(t, k.do("destroy", instances...))
					require.Empty(t, k.runners())
					require.Empty(t, k.startImages())
				})
			}
		}
	}
}

// What has been converged is not converged again, and stays; what changes in it makes those stale that start from it.
func TestStartsFromWhatIsThere(t *testing.T) {
	k, parent, child := startKitchen(t)
	child.From = &parent
	require.NoError(t, k.do("converge", parent))
	was := k.runners()[0].ID
	k.sink.events = nil
	require.NoError(t, k.do("verify", child))
	require.Zero(t, k.sink.converges("default"))
	require.Len(t, k.runners(), 2)
	require.True(t, slices.ContainsFunc(k.runners(), func(c backend.Container) bool { return c.ID == was }))
	require.NoError(t, k.do("verify", child))
	require.Equal(t, 1, k.sink.converges("upgrade"))

	for name, change := range map[string]func(){
		"driver":      func() { parent.Driver.Env = map[string]string{"A": "b"} },
		"provisioner": func() { parent.Provisioner.Chef.RunList = []string{"recipe[other]"} },
	} {
		change()
		k.sink.events = nil
		k.change = func(o *Options) { o.NoRecreate = true }
		require.NoError(t, k.do("create", child), name)
		require.Empty(t, k.sink.converges("default"), name)
		k.change = nil
		require.NoError(t, k.do("verify", child), name)
		require.Equal(t, 1, k.sink.converges("default"), name)
		require.Equal(t, 1, k.sink.converges("upgrade"), name)
		require.Contains(t, strings.Join(k.sink.notices(), "\n"),
			"recreating the runner, since what it starts from changed in its configuration", name)
	}
	require.NoError(t, k.do("destroy", parent, child))
	require.Empty(t, k.startImages())
}

// Those that start from an instance that fails, fail with words of it; what was made for them stays to be looked at.
func TestStartsFromWhatFails(t *testing.T) {
	for _, selected := range []bool{false, true} {
		k, parent, child := startKitchen(t)
		var healthy atomic.Bool
		k.fake.FailOn(func(c fake.Call) error {
			if c.Verb == "Exec" && slices.Contains(c.Args, "/opt/kitchen/run_command") && !healthy.Load() {
				return fmt.Errorf("no converge today")
			}
			return nil
		})
		instances := []config.Instance{child}
		if selected {
			instances = append(instances, parent)
		}
		k.change = func(o *Options) { o.Concurrency = 2 }
		err := k.do("verify", instances...)
		require.ErrorContains(t, err, "create of upgrade: default, from which upgrade starts: its converge failed: ")
		healthy.Store(true)
		require.NoError(t, k.do("verify", instances...))
		k.fake.FailOn(nil)
		require.NoError(t, k.do("destroy", parent, child))
		require.Empty(t, k.startImages())
	}
}

// No child waits for a parent that is not begun any more.
func TestStartsFromWhatIsNotBegun(t *testing.T) {
	for _, concurrency := range []int{1, 3} {
		k, parent, child := startKitchen(t)
		wrong := chefInstance("wrong")
		wrong.Driver.Image = "registry.example.com/absent"
		k.change = func(o *Options) { o.FailFast, o.Concurrency = true, concurrency }
		require.Error(t, k.do("verify", wrong, child, parent))
	}
}

// What others start from may be pruned before they do: it is made again.
func TestStartsFromWhatWasPruned(t *testing.T) {
	k, parent, child := startKitchen(t)
	pruned := false
	k.change = func(o *Options) {
		inner := o.Sink
		o.Sink = sinkFunc(func(e Event) {
			inner.Handle(e)
			if s, ok := e.(StepFinished); ok && s.Instance == "upgrade" && s.Step == StepImages && !pruned {
				pruned = true
				for _, img := range k.startImages() {
					require.NoError(t, k.fake.RemoveImage(t.Context(), img.ID))
				}
			}
		})
	}
	require.NoError(t, k.do(ActionTest, parent, child))
	require.True(t, pruned)
	require.Empty(t, k.startImages())
}

// Both on one engine: an image does not travel.
func TestStartsFromAnotherEngine(t *testing.T) {
	k, parent, child := startKitchen(t)
	child.From = &parent
	k.engines["fake://two"] = fake.New()
	parent.Driver.Host = "fake://two"
	k.engines["fake://two"].AddImage(fake.ImageSpec{Ref: toolRef, Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	require.ErrorContains(t, k.do("create", child),
		"it lives on another engine, fake://two\nGive both suites the same engine")
}

// Whatever call fails, and whenever galley is killed: the next command is as green as if nothing had been.
func TestStartRecoversFromEveryFault(t *testing.T) {
	tried := 0
	defer func() { t.Logf("tried %d points", tried) }()
	k, _, child := startKitchen(t)
	count := galleyProcess{k: k}
	require.NoError(t, count.run(ActionTest, child))
	for n, fault := range []error{fmt.Errorf("the engine said no"), fake.ErrDiedAfter} {
		for at := range points(count.seen, n, 7) {
			k, parent, child := startKitchen(t)
			tried++
			err := (&galleyProcess{k: k, at: at, fault: fault}).run(ActionTest, child)
			what := fmt.Sprintf("%v at %d: %s: %v", fault, at, count.happened[at-1], err)
			require.NoError(t, k.do([]Action{ActionTest, "verify"}[at%2], child), what)
			require.NoError(t, k.do("destroy", parent, child), what)
			require.Empty(t, k.runners(), what)
			_, err = Prune(t.Context(), k.fake, PruneOptions{Project: k.project})
			require.NoError(t, err, what)
			require.Empty(t, k.startImages(), what)
		}
	}
}
