//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPackages builds the packages twice, which gives the same bytes, and installs the deb in a directory, runs what is
// in it and removes it.
func TestPackages(t *testing.T) {
	t.Parallel()
	if os.Getenv("GALLEY_TEST_ENGINES") == "none" {
		t.Skip("GALLEY_TEST_ENGINES=none: it belongs to the long tests")
	}
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("this machine has no dpkg")
	}
	out := make([]string, 2)
	for i := range out {
		out[i] = t.TempDir()
		build := exec.Command("../packaging/build.sh", out[i])
		build.Env = append(os.Environ(), "VERSION=1.2.3")
		said, err := build.CombinedOutput()
		if err != nil && strings.Contains(string(said), "nfpm") && strings.Contains(string(said), "Forbidden") {
			t.Skipf("nfpm cannot be had here: %s", said)
		}
		require.NoError(t, err, "%s", said)
	}
	packages, err := filepath.Glob(out[0] + "/galley*.*")
	require.NoError(t, err)
	require.Len(t, packages, 2)
	for _, p := range packages {
		first, err := os.ReadFile(p)
		require.NoError(t, err)
		second, err := os.ReadFile(filepath.Join(out[1], filepath.Base(p)))
		require.NoError(t, err)
		require.Equal(t, first, second, "two builds of %s differ", filepath.Base(p))
	}

	debs, err := filepath.Glob(out[0] + "/*.deb")
	require.NoError(t, err)
	root := t.TempDir()
	for _, dir := range []string{"updates", "info"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644))
	run := func(name string, arg ...string) string {
		t.Helper()
		said, err := exec.Command(name, arg...).CombinedOutput()
		require.NoError(t, err, "%s", said)
		return string(said)
	}
	run(dpkg, "--root="+root, "--force-not-root", "--install", debs[0])
	require.Equal(t, "galley 1.2.3\n", run(filepath.Join(root, "usr/bin/galley"), "version"))
	require.FileExists(t, filepath.Join(root, "usr/share/bash-completion/completions/galley"))
	require.FileExists(t, filepath.Join(root, "usr/share/man/man1/galley-converge.1.gz"))
	run(dpkg, "--root="+root, "--force-not-root", "--purge", "galley")
	left, err := filepath.Glob(root + "/usr/*")
	require.NoError(t, err)
	require.Empty(t, left)
}
