package lifecycle

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// grouped makes nodes like an instance, each converged after those that stand behind it.
func grouped(like config.Instance, services []config.Service, names ...string) []config.Instance {
	whole := like
	whole.Nodes, whole.Services = names, services
	var list []config.Instance
	for n, name := range names {
		i := like
		i.Name, i.Suite, i.Driver.Hostname = like.Name+"/"+name, like.Suite+"/"+name, name
		i.Node = &config.Node{Name: name, After: names[n+1:], Group: &whole}
		list = append(list, i)
	}
	return list
}

// convergence is what happened in the runners of nodes.
type convergence struct {
	mu    sync.Mutex
	order []string
	env   map[string]string
	// fails is the node whose converge fails.
	fails string
}

func (c *convergence) watch(k *kitchen) {
	k.fake.OnExec(func(_ context.Context, runner backend.Container, e backend.ExecSpec) (int, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, node, _ := strings.Cut(runner.Labels[label.Instance], "/")
		switch {
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			c.order = append(c.order, node)
			c.env = e.Env
			if node == c.fails {
				return 1, nil
			}
		case slices.Contains(e.Command, "test it"):
			c.order = append(c.order, "test "+node)
		default:
			return 0, fake.ErrNotHandled
		}
		return 0, nil
	})
}

func TestNodes(t *testing.T) {
	for _, concurrency := range []int{1, 3} {
		k := newKitchen(t)
		k.change = func(o *Options) { o.Concurrency = concurrency }
		like := chefInstance("a")
		like.Verifier.Shell.Command = "test it"
		like.Driver.Ports = []spec.PortMapping{{ContainerPort: 80, Protocol: "tcp"}}
		list := grouped(like, twoServices()[:1], "web", "the-app")
		var c convergence
		c.watch(k)
		require.NoError(t, k.do("verify", list...))
		require.Equal(t, []string{"the-app", "web"}, c.order[:2])
		require.ElementsMatch(t, []string{"test web", "test the-app", "test web"}, c.order[2:])
		require.Equal(t, "test web", c.order[4], "the group is tested in its first node")
		require.Equal(t, "web the-app", c.env["GALLEY_NODES"])
		require.Equal(t, "web", c.env["GALLEY_NODE"])
		require.Equal(t, "30080", c.env["GALLEY_NODE_THE_APP_PORT_80"])
		require.NotEmpty(t, c.env["GALLEY_NODE_THE_APP_ADDRESS"])
		require.NotEmpty(t, c.env["GALLEY_SERVICE_DB_ADDRESS"])
		list1, err := k.run().Statuses(t.Context(), []string{"a", "a/web"})
		require.NoError(t, err)
		require.Equal(t, PhaseVerify, list1[0].LastAction)
		require.Equal(t, backend.StateRunning, list1[1].Live)

		// A run of some nodes does not say that the group passed.
		k.sink.events = nil
		require.NoError(t, k.do("verify", list[0]))
		for _, e := range k.sink.events {
			if done, ok := e.(InstanceFinished); ok && done.Instance == "a" {
				require.Contains(t, done.NotRun, "not all nodes")
			}
		}

		// One of them goes, and the network and the services with the last.
		require.NoError(t, k.do("verify", list...))
		require.NoError(t, k.do("destroy", list[0]))
		require.Len(t, k.services(), 1)
		list1, err = k.run().Statuses(t.Context(), []string{"a"})
		require.NoError(t, err)
		require.Equal(t, PhaseCreate, list1[0].LastAction, "the group is not the one that was verified")
		require.NoError(t, k.do("verify", list...))
		require.NoError(t, k.do("destroy", list...))
		require.Empty(t, k.services())
		require.Zero(t, k.networks())
		require.Empty(t, k.runners())
	}
}

