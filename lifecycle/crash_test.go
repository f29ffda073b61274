package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// crashKitchen is a kitchen of three instances that use what galley knows: a tool, a volume, a work image, services, a
// start from another instance, a name to publish under. Their tests pass only in a runner that has what its converge
// made.
type crashKitchen struct {
	*publisher
	instances []config.Instance
	// clean is the engine without anything of galley's.
	clean string
}

func newCrashKitchen(t *testing.T, remote bool, concurrency int) *crashKitchen {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	p := newPublisher(t)
	k := &crashKitchen{publisher: p}
	p.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case slices.Contains(e.Command, "command -v tar"):
			return 1, nil
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			if _, err := p.fake.ReadFile(c.ID, "/opt/kitchen/run_command"); err != nil {
				return 127, nil //nolint:nilerr // as sh says when the script is not there
			}
			return 0, p.fake.PutFile(c.ID, "/converged", fake.File{Mode: 0o600})
		case strings.Contains(strings.Join(e.Command, " "), "blackhole"):
			return 0, nil
		case slices.Contains(e.Command, "is it converged"):
			if !k.converged(c.ID) {
				return 1, nil
			}
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	a, b, c := chefInstance("a"), chefInstance("b"), chefInstance("c")
	a.Driver.Mounts = []spec.Mount{{Type: spec.MountVolume, Target: "/data"}}
	b.Driver.IntermediateInstructions = []string{"RUN true"}
	b.Services = twoServices()
	b.Steps = []config.Step{{Name: "first", Converge: true, Provisioner: b.Provisioner, Verify: true},
		{Name: "second", Reboot: true, Provisioner: b.Provisioner, Verify: true, Commands: []config.Hook{
			{Fault: &config.Fault{Network: &config.NetworkFault{Cut: []string{"db"}, For: time.Minute}}},
			{Fault: &config.Fault{Pause: []string{"db"}}}}}}
	c.From = &a
	k.instances = []config.Instance{a, b, c}
	for n := range k.instances {
		k.instances[n].Verifier.Shell.Command = "is it converged"
		for s := range k.instances[n].Steps {
			k.instances[n].Steps[s].Verifier = k.instances[n].Verifier
		}
	}
	if remote {
		moveAway(k.kitchen)
	}
	moved := k.change
	k.change = func(o *Options) {
		if moved != nil {
			moved(o)
		}
		o.Concurrency = concurrency
		o.Publish = PublishOptions{Refs: []string{k.address + "/team/{{.Instance}}:1"}}
		o.Snapshot = SnapshotOptions{Name: "x", Volumes: true, Replace: true}
	}
	k.clean = k.state()
	return k
}

func (k *crashKitchen) converged(id string) bool {
	_, err := k.fake.ReadFile(id, "/converged")
	return err == nil
}

