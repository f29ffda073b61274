package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestNewExecMarker(t *testing.T) {
	first, second := NewExecMarker(backend.ExecSpec{}), NewExecMarker(backend.ExecSpec{})
	require.NotEqual(t, first, second)
	require.Regexp(t, `^mine\.[A-Z2-7]+$`, NewExecMarker(backend.ExecSpec{Mark: "mine"}))
}
