package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestContextDigest: a work image is made anew for all that its build would see.
func TestContextDigest(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	seen := map[string]string{}
	look := func(what, platform string, args map[string]string) {
		t.Helper()
		name, _, err := buildRequest{dir: dir, dockerfile: "FROM x\nCOPY script /\n", args: args, platform: platform}.name()
		require.NoError(t, err)
		require.Empty(t, seen[name], what)
		seen[name] = what
	}
	require.NoError(t, os.WriteFile(script, []byte("1"), 0o600))
	look("the first", "", nil)
	look("a platform", "linux/arm64", nil)
	look("an argument", "", map[string]string{"A": "1"})
	require.NoError(t, os.WriteFile(script, []byte("2"), 0o600))
	look("another content", "", nil)
	require.NoError(t, os.Chmod(script, 0o400))
	look("other permissions", "", nil)
	require.NoError(t, os.Rename(script, filepath.Join(dir, "other")))
	look("another name", "", nil)
}
