package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// sharing are instances that share a database.
func sharing(like config.Instance, names ...string) []config.Instance {
	var list []config.Instance
	for _, name := range names {
		i := like
		i.Name = name
		i.Shared = twoServices()[:1]
		i.Shared[0].Shared = true
		list = append(list, i)
	}
	return list
}

// A shared service is one for all that have it, in a run and after it, and goes with the last of them.
func TestSharedService(t *testing.T) {
	k := newKitchen(t)
	list := sharing(chefInstance("a"), "a", "b")
	list = append(list, grouped(list[0], nil, "web")...)
	list[2].Name, list[2].Shared = "c/web", nil
	list[2].Node.Group.Name = "c"
	require.NoError(t, k.do("converge", list...))
	first := k.services()
	require.Len(t, first, 1)
	require.Equal(t, 3, k.networks(), "that of all runners, that of the database, and that of the nodes")
	status, err := k.run().Statuses(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Equal(t, map[string]backend.State{"db": "running"}, status[0].Services)
	_, c, err := k.run().Reach(t.Context(), list[1], "db")
	require.NoError(t, err)
	require.Equal(t, first["db"].ID, c.ID)
	left, err := k.run().Orphans(t.Context(), []string{"a", "b", "c", "c/web", SharedName("db", "")})
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, k.do("destroy", list[:2]...))
	require.Equal(t, first["db"].ID, k.services()["db"].ID)
	require.NoError(t, k.fake.Stop(first["db"].ID))
	require.NoError(t, k.do("verify", list[2:]...))
	require.Equal(t, backend.StateRunning, k.services()["db"].State)
	require.NoError(t, k.do("destroy", list...))
	require.Empty(t, k.services())
	require.Equal(t, 1, k.networks())

	k.sink.events = nil
	require.NoError(t, k.do(ActionTest, list...))
	made := 0
	for _, e := range k.sink.events {
		if p, ok := e.(Progress); ok && p.What == "service db" && p.Done {
			made++
		}
	}
	require.Equal(t, 1, made, "one in a run, although each instance is destroyed before the next begins")
	require.Empty(t, k.services())
}

func TestSharedServiceFails(t *testing.T) {
	k := newKitchen(t)
	list := sharing(chefInstance("a"), "a", "b")
	list[0].Shared[0].Image, list[1].Shared[0].Image = "absent", "absent"
	var failed *ActionError
	require.ErrorAs(t, k.do("create", list...), &failed)
	require.Len(t, failed.Failures, 2)
	require.ErrorContains(t, failed, "the shared service db: ")
	require.NoError(t, k.do("destroy", list...))
	require.Equal(t, 0, len(k.services()))
}
