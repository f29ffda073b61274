package chef

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The key is kept for this user, and taken from no place where another user could have put it.
func TestValidationKey(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	first, err := validationKey()
	require.NoError(t, err)
	again, err := validationKey()
	require.NoError(t, err)
	require.Equal(t, first, again)

	dir := filepath.Join(cache, "galley")
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "validation.pem"), []byte("planted"), 0o600))
	key, err := validationKey()
	require.NoError(t, err)
	require.NotEqual(t, "planted", string(key))
}
