package sandbox

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSyncSeesEveryChange: build systems give all files one time, and a link may be
// switched to a file of the same size and time. The content that counts is the new one.
func TestSyncSeesEveryChange(t *testing.T) {
	same := time.Unix(1, 0)
	dated := func(t *testing.T, dir, name, text string) {
		t.Helper()
		write(t, dir, map[string]string{name: text})
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), same, same))
	}
	for _, tc := range []struct {
		name          string
		first, second func(t *testing.T, dir string)
		data          [2]string
	}{
		{name: "written again", first: func(t *testing.T, dir string) { dated(t, dir, "f", "old") },
			second: func(t *testing.T, dir string) { dated(t, dir, "f", "new") }},
		{name: "another file moved there", first: func(t *testing.T,
			dir string) {
			dated(t, dir, "f", "old")
			dated(t, dir, "other", "new")
		},
			second: func(t *testing.T, dir string) {
				require.NoError(t, os.Rename(filepath.Join(dir, "other"), filepath.Join(dir, "f")))
			}},
		{name: "switched link", first: func(t *testing.T, dir string) {
			dated(t, dir, "v1/x", "old")
			dated(t, dir, "v2/x", "new")
			require.NoError(t, os.Symlink("v1/x", filepath.Join(dir, "f")))
		}, second: func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "f")))
			require.NoError(t, os.Symlink("v2/x", filepath.Join(dir, "f")))
		}},
		{name: "switched link above", first: func(t *testing.T, dir string) {
			dated(t, dir, "v1/f", "old")
			dated(t, dir, "v2/f", "new")
			require.NoError(t, os.Symlink("v1", filepath.Join(dir, "d")))
		}, second: func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "d")))
			require.NoError(t, os.Symlink("v2", filepath.Join(dir, "d")))
		}},
		{name: "data", first: func(*testing.T, string) {}, second: func(*testing.T, string) {},
			data: [2]string{"old", "new"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from, box := t.TempDir(), filepath.Join(t.TempDir(), "box")
			for i, do := range []func(*testing.T, string){tc.first, tc.second} {
				do(t, from)
				files, err := Tree(from, "", nil)
				require.NoError(t, err)
				if tc.data[i] != "" {
					files = append(files, File{Path: "f", Data: []byte(tc.data[i])})
				}
				require.NoError(t, Sync(box, files, nil))
			}
			got := read(t, box)
			if text, ok := got["d/f"]; ok {
				got["f"] = text
			}
			require.Equal(t, "new", got["f"])
		})
	}
}

// TestSyncMendsWhatTheRunnerChanged, although the runner made it look as it was.
func TestSyncMendsWhatTheRunnerChanged(t *testing.T) {
	from, box := t.TempDir(), filepath.Join(t.TempDir(), "box")
	write(t, from, map[string]string{"copied": "ours", "moved": "ours", "mode": "ours"})
	list := func() []File {
		files, err := Tree(from, "", nil)
		require.NoError(t, err)
		return append(files, File{Path: "data", Data: []byte("ours")}, File{Path: "d", Dir: true, Mode: 0o750})
	}
	require.NoError(t, Sync(box, list(), nil))
	for _, name := range []string{"copied", "data"} {
		p := filepath.Join(box, name)
		st := stat(t, p)
		require.NoError(t, os.WriteFile(p, []byte("evil"), 0o600))
		require.NoError(t, os.Chtimes(p, st.ModTime(), st.ModTime()))
	}
	require.NoError(t, os.Rename(filepath.Join(box, "moved"), filepath.Join(box, "elsewhere")))
	require.NoError(t, os.Chmod(filepath.Join(box, "mode"), 0o777))
	require.NoError(t, os.Chmod(filepath.Join(box, "d"), 0o777))
	require.NoError(t, Sync(box, list(), nil))
	require.Equal(t, map[string]string{"copied": "ours", "moved": "ours", "mode": "ours", "data": "ours"}, read(t, box))
	require.Equal(t, stat(t, filepath.Join(from, "mode")).Mode(), stat(t, filepath.Join(box, "mode")).Mode())
	require.Equal(t, os.ModeDir|0o750, stat(t, filepath.Join(box, "d")).Mode())
}

// TestDamagedIndex: what galley remembers is only good for speed.
func TestDamagedIndex(t *testing.T) {
	box := filepath.Join(t.TempDir(), "box")
	files := []File{{Path: "a", Data: []byte("1")}, {Path: "d/\xff", Data: []byte("2")}}
	require.NoError(t, Sync(box, files, nil))
	whole, err := os.ReadFile(box + indexSuffix)
	require.NoError(t, err)
	x := decodeIndex(whole)
	require.Len(t, x, 2)
	require.Equal(t, files[1].copied, x["d/\xff"])
	for n := range whole {
		require.NotPanics(t, func() { decodeIndex(whole[:n]) })
	}
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, filepath.Dir(outside), map[string]string{"outside": "mine"})
	for _, damage := range []func() error{
		func() error { return os.WriteFile(box+indexSuffix, whole[:len(whole)-3], 0o600) },
		func() error { return os.WriteFile(box+indexSuffix, []byte("else"), 0o600) },
		func() error { return os.Mkdir(box+indexSuffix, 0o700) },
		func() error { return os.Symlink(outside, box+indexSuffix) },
	} {
		require.NoError(t, os.Remove(box+indexSuffix))
		require.NoError(t, damage())
		require.NoError(t, os.WriteFile(filepath.Join(box, "a"), []byte("x"), 0o600))
		require.NoError(t, Sync(box, files, nil))
		require.Equal(t, map[string]string{"a": "1", "d/\xff": "2"}, read(t, box))
		require.Equal(t, "mine", read(t, filepath.Dir(outside))["outside"])
		require.True(t, stat(t, box+indexSuffix).Mode().IsRegular())
	}
}

