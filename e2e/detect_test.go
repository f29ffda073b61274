//go:build !windows

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// hideSocket hides the engine's well-known socket, where the engine runs, until the
// test ends.
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

// Without any engine the error lists what was tried, and the remedy is for this
// system.
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
