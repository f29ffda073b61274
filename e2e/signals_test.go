//go:build linux

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// Whatever step of whatever phase a signal comes in, galley stops with code 130, all is recorded, nothing is left
// running in a runner, and the next test is green. killEach has it come at each step, else it comes at some.
func TestSignalledAtEveryStep(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		p := newProject(t, e, killFiles(fourSuites...))
		var steps []event
		code, said := p.watched(func(e event, _ *os.Process) {
			if e.Type == "step_started" && !slices.Contains(steps, e) {
				steps = append(steps, e)
			}
		})
		require.Zero(t, code, said)
		every := 6
		if os.Getenv(killEach) != "" {
			every = 1
		}
		signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
		came := 0
		for n := 0; n < len(steps); n += every {
			step, sent := steps[n], false
			code, said := p.watched(func(e event, galley *os.Process) {
				if !sent && e == step {
					sent = true
					require.NoError(t, galley.Signal(signals[n%len(signals)]))
				}
			})
			if !sent {
				continue // what an earlier run took for granted is not looked for
			}
			came++
			require.Equal(t, 130, code, "%s: %s", step, said)
			p.requireTruth(step.String())
			records, err := filepath.Glob(filepath.Join(p.dir, ".kitchen/galley/*-busybox.json"))
			require.NoError(t, err)
			for _, file := range records {
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				require.NotContains(t, string(data), `"mark"`, "%s: galley thinks that it was killed", step)
			}
		}
		p.ok("test", "-c", "4")
		require.Empty(t, p.runners())
		t.Logf("%s: stopped at %d of %d steps", e.Name, came, len(steps))
	})
}

// A phase that takes longer than its limit, and a run whose output has no reader any more, end as by Ctrl-C: the command
// in the runner has ended too, and the record says why.
func TestEndsWhatRuns(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo started; exec sleep 600", "true")})
		ended := func(why string) {
			t.Helper()
			require.Contains(t, p.read(".kitchen/galley/default-busybox.json"), `"last_error": "`+why+`"`)
			require.Equal(t, "0\n", p.ok("exec", "-c", "ps | grep -c '[s]leep 600' || true").stdout)
		}
		r := p.galley("converge", "--timeout", "converge=5s")
		require.Equal(t, 20, r.code, r)
		require.Contains(t, r.String(), "the converge took longer than 5s")
		ended("timed out")
		r = p.galley("converge", "--timeout", "5s")
		require.Equal(t, 20, r.code, r)
		require.Contains(t, r.String(), "the run took longer than 5s")
		ended("timed out")

		p.write("kitchen.yml", shellKitchen("echo started; sleep 2; echo more; echo more; sleep 600", "true"))
		cmd := p.command(t.Context(), "converge")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "started"); {
		}
		require.NoError(t, out.Close())
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
		require.Equal(t, 141, exit.ExitCode())
		ended("interrupted")
	})
}

// floodVar is how many megabytes a converge of TestFlood prints.
const floodVar = "GALLEY_TEST_FLOOD"

// Whatever a converge prints, in lines or in one line without an end, galley needs no more memory for it.
func TestFlood(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		size := numberOf(t, floodVar, "24")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		peak := func() (megabytes int64) {
			cmd := p.command(t.Context(), "converge")
			require.NoError(t, cmd.Run()) // a child's peak is not less than what this process has, so that keeps no output
			return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		}
		quiet := peak()
		for name, format := range map[string]string{"lines": `tr '\0' x | fold -w 100`, "one line": `tr '\0' x`} {
			p.write("kitchen.yml", shellKitchen("head -c "+strconv.Itoa(size<<20)+" /dev/zero | "+format, "true"))
			loud := peak()
			t.Logf("%s: %d MB in %s: %d MiB of memory, %d without", e.Name, size, name, loud, quiet)
			require.Less(t, loud, quiet+64, name)
			require.NoError(t, os.RemoveAll(filepath.Join(p.dir, ".kitchen/logs"))) // as large as the output
		}
	})
}