// state is all that the engine has.
func (k *crashKitchen) state() string {
	k.t.Helper()
	var lines []string
	containers, err := k.fake.ListContainers(k.t.Context(), nil)
	require.NoError(k.t, err)
	for _, c := range containers {
		lines = append(lines, "container "+c.Name)
	}
	images, err := k.fake.ListImages(k.t.Context(), nil)
	require.NoError(k.t, err)
	for _, i := range images {
		lines = append(lines, fmt.Sprint("image ", i.ID, i.Tags))
	}
	networks, err := k.fake.ListNetworks(k.t.Context(), nil)
	require.NoError(k.t, err)
	for _, n := range networks {
		lines = append(lines, "network "+n.Name)
	}
	for _, v := range k.fake.Volumes() {
		lines = append(lines, "volume "+v)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// requireTruth wants the list to say what there is: of each runner its state, and of none that it has converged which
// has not.
func (k *crashKitchen) requireTruth() {
	k.t.Helper()
	var names []string
	for _, i := range k.instances {
		names = append(names, i.Name)
	}
	list, err := k.run().Statuses(k.t.Context(), names)
	require.NoError(k.t, err)
	for n, s := range list {
		at := slices.IndexFunc(k.runners(), func(c backend.Container) bool {
			return c.Labels[label.Instance] == names[n]
		})
		if at < 0 {
			require.Empty(k.t, s.Live, names[n])
			require.Empty(k.t, s.LastAction, names[n])
			continue
		}
		c := k.runners()[at]
		require.Equal(k.t, c.State, s.Live, names[n])
		if place(s.LastAction) >= place(PhaseConverge) {
			require.True(k.t, k.converged(c.ID), names[n])
		}
	}
}

// requireNothingLeft destroys, prunes, and wants the engine, the project and the temporary directory as they were.
func (k *crashKitchen) requireNothingLeft() {
	k.t.Helper()
	require.NoError(k.t, k.do("destroy", k.instances...))
	for _, i := range k.instances {
		_, err := k.run().RemoveSnapshots(k.t.Context(), i.Name, nil)
		require.NoError(k.t, err)
	}
	k.prune(PruneOptions{All: true})
	require.Equal(k.t, k.clean, k.state())
	for _, dir := range []string{sandboxDir, "."} {
		left, err := k.project.state().Names(dir)
		require.NoError(k.t, err)
		require.Empty(k.t, slices.DeleteFunc(left, func(name string) bool { return !strings.HasSuffix(name, ".json") }))
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "galley-*"))
	require.NoError(k.t, err)
	require.Empty(k.t, left)
}

// Whatever call or write of a run of three instances fails, hangs until it is interrupted, or is the last one of a
// galley that is killed: the list tells the truth, the next test is green, and nothing is left.
func TestCrashMatrix(t *testing.T) {
	faults := []error{errors.New("it said no"), fake.AfterEffect(errors.New("the answer got lost")), fake.ErrHang,
		fake.ErrDiedBefore, fake.ErrDiedAfter}
	tried := 0
	for _, action := range []Action{ActionTest, ActionSave, ActionRestore} {
		for _, remote := range []bool{false, true} {
			for _, concurrency := range []int{1, 3} {
				setUp := func(t *testing.T) *crashKitchen {
					t.Helper()
					k := newCrashKitchen(t, remote, concurrency)
					if action != ActionTest {
						require.NoError(t, k.do("converge", k.instances...))
						require.NoError(t, k.do(ActionSave, k.instances...))
					}
					return k
				}
				var count galleyProcess
				t.Run(fmt.Sprintf("%s remote=%v -c %d", action, remote, concurrency), func(t *testing.T) {
					k := setUp(t)
					count = galleyProcess{k: k.kitchen}
					require.NoError(t, count.run(action, k.instances...))
					k.requireNothingLeft()
					t.Logf("%d calls and writes", count.seen)
				})
				for n, fault := range faults {
					for at := range points(count.seen, tried+n, 127) {
						write := strings.HasPrefix(count.happened[at-1], "write ")
						if write && n != 0 && n != 3 {
							continue // a write fails, or is the last thing before the end
						}
						tried++
						t.Run(fmt.Sprintf("%s remote=%v -c %d, %d of %d, %v", action, remote, concurrency, at, count.seen, fault),
							func(t *testing.T) {
								k := setUp(t)
								p := galleyProcess{k: k.kitchen, at: at, fault: fault}
								err := p.run(action, k.instances...)
								t.Logf("at %s: %v", p.happened[min(at, len(p.happened))-1], err)
								k.requireTruth()
								require.NoError(t, k.do([]Action{ActionTest, "verify"}[at%2], k.instances...))
								k.requireTruth()
								k.requireNothingLeft()
							})
					}
				}
			}
		}
	}
	t.Logf("tried %d points", tried)
	if os.Getenv(everyPoint) != "" {
		require.Greater(t, tried, 1000)
	}
}

// A clock that was set back changes nothing: what was done two days in the future is done, and is taken up.
func TestClockSetBack(t *testing.T) {
	for _, action := range []Action{"create", "converge", "verify"} {
		k := newCrashKitchen(t, false, 3)
		options := k.change
		k.change = func(o *Options) {
			options(o)
			o.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
		}
		require.NoError(t, k.do(action, k.instances...))
		was := k.runners()
		k.change = options
		k.requireTruth()
		require.NoError(t, k.do("verify", k.instances...))
		require.Equal(t, was[0].ID, k.runners()[0].ID, action)
		k.requireTruth()
		require.NoError(t, k.do(ActionTest, k.instances...))
		k.requireNothingLeft()
	}
}
