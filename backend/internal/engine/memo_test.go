package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func TestMemo(t *testing.T) {
	m := NewMemo[int]()
	calls := 0
	refusal := errors.New("not now")
	_, err := m.Get(t.Context(), func(context.Context) (int, error) { calls++; return 0, refusal })
	require.ErrorIs(t, err, refusal)

	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			value, err := m.Get(t.Context(), func(context.Context) (int, error) { calls++; return 7, nil })
			if value != 7 {
				return fmt.Errorf("%d: %w", value, err)
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 2, calls, "a failure is not remembered, a success is")
}

// TestMemoWaitsNoLonger: who waits for another's call goes by the own context.
func TestMemoWaitsNoLonger(t *testing.T) {
	m := NewMemo[int]()
	begun, end := make(chan struct{}), make(chan struct{})
	var group errgroup.Group
	group.Go(func() error {
		_, err := m.Get(t.Context(), func(context.Context) (int, error) { close(begun); <-end; return 1, nil })
		return err
	})
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Get(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	close(end)
	require.NoError(t, group.Wait())
}

func TestPoll(t *testing.T) {
	looks := 0
	require.NoError(t, Poll(t.Context(), func(context.Context) (bool, error) { looks++; return looks == 3, nil }))
	require.Equal(t, 3, looks)

	refusal := errors.New("gone")
	require.ErrorIs(t, Poll(t.Context(), func(context.Context) (bool, error) { return false, refusal }), refusal)

	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, Poll(ctx, func(context.Context) (bool, error) { cancel(); return false, nil }), context.Canceled)
}
