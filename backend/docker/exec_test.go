package docker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// TestRefusal: the messages are those of Docker 20.10.24 and 26.1.5, which tell code 126 with all of them.
func TestRefusal(t *testing.T) {
	tests := []struct {
		name           string
		frames         []string
		code           int
		tty            bool
		stdout, stderr string
		want           int
	}{
		{
			name:   "not on the path",
			frames: []string{"OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH: unknown\r\n"},
			code:   126, want: 127,
			stderr: "there is no program nosuch in the container's PATH\n",
		},
		{
			name:   "no such file",
			frames: []string{"OCI runtime exec failed: exec failed: unable to start container process: exec: \"/nosuch/x\": stat /nosuch/x: no such file or directory: unknown\r\n"},
			code:   126, want: 127,
			stderr: "the container has no program /nosuch/x\n",
		},
		{
			name:   "not executable",
			frames: []string{"OCI runtime exec failed: exec failed: unable to start container process: exec: \"/etc/passwd\": permission denied: unknown\r\n"},
			code:   126, want: 126,
			stderr: "/etc/passwd may not be executed by this user\n",
		},
		{
			name:   "no such directory to work in",
			frames: []string{"OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd (\"/nosuchdir\") set in config.json failed: no such file or directory: unknown\r\n"},
			code:   126, want: 126,
			stderr: "the container has no directory /nosuchdir to work in\n",
		},
		{
			name: "no such user", frames: []string{"unable to find user nouser: no matching entries in passwd file\r\n"}, code: 126, want: 126,
			stderr: "unable to find user nouser: no matching entries in passwd file\n",
		},
		{
			name: "on a terminal", tty: true,
			frames: []string{"OCI runtime exec failed: exec: \"x\": executable file not found in $PATH\r\n"},
			code:   126, want: 127, stdout: "there is no program x in the container's PATH\r\n",
		},
		{name: "ordinary output", frames: []string{"one\n", "two\n"}, code: 3, want: 3, stdout: "one\ntwo\n"},
		{name: "no output", code: 126, want: 126},
		{
			name:   "output that looks like a reason",
			frames: []string{"OCI runtime exec failed: or so they say\n", "more\n"}, code: 0, want: 0,
			stdout: "OCI runtime exec failed: or so they say\nmore\n",
		},
		{
			name:   "long output that begins like a reason",
			frames: []string{"unable to find user x\n", string(bytes.Repeat([]byte("y"), 8<<10)), "z"},
			code:   126, want: 126, stdout: "unable to find user x\n" + string(bytes.Repeat([]byte("y"), 8<<10)) + "z",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			b := execing(t, test.frames, test.code)
			code, err := b.Exec(t.Context(), "web",
				backend.ExecSpec{Command: []string{"x"}, Stdout: &stdout, Stderr: &stderr, Tty: test.tty})
			require.NoError(t, err)
			require.Equal(t, test.want, code)
			require.Equal(t, test.stdout, stdout.String())
			require.Equal(t, test.stderr, stderr.String())
		})
	}
}

// execing is a backend of an engine whose commands print these frames and end with code.
func execing(t *testing.T, frames []string, code int) *Backend {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/start") {
			_, _ = fmt.Fprintf(w, `{"Id": "session", "ExitCode": %d}`, code)
			return
		}
		var start container.ExecStartOptions
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&start))
		conn, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		for _, text := range frames {
			if !start.Tty {
				_, _ = conn.Write(binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, uint32(len(text))))
			}
			_, _ = io.WriteString(conn, text)
		}
	}))
	t.Cleanup(server.Close)
	b, err := New(backend.Endpoint{URI: "tcp://" + server.Listener.Addr().String(), APIVersion: "1.43"})
	require.NoError(t, err)
	return b
}

func TestExecConfigFrom(t *testing.T) {
	config := execConfigFrom(backend.ExecSpec{
		Command: []string{"true"}, User: "1:2", WorkDir: "/srv",
		Tty: true, Size: backend.TerminalSize{Width: 80, Height: 24},
	}, []string{"A=1", "GALLEY_EXEC=value"})
	require.Equal(t, []string{"A=1", "GALLEY_EXEC=value"}, config.Env)
	require.Equal(t, &[2]uint{24, 80}, config.ConsoleSize)
	require.True(t, config.AttachStdout && config.AttachStderr && !config.AttachStdin && config.Tty)

	config = execConfigFrom(backend.ExecSpec{Stdin: &bytes.Buffer{}, Size: backend.TerminalSize{Width: 80, Height: 24}},
		nil)
	require.Empty(t, config.Env)
	require.Nil(t, config.ConsoleSize, "without a terminal")
	require.True(t, config.AttachStdin)
}

func TestLogsOptions(t *testing.T) {
	require.Equal(t, container.LogsOptions{ShowStdout: true, Follow: true},
		logsOptions(backend.LogOptions{Stdout: io.Discard, Follow: true}))
	require.Equal(t, container.LogsOptions{ShowStderr: true, Tail: "7"},
		logsOptions(backend.LogOptions{Stderr: io.Discard, Tail: 7}))
}
