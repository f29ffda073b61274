//go:build !windows

package process

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEnd: when the context ends, nothing of what was started is left, whatever it
// does about SIGTERM. Each script writes the numbers of its processes, then "ready".
func TestEnd(t *testing.T) {
	const deaf = `trap "" TERM; echo $$; while :; do sleep 1; done`
	tests := []struct {
		name, script string
		linux        bool // what leaves the group is known only there
	}{
		{"the command ends when asked", `echo $$; echo ready; sleep 60`, false},
		{"the command ignores SIGTERM", `trap "" TERM; echo $$; echo ready; while :; do sleep 1; done`, false},
		{"a child ignores SIGTERM", `sh -c '` + deaf + `' & echo ready; wait`, false},
		{"a child that has closed its output",
			`sh -c '` + strings.Replace(deaf, "echo $$;", "echo $$; exec >/dev/null 2>&1;", 1) + `' & echo ready; wait`,
			false},
		{"the command ends at once, a child does not",
			`sh -c '` + deaf + `' & trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done`, false},
		{"a grandchild whose parent has ended", `(sh -c '` + deaf + `' &) ; echo ready; sleep 60`, false},
		{"a child in a session of its own", `setsid sh -c '` + deaf + `' & echo ready; wait`, true},
		{"a grandchild in a session of its own",
			`sh -c 'setsid sh -c "trap : TERM; echo \$\$; while :; do sleep 1; done"; :' & echo ready; wait`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("setsid"); tt.linux && (runtime.GOOS != "linux" || err != nil) {
				t.Skip("needs Linux and setsid")
			}
			ctx, cancel := context.WithCancel(t.Context())
			out, in, err := os.Pipe()
			require.NoError(t, err)
			c := Command(ctx, 100*time.Millisecond, "/bin/sh", "-c", tt.script)
			c.Stdout = in
			require.NoError(t, c.Start())
			require.NoError(t, in.Close())
			var pids []int
			lines := bufio.NewScanner(out)
			for ready := false; !ready || len(pids) == 0; {
				require.True(t, lines.Scan())
				if pid, err := strconv.Atoi(lines.Text()); err == nil {
					pids = append(pids, pid)
				} else {
					ready = true
				}
			}
			cancel()
			_ = c.Wait()
			require.True(t, c.Interrupted())
			for _, pid := range pids {
				require.False(t, running(pid), "process %d is still there", pid)
			}
		})
	}
}

// running reports whether a process runs. A zombie, which an init that is slow has not waited for yet, does not.
func running(pid int) bool {
	if runtime.GOOS == "linux" {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		return err == nil && !strings.Contains(string(stat), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

// TestBackground: what a command leaves behind when it ends by itself goes on, also
// when the context ends while its output is still waited for.
func TestBackground(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in, err := os.Pipe()
	require.NoError(t, err)
	c := Command(ctx, 10*time.Millisecond, "/bin/sh", "-c", "sleep 60 & echo $!")
	c.Stdout = in
	require.NoError(t, c.Run())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	cancel()
	require.False(t, c.Interrupted())
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, running(pid))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

func TestNotStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := Command(ctx, time.Second, "/bin/sh", "-c", "exit 3")
	require.ErrorIs(t, c.Run(), context.Canceled)
	require.True(t, c.Interrupted())
}

func TestOutput(t *testing.T) {
	out, err := Command(t.Context(), time.Second, "/bin/sh", "-c", "echo word; exit 3").Output()
	require.Equal(t, "word\n", string(out))
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.ExitCode())
}
