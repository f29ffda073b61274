package fake

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func create(t *testing.T, f *Engine, name string) (backend.Container, error) {
	t.Helper()
	return f.CreateContainer(t.Context(),
		backend.ContainerSpec{Name: name, Image: Busybox, Command: []string{"sleep", "1"}})
}

// fail makes the n-th call from now fail; 1 is the next one.
func fail(f *Engine, n int, err error) {
	seen := 0
	f.FailOn(func(Call) error {
		if seen++; seen == n {
			return err
		}
		return nil
	})
}

func exists(t *testing.T, f *Engine, name string) bool {
	t.Helper()
	_, err := f.Stat(name, "/")
	return err == nil
}

func TestFailMakesTheNthCallFail(t *testing.T) {
	f, boom := New(), errors.New("boom")
	fail(f, 2, boom)
	_, err := create(t, f, "one")
	require.NoError(t, err)
	_, err = create(t, f, "two")
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "CreateContainer two")
	_, err = create(t, f, "three")
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true}, []bool{exists(t, f, "one"), exists(t, f, "two"), exists(t, f, "three")})
}

func TestFailOnChoosesByCall(t *testing.T) {
	f := New()
	f.FailOn(func(c Call) error {
		if c.Verb == "CreateContainer" && c.Args[0] == "bad" {
			return backend.ErrNoSpace
		}
		return nil
	})
	_, err := create(t, f, "good")
	require.NoError(t, err)
	_, err = create(t, f, "bad")
	require.ErrorIs(t, err, backend.ErrNoSpace)
	f.FailOn(nil)
	_, err = create(t, f, "bad")
	require.NoError(t, err)
}

func TestAfterEffectLosesTheAnswerOnly(t *testing.T) {
	f := New()
	fail(f, 1, AfterEffect(backend.ErrUnreachable))
	c, err := create(t, f, "lost")
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.Zero(t, c)
	require.True(t, exists(t, f, "lost"))
	_, err = create(t, f, "next")
	require.NoError(t, err)
}

// TestHangLastsUntilTheContextEnds: without the fault the answer would be ErrNotFound.
func TestHangLastsUntilTheContextEnds(t *testing.T) {
	f := New()
	begun := make(chan struct{})
	f.FailOn(func(Call) error {
		close(begun)
		return ErrHang
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- f.StartContainer(ctx, "absent") }()
	<-begun
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	f.Revive()
	require.ErrorIs(t, f.StartContainer(t.Context(), "absent"), backend.ErrNotFound)
}

// TestDeath: after the death of the process nothing that it still does has an effect.
func TestDeath(t *testing.T) {
	for _, c := range []struct {
		fault error
		made  bool
	}{{ErrDiedBefore, false}, {ErrDiedAfter, true}} {
		f := New()
		fail(f, 2, c.fault)
		_, err := create(t, f, "first")
		require.NoError(t, err)
		_, err = create(t, f, "second")
		require.ErrorIs(t, err, c.fault)
		require.Equal(t, c.made, exists(t, f, "second"), c.fault)
		require.ErrorIs(t, f.RemoveContainer(t.Context(), "first"), ErrDiedBefore, "a clean-up of the dead")
		require.True(t, exists(t, f, "first"))
		require.Len(t, f.Calls(), 2)
		f.Revive()
		require.NoError(t, f.RemoveContainer(t.Context(), "first"))
		require.False(t, exists(t, f, "first"))
	}
}

func TestCallsAreRecorded(t *testing.T) {
	f := New()
	c, err := create(t, f, "box")
	require.NoError(t, err)
	require.NoError(t, f.StartContainer(t.Context(), c.ID))
	code, err := f.Exec(t.Context(), c.ID, backend.ExecSpec{Command: []string{"echo", "a", "b"}})
	require.NoError(t, err)
	require.Zero(t, code)
	_, err = f.CreateContainer(t.Context(),
		backend.ContainerSpec{Name: "tool", Image: Busybox, Tools: []backend.Tool{{Image: Busybox, Path: "/bin"}}})
	require.NoError(t, err)
	require.Equal(t, []Call{
		{Verb: "CreateContainer", Args: []string{"box"}},
		{Verb: "StartContainer", Args: []string{"box"}},
		{Verb: "Exec", Args: []string{"box", "echo", "a", "b"}},
		{Verb: "CreateContainer", Args: []string{"tool"}},
	}, f.Calls())
	require.Equal(t, 6, f.APICalls())
	f.ForgetCalls()
	require.Zero(t, f.APICalls())
	require.NoError(t, f.RemoveContainer(t.Context(), "box"))
}

func TestACancelledContextIsNoCall(t *testing.T) {
	f := New()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.StartContainer(ctx, "any"), context.Canceled)
	require.Empty(t, f.Calls())
}
