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

// A hostile engine, or container, cannot write outside of the directory.
func TestExtractStaysInside(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"dots":             {{Name: "x/../../evil", Typeflag: tar.TypeReg}},
		"absolute link":    {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}},
		"link out":         {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "../../up"}},
		"through a link":   {{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "."}, {Name: "x/l/evil", Typeflag: tar.TypeReg}},
		"link out, nested": {{Name: "x/d/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "x/d/l", Typeflag: tar.TypeSymlink, Linkname: "../../.."}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			tw := tar.NewWriter(&b)
			for _, h := range entries {
				require.NoError(t, tw.WriteHeader(&h))
			}
			require.NoError(t, tw.Close())
			parent := t.TempDir()
			err := Extract(&b, filepath.Join(parent, "in", "to"))
			if err == nil { // path.Clean made it harmless: then it must be inside
				_, statErr := os.Lstat(filepath.Join(parent, "evil"))
				require.ErrorIs(t, statErr, os.ErrNotExist)
				_, statErr = os.Lstat(filepath.Join(parent, "in", "evil"))
				require.ErrorIs(t, statErr, os.ErrNotExist)
			}
			if name != "dots" {
				require.Error(t, err)
			}
		})
	}
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
