package lifecycle

import (
	"context"
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

// faulty is a kitchen of an instance with two services and one step that has a fault, and the commands of helpers.
func faulty(t *testing.T, f config.Fault) (*kitchen, config.Instance, *[]string) {
	t.Helper()
	k, i := newKitchen(t), chefInstance("a")
	i.Services = twoServices()
	i.Steps = []config.Step{{Name: "bad", Commands: []config.Hook{{Fault: &f}}, Provisioner: i.Provisioner, Verifier: i.Verifier}}
	var ran []string
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		if c.Labels[label.Role] != label.RoleHelper {
			return 0, fake.ErrNotHandled
		}
		what := "heal"
		if len(e.Command) > 3 {
			what = strings.Join(e.Command[4:], " ")
		}
		ran = append(ran, what)
		return 0, nil
	})
	return k, i, &ran
}

func (k *kitchen) helpers() []backend.Container {
	k.t.Helper()
	list, err := k.fake.ListContainers(k.t.Context(), backend.Labels{label.Role: label.RoleHelper})
	require.NoError(k.t, err)
	return list
}

// faults reports whether the network of an instance's runner is known to be a bad one.
func (k *kitchen) faults(instance string) bool {
	k.t.Helper()
	list, err := k.run().Statuses(k.t.Context(), []string{instance})
	require.NoError(k.t, err)
	return list[0].Faults
}

// A helper that is to end the fault stays until that is healed, or the runner goes.
func TestNetworkFault(t *testing.T) {
	for _, after := range []time.Duration{0, time.Minute} {
		k, i, ran := faulty(t, config.Fault{Network: &config.NetworkFault{Loss: 5, For: after}})
		require.NoError(t, k.do("converge", i))
		require.Equal(t, []string{"loss 5% 0.05 "}, *ran)
		require.Equal(t, after > 0, len(k.helpers()) == 1)
		i.Steps[0].Commands[0].Fault = &config.Fault{Heal: true}
		require.NoError(t, k.do("converge", i))
		require.Equal(t, []string{"loss 5% 0.05 ", "heal"}, *ran)
		require.Empty(t, k.helpers())

		i.Steps[0].Commands[0].Fault = &config.Fault{Network: &config.NetworkFault{Loss: 5, For: after}}
		require.NoError(t, k.do("converge", i))
		require.True(t, k.faults("a"))
		if after > 0 {
			require.NoError(t, k.fake.Stop(k.helpers()[0].ID))
			require.False(t, k.faults("a"), "it has healed by itself")
		}
		require.NoError(t, k.fake.Stop(k.runners()[0].ID))
		require.False(t, k.faults("a"))
		require.NoError(t, k.do("create", i))
		require.False(t, k.faults("a"), "it has another network")
		require.Empty(t, k.helpers())

		require.NoError(t, k.do("converge", i))
		require.NoError(t, k.do("destroy", i))
		require.Empty(t, k.helpers())
	}
}

func TestNetworkFaultOfTheHost(t *testing.T) {
	k, i, ran := faulty(t, config.Fault{Network: &config.NetworkFault{Loss: 5}})
	i.Services, i.Driver.Network = nil, spec.Network{Mode: spec.NetworkHost}
	require.ErrorContains(t, k.do("converge", i), "no network of its own")
	require.Empty(t, *ran)
}

func TestFaultsOfServices(t *testing.T) {
	for _, c := range []struct {
		fault config.Fault
		state backend.State
	}{
		{config.Fault{Pause: []string{"db"}}, backend.StatePaused},
		{config.Fault{Kill: []string{"db"}}, backend.StateExited},
		{config.Fault{Restart: []string{"db"}}, backend.StateRunning},
	} {
		testFaultOfService(t, c.fault, c.state, func(i config.Instance) []config.Instance { return []config.Instance{i} })
		testFaultOfService(t, c.fault, c.state, func(i config.Instance) []config.Instance {
			i.Services = nil
			return grouped(i, twoServices(), "node")
		})
	}
}

// testFaultOfService makes a fault of the service db, of an instance or of the group of a node.
func testFaultOfService(t *testing.T, f config.Fault, want backend.State, of func(config.Instance) []config.Instance) {
	t.Helper()
	k, i, _ := faulty(t, f)
	list := of(i)
	require.NoError(t, k.do("create", list...))
	id := k.service("db").ID
	require.NoError(t, k.do("converge", list...))
	require.Equal(t, want, k.service("db").State)
	require.Equal(t, want == backend.StateRunning, slices.ContainsFunc(k.fake.Calls(), func(c fake.Call) bool {
		return c.Verb == "StopContainer" && k.service("db").State == backend.StateRunning
	}))
	require.NoError(t, k.do("create", list...))
	require.Equal(t, backend.StateRunning, k.service("db").State, "create lets it go on")
	require.Equal(t, id, k.service("db").ID)
}

// service is the container of a service.
func (k *kitchen) service(name string) backend.Container {
	k.t.Helper()
	for _, c := range k.services() {
		if c.Labels[label.Service] == name {
			return c
		}
	}
	return backend.Container{}
}
