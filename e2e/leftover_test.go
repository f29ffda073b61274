//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

const twoSuites = `
driver: {name: dokken, image: busybox, pid_one_command: "%PID%"}
provisioner: {name: shell, command: "true"}
verifier: {name: dummy}
transport: {name: dokken}
platforms: [{name: busybox}]
suites: [{name: kept}, {name: gone}]
`

func leftoverProject(t *testing.T, e testbed.Engine) *project {
	e.Load(t, "busybox")
	return newProject(t, e, map[string]string{"kitchen.yml": strings.Replace(twoSuites, ` pid_one_command: "%PID%"`, "",
		1)})
}

// What no instance needs any more is listed and removed by one command, also when nothing is remembered of it.
func TestLeftOver(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := leftoverProject(t, e)
		require.NotContains(t, p.ok("list").stderr, "left over")
		p.ok("create", "-c2")
		require.NotContains(t, p.ok("list").stderr, "left over")
		p.write("kitchen.yml", strings.NewReplacer(` pid_one_command: "%PID%"`, "", ", {name: gone}",
			"").Replace(twoSuites))
		require.Contains(t, p.ok("list").stderr, "left over: the runner of gone-busybox")
		require.Contains(t, p.ok("list", "--orphans").stdout, "gone-busybox")
		require.Equal(t, "gone-busybox\n", p.ok("list", "--orphans", "--bare").stdout)
		require.Contains(t, p.ok("prune", "--orphans", "--dry-run").stdout, "(gone-busybox)")
		require.Len(t, p.runners(), 2)
		require.Contains(t, p.ok("destroy", "--orphans").stdout, "removed the runner of gone-busybox")
		require.Len(t, p.runners(), 1)
		require.NotContains(t, p.ok("list").stderr, "left over")

		require.NoError(t, os.RemoveAll(filepath.Join(p.dir, ".kitchen"))) // as git clean -fdx does
		require.Contains(t, p.ok("list").stderr, "left over: the runner of kept-busybox")
		p.ok("converge")
		require.Len(t, p.runners(), 2)
		p.ok("destroy", "--orphans")
		require.Len(t, p.runners(), 1)
		require.Equal(t, backend.StateRunning, p.runners()[0].State, "the instance's own runner stays")
		p.ok("destroy")
		require.Empty(t, p.runners())
	})
}

// An engine that does not answer is not replaced: destroy fails with the remedy, and --forget gives the runner up.
func TestForget(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := leftoverProject(t, e)
		socket := filepath.Join(p.dir, "engine.sock")
		target := strings.TrimPrefix(e.Host, "unix://")
		require.NoError(t, os.Symlink(target, socket))
		p.env = []string{"GALLEY_HOST=unix://" + socket}
		p.ok("create", "kept")

		r := p.galley("verify", "kept", "--host", "unix:///nowhere.sock")
		require.Equal(t, 1, r.code, r.String())
		require.Contains(t, r.stderr, "--host", "the instance lives elsewhere")

		require.NoError(t, os.Remove(socket))
		r = p.galley("destroy", "kept")
		require.NotZero(t, r.code, r.String())
		require.Len(t, p.runners(), 1)
		p.env = nil // nothing is asked for: the record counts
		r = p.galley("destroy", "kept")
		require.NotZero(t, r.code, r.String())
		require.Contains(t, r.String(), "destroy --forget kept-busybox")
		require.Contains(t, p.ok("destroy", "--forget", "kept").String(), "The runner is forgotten, and not removed")
		require.Len(t, p.runners(), 1)

		p.env = []string{"GALLEY_HOST=" + e.Host}
		p.ok("destroy", "kept")
		require.Empty(t, p.runners())
	})
}

// The last words of a runner that ended can be read, and no name is needed where there is one instance.
func TestLogsOfAnEndedRunner(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": strings.NewReplacer(", {name: gone}", "", "%PID%",
			"echo last words").Replace(twoSuites)})
		p.galley("create") // which fails when it sees the end in time
		require.Contains(t, p.ok("logs", "--follow").String(), "last words")
		require.Contains(t, p.ok("logs", "--runner").String(), "last words")
		r := p.galley("login")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "the runner of kept-busybox is exited")
	})
}
