package archive

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

func TestWriteAndExtract(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "run.sh")
	require.NoError(t, os.WriteFile(source, []byte("#!/bin/sh\n"), 0o755))
	var b bytes.Buffer
	require.NoError(t, Write(&b, []sandbox.File{
		{Path: "x/a/b.txt", Data: []byte("text")},
		{Path: "x/run.sh", Source: source},
		{Path: "x/secret", Data: []byte("s"), Mode: 0o600},
	}))
	to := filepath.Join(dir, "out")
	require.NoError(t, Extract(&b, to))
	for name, want := range map[string]struct {
		text string
		mode os.FileMode
	}{"a/b.txt": {"text", 0o644}, "run.sh": {"#!/bin/sh\n", 0o755}, "secret": {"s", 0o600}} {
		data, err := os.ReadFile(filepath.Join(to, name))
		require.NoError(t, err)
		require.Equal(t, want.text, string(data))
		st, err := os.Stat(filepath.Join(to, name))
		require.NoError(t, err)
		require.Equal(t, want.mode, st.Mode().Perm(), name)
	}
}

// pack makes a tar stream of headers; content is what every file holds.
func pack(t testing.TB, content string, entries ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, h := range entries {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		require.NoError(t, tw.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := tw.Write([]byte(content))
			require.NoError(t, err)
		}
	}
	require.NoError(t, tw.Close())
	return &b
}

// A hostile engine, or container, cannot write outside of the directory.
func TestExtractStaysInside(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"dots":          {{Name: "x/../../evil", Typeflag: tar.TypeReg}},
		"absolute link": {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}},
		"link out":      {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "../../up"}},
		"through a link": {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "."},
			{Name: "x/l/evil", Typeflag: tar.TypeReg}},
		"link out, nested": {{Name: "x/d/", Typeflag: tar.TypeDir, Mode: 0o755},
			{Name: "x/d/l", Typeflag: tar.TypeSymlink, Linkname: "../../.."}},
		"hard link out":       {{Name: "x/l", Typeflag: tar.TypeLink, Linkname: "x/../../secret"}},
		"hard link, absolute": {{Name: "x/l", Typeflag: tar.TypeLink, Linkname: "/secret"}},
		"hard link by symlink": {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "d"},
			{Name: "x/m", Typeflag: tar.TypeLink, Linkname: "x/l/../../../secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(parent, "secret"), []byte("secret"), 0o600))
			to := filepath.Join(parent, "in", "to")
			err := Extract(pack(t, "evil", entries...), to)
			for _, evil := range []string{filepath.Join(parent, "evil"), filepath.Join(parent, "in", "evil")} {
				_, statErr := os.Lstat(evil)
				require.ErrorIs(t, statErr, os.ErrNotExist)
			}
			for _, link := range []string{"l", "m", "d/l"} {
				if target, linkErr := os.Readlink(filepath.Join(to, link)); linkErr == nil {
					require.True(t, filepath.IsLocal(filepath.Join(filepath.Dir(link), target)), target)
				}
				if data, readErr := os.ReadFile(filepath.Join(to, link)); readErr == nil {
					require.NotEqual(t, "secret", string(data))
				}
			}
			require.Error(t, err)
		})
	}
}

// Links that lead elsewhere are left out; all else is there, hard links too.
func TestExtractLinks(t *testing.T) {
	to := filepath.Join(t.TempDir(), "to")
	err := Extract(pack(t, "text",
		tar.Header{Name: "x/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "x/away", Typeflag: tar.TypeSymlink, Linkname: "/proc/mounts"},
		tar.Header{Name: "x/a", Typeflag: tar.TypeReg, Mode: 0o640},
		tar.Header{Name: "x/second", Typeflag: tar.TypeLink, Linkname: "x/a"},
		tar.Header{Name: "x/near", Typeflag: tar.TypeSymlink, Linkname: "a"},
	), to)
	var skipped *SkippedError
	require.ErrorAs(t, err, &skipped)
	require.Equal(t, []string{"x/away -> /proc/mounts"}, skipped.Entries)
	for _, name := range []string{"a", "second", "near"} {
		data, err := os.ReadFile(filepath.Join(to, name))
		require.NoError(t, err)
		require.Equal(t, "text", string(data), name)
	}
}

// What is in the way is replaced: the second download is as good as the first.
func TestExtractReplaces(t *testing.T) {
	to := filepath.Join(t.TempDir(), "to")
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.MkdirAll(to, 0o755))
	require.NoError(t, os.Symlink(outside, filepath.Join(to, "d")))
	for range 2 {
		require.NoError(t, Extract(pack(t, "text",
			tar.Header{Name: "x/d/", Typeflag: tar.TypeDir, Mode: 0o755},
			tar.Header{Name: "x/d/a", Typeflag: tar.TypeReg, Mode: 0o644},
		), to))
		data, err := os.ReadFile(filepath.Join(to, "d", "a"))
		require.NoError(t, err)
		require.Equal(t, "text", string(data))
	}
	require.NoDirExists(t, outside)
}

// Windows has no permission to execute, so scripts from there have it.
func TestModes(t *testing.T) {
	require.Equal(t, os.FileMode(0o755), modeFor("windows", 0o644))
	require.Equal(t, os.FileMode(0o777), modeFor("windows", 0o666))
	require.Equal(t, os.FileMode(0o640), modeFor("linux", os.ModeSetuid|0o640))
}

func TestExtractSingleFile(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, []sandbox.File{{Path: "motd", Data: []byte("hi")}}))
	to := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, Extract(&b, to))
	data, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, "hi", string(data))
}
