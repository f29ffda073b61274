package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// changed are the events of what converge changed, and how many verifies had begun before each.
func (r *recorder) changed() (list []RunnerChanged, verifies []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	begun := 0
	for _, e := range r.events {
		switch e := e.(type) {
		case PhaseStarted:
			if e.Phase == PhaseVerify {
				begun++
			}
		case RunnerChanged:
			list, verifies = append(list, e), append(verifies, begun)
		}
	}
	return list, verifies
}

// TestReportChanges: it is told once in a run, when that was asked for, and before tests run.
func TestReportChanges(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("default")
	require.NoError(t, k.do("verify", i))
	list, _ := k.sink.changed()
	require.Empty(t, list, "nobody asked")

	k.change = func(o *Options) { o.ReportChanges = true }
	require.NoError(t, k.fake.WriteFile(k.runners()[0].ID, "/etc/made", []byte("x")))
	require.NoError(t, k.do("verify", i))
	list, _ = k.sink.changed()
	require.Len(t, list, 1, "it was converged before")
	require.Equal(t, "default", list[0].Instance)
	require.Equal(t, "/etc/made", list[0].Groups[0].Lines[0].Path)

	require.NoError(t, k.do("test", i))
	list, verifies := k.sink.changed()
	require.Len(t, list, 2)
	require.Equal(t, 2, verifies[1], "the two verifies before, and not the test's own")
	for _, c := range k.runners() {
		require.NotEqual(t, label.RoleHelper, c.Labels[label.Role])
	}
}

// TestReportChangesThatCannotBeTold: it is a warning, and the instance passes.
func TestReportChangesThatCannotBeTold(t *testing.T) {
	k := newKitchen(t)
	k.change = func(o *Options) { o.ReportChanges = true }
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "ContainerChanges" {
			return backend.ErrUnsupported
		}
		return nil
	})
	require.NoError(t, k.do("verify", chefInstance("default")))
	list, _ := k.sink.changed()
	require.Empty(t, list)
	require.Contains(t, k.sink.notices()[len(k.sink.notices())-1], "what converge changed is not in the reports")
}
