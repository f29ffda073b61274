package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestSignalNumber(t *testing.T) {
	for signal, want := range map[string]int{
		"TERM": 15, "SIGTERM": 15, "sigterm": 15, "SIGKILL\n": 9, "15": 15, "64": 64,
		"SIGRTMIN": 34, "SIGRTMIN+3": 37, "RTMIN+30": 64, "SIGRTMAX-2": 62,
	} {
		got, err := SignalNumber(signal)
		require.NoError(t, err, signal)
		require.Equal(t, want, got, signal)
	}
	for _, signal := range []string{"", "SIG", "TEA", "SIGTERM+1", "0", "65", "-1", "SIGRTMIN+31", "SIGRTMAX+1",
		"SIGRTMIN+x", "SIGRTMIN3", "RTM+1"} {
		_, err := SignalNumber(signal)
		require.ErrorIs(t, err, backend.ErrInvalid, signal)
	}
}
