//go:build linux

package e2e

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// servicesKitchen is a runner that fetches what its own database has; %s are further services.
const servicesKitchen = `
driver: {name: dokken, image: busybox}
provisioner:
  name: shell
  sudo: false
  # An old Podman does not find names for a moment, whenever a container comes or goes.
  command: until printf 'GET /who HTTP/1.0\r\n\r\n' | timeout 5 nc db 5432 > /fetched; do sleep 0.2; done
verifier:
  name: shell
  remote_exec: true
  command: tail -n 1 /fetched | grep -qx "of $SUITE"
transport: {name: dokken}
platforms: [{name: busybox}]
services:
  db:
    image: busybox
    environment: {WHO: nobody}
    command: [sh, -c, 'mkdir /rows && echo "of $WHO" > /rows/who && exec httpd -f -p 5432 -h /rows']
    ready: {port: 5432, interval: 0.1}
%s
suites:
`

// servicesProject has a suite of each name, whose database knows it.
func servicesFiles(services string, suites ...string) map[string]string {
	kitchen := fmt.Sprintf(servicesKitchen, services)
	for _, name := range suites {
		kitchen += fmt.Sprintf("  - {name: %s, services: {db: {environment: {WHO: %s}}}, verifier: {env: {SUITE: %s}}}\n",
			name, name, name)
	}
	return map[string]string{"kitchen.yml": kitchen}
}

// requireNoNetwork wants no network of this project's instances on the engine.
func requireNoNetwork(t *testing.T, p *project) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(p.dir)
	require.NoError(t, err)
	list, err := p.backend().ListNetworks(t.Context(), backend.Labels{label.ProjectDir: dir})
	require.NoError(t, err)
	require.Empty(t, list)
}

// containerID is that of a service.
func containerID(p *project, service string) string {
	for _, c := range p.runners() {
		if c.Labels[label.Service] == service {
			return c.ID
		}
	}
	return ""
}

// everyReady are services that are ready in each way, the last one after all others.
const everyReady = `
  log:
    image: busybox
    command: [sh, -c, "echo listening; until rm /end 2>/dev/null; do sleep 0.1; done"]
    ready: {log: ^listening$}
  exec: {image: busybox, command: [sh, -c, "touch /up; exec sleep 600"], ready: {exec: test -f /up}}
  file: {image: busybox, command: [sh, -c, "touch /tmp/up; exec sleep 600"], tmpfs: [/tmp], ready: {file: /tmp/up}}
  last:
    image: busybox
    depends_on: [log, exec, file, db]
    command: [sh, -c, "mkdir /p; until printf 'GET /who HTTP/1.0\\r\\n\\r\\n' | timeout 5 nc db 5432 > /p/page; do sleep 0.2; done;
      exec httpd -f -p 80 -h /p"]
    ready: {http: "http://localhost/page"}
`

// Services come before the runner, in order and each in its way, and go with it.
func TestServices(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, servicesFiles(everyReady, "one"))
		p.ok("verify")
		require.Len(t, p.runners(), 6)
		require.Contains(t, p.ok("exec", "one/last", "--", "cat", "/p/page").stdout, "of one")
		p.ok("exec", "one/db", "-c", "until nslookup one-busybox; do sleep 0.2; done")
		require.Equal(t, "listening\n", p.ok("logs", "one", "log").stdout)
		require.Equal(t, "httpd\n", p.ok("login", "one/db", "-c", "cat /proc/1/comm").stdout)
		require.Contains(t, p.ok("list", "--json").stdout, `"last": "running"`)

		kept := containerID(p, "exec")
		// One that was removed, and one that stopped, are there again for the next command.
		for _, c := range p.runners() {
			switch c.Labels[label.Service] {
			case "db":
				require.NoError(t, p.backend().RemoveContainer(t.Context(), c.ID))
			case "log":
				_, err := p.backend().Exec(t.Context(), c.ID, backend.ExecSpec{Command: []string{"touch", "/end"}})
				require.NoError(t, err)
				_, err = p.backend().WaitContainer(t.Context(), c.ID)
				require.NoError(t, err)
			}
		}
		p.ok("verify", "--report", "json=report.json")
		require.Len(t, p.runners(), 6)
		require.Equal(t, kept, containerID(p, "exec"), "what needs no change stays")
		report, err := os.ReadFile(p.dir + "/report.json")
		require.NoError(t, err)
		require.Contains(t, string(report), `"listening"`)
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// Eight instances side by side have a database each, under one name; also where the engine does not see the project.
func TestServicesSideBySide(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, servicesFiles("", "a", "b", "c", "d", "e", "f", "g", "h"))
		p.ok("test", "-c", "8")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)

		far := newFarProject(t, e, servicesFiles("", "far"))
		defer far.galley("destroy")
		far.ok("test")
		require.Empty(t, far.runners())
	})
}

