package imagelock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRead looks for files that panic, and for what is read and cannot be written.
func FuzzRead(f *testing.F) {
	f.Add([]byte("images: {docker.io/library/busybox:latest: sha256:0000000000000000000000000000000000000000000000000000000000000000}\n"))
	f.Add([]byte("images: {a: 1}\nmore: x\n"))
	f.Add([]byte("images: &x {<<: *x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), Name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		images, err := Read(path)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NoError(t, images.Write(path))
		again, err := Read(path)
		require.NoError(t, err)
		require.Equal(t, images, again)
	})
}
