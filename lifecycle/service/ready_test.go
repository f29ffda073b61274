package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
)

// logged is an engine whose containers print what a test says.
type logged struct {
	*fake.Engine
	print func(ctx context.Context, w io.Writer)
}

func (l logged) ContainerLogs(ctx context.Context, _ string, o backend.LogOptions) error {
	l.print(ctx, o.Stdout)
	return ctx.Err()
}

// started is a running container, and what waits for it.
func started(t *testing.T, r config.Ready) (*fake.Engine, Container) {
	t.Helper()
	engine := fake.New()
	c, err := engine.CreateContainer(t.Context(), backend.ContainerSpec{Name: "db", Image: "busybox",
		Command: []string{"sleep"}})
	require.NoError(t, err)
	require.NoError(t, engine.StartContainer(t.Context(), c.ID))
	r.Interval = time.Millisecond
	if r.Timeout == 0 {
		r.Timeout = time.Minute
	}
	return engine, Container{Engine: engine, ID: c.ID, What: "the service db", Ready: r}
}

func TestAwaitCommand(t *testing.T) {
	engine, c := started(t, config.Ready{Exec: []string{"ask"}})
	asked := 0
	engine.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) {
		asked++
		return 3 - asked, nil
	})
	require.NoError(t, c.Await(t.Context()))
	require.Equal(t, 3, asked)
}

// What is asked for in place of nothing: the image's own test, or that it goes on.
func TestAwaitHealthCheck(t *testing.T) {
	on, off := true, false
	for name, r := range map[string]config.Ready{"own": {}, "wanted": {HealthCheck: &on, Exec: []string{"true"}}} {
		engine, c := started(t, r)
		c.HealthCheck = []string{"CMD-SHELL", "is it well"}
		var asked []string
		engine.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
			asked = e.Command[len(e.Command)-3:] // behind what repeats it
			return 0, nil
		})
		require.NoError(t, c.Await(t.Context()), name)
		require.Equal(t, []string{"/bin/sh", "-c", "is it well"}, asked, name)
	}
	_, c := started(t, config.Ready{HealthCheck: &on})
	require.ErrorContains(t, c.Await(t.Context()), "its image has no HEALTHCHECK")
	engine, c := started(t, config.Ready{HealthCheck: &off})
	c.HealthCheck = []string{"CMD", "false"}
	require.NoError(t, c.Await(t.Context()))
	for _, call := range engine.Calls() {
		require.NotContains(t, call.Args, "false")
	}
}

func TestAwaitLog(t *testing.T) {
	engine, c := started(t, config.Ready{Log: "^ready"})
	c.Engine = logged{engine, func(ctx context.Context, w io.Writer) {
		fmt.Fprint(w, "starting\nready 1\nnot ready\n")
		select {
		case <-ctx.Done():
			return
		default:
		}
		fmt.Fprint(w, "ready 2\n")
		<-ctx.Done()
	}}
	c.Printed = 1
	require.NoError(t, c.Await(t.Context()))
	c.Engine = logged{engine, func(_ context.Context, w io.Writer) { fmt.Fprint(w, "ready\nready again\n") }}
	n, err := c.Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func TestAwaitFails(t *testing.T) {
	print := func(_ context.Context, w io.Writer) { fmt.Fprint(w, "the last line\n") }
	never := func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 1, nil }

	engine, c := started(t, config.Ready{Exec: []string{"ask"}, Timeout: 20 * time.Millisecond})
	engine.OnExec(never)
	c.Engine = logged{engine, print}
	require.EqualError(t, c.Await(t.Context()),
		"the service db was not ready within 20ms: ready.exec: exit code 1\nIt printed:\nthe last line")

	engine, c = started(t, config.Ready{Exec: []string{"ask"}})
	engine.OnExec(func(_ context.Context, found backend.Container, _ backend.ExecSpec) (int, error) {
		return 1, engine.Stop(found.ID)
	})
	c.Engine = logged{engine, print}
	require.EqualError(t, c.Await(t.Context()),
		"the service db ended with code 137 before it was ready\nIt printed:\nthe last line")

	engine, c = started(t, config.Ready{Exec: []string{"ask"}})
	ctx, interrupt := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	engine.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) {
		interrupt(cause)
		return 1, nil
	})
	require.ErrorIs(t, c.Await(ctx), cause)

	engine, c = started(t, config.Ready{Port: 80})
	engine.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 127, nil })
	require.ErrorContains(t, c.Await(t.Context()), "its image has no shell")
}

// runScript runs the one command of a readiness on this machine and returns its exit code.
func runScript(t *testing.T, r config.Ready) int {
	t.Helper()
	list, err := commands(r, nil)
	require.NoError(t, err)
	require.Len(t, list, 1)
	cmd := exec.CommandContext(t.Context(), list[0].argv[0], list[0].argv[1:]...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit, string(out))
		return exit.ExitCode()
	}
	return 0
}

func TestScripts(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("they are for Linux")
	}
	dir := t.TempDir()
	require.Zero(t, runScript(t, config.Ready{File: dir}))
	require.Equal(t, 1, runScript(t, config.Ready{File: filepath.Join(dir, "absent")}))

	for address, want := range map[string]int{"0.0.0.0:0": 0, "[::]:0": 0, "127.0.0.1:0": 1} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("%s: %v", address, err) // no IPv6 here
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		require.Equal(t, want, runScript(t, config.Ready{Port: port}), address)
		require.NoError(t, l.Close())
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/well?100%25" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	require.Zero(t, runScript(t, config.Ready{HTTP: server.URL + "/well?100%25"}))
	require.Equal(t, 1, runScript(t, config.Ready{HTTP: server.URL + "/"}))
}