// A shared service is one for all instances, while there are some.
func TestServicesShared(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		files := servicesFiles("", "one", "two")
		files["kitchen.yml"] = strings.NewReplacer("  db:\n", "  db:\n    shared: true\n", "WHO: one", "WHO: nobody",
			"WHO: two", "WHO: nobody", "SUITE: one", "SUITE: nobody", "SUITE: two", "SUITE: nobody").Replace(files["kitchen.yml"])
		p := newProject(t, e, files)
		p.ok("verify", "-c", "2")
		require.Len(t, p.runners(), 3)
		require.Contains(t, p.ok("list", "--json").stdout, `"db": "running"`)
		require.Equal(t, "nothing is left over\n", p.ok("list", "--orphans").stdout)
		p.ok("destroy", "one")
		require.Contains(t, p.ok("exec", "two/db", "--", "cat", "/rows/who").stdout, "of nobody")
		p.ok("test", "-c", "2")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// A service that ends, or is not ready in time, fails create with what it printed, and goes with destroy.
func TestServicesThatFail(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		healthy := healthyImage(t, e)
		for services, want := range map[string][]string{
			`  bad: {image: busybox, command: [sh, -c, "echo no disk; exit 3"]}`: {
				"the service bad ended with code 3 before it was ready", "no disk"},
			`  bad: {image: busybox, command: [sh, -c, "echo thinking; exec sleep 600"], ready: {port: 81, timeout: 2s}}`: {
				"the service bad was not ready within 2s: port 81: exit code 1 nothing listens there", "thinking"},
			`  bad: {image: ` + healthy + `, command: sleep 600, ready: {timeout: 2s}}`: {
				"the service bad was not ready within 2s: the HEALTHCHECK of its image: exit code 1"},
		} {
			p := newProject(t, e, servicesFiles(services, "one"))
			r := p.galley("create")
			require.Equal(t, 20, r.code, r.String())
			for _, text := range want {
				require.Contains(t, r.String(), text)
			}
			p.ok("destroy")
			require.Empty(t, p.runners())
			requireNoNetwork(t, p)
		}
		p := newProject(t, e, servicesFiles(
			`  well: {image: `+healthy+`, command: [sh, -c, "touch /well; exec sleep 600"]}`, "one"))
		p.ok("test")
		require.Contains(t, healthyRefused(t, e), "kitchen.yml:")
	})
}

// healthyImage is an image that says how it is well.
func healthyImage(t *testing.T, e testbed.Engine) string {
	t.Helper()
	var context bytes.Buffer
	text := "FROM busybox\nHEALTHCHECK CMD test -e /well\n"
	w := tar.NewWriter(&context)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(text))}))
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	const ref = "galley-test-healthy:latest"
	be := connect(t, e)
	_, err = be.BuildImage(t.Context(), backend.BuildOptions{Context: &context, Tag: ref})
	require.NoError(t, err)
	return ref
}

// healthyRefused is what galley says of a runner that cannot be on the network of its services.
func healthyRefused(t *testing.T, e testbed.Engine) string {
	t.Helper()
	files := servicesFiles("", "one")
	files["kitchen.yml"] = strings.Replace(files["kitchen.yml"], "image: busybox}", "image: busybox, network_mode: none}", 1)
	p := newProject(t, e, map[string]string{})
	p.write("kitchen.yml", files["kitchen.yml"])
	r := p.galley("create")
	require.NotZero(t, r.code)
	p.write("kitchen.yml", servicesFiles("", "one")["kitchen.yml"]) // so that it can be destroyed
	return r.String()
}

// A galley that is killed while it makes or removes services leaves nothing after the next one.
func TestServicesKilled(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, servicesFiles("", "three"))
		for _, at := range []event{
			{Type: "step_started", Phase: "create", Step: "services"},
			{Type: "progress"}, // the database is starting
			{Type: "step_finished", Phase: "create", Step: "services"},
			{Type: "step_finished", Phase: "create", Step: "container"},
		} {
			at.Instance = "three-busybox"
			require.True(t, events(t, p, func(e event) bool { return e != at }), at)
		}
		p.ok("test")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)

		p.ok("create")
		killedWhileDestroying := p.command(t.Context(), "destroy", "--report", "ndjson=-")
		out, err := killedWhileDestroying.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, killedWhileDestroying.Start())
		text := make([]byte, 1<<16)
		for seen := ""; !strings.Contains(seen, `"remove"`); {
			n, err := out.Read(text)
			require.NoError(t, err)
			seen += string(text[:n])
		}
		require.NoError(t, killedWhileDestroying.Process.Kill())
		_ = killedWhileDestroying.Wait() // it was killed
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}
