package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// A name is waited for from the first conflict on, however long that took, and what ends the wait is told.
func TestAwaitName(t *testing.T) {
	taken, absent := &backend.Error{Kind: backend.ErrConflict}, &backend.Error{Kind: backend.ErrNotFound}
	gone := func(error) error { return absent }
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		require.NoError(t, AwaitName(t.Context(), time.Second, func() error {
			if tries++; tries > 1 {
				return nil
			}
			time.Sleep(time.Minute) // of a clock that jumps
			return taken
		}, gone))
		require.Equal(t, 2, tries)

		require.ErrorIs(t, AwaitName(t.Context(), time.Second, func() error { return taken }, gone), taken)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := AwaitName(ctx, time.Minute, func() error { return taken }, gone)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, backend.ErrConflict)
	})
}

// A conflict about something else than the name is not waited out.
func TestAwaitNameOtherConflict(t *testing.T) {
	other := &backend.Error{Kind: backend.ErrConflict}
	tries := 0
	require.ErrorIs(t, AwaitName(t.Context(), time.Hour, func() error { tries++; return other },
		func(conflict error) error { return conflict }), other)
	require.Equal(t, 1, tries)
}
