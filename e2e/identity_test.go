//go:build linux

package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// suitesKitchen has instances that converge by writing their names, and pass if no other instance wrote there.
func suitesKitchen(suites ...string) string {
	kitchen := strings.Replace(shellKitchen(`echo "$0" >> /runs`, "test $(wc -l < /runs) = 1"),
		"suites:\n  - name: default\n", "suites:\n", 1)
	kitchen = strings.Replace(kitchen, "verifier:\n", "verifier:\n  remote_exec: true\n", 1)
	for _, name := range suites {
		kitchen += "  - name: " + quoteYAML(name) + "\n"
	}
	return kitchen
}

// Instances whose names are long, in another script, or differ in case or a sign only live side by side: their
// runners, records and logs.
func TestNamesSideBySide(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		long := strings.Repeat("x", 300)
		names := []string{long, long + "y", "größe", "Größe", "GRÖSSE", "grosse", "日本", "a+b", "a b", "a:b"}
		p := newProject(t, e, map[string]string{"kitchen.yml": suitesKitchen(names...)})
		p.ok("verify", "-c", "3")
		runners := p.runners()
		require.Len(t, runners, len(names))
		rows := p.list()
		for _, name := range names {
			row := rows[name+"-busybox"]
			require.Equal(t, "running", row.Runner, name)
			require.Equal(t, "verify", *row.LastAction, name)
			require.True(t, slices.ContainsFunc(runners,
				func(c backend.Container) bool { return c.Labels[label.Instance] == name+"-busybox" }), name)
		}
		for pattern, want := range map[string]int{".kitchen/galley/*.json": len(names),
			".kitchen/logs/*.log": len(names) + 1} { // and kitchen.log
			files, err := filepath.Glob(filepath.Join(p.dir, pattern))
			require.NoError(t, err)
			require.Len(t, files, want, pattern)
		}
		p.ok("destroy", "größe-busybox")
		require.Len(t, p.runners(), len(names)-1)
		require.Equal(t, "running", p.list()["Größe-busybox"].Runner)
		p.ok("destroy", "-c", "3")
		require.Empty(t, p.runners())
	})
}

// Two files in one directory have instances of their own, each left over for the other.
func TestSecondKitchenYAML(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": suitesKitchen("one"), "other.yml": suitesKitchen("two")})
		other := *p
		other.env = append(slices.Clone(p.env), "KITCHEN_YAML=other.yml")
		p.ok("verify")
		other.ok("verify")
		require.Len(t, p.runners(), 2)
		require.Contains(t, p.ok("list").stderr, "left over: the runner of two-busybox")
		require.Contains(t, other.ok("list").stderr, "left over: the runner of one-busybox")
		other.ok("test")
		require.Equal(t, "running", p.list()["one-busybox"].Runner, "the other file's instance is left alone")
		other.ok("converge")
		p.ok("verify")
		p.ok("destroy", "--orphans")
		require.Len(t, p.runners(), 1)
		require.Equal(t, "running", p.list()["one-busybox"].Runner)
	})
}

// A project that is moved keeps its instances: they are made anew with the new paths, and nothing stays behind.
func TestMovedProject(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": suitesKitchen("one")})
		p.ok("verify")
		was := p.runners()
		moved := *p
		moved.dir = p.dir + "-moved"
		require.NoError(t, os.Rename(p.dir, moved.dir))
		defer func() { require.NoError(t, os.Rename(moved.dir, p.dir)) }() // where the end of the test looks for it
		require.Empty(t, moved.runners(), "the label has the path of old")
		require.Equal(t, "running", moved.list()["one-busybox"].Runner)
		require.Contains(t, moved.ok("verify").String(), "volumes changed", "the sandboxes are elsewhere now")
		_, err := p.backend().InspectContainer(t.Context(), was[0].ID)
		require.ErrorIs(t, err, backend.ErrNotFound)
		require.Len(t, moved.runners(), 1)
		require.NotEqual(t, was[0].ID, moved.runners()[0].ID)
		require.Equal(t, was[0].Name, moved.runners()[0].Name)
		require.NotContains(t, moved.ok("list").stderr, "left over")
		moved.ok("destroy")
		require.Empty(t, moved.runners())
	})
}