// A node that fails stops those that come after it and the test of the whole, and no others.
// Nodes are on networks of their group, which are not made others under them.
func TestNodesOnNetworks(t *testing.T) {
	k := newKitchen(t)
	list := grouped(chefInstance("a"), nil, "web", "app")
	whole := list[0].Node.Group
	whole.Networks = []config.Network{{Name: "front", Subnet: "10.1.2.0/24"}, {Name: "back"}}
	list[0].Node.Networks = []config.Endpoint{{Network: "front", IPv4: "10.1.2.3", Aliases: []string{"www"}}}
	s := runnerSpec(k.project, list[0], "busybox", nil, nil, func(string) string { return "" })
	require.Equal(t, []backend.NetworkAttachment{{Mode: spec.NetworkNamed, Name: ownNetwork(k.project, "a", "front"),
		IPv4: "10.1.2.3", Aliases: []string{"web", "www"}}}, s.Networks)
	require.NoError(t, k.do("create", list...))
	require.Equal(t, 3, k.networks(), "the group's, and two more")

	for _, c := range k.runners() {
		require.NoError(t, k.fake.RemoveContainer(t.Context(), c.ID))
	}
	require.NoError(t, k.fake.RemoveNetwork(t.Context(), ownNetwork(k.project, "a", "back")))
	require.NoError(t, k.do("create", list...))
	require.Equal(t, 3, k.networks(), "one was gone")

	whole.Networks[0].Internal = true
	require.ErrorContains(t, k.do("create", list...), "`galley destroy a` removes the nodes")
	require.NoError(t, k.do("test", list...))
	require.NoError(t, k.do("create", list...))
	require.NoError(t, k.do("destroy", list...))
	require.Equal(t, 0, k.networks())
}

func TestNodeFails(t *testing.T) {
	k := newKitchen(t)
	k.change = func(o *Options) { o.Concurrency = 4 }
	like := chefInstance("a")
	like.Verifier.Shell.Command = "test it"
	list := grouped(like, nil, "web", "app", "other")
	list[1].Node.After, list[0].Node.After = nil, []string{"app"}
	c := convergence{fails: "app"}
	c.watch(k)
	var failed *ActionError
	require.ErrorAs(t, k.do(ActionTest, list...), &failed)
	require.Len(t, failed.Failures, 1)
	require.Equal(t, "a/app", failed.Failures[0].Instance)
	require.Equal(t, []string{"a", "a/web"}, failed.Skipped)
	require.Contains(t, c.order, "test other")
	require.NotContains(t, c.order, "web")
	for _, e := range k.sink.events {
		if done, ok := e.(InstanceFinished); ok && slices.Contains(failed.Skipped, done.Instance) {
			require.Contains(t, done.NotRun, "a/app")
		}
	}
	require.Len(t, k.runners(), 3, "what failed is kept with the others")
	kept, err := k.run().Statuses(t.Context(), []string{"a/web"})
	require.NoError(t, err)
	require.Equal(t, PhaseCreate, kept[0].LastAction)
	require.NoError(t, k.do("destroy", list...))
	require.Zero(t, k.networks())
}

// What is left over of nodes that kitchen.yml has no more is found and removed, the network last.
func TestOrphanedNodes(t *testing.T) {
	k := newKitchen(t)
	list := grouped(chefInstance("a"), twoServices()[:1], "web", "app")
	require.NoError(t, k.do("create", list...))
	left, err := k.run().Orphans(t.Context(), []string{"a", "a/web", "a/app"})
	require.NoError(t, err)
	require.Empty(t, left)

	// A node that was renamed keeps the network and the services, and destroy says so.
	now := list[:1]
	now[0].Node.Group.Nodes = []string{"web"}
	require.NoError(t, k.do("destroy", now...))
	require.Len(t, k.services(), 1)
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "`galley destroy --orphans` removes that node")
	_, err = k.run().DestroyOrphans(t.Context(), []string{"a", "a/web"})
	require.NoError(t, err)
	require.NoError(t, k.do("destroy", now...))
	require.Empty(t, k.services())
	require.Zero(t, k.networks())

	require.NoError(t, k.do("create", list...))
	_, err = k.run().DestroyOrphans(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, k.runners())
	require.Empty(t, k.services())
	require.Zero(t, k.networks())
	left, err = k.run().Orphans(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, left)
}

// A group that --on has put on an engine is one of its own, with nodes of its own.
func TestNodesOnEngines(t *testing.T) {
	k := newKitchen(t)
	like := chefInstance("a")
	var list []config.Instance
	for _, name := range []string{"one", "two"} {
		k.engines["fake://"+name] = k.fake
		for _, i := range grouped(like, nil, "web", "app") {
			list = append(list, PutOn(i, On{Name: name, Host: "fake://" + name}))
		}
	}
	require.Equal(t, "a@one", list[0].Node.Group.Name)
	require.Equal(t, "a@one", groupOf(list[0].Name))
	require.Equal(t, list[1].Name, nodeOf(*list[0].Node.Group, "app"))
	require.NoError(t, k.do("converge", list...))
	require.Len(t, k.runners(), 4)
	require.Equal(t, 2, k.networks())
	require.NoError(t, k.do("destroy", list[:2]...))
	require.Equal(t, 1, k.networks())
	require.NoError(t, k.do("destroy", list...))
	require.Zero(t, k.networks())
}
