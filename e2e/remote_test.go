//go:build linux

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// farKitchen is a cookbook's project; the same one is green wherever the engine is.
const farKitchen = `
driver: {name: dokken, chef_image: chef/chef, chef_version: latest}
provisioner:
  name: dokken
  downloads: {/converged: ./downloaded}
transport: {name: dokken}
verifier:
  name: shell
  remote_exec: true
  command: |
    test "$(cat /converged)" = "$(cat /opt/verifier/expected.txt)" && test -f /opt/chef/TOOL-IMAGE &&
    echo "verified $KITCHEN_INSTANCE"
platforms:
  - name: busybox
    driver:
      image: busybox
suites:
  - name: app
    run_list: ['recipe[app]']
`

func farFiles(word string) map[string]string {
	return map[string]string{
		"kitchen.yml":                       farKitchen,
		"cookbooks/app/metadata.rb":         "name 'app'\n",
		"cookbooks/app/recipes/default.rb":  "file '/converged' do\n  content '" + word + "'\nend\n",
		"cookbooks/app/files/big":           strings.Repeat("a large file\n", 10_000),
		"cookbooks/app/files/dir/one":       "1",
		"test/integration/app/expected.txt": word,
	}
}

// farProject is a project in a file system that no engine sees: it is mounted in a
// mount namespace that only galley enters.
type farProject struct {
	*project
	// base is where the test itself sees the project.
	base string
}

func newFarProject(t *testing.T, e testbed.Engine, files map[string]string) farProject {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system that the engine does not see")
	}
	dir := e.TempDir(t)
	holder := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c",
		`mount -t tmpfs -o mode=0755 galley-test "$0" && cd "$0" && echo ready && exec cat`, dir)
	stdin, err := holder.StdinPipe()
	require.NoError(t, err)
	stdout, err := holder.StdoutPipe()
	require.NoError(t, err)
	holder.Stderr = os.Stderr
	require.NoError(t, holder.Start())
	t.Cleanup(func() {
		require.NoError(t, stdin.Close())
		_ = holder.Wait() // it was ended with the test's context
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)

	pid := strconv.Itoa(holder.Process.Pid)
	p := &project{t: t, engine: e, dir: dir, env: []string{"GALLEY_HOST=" + e.Host},
		enter: []string{"nsenter", "--target", pid, "--mount", "--wd"}}
	f := farProject{p, filepath.Join("/proc", pid, "root", dir)}
	if p.asOther() {
		st, err := os.Stat(dir)
		require.NoError(t, err)
		owner := st.Sys().(*syscall.Stat_t)
		p.enter = append(p.enter, "--setuid", fmt.Sprint(owner.Uid), "--setgid", fmt.Sprint(owner.Gid))
		require.NoError(t, os.Chown(f.base, int(owner.Uid), int(owner.Gid)))
	}
	for name, text := range files {
		f.write(name, text)
	}
	return f
}

// write puts a file into the project, for the user that galley runs as.
func (f farProject) write(name, text string) {
	f.t.Helper()
	st, err := os.Stat(f.base)
	require.NoError(f.t, err)
	owner := st.Sys().(*syscall.Stat_t)
	path := f.base
	for _, part := range strings.Split(filepath.Dir(name), "/") {
		path = filepath.Join(path, part)
		require.NoError(f.t, os.MkdirAll(path, 0o755))
		require.NoError(f.t, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
	}
	path = filepath.Join(f.base, name)
	require.NoError(f.t, os.WriteFile(path, []byte(text), 0o644))
	require.NoError(f.t, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
}

// route is a way to an engine.
type route struct {
	name string
	env  []string
	// asked is set where the far side is asked for the engine's socket.
	asked bool
}

// routes are the ways to an engine besides its socket on this machine.
func routes(e testbed.Engine) []route {
	path := "PATH=" + e.SSH.Dir + ":" + os.Getenv("PATH")
	u, err := url.Parse(e.SSH.Host)
	if err != nil {
		panic(err) // engines.sh made it
	}
	u.Path = ""
	list := []route{
		{name: "ssh", env: []string{path, "GALLEY_HOST=" + e.SSH.Host}},
		{name: "ssh by alias, socket asked", env: []string{path, "GALLEY_HOST=ssh://" + e.Name}, asked: true},
	}
	if e.Kind == testbed.Podman {
		list = append(list, route{name: "ssh of podman, socket asked", asked: true,
			env: []string{path, "GALLEY_HOST=", "CONTAINER_HOST=" + u.String(), "CONTAINER_SSHKEY=" + e.SSH.Identity}})
	}
	if e.TLS != nil {
		list = append(list, route{name: "tls",
			env: []string{"GALLEY_HOST=", "DOCKER_HOST=" + e.TLS.Host, "DOCKER_TLS_VERIFY=1",
				"DOCKER_CERT_PATH=" + e.TLS.CertPath}})
	}
	return list
}

// The same project is green wherever the engine is, and only differences travel.
func TestFarEngines(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		t.Run("unix", func(t *testing.T) { runFarProject(t, e, route{}) })
		for _, r := range routes(e) {
			t.Run(r.name, func(t *testing.T) {
				if r.asked {
					runAskedProject(t, e, r)
				} else {
					runFarProject(t, e, r)
				}
			})
		}
	})
}

