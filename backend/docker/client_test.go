package docker

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/docker/docker/api/types/system"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
)

func TestNew(t *testing.T) {
	for _, uri := range []string{"unix:///run/docker.sock", "tcp://10.0.0.1:2375", "ssh://me@far.example"} {
		b, err := New(backend.Endpoint{URI: uri})
		require.NoError(t, err, uri)
		require.NoError(t, b.Close())
	}
	for _, ep := range []backend.Endpoint{{URI: "gopher://x"}, {URI: "tcp://10.0.0.1"},
		{URI: "tcp://10.0.0.1:1", TLS: &backend.TLS{CA: "missing"}}} {
		_, err := New(ep)
		require.ErrorIs(t, err, backend.ErrInvalid, ep.URI)
	}
}

func TestUnreachable(t *testing.T) {
	b, err := New(backend.Endpoint{URI: "unix://" + filepath.Join(t.TempDir(), "missing.sock")})
	require.NoError(t, err)
	_, err = b.Info(t.Context())
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorContains(t, err, "there is no such socket")
	require.ErrorContains(t, err, "missing.sock")
}

// TestNegotiation: the version is asked for once, however many want to know it, and
// not at all where the endpoint tells it.
func TestNegotiation(t *testing.T) {
	var pings, others atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Api-Version", "1.43")
		switch req.URL.Path {
		case "/_ping":
			pings.Add(1)
		case "/v1.43/info":
			others.Add(1)
			_, _ = fmt.Fprint(w, `{"ServerVersion":"24.0.0"}`)
		default:
			http.NotFound(w, req)
		}
	}))
	t.Cleanup(server.Close)
	uri := "tcp://" + server.Listener.Addr().String()

	b, err := New(backend.Endpoint{URI: uri})
	require.NoError(t, err)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			_, err := b.Info(t.Context())
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, pings.Load())
	require.EqualValues(t, 1, others.Load())

	b, err = New(backend.Endpoint{URI: uri, APIVersion: "1.43"})
	require.NoError(t, err)
	_, err = b.Info(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, pings.Load())

	b, err = New(backend.Endpoint{URI: uri, APIVersion: "1.999"})
	require.NoError(t, err)
	require.NotEqual(t, "1.999", b.client.ClientVersion(), "no newer than the client library knows")
}

// TestBrokenConnection: an engine that goes away in the middle of an answer.
func TestBrokenConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	b, err := New(backend.Endpoint{URI: "tcp://" + listener.Addr().String(), APIVersion: "1.43"})
	require.NoError(t, err)
	require.ErrorIs(t, b.StartContainer(t.Context(), "web"), backend.ErrUnreachable)
	_, err = b.Exec(t.Context(), "web", backend.ExecSpec{Command: []string{"true"}})
	require.ErrorIs(t, err, backend.ErrUnreachable)
}

func TestMeasuredFrom(t *testing.T) {
	tests := []struct {
		name   string
		answer system.Info
		want   measured
	}{
		{
			"rootful",
			system.Info{
				CgroupVersion: "2", CgroupDriver: "systemd", CPUCfsQuota: true, Driver: "overlay2",
				SecurityOptions: []string{"name=seccomp,profile=builtin"},
			},
			measured{Info: backend.Info{Flavor: "docker", CgroupVersion: 2}, cpuLimit: true, layers: true},
		},
		{
			"with SELinux",
			system.Info{CgroupVersion: "2", Driver: "overlay2", SecurityOptions: []string{"name=selinux"}},
			measured{Info: backend.Info{Flavor: "docker", CgroupVersion: 2}},
		},
		{
			"rootless without limits",
			system.Info{
				CgroupVersion: "1", CgroupDriver: "none", CPUCfsQuota: true, Driver: "overlay2",
				SecurityOptions: []string{"name=rootless", "name=cgroupns"},
			},
			measured{Info: backend.Info{Flavor: "docker rootless", CgroupVersion: 1}, rootless: true},
		},
		{
			"remapped and old",
			system.Info{SecurityOptions: []string{"name=userns"}},
			measured{Info: backend.Info{Flavor: "docker userns-remap", CgroupVersion: 1, CopiesLoseOwners: true}, remaps: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, measuredFrom(test.answer))
		})
	}
}

// TestNameOnItsWay: a name that is taken by a container that cannot be seen yet is waited for, and one that is taken is
// not.
func TestNameOnItsWay(t *testing.T) {
	for _, seen := range []bool{false, true} {
		creates := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			switch {
			case strings.HasSuffix(req.URL.Path, "/containers/create"):
				if creates++; creates < 3 {
					w.WriteHeader(http.StatusConflict)
					_, _ = fmt.Fprint(w,
						`{"message":"Conflict. The container name \"/web\" is already in use by container \"abc\"."}`)
					return
				}
				w.WriteHeader(http.StatusCreated)
				_, _ = fmt.Fprint(w, `{"Id":"mine"}`)
			case seen && strings.HasSuffix(req.URL.Path, "/containers/web/json"):
				_, _ = fmt.Fprint(w, `{"Id":"abc"}`)
			default:
				w.WriteHeader(http.StatusNotFound)
				_, _ = fmt.Fprint(w, `{"message":"No such container: web"}`)
			}
		}))
		t.Cleanup(server.Close)
		b, err := New(backend.Endpoint{URI: "tcp://" + server.Listener.Addr().String(), APIVersion: "1.43"})
		require.NoError(t, err)
		c, err := b.CreateContainer(t.Context(), backend.ContainerSpec{Name: "web", Image: "busybox"})
		if seen {
			require.ErrorIs(t, err, backend.ErrConflict)
			require.Equal(t, 1, creates)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, "mine", c.ID)
		require.Equal(t, 3, creates)
	}
}

// An image without a name or an ID, which Docker's client does not ask for, is one that is not there.
func TestInspectImageOfNoName(t *testing.T) {
	b, err := New(backend.Endpoint{URI: "tcp://192.0.2.1:2375", APIVersion: "1.43"})
	require.NoError(t, err)
	_, err = b.InspectImage(t.Context(), "")
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// TestCancelled: the context's own error comes back, also with a cause of another
// kind, and whether the engine had begun to answer or not.
func TestCancelled(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/v1.43/images/create" {
			_, _ = fmt.Fprintln(w, `{"status":"Pulling"}`)
			w.(http.Flusher).Flush()
		}
		_, _ = io.Copy(io.Discard, req.Body) // only then does the server notice who has gone
		arrived <- struct{}{}
		<-req.Context().Done()
	}))
	t.Cleanup(server.Close)
	b, err := New(backend.Endpoint{URI: "tcp://" + server.Listener.Addr().String(), APIVersion: "1.43"})
	require.NoError(t, err)
	for name, call := range map[string]func(context.Context) error{
		"request": func(ctx context.Context) error { return b.StartContainer(ctx, "web") },
		"answer": func(ctx context.Context) error {
			_, err := b.PullImage(ctx, backend.PullOptions{Ref: "docker.io/library/busybox:latest"})
			return err
		},
		"exec": func(ctx context.Context) error {
			_, err := b.Exec(ctx, "web", backend.ExecSpec{Command: []string{"true"}})
			return err
		},
		"wait": func(ctx context.Context) error { _, err := b.WaitContainer(ctx, "web"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				<-arrived
				cancel(io.ErrClosedPipe)
			}()
			err := call(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, backend.ErrUnreachable)
		})
	}
}
