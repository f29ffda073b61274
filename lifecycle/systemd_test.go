package lifecycle

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The script believes the first answer that is one, whatever its exit code.
func TestAskSystemd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script runs in Linux containers; Windows has no sh to try it with")
	}
	for _, tc := range []struct {
		name, systemctl, want string
		calls                 int
	}{
		{"running", "echo running", "running", 1},
		{"degraded exits with 1", "echo degraded; exit 1", "degraded", 1},
		{"old without --wait", `test -z "$2" || { echo "unrecognized option" >&2; exit 1; }; echo running`, "running",
			2},
		{"no bus at first", `test $(grep -c . "$0.calls") -gt 2 || { echo "Failed to connect to bus" >&2; exit 1; }; echo ` +
			`running`, "running", 3},
		{"no systemctl", "", "running", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "systemctl")
			if tc.systemctl != "" {
				text := "#!/bin/sh\necho \"$@\" >> \"$0.calls\"\n" + tc.systemctl + "\n"
				require.NoError(t, os.WriteFile(program, []byte(text), 0o755))
			}
			for _, name := range []string{"sleep", "grep", "sh"} {
				real, err := exec.LookPath(name)
				require.NoError(t, err)
				require.NoError(t, os.Symlink(real, filepath.Join(dir, name)))
			}
			cmd := exec.Command("sh", "-c", askSystemd)
			cmd.Env = []string{"PATH=" + dir}
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Equal(t, tc.want+"\n", string(out))
			calls, err := os.ReadFile(program + ".calls")
			if tc.calls > 0 {
				require.NoError(t, err)
			}
			require.Equal(t, tc.calls, strings.Count(string(calls), "\n"))
		})
	}
}
