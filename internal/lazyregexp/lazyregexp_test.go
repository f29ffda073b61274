package lazyregexp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	word := New(`^\w+$`)
	require.True(t, word().MatchString("word"))
	require.Same(t, word(), word())
	wrong := New(`(`) // nothing happens until it is used
	require.Panics(t, func() { wrong() })
}
