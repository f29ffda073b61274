package podman

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/containers/podman/v4/libpod/define"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// serve is a backend whose service is a function.
func serve(t *testing.T, handler http.HandlerFunc) *Backend {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b, err := New(backend.Endpoint{URI: "tcp://" + server.Listener.Addr().String()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestNewRefusesBadAddress(t *testing.T) {
	_, err := New(backend.Endpoint{URI: "gopher://example.com"})
	require.ErrorIs(t, err, backend.ErrInvalid)
}

// TestSendsOnce: a service that takes a request and dies may have carried it out,
// so the request is not made again, whatever the client library does.
func TestSendsOnce(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "podman.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	var requests atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				requests.Add(1)
			}
			_ = conn.Close()
		}
	}()
	b, err := New(backend.Endpoint{URI: "unix://" + socket})
	require.NoError(t, err)

	_, err = b.CreateContainer(t.Context(), backend.ContainerSpec{Name: "once", Image: "busybox"})
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.Equal(t, int64(1), requests.Load())

	require.ErrorIs(t, b.StartContainer(t.Context(), "once"), backend.ErrUnreachable)
	require.Equal(t, int64(2), requests.Load(), "a request without a body")
}

func TestNoServiceThere(t *testing.T) {
	b, err := New(backend.Endpoint{URI: "unix://" + filepath.Join(t.TempDir(), "none.sock")})
	require.NoError(t, err)
	_, err = b.Info(t.Context())
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorContains(t, err, "none.sock")
}

// TestCancelled: the context's own error comes back, also with a cause of another kind.
func TestCancelled(t *testing.T) {
	arrived := make(chan struct{})
	b := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		cancel(io.ErrClosedPipe)
	}()
	_, err := b.InspectContainer(ctx, "any")
	require.ErrorIs(t, err, context.Canceled)
}

func TestAPIVersion(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/v4.0.0/libpod/containers/a%2Fb%20c/json", r.URL.EscapedPath())
		w.WriteHeader(http.StatusNotFound)
	})
	_, err := b.InspectContainer(t.Context(), "a/b c")
	require.ErrorIs(t, err, backend.ErrNotFound)
}

func TestMeasuredFrom(t *testing.T) {
	info := func(version, cgroups string, rootless bool, controllers ...string) define.Info {
		return define.Info{
			Host: &define.HostInfo{CgroupsVersion: cgroups, CgroupControllers: controllers,
				Security: define.SecurityInfo{Rootless: rootless}},
			Version: define.Version{Version: version},
		}
	}
	require.Equal(t, measured{
		Info:    backend.Info{Flavor: "podman rootless", CgroupVersion: 2, NativeSystemd: true, CopiesLoseOwners: true},
		version: version{5, 4}, rootless: true,
		controllers: []string{"cpu", "memory", "pids"},
	}, measuredFrom(info("5.4.2", "v2", true, "cpu", "memory", "pids")))

	m := measuredFrom(info("4.3.1", "v1", false, "memory"))
	require.Equal(t, 1, m.CgroupVersion)
	require.Equal(t, "podman", m.Flavor)
	require.Equal(t, []string{"memory"}, m.controllers)

	m = measuredFrom(info("4.9.0", "v1", true, "memory", "cpu"))
	require.Empty(t, m.controllers, "an ordinary user has no limits on cgroup 1")

	require.Equal(t, 1, measuredFrom(define.Info{}).CgroupVersion, "an answer with nothing in it")
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]version{
		"4.3.1": {4, 3}, "5.0.0-dev": {5, 0}, "v4.10.0-rc1": {4, 10}, "5": {5, 0}, "": {}, "new": {},
	} {
		require.Equal(t, want, parseVersion(text), text)
	}
	require.True(t, version{4, 10}.atLeast(version{4, 6}))
	require.True(t, version{5, 0}.atLeast(version{4, 6}))
	require.True(t, version{4, 6}.atLeast(version{4, 6}))
	require.False(t, version{4, 5}.atLeast(version{4, 6}))
	require.False(t, version{3, 9}.atLeast(version{4, 6}))
}

// TestListWhileMembersVanish: one that is removed during a listing is no reason to
// fail, but a service that always says so is not asked forever.
func TestListWhileMembersVanish(t *testing.T) {
	for failures, wantErr := range map[int64]error{0: nil, 3: nil, listAttempts - 1: nil,
		listAttempts: backend.ErrNotFound} {
		var asked atomic.Int64
		b := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) <= failures {
				w.WriteHeader(http.StatusInternalServerError)
				_, err := io.WriteString(w,
					`{"cause":"image not known","message":"retrieving parent: locating image with ID \"57\": image not known","response":500}`)
				require.NoError(t, err)
				return
			}
			_, err := io.WriteString(w, `[{"Id":"`+strings.Repeat("ab", 32)+`"}]`)
			require.NoError(t, err)
		})
		images, err := b.ListImages(t.Context(), nil)
		require.ErrorIs(t, err, wantErr)
		require.Equal(t, min(failures+1, listAttempts), asked.Load())
		if wantErr == nil {
			require.Len(t, images, 1)
		}
	}
}
