package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// write makes files of paths and contents below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// read is what write takes: all files below dir.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		rel, relErr := filepath.Rel(dir, p)
		files[filepath.ToSlash(rel)] = string(text)
		return errors.Join(err, relErr)
	}))
	return files
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	st, err := os.Lstat(path)
	require.NoError(t, err)
	return st
}

func TestSyncTouchesOnlyWhatChanged(t *testing.T) {
	from, box := t.TempDir(), filepath.Join(t.TempDir(), "box")
	write(t, from, map[string]string{"same": "1", "longer": "1", "newer": "1", "mode": "1", "gone": "1",
		"deep/er/still": "1"})
	list := func() []File {
		files, err := Tree(from, "books", nil)
		require.NoError(t, err)
		return append(files, File{Path: "made", Data: []byte("made")},
			File{Path: "run", Data: []byte("run"), Mode: 0o755})
	}
	settle(t, box, list)
	require.Equal(t, map[string]string{"books/same": "1", "books/longer": "1", "books/newer": "1", "books/mode": "1",
		"books/gone":          "1",
		"books/deep/er/still": "1", "made": "made", "run": "run"}, read(t, box))
	require.Equal(t, fs.FileMode(0o755), stat(t, filepath.Join(box, "run")).Mode())
	before := map[string]fs.FileInfo{}
	for name := range read(t, box) {
		before[name] = stat(t, filepath.Join(box, name))
	}

	write(t, from, map[string]string{"longer": "12"})
	now := before["books/newer"].ModTime().Add(1)
	require.NoError(t, os.Chtimes(filepath.Join(from, "newer"), now, now))
	require.NoError(t, os.Chmod(filepath.Join(from, "mode"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(from, "gone")))
	write(t, box, map[string]string{"stray/file": "x"})
	// What the runner changed is put right, although it set the time back.
	same := before["books/same"].ModTime()
	write(t, box, map[string]string{"books/same": "22"})
	require.NoError(t, os.Chtimes(filepath.Join(box, "books/same"), same, same))
	require.NoError(t, Sync(box, list(), nil))
	after := read(t, box)
	require.Equal(t, map[string]string{"books/same": "1", "books/longer": "12", "books/newer": "1", "books/mode": "1",
		"books/deep/er/still": "1", "made": "made", "run": "run"}, after)
	for name := range after {
		if !slices.Contains([]string{"books/same", "books/longer", "books/newer", "books/mode"}, name) {
			require.True(t, os.SameFile(before[name], stat(t, filepath.Join(box, name))), name)
		}
	}
	require.NoDirExists(t, filepath.Join(box, "stray"))
}

// settle syncs until the sources are old enough for a change of them to be seen.
func settle(t *testing.T, box string, list func() []File) {
	t.Helper()
	require.Eventually(t, func() bool {
		files := list()
		require.NoError(t, Sync(box, files, nil))
		return !slices.ContainsFunc(files, func(f File) bool { return f.copied.source == stamp{} })
	}, time.Minute, time.Millisecond)
}

// A copy is never the project's own file: the runner may write to it.
func TestSyncCopies(t *testing.T) {
	from, box := t.TempDir(), t.TempDir()
	write(t, from, map[string]string{"a": "1"})
	files, err := Tree(from, "", nil)
	require.NoError(t, err)
	require.NoError(t, Sync(box, files, nil))
	require.False(t, os.SameFile(stat(t, filepath.Join(from, "a")), stat(t, filepath.Join(box, "a"))))
}

func TestSyncKeeps(t *testing.T) {
	box := t.TempDir()
	write(t, box, map[string]string{"cache/a/b": "1", "cachet": "1", ".chef/old": "1"})
	keep := func(p string) bool { top, _, _ := strings.Cut(p, "/"); return top == "cache" || top == ".chef" }
	require.NoError(t, Sync(box, []File{{Path: ".chef/config.rb", Data: []byte("2")}}, keep))
	require.Equal(t, map[string]string{"cache/a/b": "1", ".chef/old": "1", ".chef/config.rb": "2"}, read(t, box))
	require.NoError(t, Sync(box, nil, nil))
	require.Empty(t, read(t, box))
}

func TestSyncReplacesOneKindByAnother(t *testing.T) {
	box := t.TempDir()
	require.NoError(t, Sync(box, []File{{Path: "a/b", Data: []byte("1")}, {Path: "c", Data: []byte("1")}}, nil))
	require.NoError(t, Sync(box, []File{{Path: "a", Data: []byte("2")}, {Path: "c/d", Data: []byte("2")}}, nil))
	require.Equal(t, map[string]string{"a": "2", "c/d": "2"}, read(t, box))
}

// A link that the runner put into the sandbox leads nowhere.
func TestSyncDoesNotFollowLinks(t *testing.T) {
	outside, box := t.TempDir(), t.TempDir()
	write(t, outside, map[string]string{"precious": "mine", "file": "mine"})
	require.NoError(t, os.Symlink(outside, filepath.Join(box, "books")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "file"), filepath.Join(box, "file")))
	require.NoError(t, os.Symlink(outside, filepath.Join(box, "stray")))
	require.NoError(t, Sync(box, []File{{Path: "books/a", Data: []byte("1")}, {Path: "file", Data: []byte("1")}}, nil))
	require.Equal(t, map[string]string{"precious": "mine", "file": "mine"}, read(t, outside))
	require.Equal(t, map[string]string{"books/a": "1", "file": "1"}, read(t, box))
}

