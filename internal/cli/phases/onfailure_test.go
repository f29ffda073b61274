package phases

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
)

// What is typed in the shell is the shell's, and what is typed after it the answer.
func TestStopper(t *testing.T) {
	for typed, want := range map[string]struct {
		again, aborted bool
		shells         int
	}{
		"exit\nr\n":              {again: true, shells: 1},
		"exit\nRETRY\n":          {again: true, shells: 1},
		"exit\n\nwhat\ng\n":      {shells: 1},
		"exit\na\n":              {aborted: true, shells: 1},
		"exit\nshell\nexit\nr\n": {again: true, shells: 2},
		"exit\n":                 {shells: 1},
		"":                       {shells: 1},
	} {
		var out bytes.Buffer
		shells, aborted, paused := 0, false, 0
		s := &stopper{keys: &attach.Keyboard{In: strings.NewReader(typed)}, out: &out, clean: strings.TrimSpace,
			abort: func() { aborted = true },
			pause: func() func() { paused++; return func() { paused-- } },
			shell: func(_ context.Context, _ lifecycle.Stopped, in io.Reader) error {
				require.Equal(t, 1, paused)
				shells++
				line := make([]byte, len("exit\n"))
				if _, err := io.ReadFull(in, line); err != nil {
					return errors.New("the runner is gone")
				}
				return cmdutil.ExitCode(1)
			}}
		again := s.ask(t.Context(), lifecycle.Stopped{Instance: config.Instance{Name: "a"}, Phase: "converge",
			Err: errors.New("exit code 1\nmore")})
		require.Equal(t, want.again, again, typed)
		require.Equal(t, want.aborted, aborted, typed)
		require.Equal(t, want.shells, shells, typed)
		require.Zero(t, paused)
		require.Contains(t, out.String(), "converge of a failed: exit code 1\n")
		require.Equal(t, typed == "", strings.Contains(out.String(), "there is no shell: the runner is gone"), typed)
	}
}

// A question ends with the run, and none is asked after it.
func TestStopperIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe()
	s := &stopper{keys: &attach.Keyboard{In: in}, out: io.Discard, clean: strings.TrimSpace,
		pause: func() func() { return func() {} },
		shell: func(context.Context, lifecycle.Stopped, io.Reader) error { cancel(); return nil }}
	require.False(t, s.ask(ctx, lifecycle.Stopped{Err: errors.New("x")}))
	s.shell = nil
	require.False(t, s.ask(ctx, lifecycle.Stopped{Err: errors.New("x")}))
}

func TestOnFailureNeedsATerminal(t *testing.T) {
	in, _, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	o := &Options{Factory: &cmdutil.Factory{Streams: cmdutil.Streams{In: in, Out: in, Err: in}}}
	require.NoError(t, o.checkOnFailure())
	o.OnFailure = "shel"
	require.ErrorContains(t, o.checkOnFailure(), "write shell")
	o.OnFailure = "shell"
	require.ErrorContains(t, o.checkOnFailure(), "galley login")
}
