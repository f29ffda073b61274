package docker

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// TestRefusal: the messages are those of Docker 20.10.24 and 26.1.5, which tell
// code 126 with all of them.
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
			name: "on a terminal", tty: true, frames: []string{"OCI runtime exec failed: exec: \"x\": executable file not found in $PATH\r\n"},
			code: 126, want: 127, stdout: "there is no program x in the container's PATH\r\n",
		},
		{name: "ordinary output", frames: []string{"one\n", "two\n"}, code: 3, want: 3, stdout: "one\ntwo\n"},
		{name: "no output", code: 126, want: 126},
		{
			name: "output that looks like a reason", frames: []string{"OCI runtime exec failed: or so they say\n", "more\n"}, code: 0, want: 0,
			stdout: "OCI runtime exec failed: or so they say\nmore\n",
		},
		{
			name: "long output that begins like a reason", frames: []string{"unable to find user x\n", string(bytes.Repeat([]byte("y"), maxReason)), "z"},
			code: 126, want: 126, stdout: "unable to find user x\n" + string(bytes.Repeat([]byte("y"), maxReason)) + "z",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			r := newRefusal(backend.ExecSpec{Stdout: &stdout, Stderr: &stderr, Tty: test.tty})
			for _, text := range test.frames {
				n, err := r.spec.Stdout.Write([]byte(text))
				require.NoError(t, err)
				require.Equal(t, len(text), n)
			}
			code, err := r.settle(test.code)
			require.NoError(t, err)
			require.Equal(t, test.want, code)
			require.Equal(t, test.stdout, stdout.String())
			require.Equal(t, test.stderr, stderr.String())
		})
	}
}

func TestExecConfigFrom(t *testing.T) {
	config := execConfigFrom(backend.ExecSpec{
		Command: []string{"true"}, User: "1:2", WorkDir: "/srv",
		Tty: true, Size: backend.TerminalSize{Width: 80, Height: 24},
	}, []string{"A=1", "GALLEY_EXEC=value"})
	require.Equal(t, []string{"A=1", "GALLEY_EXEC=value"}, config.Env)
	require.Equal(t, &[2]uint{24, 80}, config.ConsoleSize)
	require.True(t, config.AttachStdout && config.AttachStderr && !config.AttachStdin && config.Tty)

	config = execConfigFrom(backend.ExecSpec{Stdin: &bytes.Buffer{}, Size: backend.TerminalSize{Width: 80, Height: 24}}, nil)
	require.Empty(t, config.Env)
	require.Nil(t, config.ConsoleSize, "without a terminal")
	require.True(t, config.AttachStdin)
}
