package podman

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// counter counts the calls of the API that a backend makes.
type counter struct {
	next  http.RoundTripper
	calls atomic.Int64
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	return c.next.RoundTrip(req)
}

// counted is a backend whose calls are counted, those over a connection of their own, too.
func counted(t *testing.T, e testbed.Engine) (*Backend, *counter) {
	t.Helper()
	b, err := New(backend.Endpoint{URI: e.Host, Kind: backend.KindPodman})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	c := &counter{next: b.conn.Client.Transport}
	b.conn.Client.Transport = c
	connect := b.connect
	b.connect = func(ctx context.Context) (net.Conn, error) {
		c.calls.Add(1)
		return connect(ctx)
	}
	return b, c
}

// TestCalls: the number of calls of each verb is part of what the backend promises.
func TestCalls(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		image := e.Load(t, "busybox")[0]
		b, c := counted(t, e)
		ctx := t.Context()
		expect := func(want int64, verb string, call func() error) {
			t.Helper()
			c.calls.Store(0)
			require.NoError(t, call(), verb)
			require.Equal(t, want, c.calls.Load(), verb)
		}
		runner := func(name string) backend.ContainerSpec {
			t.Cleanup(func() { require.NoError(t, b.RemoveContainer(context.WithoutCancel(ctx), name)) })
			return backend.ContainerSpec{
				Name: name, Image: image.ID, Command: []string{"sleep", "3600"}, Labels: backend.Labels{"calls": name},
				Init:     backend.InitReaper,
				Hostname: "dokken", Network: backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: "galley-calls"},
				Mounts: []spec.Mount{{Type: spec.MountBind, Source: e.TempDir(t), Target: "/opt/kitchen", Own: true}},
			}
		}
		create := func(s backend.ContainerSpec) func() error {
			return func() error {
				_, err := b.CreateContainer(ctx, s)
				return err
			}
		}
		network := func() error {
			_, err := b.EnsureNetwork(ctx, backend.NetworkSpec{Name: "galley-calls"})
			return err
		}
		t.Cleanup(func() { require.NoError(t, b.RemoveNetwork(context.WithoutCancel(ctx), "galley-calls")) })
		require.NoError(t, network())

		expect(1, "EnsureNetwork", network)
		expect(1, "CreateContainer", create(runner("galley-calls")))
		expect(1, "StartContainer", func() error { return b.StartContainer(ctx, "galley-calls") })
		expect(3, "Exec", func() error {
			_, err := b.Exec(ctx, "galley-calls", backend.ExecSpec{Command: []string{"true"}})
			return err
		})
		expect(1, "InspectContainer", func() error {
			_, err := b.InspectContainer(ctx, "galley-calls")
			return err
		})
		expect(1, "ListContainers", func() error {
			_, err := b.ListContainers(ctx, backend.Labels{"calls": ""})
			return err
		})
		require.NoError(t, e.Stop(ctx, "galley-calls", 0))
		expect(1, "WaitContainer", func() error {
			_, err := b.WaitContainer(ctx, "galley-calls")
			return err
		})
		expect(1, "RemoveContainer", func() error { return b.RemoveContainer(ctx, "galley-calls") })
		expect(1, "InspectImage", func() error {
			_, err := b.InspectImage(ctx, image.ID)
			return err
		})

		privileged := runner("galley-calls-privileged")
		privileged.Privileged = true
		expect(2, "CreateContainer, privileged", create(privileged))
		require.NoError(t, b.RemoveContainer(ctx, privileged.Name))
		expect(1, "CreateContainer, privileged, once more", create(privileged))
	})
}
