package lifecycle

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
)

// behaves makes converges on an engine write a file, and has its runners tell a variable.
func behaves(engine *fake.Engine, text, variable string) {
	engine.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case len(e.Command) == 2 && e.Command[1] == "/opt/kitchen/run_command":
			return 0, engine.WriteFile(c.ID, "/etc/map", []byte(text))
		case len(e.Command) == 5 && e.Command[3] == "sh": // the script that collects facts
			_, err := fmt.Fprintf(e.Stdout, "\n%s environ\nVALUE=%s\x00", e.Command[4], variable)
			return 0, err
		}
		return 0, fake.ErrNotHandled
	})
}

// onBoth is an instance on two engines.
func onBoth(i config.Instance) []config.Instance {
	return []config.Instance{PutOn(i, On{Name: "first", Host: "fake://one"}), PutOn(i, On{Name: "second", Host: "fake://two"})}
}

// TestOnEngines: an instance is on several engines at once, each with a record of its own, and what differs is told.
func TestOnEngines(t *testing.T) {
	k := newKitchen(t)
	two := k.secondEngine()
	two.OnExec(listFiles(two))
	two.OnExec(fileCommands(two))
	behaves(k.fake, "0 0 1\n", "same")
	behaves(two, "0 1000 1\n", "same")
	k.change = func(o *Options) { o.CompareEngines = true }
	both := onBoth(chefInstance("a"))
	require.Equal(t, "a@second", both[1].Name)
	require.Equal(t, "a", both[1].PlainName())
	require.NoError(t, k.do("verify", both...))

	var found []MachinesCompared
	for _, e := range k.sink.events {
		if c, ok := e.(MachinesCompared); ok {
			found = append(found, c)
		}
	}
	require.Len(t, found, 1)
	require.Equal(t, []string{"a@first and a@second differ in one thing",
		`  file     /etc/map  line 1: "0 0 1" on a@first, "0 1000 1" on a@second`}, found[0].Lines("a@first", "a@second")[:2])

	recorded, err := k.project.RecordedOn()
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {"first", "second"}}, recorded)
	require.False(t, k.project.Recorded("a"))
	require.True(t, k.project.Recorded("a@first"))

	// Later commands know the engines by the records, whatever is asked for.
	k.asks(Asked{Host: "fake://one", Source: "DOCKER_HOST", Weak: true})
	later := chefInstance("a@second")
	later.On, later.Driver.Recorded = "second", true
	_, c, err := k.run().Reach(t.Context(), later, "")
	require.NoError(t, err)
	require.Equal(t, backend.StateRunning, c.State)
	require.NoError(t, k.do("converge", later))
	require.NoError(t, k.do("destroy", later))
	require.ErrorContains(t, k.do("converge", later), "no engine is recorded for a@second: name it with --on")
	list, err := two.ListContainers(t.Context(), backend.Labels{})
	require.NoError(t, err)
	require.Empty(t, list)
	require.Len(t, k.runners(), 1)
}

// TestOnEnginesNotCompared: what did not converge on one engine is not compared, and that is told.
func TestOnEnginesNotCompared(t *testing.T) {
	k := newKitchen(t)
	two := k.secondEngine()
	two.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 1, nil })
	behaves(k.fake, "x", "same")
	k.change = func(o *Options) { o.CompareEngines = true }
	require.Error(t, k.do("converge", onBoth(chefInstance("a"))...))
	require.Contains(t, k.sink.notices(), "a@first and a@second are not compared: not both have converged")
}
