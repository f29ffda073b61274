//go:build !windows

package sandbox

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestSyncUmask: what the runner's users may do does not depend on this user's umask.
func TestSyncUmask(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	box := filepath.Join(t.TempDir(), "box")
	require.NoError(t, Sync(box, []File{{Path: "a/b/data", Data: []byte("x")}}, nil))
	for name, want := range map[string]fs.FileMode{"a": 0o755, "a/b": 0o755, "a/b/data": 0o644} {
		require.Equal(t, want, stat(t, filepath.Join(box, filepath.FromSlash(name))).Mode().Perm(), name)
	}
}