// TestEmptyDirectoriesTravel, with their permissions.
func TestEmptyDirectoriesTravel(t *testing.T) {
	from, box := t.TempDir(), filepath.Join(t.TempDir(), "box")
	for name, mode := range map[string]os.FileMode{"empty": 0o755, "in/empty": 0o700, "open": 0o777, "closed": 0o555,
		"private": 0o700} {
		p := filepath.Join(from, name)
		require.NoError(t, os.MkdirAll(p, 0o755))
		require.NoError(t, os.Chmod(p, mode))
	}
	write(t, from, map[string]string{"open/f": "1", "private/f": "1"})
	for range 2 {
		files, err := Tree(from, "data", nil)
		require.NoError(t, err)
		require.NoError(t, Sync(box, files, nil))
		for name, mode := range map[string]os.FileMode{"empty": 0o755, "in": 0o755, "in/empty": 0o700, "open": 0o777,
			"closed": 0o755, "private": 0o700} {
			require.Equal(t, os.ModeDir|mode, stat(t, filepath.Join(box, "data", name)).Mode(), name)
		}
		require.Equal(t, map[string]string{"data/open/f": "1", "data/private/f": "1"}, read(t, box))
	}
	require.NoError(t, os.Remove(filepath.Join(from, "empty")))
	files, err := Tree(from, "data", nil)
	require.NoError(t, err)
	require.NoError(t, Sync(box, files, nil))
	require.NoDirExists(t, filepath.Join(box, "data", "empty"))
	files, err = Tree(t.TempDir(), "data", nil)
	require.NoError(t, err)
	require.NoError(t, Sync(box, files, nil))
	require.DirExists(t, filepath.Join(box, "data"), "a directory that is empty itself")
}

// paths are those of a list.
func paths(files []File) []string {
	var list []string
	for _, f := range files {
		p := f.Path
		switch {
		case f.Dir:
			p += "/"
		case f.Link != "":
			p += " -> " + f.Link
		}
		list = append(list, p)
	}
	return list
}

// TestNothingOfGalleysOwnIsSent: neither the repository nor what galley makes, by
// whatever way it is reached, unless it was named.
func TestNothingOfGalleysOwnIsSent(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{
		"a": "1", ".git/config": "1", ".kitchen/galley/sandbox/x/kitchen/data/a": "1", ".kitchen/logs/l": "1",
		"sub/.git":       "1",
		"sub/.Kitchen/x": "1", "sub/b": "1", "spec/fixtures/modules/dep/x": "1", ".gitignore": "1",
		"repo.git/HEAD": "1",
	})
	for from, to := range map[string]string{
		"spec/fixtures/modules/own": "../../..", "sub/state": "../.kitchen", "sub/deep": "../.kitchen/galley/sandbox",
		"sub/repo": "../.git", "sub/config": "../.git/config", "sub/up": "../..",
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(root, from)))
	}
	for from, want := range map[string][]string{
		".":                     {".gitignore", "a", "repo.git/HEAD", "spec/fixtures/modules/dep/x", "sub/b"},
		"sub":                   {"b"},
		"spec/fixtures/modules": {"dep/x"},
		".git":                  {"config"},
		".kitchen":              {"logs/l"},
		".kitchen/logs":         {"l"},
		"sub/repo":              {"config"},
	} {
		files, err := Tree(filepath.Join(root, from), "", nil)
		require.NoError(t, err)
		require.Equal(t, want, paths(files), from)
	}
	files, skipped, err := Entries(root, "to", nil)
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, []string{"to/", "to/.gitignore", "to/a", "to/repo.git/", "to/repo.git/HEAD", "to/spec/",
		"to/spec/fixtures/", "to/spec/fixtures/modules/",
		"to/spec/fixtures/modules/dep/", "to/spec/fixtures/modules/dep/x", "to/spec/fixtures/modules/own -> ../../..",
		"to/sub/", "to/sub/b", "to/sub/config -> ../.git/config",
		"to/sub/deep -> ../.kitchen/galley/sandbox", "to/sub/repo -> ../.git", "to/sub/state -> ../.kitchen",
		"to/sub/up -> ../.."}, paths(files))
}

// TestSizeIsConstant: a project that is its own data, however often it is converged.
func TestSizeIsConstant(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"a": "1", "sub/b": "1"})
	require.NoError(t, os.Symlink("..", filepath.Join(root, "sub", "root")))
	for range 5 {
		done := make(chan error)
		for _, name := range []string{"a", "b", "c", "d"} { // as with -c 4
			go func() {
				files, err := Tree(root, "data", nil)
				if err == nil {
					err = Sync(filepath.Join(root, ".kitchen", "galley", "sandbox", name, "kitchen"), files, nil)
				}
				done <- err
			}()
		}
		for range 4 {
			require.NoError(t, <-done)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			require.Equal(t, map[string]string{"data/a": "1", "data/sub/b": "1"},
				read(t, filepath.Join(root, ".kitchen", "galley", "sandbox", name, "kitchen")))
		}
	}
}
