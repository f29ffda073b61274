package backend

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNormalizeRef(t *testing.T) {
	hex := strings.Repeat("0a", 32)
	for ref, want := range map[string]string{
		"debian":                        "docker.io/library/debian:latest",
		"localhost/a:1":                 "localhost/a:1",
		"sha256:" + hex:                 "sha256:" + hex,
		hex:                             "sha256:" + hex,
		"sha512:" + hex + hex:           "sha512:" + hex + hex,
		"debian@sha256:" + hex:          "docker.io/library/debian@sha256:" + hex,
		strings.Repeat("0a", 31):        "docker.io/library/" + strings.Repeat("0a", 31) + ":latest",
		"registry.example.com/x/" + hex: "registry.example.com/x/" + hex + ":latest",
	} {
		got, err := NormalizeRef(ref)
		require.NoError(t, err, ref)
		require.Equal(t, want, got)
	}
	for _, ref := range []string{"", "Debian", "a b"} {
		_, err := NormalizeRef(ref)
		require.ErrorIs(t, err, ErrInvalid, ref)
		require.ErrorContains(t, err, strconv.Quote(ref), "blanks around it are seen")
	}
}
