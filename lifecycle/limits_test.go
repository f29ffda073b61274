package lifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/limits"
)

// A phase that takes longer than its limit fails alone, and a run that does ends all; either says what to do about it,
// and what was begun is on record.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limits  limits.List
		hangs   string
		failed  []string
		skipped []string
		last    string
	}{
		{limits.List{"converge": time.Millisecond}, "Exec", []string{"converge", "converge"}, nil, "timed out"},
		{limits.List{"create": time.Millisecond}, "StartContainer", []string{"create", "create"}, nil, "timed out"},
		// time enough for the first instance to come to its converge on a busy machine
		{limits.List{limits.Run: 2 * time.Second}, "Exec", []string{"converge"}, []string{"b"}, "timed out"},
	} {
		k := newKitchen(t)
		k.change = func(o *Options) { o.Limits, o.Destroy = c.limits, DestroyNever }
		k.fake.FailOn(func(call fake.Call) error {
			if call.Verb == c.hangs {
				return fake.ErrHang
			}
			return nil
		})
		err := k.do(ActionTest, chefInstance("a"), chefInstance("b"))
		var action *ActionError
		require.ErrorAs(t, err, &action)
		require.Equal(t, c.skipped, action.Skipped)
		var failed []string
		for _, f := range action.Failures {
			failed = append(failed, string(f.Phase))
			var late *limits.ExceededError
			require.ErrorAs(t, f.Err, &late)
		}
		require.Equal(t, c.failed, failed)
		s, err := k.run().stateFile("a").load()
		require.NoError(t, err)
		require.Equal(t, c.last, s.LastError)
		k.fake.Revive()
		k.change = nil
		require.NoError(t, k.do(ActionTest, chefInstance("a"), chefInstance("b")))
	}
}

// With NoWait an instance that another galley has fails at once, and says who has it.
func TestNoWait(t *testing.T) {
	k := newKitchen(t)
	other := k.run()
	held, err := filelock.Acquire(t.Context(), other.stateFile("a").lockPath(),
		filelock.Options{Owner: other.owner("converge")})
	require.NoError(t, err)
	k.change = func(o *Options) { o.NoWait = true }
	err = k.do("create", chefInstance("a"), chefInstance("b"))
	require.ErrorContains(t, err, "a: it is in use by galley converge, process ")
	require.ErrorContains(t, err, "Leave out --no-wait to wait for it")
	require.Len(t, k.runners(), 1, "b has nothing to do with it")
	require.NoError(t, held.Release())
	require.NoError(t, k.do("create", chefInstance("a")), "the note of a process that is gone is no lock")
}
