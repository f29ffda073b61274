package lifecycle

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
)

// stepsKitchen is a kitchen of an instance with the steps v1, a reboot, and v2, and what was run in its runner. The
// test of a step fails when fails has its name.
func stepsKitchen(t *testing.T) (k *kitchen, i config.Instance, ran *[]string, fails map[string]bool) {
	t.Helper()
	k = newKitchen(t)
	i = chefInstance("a")
	ran, fails = &[]string{}, map[string]bool{}
	for _, name := range []string{"v1", "again", "v2"} {
		s := config.Step{Name: name, Converge: name != "again", Provisioner: i.Provisioner, Verify: true, Verifier: i.Verifier,
			Reboot: name == "again", Commands: []config.Hook{{Remote: "command of " + name}}}
		s.Provisioner.Chef.LogLevel = "info"
		s.Verifier.Shell.Command = "test of " + name
		i.Steps = append(i.Steps, s)
	}
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		line := strings.Join(e.Command, " ")
		switch {
		case strings.Contains(line, "run_command"):
			*ran = append(*ran, "converge")
		case strings.Contains(line, " of "):
			*ran = append(*ran, e.Command[len(e.Command)-1])
			_, name, _ := strings.Cut(line, "test of ")
			if fails[name] {
				return 1, nil
			}
		default:
			return 0, fake.ErrNotHandled
		}
		return 0, nil
	})
	return k, i, ran, fails
}

// converges is what the steps of stepsKitchen do before the last verify.
func converges() []string {
	return []string{"command of v1", "converge", "test of v1", "command of again", "test of again", "command of v2", "converge"}
}

func TestSteps(t *testing.T) {
	k, i, ran, _ := stepsKitchen(t)
	require.NoError(t, k.do("converge", i))
	require.Equal(t, converges(), *ran)
	require.Equal(t, "v2", k.status(i).Reached)
	require.Equal(t, PhaseConverge, k.status(i).LastAction)

	*ran = nil
	require.NoError(t, k.do("verify", i))
	require.Equal(t, []string{"test of v2"}, *ran)
	*ran = nil
	require.NoError(t, k.do("converge", i), "again from the first step")
	require.Equal(t, converges(), *ran)

	var phases []string
	for _, e := range k.sink.events {
		if e, ok := e.(PhaseStarted); ok {
			phases = append(phases, strings.TrimSpace(string(e.Phase)+" "+e.Of))
		}
	}
	require.Equal(t, []string{"create", "converge v1", "verify v1", "converge again", "verify again", "converge v2", "setup",
		"verify v2"}, phases[:8])
}

// The record says which step was reached; those after one that failed are not done.
func TestStepThatFails(t *testing.T) {
	k, i, ran, fails := stepsKitchen(t)
	fails["again"] = true
	err := k.do("verify", i)
	require.ErrorContains(t, err, "verify of a: step again: ")
	require.Equal(t, converges()[:5], *ran)
	s := k.status(i)
	require.Equal(t, PhaseCreate, s.LastAction)
	require.Equal(t, "again", s.Reached)
	require.Equal(t, "step again: run: tests failed", s.LastError)

	fails["again"], *ran = false, nil
	require.NoError(t, k.do("verify", i))
	require.Equal(t, append(converges(), "test of v2"), *ran)
	require.NoError(t, k.do("create", i))
	require.Empty(t, k.status(i).Reached)
}

// A reboot is a stop and a start of the same runner.
func TestReboot(t *testing.T) {
	k, i, _, _ := stepsKitchen(t)
	require.NoError(t, k.do("create", i))
	runner := k.runners()[0].ID
	k.fake.ForgetCalls()
	require.NoError(t, k.do("converge", i))
	require.Equal(t, runner, k.runners()[0].ID)
	require.Equal(t, backend.StateRunning, k.runners()[0].State)
	var verbs []string
	for _, c := range k.fake.Calls() {
		if !slices.Contains([]string{"Exec", "InspectImage", "ListContainers"}, c.Verb) {
			verbs = append(verbs, c.Verb)
		}
	}
	require.Equal(t, []string{"StopContainer", "StartContainer"}, verbs)
}

// An engine goes on with the stop of a galley that was killed, which would end what the next one runs.
func TestRebootThatWasKilled(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("converge", i))
	f := stateFileOf(k.project, "a")
	s, err := f.load()
	require.NoError(t, err)
	s.LastAction, s.Stopping = "", true
	require.NoError(t, f.save(s))
	k.fake.ForgetCalls()
	require.NoError(t, k.do("converge", i))
	var verbs []string
	for _, c := range k.fake.Calls() {
		if c.Verb == "StopContainer" || c.Verb == "StartContainer" || c.Verb == "RemoveContainer" {
			verbs = append(verbs, c.Verb)
		}
	}
	require.Equal(t, []string{"StopContainer", "StartContainer"}, verbs)
	s, err = f.load()
	require.NoError(t, err)
	require.False(t, s.Stopping)
}

func (k *kitchen) status(i config.Instance) Status {
	k.t.Helper()
	list, err := k.run().Statuses(k.t.Context(), []string{i.Name})
	require.NoError(k.t, err)
	return list[0]
}