// runAskedProject goes a way that differs from another one only in how it is found.
func runAskedProject(t *testing.T, e testbed.Engine, r route) {
	e.Rootless = false // a remote caller has no special user here
	p := newFarProject(t, e, farFiles("first"))
	p.env = append(p.env, r.env...)
	defer p.galley("destroy") // a Cleanup is too late: the project is gone then
	require.Contains(t, p.ok("verify").String(), "verified app-busybox")
	require.Equal(t, "first", p.read("downloaded"))
	p.ok("destroy")
}

func runFarProject(t *testing.T, e testbed.Engine, r route) {
	if len(r.env) > 0 {
		e.Rootless = false // a remote caller has no special user here
	}
	p := newFarProject(t, e, farFiles("first"))
	p.env = append(p.env, r.env...)
	defer p.galley("destroy") // a Cleanup is too late: the project is gone then

	out := p.ok("verify").String()
	require.Contains(t, out, "uploading instead of mounting")
	require.Regexp(t, `(?i)upload \d+ files \(\S+\) to /opt/kitchen`, out)
	require.Contains(t, out, "verified app-busybox")
	require.Equal(t, "first", p.read("downloaded"))

	// What is in the sandboxes is nothing that converge made.
	out = p.ok("diff", "--stat").stdout
	require.NotContains(t, out, "/opt")
	require.Contains(t, p.ok("diff", "--content=converged").stdout, "+first\n")

	// Nothing of what is unchanged is sent again.
	out = p.ok("converge").String()
	require.NotRegexp(t, `(?i)upload \d+ file`, out)
	require.NotContains(t, out, "uploading instead of mounting")

	// What changed is sent, what is gone is removed, a directory may become a file.
	p.write("cookbooks/app/recipes/default.rb", "file '/converged' do\n  content 'second'\nend\n")
	p.write("test/integration/app/expected.txt", "second")
	require.NoError(t, os.RemoveAll(filepath.Join(p.base, "cookbooks/app/files/dir")))
	p.write("cookbooks/app/files/dir", "a file now")
	require.NoError(t, os.Remove(filepath.Join(p.base, "cookbooks/app/files/big")))
	out = p.ok("converge").String()
	require.Regexp(t, `(?i)upload 2 files \(\d+B\) to /opt/kitchen`, out)
	require.Contains(t, p.ok("verify").String(), "verified app-busybox")
	require.Equal(t, "second", p.read("downloaded"))
	require.Equal(t, "dir\na file now", p.ok("exec", "-c",
		"cd /opt/kitchen/cookbooks/app/files && ls && cat dir").stdout)

	// A second create leaves the runner alone.
	id := p.ok("exec", "-c", "hostname; cat /proc/sys/kernel/random/uuid > /mark; cat /mark").stdout
	p.ok("create")
	require.Equal(t, id, p.ok("exec", "-c", "hostname; cat /mark").stdout)

	p.ok("destroy")
	require.Empty(t, p.list()["app-busybox"].Runner)
}

func (f farProject) read(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(filepath.Join(f.base, name))
	require.NoError(f.t, err)
	return string(data)
}

// Instances of one run live on different hosts.
func TestInstancesOnDifferentHosts(t *testing.T) {
	var here []testbed.Engine
	for _, e := range testbed.Engines(t) {
		if !e.Rootless {
			e.Load(t, "busybox")
			here = append(here, e)
		}
	}
	if len(here) < 2 {
		t.Skip("this needs two engines that run as root")
	}
	first, last := here[0], here[len(here)-1]
	kitchen := func(firstHost, lastHost string) string {
		return fmt.Sprintf(`
driver: {name: dokken, image: busybox, pull_platform_image: false}
provisioner: {name: shell, command: "true"}
verifier: {name: shell, command: 'echo "$KITCHEN_INSTANCE is at $KITCHEN_ENGINE_HOST"'}
suites: [{name: default}]
platforms:
  - name: first
    driver: {docker_host_url: "%s"}
  - name: last
    driver: {docker_host_url: "%s"}
`, firstHost, lastHost)
	}
	p := newProject(t, first, map[string]string{"kitchen.yml": kitchen(first.Host, last.SSH.Host)})
	// What kitchen.yml says of an instance comes before other programs' variables, and after
	// what the user asks galley for.
	p.env = []string{"DOCKER_HOST=unix:///nowhere.sock", "PATH=" + first.SSH.Dir + ":" + os.Getenv("PATH")}
	out := p.ok("verify", "-c", "2").String()
	require.Contains(t, out, "default-first is at "+first.Host)
	require.Contains(t, out, "default-last is at "+last.SSH.Host)
	require.Len(t, p.runners(), 1, "one on the first engine")
	asked := p.galley("verify", "--host", last.Host)
	require.NotZero(t, asked.code)
	require.Contains(t, asked.String(), "default-first lives on "+first.Host+", and --host asks for "+last.Host)

	// An instance that moves is removed where it was.
	p.write("kitchen.yml", kitchen(last.Host, last.SSH.Host))
	require.Contains(t, p.ok("verify", "default-first").String(), "default-first is at "+last.Host)
	require.Empty(t, p.runners())
}

