package archive

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzExtract looks for streams that panic, and that change anything outside of where they are unpacked.
func FuzzExtract(f *testing.F) {
	reg := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o4755} }
	dir := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }
	link := func(kind byte, name, to string) tar.Header {
		return tar.Header{Name: name, Typeflag: kind, Linkname: to}
	}
	for _, stream := range [][]tar.Header{
		{reg("res")}, {dir("res/"), reg("res/a")}, {link(tar.TypeSymlink, "res", "hooks")},
		{dir("res/"), link(tar.TypeSymlink, "res/l", "../.."), reg("res/l/hooks/x"), link(tar.TypeLink, "res/h", "res/l/secret")},
		{dir("res/"), {Name: "res/p", Typeflag: tar.TypeFifo}, reg("res/../secret"), reg("/secret")},
	} {
		data, err := io.ReadAll(pack(f, "evil", stream...))
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		top, state := outside(t)
		before := state()
		to := filepath.Join(top, "in", "res")
		for range 2 { // what the first left is no way out for the second
			if err := Extract(bytes.NewReader(stream), to); err != nil {
				require.NotEmpty(t, err.Error())
			}
		}
		require.Equal(t, before, state())
	})
}
