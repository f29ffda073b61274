package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestNewExecMarker(t *testing.T) {
	first, second := NewExecMarker(backend.ExecSpec{}), NewExecMarker(backend.ExecSpec{})
	require.NotEqual(t, first, second)
	require.Len(t, first, 16)
	require.Regexp(t, `^mine\.[0-9a-f]{16}$`, NewExecMarker(backend.ExecSpec{Mark: "mine"}))
}
