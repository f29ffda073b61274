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

// TestBrokenPipe: a command whose output nobody reads is ended, with the code that a
// shell has for it.
func TestBrokenPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes break in another way there")
	}
	const image = "docker.io/library/some:latest"
	fake := backendtest.New(backendtest.WithImage(backendtest.ImageSpec{Ref: image}))
	c, err := fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: "runner", Image: image, Command: []string{"sleep", "60"}})
	require.NoError(t, err)
	require.NoError(t, fake.StartContainer(t.Context(), c.ID))
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
