package ansible

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// localRunner is a runner that is this machine.
type localRunner struct{}

func (localRunner) Exec(ctx context.Context, c runner.Command) (int, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func (localRunner) Sync(context.Context) error                     { return nil }
func (localRunner) Download(context.Context, string, string) error { return nil }
func (localRunner) Reboots() func(context.Context) error           { return nil }

// The connection that connection.py speaks to.
func TestConnectionServer(t *testing.T) {

	socket := filepath.Join(t.TempDir(), "s")
	s, err := serveConnection(t.Context(), socket, localRunner{})
	require.NoError(t, err)
	call := func(text string) (connectionAnswer, string) {
		conn, err := net.Dial("unix", socket)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, text)
		require.NoError(t, err)
		require.NoError(t, conn.(*net.UnixConn).CloseWrite())
		in := bufio.NewReader(conn)
		head, err := in.ReadBytes('\n')
		require.NoError(t, err)
		var a connectionAnswer
		require.NoError(t, json.Unmarshal(head, &a))
		rest, err := io.ReadAll(in)
		require.NoError(t, err)
		require.Len(t, rest, a.Stdout+a.Stderr)
		return a, string(rest)
	}
	a, out := call(`{"argv": ["sh", "-c", "cat; echo oops >&2; exit 3"]}` + "\nthe input\nof two lines")
	require.Equal(t, connectionAnswer{Code: 3, Stdout: 22, Stderr: 5}, a)
	require.Equal(t, "the input\nof two linesoops\n", out)
	silent, err := net.Dial("unix", socket)
	require.NoError(t, err)
	defer silent.Close()
	a, _ = call("no JSON\n")
	require.NotEmpty(t, a.Error)
	require.NoError(t, s.close())
	_, err = net.Dial("unix", socket)
	require.Error(t, err)
}
