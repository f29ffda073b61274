package contract_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// entry is one entry of a tar stream. Owner is root.
type entry struct {
	name string
	mode int64
	// content of a file; a link's target when link is true.
	content string
	dir     bool
	link    bool
}

// tarOf returns a tar stream of entries, always the same for the same entries.
func tarOf(t *testing.T, entries ...entry) io.Reader {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		body := e.content
		switch {
		case e.dir:
			h.Typeflag, body = tar.TypeDir, ""
		case e.link:
			h.Typeflag, h.Linkname, body = tar.TypeSymlink, e.content, ""
		}
		h.Size = int64(len(body))
		require.NoError(t, w.WriteHeader(h))
		_, err := io.WriteString(w, body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &buf
}

// tarOfFiles returns a tar stream of files, with the directories that they need.
func tarOfFiles(t *testing.T, files map[string]string) io.Reader {
	t.Helper()
	var entries []entry
	seen := map[string]bool{".": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var parents []string
		for dir := path.Dir(name); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			parents = append(parents, dir)
		}
		for _, dir := range slices.Backward(parents) {
			entries = append(entries, entry{name: dir + "/", mode: 0o755, dir: true})
		}
		entries = append(entries, entry{name: name, mode: 0o644, content: files[name]})
	}
	return tarOf(t, entries...)
}

// untar reads a tar stream to its end. Directory names come without a slash.
func untar(t *testing.T, r io.Reader) map[string]entry {
	t.Helper()
	got := map[string]entry{}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		require.NoError(t, err)
		body, err := io.ReadAll(tr)
		require.NoError(t, err)
		e := entry{name: strings.TrimSuffix(h.Name, "/"), mode: h.Mode & 0o7777, content: string(body)}
		switch h.Typeflag {
		case tar.TypeDir:
			e.dir = true
		case tar.TypeSymlink:
			e.link, e.content = true, h.Linkname
		}
		got[e.name] = e
	}
}
