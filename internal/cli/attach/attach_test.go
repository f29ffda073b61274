package attach

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// fakeRunner is a running container on an engine that is none.
func fakeRunner(t *testing.T) (*fake.Engine, backend.Container) {
	t.Helper()
	const image = "docker.io/library/some:latest"
	engine := fake.New(fake.ImageSpec{Ref: image})
	c, err := engine.CreateContainer(t.Context(), backend.ContainerSpec{Name: "runner", Image: image, Command: []string{"sleep", "60"}})
	require.NoError(t, err)
	require.NoError(t, engine.StartContainer(t.Context(), c.ID))
	return engine, c
}

// TestBrokenPipe: a command whose output nobody reads is ended, with the code that a
// shell has for it.
func TestBrokenPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes break in another way there")
	}
	engine, c := fakeRunner(t)
	var ended error
	engine.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
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
	streams := cmdutil.Streams{In: in, Out: out, Err: out}
	err = Run(t.Context(), &cmdutil.Factory{Streams: streams}, cmdutil.Reached{Engine: engine, Runner: c}, []string{"yes"})
	require.Equal(t, cmdutil.ExitCode(cmdutil.ExitBrokenPipe), err)
	require.Error(t, ended)
}