// What is shared and removed by another galley's prune at any step of a run is made again.
func TestPruneBesideARun(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		p := newProject(t, e, killFiles("one", "two", "three", "four"))
		other := newProject(t, e, map[string]string{"kitchen.yml": suitesKitchen("one")})
		prunes := 0
		require.False(t, events(t, p, func(e event) bool {
			if e.Type == "step_started" && e.Phase == "create" {
				other.ok("prune")
				prunes++
			}
			return true
		}))
		require.Empty(t, p.runners())
		t.Logf("%s: four instances green beside %d prunes", e.Name, prunes)
	})
}

// A container that a user made of a runner's image has the runner's labels. It and its image are theirs.
func TestMadeOfARunner(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": suitesKitchen("one")})
		p.ok("verify")
		engine, image := e.Kind, "localhost/galley-debug-"+strings.ToLower(rand.Text()[:8])
		e.Exec(t, engine, "commit", p.runners()[0].ID, image)
		theirs := strings.TrimSpace(e.Exec(t, engine, "run", "-d", image, "sleep", "1000"))
		t.Cleanup(func() {
			for _, args := range [][]string{{"rm", "-f", theirs}, {"rmi", image}} {
				out, err := e.Command(context.WithoutCancel(t.Context()),
					append([]string{engine}, args...)...).CombinedOutput()
				require.NoError(t, err, string(out))
			}
		})
		for _, args := range [][]string{{"verify"}, {"test"}, {"converge"}, {"destroy"}, {"destroy", "--orphans"},
			{"prune"}} {
			p.ok(args...)
			c, err := p.backend().InspectContainer(t.Context(), theirs)
			require.NoError(t, err, "%s removed it", args)
			require.Equal(t, backend.StateRunning, c.State)
		}
	})
}

// What one runner writes into its tool is seen by no other runner, of this project or another one.
func TestToolIsPrivate(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		if e.Kind == testbed.Docker && e.Rootless {
			t.Skip("a rootless Docker has no volumes of layers: tools are shared there")
		}
		e.Load(t, "busybox", "tool")
		p, other := newProject(t, e, killFiles("one", "two")), newProject(t, e, killFiles("one"))
		p.ok("create", "one")
		const gem = "/opt/chef/embedded/gems/secret-1.0"
		p.ok("exec", "one", "-c", "mkdir -p "+gem+" && echo mine > "+gem+"/a && echo changed >> /opt/chef/TOOL-IMAGE")
		other.ok("create")
		p.ok("create", "two")
		for where, r := range map[string]result{
			"another project": other.galley("exec", "one", "-c", "ls "+gem+"; cat /opt/chef/TOOL-IMAGE"),
			"another runner":  p.galley("exec", "two", "-c", "ls "+gem+"; cat /opt/chef/TOOL-IMAGE"),
		} {
			require.Contains(t, r.stderr, "No such file", where)
			require.NotContains(t, r.stdout, "changed", where)
		}
		p.ok("converge", "one") // which goes on with the same runner
		require.Equal(t, "mine\n", p.ok("exec", "one", "-c", "cat "+gem+"/a").stdout)
		p.ok("destroy", "one")
		p.ok("create", "one")
		require.Contains(t, p.galley("exec", "one", "-c", "ls "+gem).stderr, "No such file", "a new runner")
		other.ok("test")
	})
}

// A PID 1 that ends at once fails create, with its last words, and an entrypoint alone gets the default command.
func TestPIDOneThatEnds(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(
			"\ncommand:\npid_one_command: 'sh -c \"echo last words; exit 3\"'\n",
			"\nentrypoint:\nentrypoint: [sh, -c, 'echo last words; exit 3']\n",
			"\nboth:\nentrypoint: [sh, -c, 'echo last words; exec \"$0\" \"$@\"']\npid_one_command: 'false'\n",
			"\nwrapper:\nentrypoint: [sh, -c, 'echo \"$0 $*\" > /said; exec \"$0\" \"$@\"']\n",
		)})
		for name, code := range map[string]int{"command": 3, "entrypoint": 3, "both": 1} {
			for _, action := range []string{"create", "create", "converge"} { // it is no better the next time
				r := p.galley(action, "default-"+name)
				require.Equal(t, 20, r.code, r.String())
				require.Contains(t, r.String(), "last words")
				require.Contains(t, r.String(), fmt.Sprintf("code %d", code))
				require.Nil(t, p.list()["default-"+name].LastAction)
			}
		}
		p.ok("converge", "default-wrapper")
		require.Contains(t, p.ok("exec", "default-wrapper", "-c", "cat /said").stdout, "sh -c")
		require.Contains(t, p.ok("exec", "default-wrapper", "-c", "tr '\\0' ' ' < /proc/1/cmdline").stdout, "trap")
	})
}
