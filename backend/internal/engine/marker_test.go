package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestNewMarker(t *testing.T) {
	first, second := newMarker(backend.ExecSpec{}), newMarker(backend.ExecSpec{})
	require.NotEqual(t, first, second)
	require.Regexp(t, `^mine\.[A-Z2-7]+$`, newMarker(backend.ExecSpec{Mark: "mine"}))
}
