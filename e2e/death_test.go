//go:build linux

package e2e

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// However a runner, a command in it, or Podman's process beside it ends while galley waits for the command, the phase
// is not green and nothing of it is recorded as done.
func TestNothingThatDiesIsGreen(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		ways := map[string]string{
			"kill": "%E kill %C", "rm": "%E rm -f %C", "stop": "%E stop -t 0 %C", "restart": "%E restart -t 0 %C",
			"the command": "%E exec %C sh -c 'kill -9 $(pidof sleep)'",
		}
		if e.Kind == testbed.Podman {
			ways["the command's monitor"] = "pkill -9 -f '[c]onmon.*-c %C.*--exec-process-spec'"
		}
		for name, way := range ways {
			t.Run(name, func(t *testing.T) {
				// The tests pass on a runner that did not converge.
				p := newProject(t, e, map[string]string{"kitchen.yml": strings.Replace(shellKitchen("echo begun; sleep 98765", "true"),
					"verifier:\n", "verifier:\n  remote_exec: true\n", 1)})
				cmd := p.command(t.Context(), "verify")
				out, err := cmd.StdoutPipe()
				require.NoError(t, err)
				cmd.Stderr = cmd.Stdout
				require.NoError(t, cmd.Start())
				var said strings.Builder
				lines := bufio.NewScanner(io.TeeReader(out, &said))
				for lines.Scan() {
					if strings.HasSuffix(lines.Text(), " begun") {
						line := strings.NewReplacer("%E", e.Kind, "%C", p.runners()[0].ID).Replace(way)
						e.Exec(t, "sh", "-c", line)
					}
				}
				require.Error(t, cmd.Wait(), said.String())
				require.Equal(t, 20, cmd.ProcessState.ExitCode(), said.String())
				t.Logf("%s: %s", name, lastLine(said.String()))
				row := p.list()["default-busybox"]
				if row.LastAction != nil {
					require.Equal(t, "create", *row.LastAction)
				}
				p.write("kitchen.yml", strings.Replace(shellKitchen("true", "true"), "verifier:\n",
					"verifier:\n  remote_exec: true\n", 1))
				p.ok("test")
			})
		}
	})
}
