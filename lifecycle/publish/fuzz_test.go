package publish

import (
	"errors"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/internal/imagetest"
)

// FuzzMake looks for archives of an engine that panic, and images whose new layer cannot be read.
func FuzzMake(f *testing.F) {
	base := [][]byte{pack(f, dir("etc", 0o755), file("etc/a", "of the base"))}
	own := pack(f, file("etc/made", "text"), file("etc/.wh.a", ""), file("etc/.wh..wh..opq", ""))
	parent := imagetest.Image{Config: v1.Config{Cmd: []string{"app"}}, Layers: base}
	whole := imagetest.Archive(f, commitOf(base, own), parent)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(imagetest.Archive(f, commitOf(base, pack(f, rigEntries()...)), parent))
	f.Fuzz(func(t *testing.T, archive []byte) {
		img, err := makeOf(t, archive, Source{})
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		layers, err := img.Layers()
		require.NoError(t, err)
		made, err := layers[len(layers)-1].Uncompressed()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, made)
		require.NoError(t, errors.Join(err, made.Close()))
	})
}

// FuzzNames looks for templates of references that panic, and for names that are not whole.
func FuzzNames(f *testing.F) {
	for _, ref := range []string{"ghcr.io/a/{{.Suite}}:{{.GitSHA}}", "localhost/x", "a:5000/b@sha256:12", "{{", "{{.X}}",
		"{{printf \"%1000d\" 1}}", "[::1]:80/x", "docker.io/UPPER"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		tags, err := Names([]string{ref}, Fields{Instance: "a-b", Suite: "a", Platform: "b", GitSHA: "c0ffee"})
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := FullName(tags[0].Name())
		require.NoError(t, err)
		require.Equal(t, tags[0].Name(), again.Name())
		require.False(t, strings.ContainsAny(tags[0].Name(), " \n{}"), tags[0].Name())
	})
}
