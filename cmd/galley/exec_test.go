package main

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/backendtest"
)

// fakeRunner is a running container on an engine that is none.
func fakeRunner(t *testing.T) (*backendtest.Fake, backend.Container) {
	t.Helper()
	const image = "docker.io/library/some:latest"
	fake := backendtest.New(backendtest.WithImage(backendtest.ImageSpec{Ref: image}))
	c, err := fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "runner", Image: image, Command: []string{"sleep", "60"}})
	require.NoError(t, err)
	require.NoError(t, fake.StartContainer(t.Context(), c.ID))
	return fake, c
}

// TestExecAllCodes: a command that failed in one of several runners is told by
// another code than an interrupt.
func TestExecAllCodes(t *testing.T) {
	fake, c := fakeRunner(t)
	nowhere, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer nowhere.Close()
	a := &app{streams: streams{nowhere, nowhere, nowhere}}
	both := []reached{{engine: fake, runner: c}, {engine: fake, runner: c}}

	fake.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 3, nil })
	require.Equal(t, exitAction, codeOf(t.Context(), a.execAll(t.Context(), both, []string{"false"})))

	ctx, interrupt := context.WithCancelCause(t.Context())
	fake.OnExec(func(ctx context.Context, _ backend.Container, _ backend.ExecSpec) (int, error) {
		interrupt(errInterrupted)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	require.Equal(t, exitInterrupted, codeOf(ctx, a.execAll(ctx, both, []string{"sleep", "60"})))
}

// TestBrokenPipe: a command whose output nobody reads is ended, with the code that a
// shell has for it.
func TestBrokenPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes break in another way there")
	}
	fake, c := fakeRunner(t)
	var ended error
	fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		for ended == nil {
			_, ended = e.Stdout.Write([]byte("y\n"))
		}
		return 0, ended
	})
	in, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer in.Close()
	reader, out, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	defer out.Close()
	a := &app{streams: streams{in, out, out}}
	require.Equal(t, exitCode(exitBrokenPipe), a.attach(t.Context(), reached{engine: fake, runner: c}, []string{"yes"}))
	require.Error(t, ended)
}
