package detect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a killed galley left is removed by the next one; what a living one uses,
// and what is not galley's, stays.
func TestServiceDirsOfTheDead(t *testing.T) {
	parent := t.TempDir()
	living, err := makeServiceDir(parent)
	require.NoError(t, err)
	dead := filepath.Join(parent, serviceDirs+"dead")
	for _, dir := range []string{dead, filepath.Join(parent, serviceDirs+"strange"), filepath.Join(parent, "other")} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dead, serviceLock), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "podman.sock"), nil, 0o600))

	next, err := makeServiceDir(parent)
	require.NoError(t, err)
	require.NoDirExists(t, dead)
	require.DirExists(t, filepath.Join(parent, serviceDirs+"strange"))
	require.DirExists(t, filepath.Join(parent, "other"))

	require.NoError(t, next.remove())
	require.NoDirExists(t, next.path)
	require.FileExists(t, filepath.Join(living.path, serviceLock))
	require.NoError(t, living.remove())
}
