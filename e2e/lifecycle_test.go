//go:build linux

// Package e2e runs the galley binary against real engines.
package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// matrix is two platforms, one of which has an /opt/chef of its own, by two suites.
const matrix = `
driver:
  name: dokken
  chef_image: chef/chef
  chef_version: latest
provisioner:
  name: dokken
transport:
  name: dokken
verifier:
  name: shell
  remote_exec: true
  command: |
    test -f /converged && test -f /opt/chef/TOOL-IMAGE && ! test -e /opt/chef/PLATFORM-IMAGE && echo "verified $KITCHEN_INSTANCE"
platforms:
  - name: busybox
    driver:
      image: busybox
  - name: with-chef
    driver:
      image: platform-with-chef
suites:
  - name: one
    run_list: ['recipe[hello]']
  - name: two
    run_list: ['recipe[hello]']
    attributes:
      greeting: two
`

const helloRecipe = `
file '/converged' do
  content 'yes'
end
`

func matrixProject(t *testing.T, e testbed.Engine) *project {
	e.Load(t, "busybox", "platform-with-chef", "tool")
	return newProject(t, e, map[string]string{
		"kitchen.yml":                         matrix,
		"cookbooks/hello/metadata.rb":         "name 'hello'\n",
		"cookbooks/hello/recipes/default.rb":  helloRecipe,
		"cookbooks/hello/attributes/extra.rb": "",
	})
}

// A matrix is green from a clean state and from a dirty one, and leaves nothing.
func TestMatrix(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := matrixProject(t, e)
		r := p.ok("test", "-c", "4")
		for _, name := range []string{"one-busybox", "one-with-chef", "two-busybox", "two-with-chef"} {
			require.Contains(t, r.String(), "verified "+name)
		}
		require.Empty(t, p.runners())

		// Dirty: one converged, one only created, one removed behind galley's back.
		p.ok("converge", "one-busybox")
		p.ok("create", "two")
		list := p.runners()
		require.Len(t, list, 3)
		for _, c := range list {
			if c.Labels[label.Instance] == "two-busybox" {
				require.NoError(t, p.backend().RemoveContainer(t.Context(), c.ID))
			}
		}
		require.Nil(t, p.list()["two-busybox"].LastAction)
		p.ok("test", "-c", "4")
		require.Empty(t, p.runners())
		left, err := filepath.Glob(filepath.Join(p.dir, ".kitchen", "galley", "sandbox", "*"))
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// What stays behind after destroy is shared by all projects: of what the run made, by its label, a tool container, a
// network and images; no other container, and no volume.
func TestNothingIsLeftBehind(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		p := matrixProject(t, e)
		before := e.UnusedVolumes(t)
		p.ok("create", "-c", "4")
		runners := p.runners()
		require.Len(t, runners, 4)
		be, made := p.backend(), backend.Labels{label.Run: runners[0].Labels[label.Run]}
		containers, err := be.ListContainers(t.Context(), made)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(containers), 4, "the label is on all")
		p.ok("destroy", "-c", "4")
		p.requireNothingLeft(before)
		containers, err = be.ListContainers(t.Context(), made)
		require.NoError(t, err)
		networks, err := be.ListNetworks(t.Context(), made)
		require.NoError(t, err)
		images, err := be.ListImages(t.Context(), made)
		require.NoError(t, err)
		left := map[string]int{}
		for _, c := range containers {
			left[c.Labels[label.Role]]++
		}
		for _, n := range networks {
			left[n.Labels[label.Role]]++
		}
		for _, i := range images {
			left[i.Labels[label.Role]]++
		}
		for role, count := range left {
			require.Contains(t, []string{label.RoleTool, label.RoleNetwork}, role)
			require.Equal(t, 1, count, role)
		}
		t.Logf("%s: left, for the next run: %v", e.Name, left)
	})
}

func TestFailedConverge(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo before the end; exit 3", "true")})
		r := p.galley("test")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "before the end")
		require.Contains(t, r.String(), "exited with code 3")
		log := filepath.Join(p.dir, ".kitchen", "logs", "default-busybox.log")
		require.Contains(t, r.String(), log)
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		require.Contains(t, string(text), "before the end")
		row := p.list()["default-busybox"]
		require.Equal(t, "create", *row.LastAction)
		require.Equal(t, "converge", row.FailedAction)
		require.Contains(t, *row.LastError, "exited with code 3")
		require.Equal(t, "running", row.Runner)
	})
}

// Each phase by itself, with the second run of each.
func TestPhases(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo run >> /runs",
			"test -n \"$KITCHEN_CONTAINER_ID\"")})
		p.ok("create")
		first := p.runners()
		require.Len(t, first, 1)
		p.ok("create")
		require.Equal(t, first[0].ID, p.runners()[0].ID, "a second create makes no second container")
		p.ok("verify")
		require.Equal(t, "verify", *p.list()["default-busybox"].LastAction)
		p.ok("converge")
		require.Equal(t, "2\n", p.ok("exec", "-c", "wc -l < /runs").stdout)
		require.Equal(t, "a b\nc\n", p.ok("exec", "default-busybox", "--", "printf", `%s\n`, "a b", "c").stdout)
		require.Equal(t, 7, p.galley("exec", "-c", "exit 7").code)
		p.ok("destroy")
		require.Empty(t, p.runners())
		p.ok("destroy")
		require.Equal(t, 1, p.galley("exec", "-c", "true").code)
	})
}

