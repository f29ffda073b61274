//go:build !windows

package userdir

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// place makes a directory of a mode that no umask changes.
func place(t *testing.T, mode fs.FileMode) string {
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.Chmod(dir, mode))
	return dir
}

func TestMake(t *testing.T) {
	base := place(t, 0o755)
	_, err := Find(base, "a", "b")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoDirExists(t, filepath.Join(base, "a"))
	dir, err := Make(base, "a", "b")
	require.NoError(t, err)
	found, err := Find(base, "a", "b")
	require.NoError(t, err)
	require.Equal(t, dir, found)
	st, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), st.Mode().Perm())
	again, err := Make(base, "a", "b")
	require.NoError(t, err)
	require.Equal(t, dir, again)

	elsewhere := place(t, 0o700)
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(base, "link")))
	require.NoError(t, os.WriteFile(filepath.Join(base, "file"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(base, "open"), 0o755))
	for _, name := range []string{"link", "file", "open"} {
		_, err := Make(base, name, "x")
		require.ErrorIs(t, err, ErrUnsafe, name)
		_, err = Find(base, name, "x")
		require.ErrorIs(t, err, ErrUnsafe, name)
	}
	require.NoDirExists(t, filepath.Join(elsewhere, "x"))
	for _, base := range []string{"relative", place(t, 0o777), place(t, 0o777|fs.ModeSticky)} {
		_, err := Make(base, "x")
		require.ErrorIs(t, err, ErrUnsafe, base)
	}
	if os.Getuid() == 0 {
		theirs := filepath.Join(base, "theirs")
		require.NoError(t, os.Mkdir(theirs, 0o700))
		require.NoError(t, os.Chown(theirs, 12345, 12345))
		_, err := Make(base, "theirs")
		require.ErrorIs(t, err, ErrUnsafe)
		require.ErrorIs(t, Temporary(theirs), ErrUnsafe)
		require.Empty(t, Runtime(func(string) string { return theirs }))
	}
}

func TestTemporary(t *testing.T) {
	require.NoError(t, Temporary(place(t, 0o700)))
	require.NoError(t, Temporary(place(t, 0o777|fs.ModeSticky)))
	require.ErrorIs(t, Temporary(place(t, 0o777)), ErrUnsafe)
	require.ErrorIs(t, Temporary("."), ErrUnsafe)
	require.ErrorIs(t, Temporary("/missing/directory"), fs.ErrNotExist)
}

func TestRuntime(t *testing.T) {
	good := place(t, 0o700)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(good, link))
	for value, want := range map[string]string{"": "", "run": "", good: good, link: "", place(t, 0o777): "",
		"/missing": ""} {
		require.Equal(t, want, Runtime(func(string) string { return value }), value)
	}
}

// TestMkdirTemp: a TMPDIR that is not there is named, with the way out.
func TestMkdirTemp(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("TMPDIR", none)
	_, err := MkdirTemp("x-")
	require.ErrorContains(t, err, "make a directory in "+none)
	require.ErrorContains(t, err, "set TMPDIR")
	t.Setenv("TMPDIR", place(t, 0o777))
	_, err = MkdirTemp("x-")
	require.ErrorIs(t, err, ErrUnsafe)
	require.ErrorContains(t, err, "set TMPDIR")
	t.Setenv("TMPDIR", place(t, 0o777|fs.ModeSticky))
	_, err = MkdirTemp("x-")
	require.NoError(t, err)
}

func TestAbsent(t *testing.T) {
	_, err := os.Open(filepath.Join(os.DevNull, ".docker", "config.json"))
	require.True(t, Absent(err), err)
	_, err = os.Open(filepath.Join(t.TempDir(), "none"))
	require.True(t, Absent(err), err)
	require.False(t, Absent(os.ErrPermission))
	require.False(t, Absent(nil))
}
