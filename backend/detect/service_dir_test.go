package detect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a killed galley left is removed by the next one; what a living one uses, and what is not galley's, stays.
func TestServiceDirsOfTheDead(t *testing.T) {
	parent := t.TempDir()
	living, err := makeServiceDir(t.Context(), parent)
	require.NoError(t, err)
	dead := filepath.Join(parent, serviceDirs+"dead")
	for _, dir := range []string{dead, filepath.Join(parent, serviceDirs+"strange"), filepath.Join(parent, "other")} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dead, serviceLock), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dead, "podman.sock"), nil, 0o600))

	next, err := makeServiceDir(t.Context(), parent)
	require.NoError(t, err)
	require.NoDirExists(t, dead)
	require.DirExists(t, filepath.Join(parent, serviceDirs+"strange"))
	require.DirExists(t, filepath.Join(parent, "other"))

	require.NoError(t, next.remove())
	require.NoDirExists(t, next.path)
	require.FileExists(t, filepath.Join(living.path, serviceLock))
	require.NoError(t, living.remove())
}

// What another user prepared in /tmp under such a name is not touched, and nothing is made through links in it.
func TestServiceDirsOfOthers(t *testing.T) {
	parent, elsewhere := t.TempDir(), t.TempDir()
	target := filepath.Join(elsewhere, "nologin")
	prepare := func(name string, mode os.FileMode) string {
		dir := filepath.Join(parent, serviceDirs+name)
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.Chmod(dir, mode))
		return dir
	}
	var kept []string
	// The lock is a link to a file that is not there.
	require.NoError(t, os.Symlink(target, filepath.Join(prepare("dangling", 0o700), serviceLock)))
	kept = append(kept, filepath.Join(parent, serviceDirs+"dangling", serviceLock))
	// Others can enter the directory.
	open := filepath.Join(prepare("open", 0o755), serviceLock)
	require.NoError(t, os.WriteFile(open, nil, 0o600))
	// The directory is a link to one with a lock in it.
	linked := filepath.Join(elsewhere, "d")
	require.NoError(t, os.Mkdir(linked, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(linked, serviceLock), nil, 0o600))
	require.NoError(t, os.Symlink(linked, filepath.Join(parent, serviceDirs+"link")))
	kept = append(kept, open, filepath.Join(linked, serviceLock))
	if os.Getuid() == 0 {
		theirs := prepare("theirs", 0o700)
		require.NoError(t, os.WriteFile(filepath.Join(theirs, serviceLock), nil, 0o600))
		require.NoError(t, os.Chown(theirs, 12345, 12345))
		kept = append(kept, filepath.Join(theirs, serviceLock))
	}
	d, err := makeServiceDir(t.Context(), parent)
	require.NoError(t, err)
	require.NoError(t, d.remove())
	require.NoFileExists(t, target)
	for _, path := range kept {
		_, err := os.Lstat(path)
		require.NoError(t, err)
	}
}

// The socket is made where no other user can exchange it, whatever the variables say.
func TestServiceParent(t *testing.T) {
	own, tmp := t.TempDir(), t.TempDir()
	loose := filepath.Join(t.TempDir(), "loose")
	require.NoError(t, os.Mkdir(loose, 0o700))
	require.NoError(t, os.Chmod(loose, 0o777))
	long := filepath.Join(t.TempDir(), strings.Repeat("l", 70))
	require.NoError(t, os.Mkdir(long, 0o700))
	short := func(dir string) string { // a test's directory may have too long a name
		if len(dir) > maxServiceParent {
			return "/tmp"
		}
		return dir
	}
	for _, tt := range []struct{ runtimeDir, tmpDir, want string }{
		{own, tmp, short(own)},
		{"", tmp, short(tmp)},
		{"relative", "relative", "/tmp"},
		{loose, loose, "/tmp"},
		{"/missing", "/missing", "/tmp"},
		{long, long, "/tmp"},
	} {
		t.Setenv("TMPDIR", tt.tmpDir)
		h := fakeHost(nil, map[string]string{"XDG_RUNTIME_DIR": tt.runtimeDir})
		got, err := serviceParent(h)
		require.NoError(t, err)
		if tt.want != "/tmp" || got != tmp {
			require.Equal(t, tt.want, got, tt)
		}
	}
}
