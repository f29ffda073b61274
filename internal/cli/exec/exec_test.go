package exec

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// fakeRunner is a running container on an engine that is none.
func fakeRunner(t *testing.T) (*fake.Engine, backend.Container) {
	t.Helper()
	const image = "docker.io/library/some:latest"
	engine := fake.New(fake.ImageSpec{Ref: image})
	spec := backend.ContainerSpec{Name: "runner", Image: image, Command: []string{"sleep", "60"}}
	c, err := engine.CreateContainer(t.Context(), spec)
	require.NoError(t, err)
	require.NoError(t, engine.StartContainer(t.Context(), c.ID))
	return engine, c
}

// TestExecAllCodes: a command that failed in one of several runners has another exit code than an interrupt.
func TestExecAllCodes(t *testing.T) {
	engine, c := fakeRunner(t)
	nowhere, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer nowhere.Close()
	f := cmdutil.NewFactory(cmdutil.Streams{In: nowhere, Out: nowhere, Err: nowhere}, "")
	both := []cmdutil.Reached{{Engine: engine, Runner: c}, {Engine: engine, Runner: c}}

	engine.OnExec(func(context.Context, backend.Container, backend.ExecSpec) (int, error) { return 3, nil })
	require.Equal(t, cmdutil.ExitCode(cmdutil.ExitAction), execAll(t.Context(), f, both, []string{"false"}))

	ctx, interrupt := context.WithCancelCause(t.Context())
	engine.OnExec(func(ctx context.Context, _ backend.Container, _ backend.ExecSpec) (int, error) {
		interrupt(cmdutil.ErrInterrupted)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	require.ErrorIs(t, execAll(ctx, f, both, []string{"sleep", "60"}), cmdutil.ErrInterrupted)
}

// TestBrokenPipe: a command whose output is not read is ended, with the code that a shell has for it.
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
	f := &cmdutil.Factory{Streams: cmdutil.Streams{In: in, Out: out, Err: out}}
	err = attach.Run(t.Context(), f, cmdutil.Reached{Engine: engine, Runner: c}, []string{"yes"}, in)
	require.Equal(t, cmdutil.ExitCode(cmdutil.ExitBrokenPipe), err)
	require.Error(t, ended)
}
