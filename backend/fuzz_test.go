package backend

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzNormalizeRef looks for names of images that panic, and for full names that are read in another way the second
// time.
func FuzzNormalizeRef(f *testing.F) {
	for _, ref := range []string{"debian", "localhost:5000/a/b:1", "sha256:0", "a@sha256:1", "UPPER", "[::1]:5000/x", "a//b", ""} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		full, err := NormalizeRef(ref)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		again, err := NormalizeRef(full)
		require.NoError(t, err)
		require.Equal(t, full, again)
	})
}
