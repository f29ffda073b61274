package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	d := Of(t.TempDir())
	_, err := d.ReadFile("a.json")
	require.ErrorIs(t, err, fs.ErrNotExist)
	list, err := d.Names(".")
	require.NoError(t, err)
	require.Empty(t, list)
	require.NoError(t, d.Remove("a.json"))
	require.NoError(t, d.RemoveAll("sandbox/x"))
	for _, text := range []string{"one", "two"} {
		require.NoError(t, d.WriteFile("a.json", []byte(text)))
		data, err := d.ReadFile("a.json")
		require.NoError(t, err)
		require.Equal(t, text, string(data))
	}
	require.NoError(t, d.MkdirAll("sandbox/x/kitchen", 0o755))
	require.NoError(t, d.Rename("a.json", "b.json"))
	list, err = d.Names(".")
	require.NoError(t, err)
	require.Equal(t, []string{"b.json", "sandbox"}, list)
	st, err := os.Stat(d.Path("b.json"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), st.Mode().Perm())
	require.NoError(t, d.RemoveAll("sandbox/x"))
	require.NoDirExists(t, d.Path("sandbox/x"))
}

// A process that was killed writes nothing.
func TestBeforeWrite(t *testing.T) {
	d := Of(t.TempDir())
	dead := errors.New("dead")
	d.BeforeWrite = func(string) error { return dead }
	require.ErrorIs(t, d.WriteFile("a", nil), dead)
	require.ErrorIs(t, d.MkdirAll("a", 0o700), dead)
	require.ErrorIs(t, d.RemoveAll("a"), dead)
	require.NoDirExists(t, d.Path("."))
}

// What a killed writer left is removed when it cannot be written any more, and nothing else is.
func TestTidy(t *testing.T) {
	d := Of(t.TempDir())
	require.NoError(t, d.Tidy(), "there is no directory yet")
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, nil, 0o600))
	for _, name := range []string{".new-0123456789abcdef", ".new-fedcba9876543210", "a.json", ".newer"} {
		require.NoError(t, d.WriteFile(name, []byte("x")))
	}
	require.NoError(t, d.MkdirAll(".new-directory", 0o700))
	require.NoError(t, os.Symlink("a.json", d.Path(".new-link")))
	old := time.Now().Add(-2 * unfinishedAge)
	for _, name := range []string{".new-0123456789abcdef", "a.json", ".newer", ".new-directory", ".new-link"} {
		require.NoError(t, os.Chtimes(d.Path(name), old, old))
	}
	require.NoError(t, d.Tidy())
	list, err := d.Names(".")
	require.NoError(t, err)
	require.Equal(t, []string{".new-directory", ".new-fedcba9876543210", ".new-link", ".newer", "a.json"}, list)

	for _, to := range []string{victim, "/nowhere", "../../.."} {
		require.NoError(t, os.Symlink(to, d.Path("cookbooks")))
		require.ErrorContains(t, d.Tidy(), d.Path("cookbooks")+" is a link that leads nowhere or out of the project")
		require.NoError(t, os.Remove(d.Path("cookbooks")))
	}
	require.FileExists(t, victim)
}

// No name and no link leads out of the project.
func TestNothingOutside(t *testing.T) {
	for _, linked := range []string{".kitchen", ".kitchen/galley", ".kitchen/galley/sandbox",
		".kitchen/galley/a.json"} {
		for _, exists := range []bool{true, false} {
			project, victim := t.TempDir(), t.TempDir()
			if !exists {
				require.NoError(t, os.Remove(victim))
			} else {
				require.NoError(t, os.WriteFile(filepath.Join(victim, "keep"), []byte("x"), 0o600))
			}
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(project, linked)), 0o700))
			require.NoError(t, os.Symlink(victim, filepath.Join(project, linked)))
			d := Of(project)
			_ = d.WriteFile("a.json", []byte("x"))
			_ = d.MkdirAll("sandbox/x", 0o777)
			_ = d.RemoveAll("sandbox/keep")
			_ = d.Remove("sandbox/keep")
			if linked == ".kitchen" || linked == ".kitchen/galley" {
				require.ErrorContains(t, d.WriteFile("a.json", nil), filepath.Join(project,
					linked)+" is a link that leads nowhere or out of the project")
			}
			if !exists {
				require.NoDirExists(t, victim)
				continue
			}
			entries, err := os.ReadDir(victim)
			require.NoError(t, err)
			require.Len(t, entries, 1)
		}
	}
	d := Of(t.TempDir())
	for _, name := range []string{"../../x", "/etc/x", "a/../../../x", ""} {
		require.Error(t, d.WriteFile(name, nil), name)
		require.Error(t, d.RemoveAll(name), name)
	}
}
