package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// galleyProcess is a galley process of which every call to the engine and every change of the
// state is counted, and which may die at one of them. A dead process does neither.
type galleyProcess struct {
	k        *kitchen
	mu       sync.Mutex
	at       int   // where the fault is, from 1
	fault    error // what happens there
	seen     int
	engine   int // how many of them were calls to the engine
	dead     bool
	happened []string
}

var errDead = errors.New("the process was killed")

// run does an action in the process. One that hangs is interrupted there.
func (p *galleyProcess) run(a Action, instances ...config.Instance) error {
	ctx, cancel := context.WithCancelCause(p.k.t.Context())
	defer cancel(nil)
	p.k.fake.FailOn(func(c fake.Call) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.engine++
		fault := p.next(c.String())
		if errors.Is(fault, fake.ErrHang) {
			cancel(fault)
		}
		return fault
	})
	defer p.k.fake.Revive()
	r := p.k.run()
	r.beforeWrite = func(name string) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		fault := p.next("write " + name)
		if p.dead {
			return errDead
		}
		return fault // the disk is full, say
	}
	defer func() { require.NoError(p.k.t, r.endLiving()) }() // as the end of a process does
	return r.Do(ctx, a, instances)
}

// next is the next call or write. The caller holds the lock.
func (p *galleyProcess) next(what string) error {
	if p.dead {
		return fake.ErrDiedBefore
	}
	p.happened = append(p.happened, what)
	if p.seen++; p.seen != p.at {
		return nil
	}
	p.dead = errors.Is(p.fault, fake.ErrDiedBefore) || errors.Is(p.fault, fake.ErrDiedAfter)
	return p.fault
}

// everyPoint is the environment variable with which tests of faults try every point at which one can be, as "make
// crash" does. Without it they try some, and other ones for each fault.
const everyPoint = "GALLEY_TEST_EVERY_POINT"

// points are those of n points, from 1, at which a fault is tried: all, or each so many of them.
func points(n, fault, step int) iter.Seq[int] {
	if os.Getenv(everyPoint) != "" {
		step = 1
	}
	return func(yield func(int) bool) {
		for at := 1 + fault%step; at <= n && yield(at); at += step {
		}
	}
}

// trackConverges lets the instance's tests pass only in a runner that was converged.
func (k *kitchen) trackConverges() config.Instance {
	converged := map[string]bool{}
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			if _, err := k.fake.ReadFile(c.ID, "/opt/kitchen/run_command"); err != nil {
				return 127, nil //nolint:nilerr // as sh says when the script is not there
			}
			converged[c.ID] = true
			return 0, nil
		case slices.Contains(e.Command, "is it converged"):
			if !converged[c.ID] {
				return 1, nil
			}
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	i := chefInstance("a")
	i.Verifier.Shell.Command = "is it converged"
	return i
}

// Whatever call fails, and whenever galley is killed: the next command is as green as if
// nothing had been, and destroy leaves nothing.
func TestRecoversFromEveryFault(t *testing.T) {
	for _, remote := range []bool{false, true} {
		recoversFromEveryFault(t, func() (*kitchen, []config.Instance) {
			k := newKitchen(t)
			if remote {
				moveAway(k)
			}
			return k, []config.Instance{k.trackConverges()}
		})
	}
}

// The same for an instance with services.
func TestServicesRecoverFromEveryFault(t *testing.T) {
	recoversFromEveryFault(t, func() (*kitchen, []config.Instance) {
		k := newKitchen(t)
		i := k.trackConverges()
		i.Services = twoServices()
		return k, []config.Instance{i}
	})
}

// The same for nodes.
func TestNodesRecoverFromEveryFault(t *testing.T) {
	recoversFromEveryFault(t, func() (*kitchen, []config.Instance) {
		k := newKitchen(t)
		return k, grouped(k.trackConverges(), twoServices()[:1], "web", "app")
	})
}

// The same for instances that share a service.
func TestSharedRecoversFromEveryFault(t *testing.T) {
	recoversFromEveryFault(t, func() (*kitchen, []config.Instance) {
		k := newKitchen(t)
		return k, sharing(k.trackConverges(), "a", "b")
	})
}

func recoversFromEveryFault(t *testing.T, setUp func() (*kitchen, []config.Instance)) {
	tried := 0
	defer func() { t.Logf("tried %d points", tried) }()
	for _, action := range []Action{ActionTest, "converge"} {
		k, list := setUp()
		count := galleyProcess{k: k}
		require.NoError(t, count.run(action, list...))
		require.Greater(t, count.seen, count.engine)
		for n, fault := range []error{errors.New("the engine said no"),
			fake.AfterEffect(errors.New("the answer got lost")),
			fake.ErrDiedBefore, fake.ErrDiedAfter} {
			late := errors.Is(fault, fake.ErrDiedAfter) || fault.Error() == "the answer got lost"
			for at := range points(count.seen, n, 7) {
				if late && strings.HasPrefix(count.happened[at-1], "write ") {
					continue // the same as dying before what follows
				}
				k, list := setUp()
				tried++
				p := galleyProcess{k: k, at: at, fault: fault}
				err := p.run(action, list...)
				what := fmt.Sprintf("%s, %v at %d: %s", action, fault, at, count.happened[at-1])
				if len(list) == 1 && len(list[0].Services) == 0 { // what is done side by side makes one call more or less
					require.GreaterOrEqual(t, p.seen, at, what)
				}
				next := []Action{ActionTest, "verify"}[at%2]
				require.NoError(t, k.do(next, list...), "%s; next %s after: %v", what, next, err)
				require.NoError(t, k.do("destroy", list...), what)
				require.Empty(t, k.runners(), what)
				require.Empty(t, k.services(), what)
				networks, err := k.fake.ListNetworks(t.Context(), backend.Labels{label.Instance: ""})
				require.NoError(t, err)
				require.Empty(t, networks, what)
				left, err := k.project.state().Names(sandboxDir)
				require.NoError(t, err)
				require.Empty(t, left, what)
				left, err = k.project.state().Names(".")
				require.NoError(t, err)
				for _, name := range left {
					require.False(t, strings.HasSuffix(name, ".json"), "%s: %s", what, name)
				}
			}
		}
	}
}

// A phase that was begun again and did not end is not done, however it ended: a later phase does it first.
func TestBegunPhaseIsNotDone(t *testing.T) {
	for name, fault := range map[string]error{"failed": errors.New("no"), "killed": fake.ErrDiedBefore} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			i := k.trackConverges()
			require.NoError(t, k.do("verify", i))
			k.fake.FailOn(func(c fake.Call) error {
				if c.Verb == "Exec" {
					return fault
				}
				return nil
			})
			require.Error(t, k.do("converge", i))
			k.fake.Revive()
			list, err := k.run().Statuses(t.Context(), []string{"a"})
			require.NoError(t, err)
			require.Equal(t, PhaseCreate, list[0].LastAction)
			k.sink.events = nil
			require.NoError(t, k.do("verify", i))
			require.Equal(t, []string{"converge passed", "setup passed", "verify passed"}, k.sink.phases())
		})
	}
}
