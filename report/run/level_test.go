package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
)

func TestParseLevel(t *testing.T) {
	for in, want := range map[string]lifecycle.Level{
		"debug": lifecycle.LevelDebug, "info": lifecycle.LevelInfo, "warn": lifecycle.LevelWarn,
		"error": lifecycle.LevelError, "fatal": lifecycle.LevelError,
	} {
		got, err := ParseLevel(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := ParseLevel("loud")
	require.EqualError(t, err, `log level "loud": write debug, info, warn or error`)
}
