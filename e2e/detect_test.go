//go:build linux

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// hideSocket hides the engine's well-known socket, where the engine runs, until the test ends.
func hideSocket(t *testing.T, e testbed.Engine) {
	t.Helper()
	socket := "/run/podman/podman.sock"
	if e.Rootless {
		socket = strings.TrimSpace(e.Exec(t, "sh", "-c", `echo "/run/user/$(id -u)/podman/podman.sock"`))
	}
	e.Exec(t, "mv", socket, socket+".hidden")
	t.Cleanup(func() {
		out, err := e.Command(context.WithoutCancel(t.Context()), "mv", socket+".hidden", socket).CombinedOutput()
		require.NoError(t, err, string(out))
	})
}

// With a podman binary and no socket, galley starts a service of its own, and ends
// it. The engine's socket is hidden meanwhile, where the engine runs.
func TestPrivateService(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo converged in private", "true")})
		bin, err := built()
		require.NoError(t, err)
		hideSocket(t, e)
		run := func(args string) string {
			t.Helper()
			out, err := e.Command(t.Context(), "sh", "-c", "cd '"+p.dir+"' && '"+bin+"' "+args+" 2>&1").CombinedOutput()
			require.NoError(t, err, string(out))
			return string(out)
		}
		require.Contains(t, run("engines"), "private podman service")
		require.Contains(t, run("test"), "converged in private")
		services := e.Exec(t, "sh", "-c", "ps -eo args | grep -c '[g]alley-podman' || true")
		require.Equal(t, "0", strings.TrimSpace(services), "a private service is left running")
	})
}

// The monitors of finished commands end soon after them. Podman keeps each for five minutes by default, and before 4.5
// galley's service cannot choose.
func TestPrivateServiceEndsMonitors(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		if strings.HasPrefix(e.Name, "podman4") {
			t.Skip("Podman 4.3 has no CONTAINERS_CONF_OVERRIDE")
		}
		e.Load(t, "busybox")
		kitchen := shellKitchen("true", "true") + "lifecycle:\n  post_create:\n" +
			strings.Repeat("    - remote: 'true'\n", 50)
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen})
		bin, err := built()
		require.NoError(t, err)
		hideSocket(t, e)
		out, err := e.Command(t.Context(), "sh", "-c", "cd '"+p.dir+"' && '"+bin+"' create 2>&1").CombinedOutput()
		require.NoError(t, err, string(out))
		list := p.runners()
		require.Len(t, list, 1)
		monitors := func() int {
			out := e.Exec(t, "sh", "-c",
				"ps -eo args | grep '[c]onmon.*--exec-process-spec' | grep -c "+list[0].ID+" || true")
			n, err := strconv.Atoi(strings.TrimSpace(out))
			require.NoError(t, err)
			return n
		}
		t.Logf("%s: %d monitors after 50 commands", e.Name, monitors())
		require.Eventually(t, func() bool { return monitors() == 0 }, time.Minute, time.Second)
	})
}

// An image with `Env: ["*"]` makes Podman before 5.0 hand the whole environment of its
// server to the container. galley's own service has none of galley's secrets.
func TestPrivateServiceHasNoSecrets(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		busybox := e.Load(t, "busybox")[0]
		greedy := "localhost/galley-greedy-" + strings.ToLower(rand.Text()) + ":1"
		archive := filepath.Join(e.TempDir(t), "image.tar")
		require.NoError(t, os.WriteFile(archive, withEnv(t, busybox.Tarball, greedy, "*"), 0o644))
		e.Exec(t, "podman", "load", "--quiet", "-i", archive)
		t.Cleanup(func() {
			out, err := e.Command(context.WithoutCancel(t.Context()), "podman", "rmi", greedy).CombinedOutput()
			require.NoError(t, err, string(out))
		})

		kitchen := strings.ReplaceAll(shellKitchen("env", "true"), "image: busybox", "image: "+greedy)
		require.Contains(t, kitchen, greedy)
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen})
		bin, err := built()
		require.NoError(t, err)
		hideSocket(t, e)
		out, err := e.Command(t.Context(), "sh", "-c",
			"cd '"+p.dir+"' && CI_TOKEN=canary-of-the-service '"+bin+"' test --destroy always 2>&1").CombinedOutput()
		if err == nil {
			require.Contains(t, string(out), "PATH=")
		} else { // Podman 6 has no such images
			require.Contains(t, string(out), `invalid image env variable "*"`)
		}
		require.NotContains(t, string(out), "canary-of-the-service")
	})
}

// withEnv is an image archive of Docker's with another name and environment.
func withEnv(t *testing.T, archive, name string, env ...string) []byte {
	t.Helper()
	in, err := os.Open(archive)
	require.NoError(t, err)
	defer in.Close()
	files, order := map[string][]byte{}, []string{}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if h.Typeflag != tar.TypeReg {
			continue // links for the readers of older formats
		}
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		files[h.Name], order = data, append(order, h.Name)
	}
	edit := func(file string, change func(map[string]any)) {
		raw := files[file]
		list := file == "manifest.json"
		if list {
			raw = bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("[")), []byte("]"))
		}
		var m map[string]any
		require.NoError(t, json.Unmarshal(raw, &m))
		change(m)
		out, err := json.Marshal(m)
		require.NoError(t, err)
		if list {
			out = append(append([]byte("["), out...), ']')
		}
		files[file] = out
	}
	var config string
	edit("manifest.json", func(m map[string]any) { config, m["RepoTags"] = m["Config"].(string), []string{name} })
	edit(config, func(m map[string]any) { m["config"].(map[string]any)["Env"] = env })
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, file := range order {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: int64(len(files[file])),
			Typeflag: tar.TypeReg}))
		_, err := w.Write(files[file])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// Without any engine the error lists what was tried, and the remedy is for this system.
func TestNoEngine(t *testing.T) {
	for _, socket := range []string{"/var/run/docker.sock", "/run/podman/podman.sock"} {
		if _, err := os.Lstat(socket); err == nil {
			t.Skip("this machine has an engine at " + socket)
		}
	}
	bin, err := built()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(shellKitchen("true", "true")), 0o644))
	for _, args := range [][]string{{"create"}, {"engines"}} {
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + dir, "HOME=" + dir}
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), string(out))
		require.Contains(t, string(out), "no container engine found")
		require.Contains(t, string(out), "/var/run/docker.sock")
		require.Contains(t, string(out), "install podman")
	}
	// What was asked for is an error, never a reason to take another one.
	cmd := exec.Command(bin, "create")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DOCKER_HOST=unix:///nowhere.sock"}
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), string(out))
	require.Contains(t, string(out), "DOCKER_HOST")
	require.Contains(t, string(out), "there is no such socket")
}
