package docker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
		_, err := b.openSession(t.Context(), "build image x", backend.BuildOptions{Needs: []backend.BuildFeature{backend.BuildHeredoc}})
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
