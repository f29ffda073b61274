// Package imagetest makes archives of images for tests, as engines save them.
package imagetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
)

// Entry is one of a tar. Its content is Data.
type Entry struct {
	tar.Header
	Data string
}

// Dir is a directory.
func Dir(name string, mode int64) Entry {
	return Entry{Header: tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode, ModTime: time.Unix(100, 0)}}
}

// File is a file.
func File(name, data string) Entry {
	return Entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, ModTime: time.Unix(200, 0)}, data}
}

// Link is a link of a kind of package tar.
func Link(kind byte, name, to string) Entry {
	return Entry{Header: tar.Header{Name: name, Linkname: to, Typeflag: kind, ModTime: time.Unix(150, 0)}}
}

// Pack makes a tar.
func Pack(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := e.Header
		h.Size = int64(len(e.Data))
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, e.Data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// Image is an image of an archive.
type Image struct {
	Config v1.Config
	// Layers are tars that are not compressed; Zip compresses them in the archive.
	Layers [][]byte
	Zip    bool
}

// Archive makes an archive as engines save it: layers as files, the second time by a link.
func Archive(t testing.TB, images ...Image) []byte {
	t.Helper()
	var members []Entry
	var list []map[string]any
	seen := map[string]string{}
	for n, img := range images {
		c := v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: img.Config, RootFS: v1.RootFS{Type: "layers"},
			Created: v1.Time{Time: time.Unix(50, 0)}}
		var names []string
		for k, data := range img.Layers {
			sum := sha256.Sum256(data)
			id := hex.EncodeToString(sum[:])
			c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, v1.Hash{Algorithm: "sha256", Hex: id})
			c.History = append(c.History, v1.History{CreatedBy: "test"})
			name := fmt.Sprintf("%d-%d/layer.tar", n, k)
			if first, ok := seen[id]; ok {
				members = append(members, Link(tar.TypeSymlink, name, "../"+first))
			} else {
				seen[id] = name
				if img.Zip {
					data = zipped(t, data)
				}
				members = append(members, File(name, string(data)))
			}
			names = append(names, name)
		}
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		members = append(members, File(fmt.Sprintf("%d.json", n), string(raw)))
		list = append(list, map[string]any{"Config": fmt.Sprintf("%d.json", n), "Layers": names})
	}
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	return Pack(t, append(members, File("manifest.json", string(raw)))...)
}