func TestHooks(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("cat /hook", "true") + `
lifecycle:
  pre_create: echo "$KITCHEN_INSTANCE_NAME $KITCHEN_SUITE_NAME $KITCHEN_PLATFORM_NAME" > local-hook
  post_create:
    - remote: echo from the hook > /hook
  finally_converge: touch finally
`})
		r := p.ok("converge")
		require.Contains(t, r.String(), "from the hook")
		text, err := os.ReadFile(filepath.Join(p.dir, "local-hook"))
		require.NoError(t, err)
		require.Equal(t, "default-busybox default busybox\n", string(text))
		require.FileExists(t, filepath.Join(p.dir, "finally"))

		p.write("kitchen.yml", shellKitchen("true", "true")+"lifecycle: {post_converge: exit 9}\n")
		r = p.galley("converge")
		require.Equal(t, 20, r.code)
		require.Contains(t, r.String(), "post_converge")
		require.Equal(t, "converge", p.list()["default-busybox"].FailedAction)
	})
}

// A changed configuration is seen, told and applied.
func TestDrift(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		p.ok("create")
		first := p.runners()[0].ID
		p.write("kitchen.yml", strings.Replace(shellKitchen("true", "true"), "image: busybox",
			"image: busybox\n      env: [COLOUR=green]", 1))
		r := p.ok("create", "--no-recreate")
		require.Contains(t, r.String(), "env changed")
		require.Equal(t, first, p.runners()[0].ID)
		r = p.ok("create")
		require.Contains(t, r.String(), "env changed")
		require.NotEqual(t, first, p.runners()[0].ID)
		require.Equal(t, "green\n", p.ok("exec", "-c", "echo $COLOUR").stdout)
	})
}

// Ctrl-C stops cleanly: exit code 130, the state says what was under way, and the next run goes on from there.
func TestInterrupt(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo started; exec sleep 600", "true")})
		cmd := p.command(t.Context(), "test")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "started") {
				require.NoError(t, cmd.Process.Signal(os.Interrupt))
			}
		}
		require.Error(t, cmd.Wait())
		require.Equal(t, 130, cmd.ProcessState.ExitCode())
		require.Contains(t, p.read(".kitchen/galley/default-busybox.json"), `"last_error": "interrupted"`)
		row := p.list()["default-busybox"]
		require.Equal(t, "converge", row.FailedAction)
		require.Equal(t, "running", row.Runner)
		r := p.ok("exec", "-c", "ps | grep -c '[s]leep 600' || true")
		require.Equal(t, "0\n", r.stdout, "the interrupted command is still running")
	})
}

// A galley that is killed leaves nothing that hinders the next one.
func TestKilled(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo started; test -e /again || { touch /again; exec sleep 600; }", "true")})
		cmd := p.command(t.Context(), "test")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "started") {
				require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
			}
		}
		require.Error(t, cmd.Wait())
		r := p.ok("verify")
		require.Contains(t, r.String(), "ended the command that a galley which was killed had left running in the runner")
		r = p.ok("exec", "-c", "ps | grep -c '[s]leep 600' || true")
		require.Equal(t, "0\n", r.stdout)
		p.ok("destroy")
		require.Empty(t, p.runners())
	})
}

func TestWrongYAML(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": "driver:\n  name: dokken\n  ports: {80: 80\nplatforms: []\n"})
		r := p.galley("create")
		require.Equal(t, 1, r.code)
		require.Regexp(t, `kitchen\.yml:\d+:\d+: error: `, r.stderr)
		require.Empty(t, p.runners())
		require.NoDirExists(t, filepath.Join(p.dir, ".kitchen"))
		p.write("kitchen.yml", shellKitchen("true", "true"))
	})
}

func TestSelection(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := matrixProject(t, e)
		require.Equal(t, "one-busybox\none-with-chef\ntwo-busybox\ntwo-with-chef\n", p.ok("list", "--bare").stdout)
		require.Equal(t, "two-busybox\n", p.ok("list", "-b", "two-b").stdout)
		require.Equal(t, "one-with-chef\ntwo-busybox\n", p.ok("list", "-b", "^one-with", "two-busybox").stdout)
		r := p.galley("create", "three")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "one-with-chef")
		require.Equal(t, 1, p.galley("create", "--bogus").code)
		require.Equal(t, 1, p.galley("login", "one").code)
	})
}

func TestEnginesCommand(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		var rows []struct{ Verdict, Engine, Source string }
		require.NoError(t, json.Unmarshal([]byte(p.ok("engines", "--json").stdout), &rows))
		require.Equal(t, "chosen", rows[0].Verdict)
		require.Equal(t, e.Kind, rows[0].Engine)
		require.Equal(t, "GALLEY_HOST", rows[0].Source)
	})
}

// shellKitchen is a kitchen.yml with one instance, a converge and a verify in shell.
func shellKitchen(converge, verify string) string {
	return `
driver: {name: dokken}
provisioner:
  name: shell
  command: ` + quoteYAML(converge) + `
verifier:
  name: shell
  command: ` + quoteYAML(verify) + `
platforms:
  - name: busybox
    driver:
      image: busybox
suites:
  - name: default
`
}

func quoteYAML(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
