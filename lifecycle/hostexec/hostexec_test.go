//go:build !windows

package hostexec

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	for _, c := range []struct {
		command Command
		code    int
		out     string
	}{
		{Command{Line: "echo $WORD; exit 3", Env: []string{"WORD=yes"}}, 3, "yes\n"},
		{Command{Argv: []string{"/bin/echo", "$WORD"}}, 0, "$WORD\n"},
		{Command{Line: "kill -KILL $$"}, 137, ""},
	} {
		var out bytes.Buffer
		c.command.Stdout = &out
		code, err := Run(t.Context(), c.command)
		require.NoError(t, err)
		require.Equal(t, c.code, code)
		require.Equal(t, c.out, out.String())
	}
}

// A server that a hook starts keeps the hook's output open.
func TestRunLeavesBackgroundAlone(t *testing.T) {
	var out bytes.Buffer
	code, err := run(t.Context(), Command{Line: "sleep 60 & echo $!", Stdout: &out, Stderr: io.Discard},
		10*time.Millisecond)
	require.NoError(t, err)
	require.Zero(t, code)
	code, err = Run(t.Context(), Command{Line: "kill " + out.String()})
	require.NoError(t, err)
	require.Zero(t, code, "it was still there")
}

func TestRunEnds(t *testing.T) {
	_, err := Run(t.Context(), Command{Line: "sleep 60", Timeout: time.Millisecond})
	require.ErrorContains(t, err, `run "sleep 60": it took longer than 1ms`)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	_, err = Run(ctx, Command{Line: "sleep 60"})
	require.ErrorIs(t, err, io.ErrClosedPipe)
}
