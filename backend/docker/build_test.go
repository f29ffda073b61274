package docker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// answering is a Docker that answers all calls but a ping in one way.
func answering(t *testing.T, version string, status int, body string) *Backend {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	b, err := New(backend.Endpoint{URI: "tcp://" + server.Listener.Addr().String(), APIVersion: version})
	require.NoError(t, err)
	return b
}

// TestSessionRefused: only an engine that does not know the call has no BuildKit.
func TestSessionRefused(t *testing.T) {
	for status, want := range map[int]error{
		404: backend.ErrUnsupported, 501: backend.ErrUnsupported, 403: nil, 500: nil, 503: nil,
	} {
		b := answering(t, "1.51", status, `{"message":"not today"}`)
		_, _, err := b.openSession(t.Context(), "build image x", backend.BuildOptions{Needs: []backend.BuildFeature{backend.BuildHeredoc}})
		require.ErrorContains(t, err, "not today", status)
		if want != nil {
			require.ErrorIs(t, err, want, status)
			require.ErrorContains(t, err, "It has no BuildKit", status)
			continue
		}
		require.NotErrorIs(t, err, backend.ErrUnsupported, status)
		require.NotContains(t, err.Error(), "BuildKit", status)
	}
}

// TestBuildBase: the name that BuildKit gets can mean no other image.
func TestBuildBase(t *testing.T) {
	id := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for _, test := range []struct{ name, version, answer, want string }{
		{"in Docker's own store", "1.51", `{"RepoTags":["debian:12"],"RepoDigests":["debian@sha256:1"]}`, "docker.io/library/debian:12"},
		{"in containerd's", "1.51", `{"RepoTags":["debian:12"],"Descriptor":{"digest":"` + id + `"}}`,
			"docker.io/library/debian:12@" + id},
		{"in containerd's, by a digest", "1.51", `{"RepoTags":["debian@` + id + `"],"Descriptor":{"digest":"` + id + `"}}`,
			"docker.io/library/debian@" + id},
		{"in containerd's, of an old Docker", "1.48", `{"RepoTags":["debian:12"],"Descriptor":{"digest":"` + id + `"}}`,
			"docker.io/library/debian:12"},
	} {
		got, err := answering(t, test.version, http.StatusOK, test.answer).buildBase(t.Context(), "build image x", id)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, got, test.name)
	}
	_, err := answering(t, "1.51", http.StatusOK, `{}`).buildBase(t.Context(), "build image x", id)
	require.ErrorIs(t, err, backend.ErrUnsupported)
}