// Podman's service ends when it gets no request and is started anew: galley comes back to it.
func TestServiceThatEndsWhenIdle(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		dir := e.TempDir(t)
		socket := filepath.Join(dir, "p.sock")
		// The directory of the lock file is the engine's own.
		keeper := e.Command(t.Context(), "sh", "-c",
			`while [ -d "$1" ] && [ ! -e "$1/stop" ]; do podman system service --time=1 "unix://$2"; echo ended >> "$1/ended"; done`, "keeper", dir, socket)
		keeper.Stderr = os.Stderr
		require.NoError(t, keeper.Start())
		t.Cleanup(func() {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "stop"), nil, 0o644))
			_ = keeper.Wait() // it was ended with the test's context, if it did not see the file first
		})
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("sleep 3; echo converged", "true") + `
lifecycle:
  post_create: until [ -e ` + dir + `/ended ]; do sleep 1; done; rm ` + dir + `/ended
  post_converge: until [ -e ` + dir + `/ended ]; do sleep 1; done
`})
		waitForSocket(t, socket)
		p.env = []string{"GALLEY_HOST=unix://" + socket}
		require.Contains(t, p.ok("test").String(), "converged")
		p.env = []string{"GALLEY_HOST=" + e.Host}
	})
}

// waitForSocket returns when a socket is there.
func waitForSocket(t *testing.T, path string) {
	t.Helper()
	require.Eventually(t, func() bool {
		st, err := os.Stat(path)
		return err == nil && st.Mode()&os.ModeSocket != 0
	}, time.Minute, 20*time.Millisecond, "there is no socket at %s", path)
}

// A galley in a container that has only the engine's socket.
func TestInsideAContainer(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		bin, err := built()
		require.NoError(t, err)
		shared := e.TempDir(t)
		in, err := os.Open(bin)
		require.NoError(t, err)
		out, err := os.OpenFile(filepath.Join(shared, "galley"), os.O_CREATE|os.O_WRONLY, 0o755)
		require.NoError(t, err)
		_, err = io.Copy(out, in)
		require.NoError(t, err)
		require.NoError(t, out.Close())
		require.NoError(t, in.Close())

		socket := strings.TrimPrefix(e.Host, "unix://")
		place := map[string]string{testbed.Docker: "/var/run/docker.sock",
			testbed.Podman: "/run/podman/podman.sock"}[e.Kind]
		image := e.Load(t, "busybox")[0]
		id := strings.TrimSpace(e.Exec(t, e.Kind, "run", "-d", "-v", socket+":"+place, "-v",
			filepath.Join(shared, "galley")+":/usr/bin/galley:ro",
			image.Tag, "sleep", "100000"))
		t.Cleanup(func() { require.NoError(t, removeAtOnce(e, id)) })
		for name, text := range farFiles("inside") {
			put := e.Command(t.Context(), e.Kind, "exec", "-i", id, "sh", "-c", `mkdir -p "${0%/*}" && cat > "$0"`,
				"/project/"+name)
			put.Stdin = strings.NewReader(text)
			said, err := put.CombinedOutput()
			require.NoError(t, err, string(said))
		}
		galley := func(args ...string) string {
			cmd := append([]string{e.Kind, "exec", "-w", "/project", "-e", "HOME=/root", id, "galley"}, args...)
			said, err := e.Command(t.Context(), cmd...).CombinedOutput()
			require.NoError(t, err, string(said))
			return string(said)
		}
		said := galley("test")
		require.Contains(t, said, "uploading instead of mounting")
		require.Contains(t, said, "verified app-busybox")
		require.Equal(t, "inside", e.Exec(t, e.Kind, "exec", id, "cat", "/project/downloaded"))
	})
}

// removeAtOnce removes a container at once.
func removeAtOnce(e testbed.Engine, id string) error {
	args := []string{e.Kind, "rm", "-f", "-v"}
	if e.Kind == testbed.Podman {
		args = append(args, "-t", "0")
	}
	out, err := e.Command(context.Background(), append(args, id)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
