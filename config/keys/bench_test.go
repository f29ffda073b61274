package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

// manyInstances writes a project of n suites on n platforms, each with blocks of its own, and returns its directory.
func manyInstances(tb testing.TB, n int) string {
	tb.Helper()
	var b strings.Builder
	b.WriteString("driver: {name: dokken, privileged: true, volumes: [/sys/fs/cgroup], env: [A=1]}\n")
	b.WriteString("provisioner: {name: dokken, clean_dokken_sandbox: false, client_rb: {a: {b: 1}}}\n")
	b.WriteString("verifier: inspec\ntransport: dokken\nplatforms:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: p%d\n    driver: {image: \"image:%d\", pid_one_command: /bin/systemd}\n    run_list: [\"recipe[p::%d]\"]\n", i, i, i)
	}
	b.WriteString("suites:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: s%d\n    run_list: [\"recipe[a::%d]\"]\n    attributes: {a: {n: %d}}\n    verifier: {inspec_tests: [test/s%d]}\n    driver: {memory_limit: %d}\n", i, i, i, i, i)
	}
	dir := tb.TempDir()
	require.NoError(tb, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(b.String()), 0o644))
	return dir
}

func BenchmarkLoad10000(b *testing.B) {
	dir := manyInstances(b, 100)
	b.ReportAllocs()
	for b.Loop() {
		c, err := kitchen.Load(b.Context(), kitchen.Options{Dir: dir})
		require.NoError(b, err)
		require.Len(b, c.Instances, 10_000)
	}
}

func BenchmarkLoad10(b *testing.B) {
	dir := manyInstances(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		c, err := kitchen.Load(b.Context(), kitchen.Options{Dir: dir})
		require.NoError(b, err)
		require.Len(b, c.Instances, 9)
	}
}
