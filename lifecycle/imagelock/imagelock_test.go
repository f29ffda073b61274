package imagelock

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	_, err := Read(path)
	require.ErrorIs(t, err, fs.ErrNotExist)

	images := Images{"docker.io/library/debian:12": "sha256:" + strings.Repeat("0a", 32),
		"docker.io/chef/chef:18": "sha256:" + strings.Repeat("0b", 32)}
	require.NoError(t, images.Write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, head+"images:\n    docker.io/chef/chef:18: sha256:"+strings.Repeat("0b", 32)+
		"\n    docker.io/library/debian:12: sha256:"+strings.Repeat("0a", 32)+"\n", string(text))
	got, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, images, got)
	require.Empty(t, images.Differences(got))

	for text, want := range map[string]string{
		"images: {a: b}\n":             `a: "b" is no digest`,
		"image: {}\n":                  "field image not found",
		"images: [a]\n":                "cannot unmarshal",
		"images: {a: b\n":              "did not find",
		strings.Repeat("#", maxFile+1): "larger than",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Read(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "Make it anew with galley lock")
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	got, err = Read(path)
	require.NoError(t, err)
	require.Equal(t, Images{}, got)
}

func TestDifferences(t *testing.T) {
	require.Equal(t, []string{"a is used no more", "b was 1 and is 2", "d is not in it"},
		Images{"a": "1", "b": "1", "c": "1"}.Differences(Images{"b": "2", "c": "1", "d": "1"}))
}