func TestSyncRefuses(t *testing.T) {
	for name, files := range map[string][]File{
		"\"../a\" is not inside": {{Path: "../a"}}, "\"/a\" is not inside": {{Path: "/a"}},
		"\".\" is not inside":            {{Path: "."}},
		"a is a directory, and the file": {{Path: "a", Data: []byte("1")}, {Path: "a/b", Data: []byte("1")}},
		"a directory as well":            {{Path: "a/b", Data: []byte("1")}, {Path: "a", Data: []byte("1")}},
	} {
		require.ErrorContains(t, Sync(t.TempDir(), files, nil), name)
	}
	err := Sync(t.TempDir(), []File{{Path: "a", Source: filepath.Join(t.TempDir(), "none")}}, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// What another user owns is named, and all the rest is done.
func TestSyncLeftovers(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may remove everything: run the tests as a user to see this")
	}
	box := t.TempDir()
	write(t, box, map[string]string{"nodes/x/y": "1", "books/a": "1"})
	for _, dir := range []string{"nodes/x", "books"} {
		require.NoError(t, os.Chmod(filepath.Join(box, dir), 0o555))
		t.Cleanup(func() { require.NoError(t, os.Chmod(filepath.Join(box, dir), 0o755)) })
	}
	err := Sync(box, []File{{Path: "books/b", Data: []byte("2")}, {Path: "made", Data: []byte("2")}}, nil)
	var left *LeftoverError
	require.ErrorAs(t, err, &left)
	require.Equal(t, []string{"books", "books/a", "nodes"}, left.Paths)
	require.Equal(t, "2", read(t, box)["made"])
}

func TestTree(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write(t, dir, map[string]string{"a": "1", "b/c": "1", "b/skip": "1", "no/x": "1"})
	write(t, other, map[string]string{"d/e": "1"})
	for to, from := range map[string]string{other: "link", filepath.Join(dir, "a"): "b/file-link", dir: "b/loop",
		"nowhere": "dead"} {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, filepath.FromSlash(from))))
	}
	files, skipped, err := TreeTold(dir, "to", func(rel string, dir bool) bool {
		return rel == "b/skip" || dir &&
			rel == "no"
	})
	require.NoError(t, err)
	require.Equal(t, []string{"to/dead"}, skipped)
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
		require.FileExists(t, f.Source)
	}
	require.Equal(t, []string{"to/a", "to/b/c", "to/b/file-link", "to/link/d/e"}, paths)
	_, err = Tree(filepath.Join(dir, "none"), "", nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	require.NoError(t, WriteFile(path, []byte("1"), 0o600))
	require.NoError(t, WriteFile(path, []byte("2"), 0o640))
	require.Equal(t, map[string]string{"file": "2"}, read(t, filepath.Dir(path)))
	require.Equal(t, fs.FileMode(0o640), stat(t, path).Mode())
}
