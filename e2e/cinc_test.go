//go:build linux

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// filesBelow reads a directory of testdata.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	tree := os.DirFS(filepath.Join("testdata", dir))
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(tree, path)
		files[path] = string(text)
		return err
	}))
	return files
}

// A real Cinc Client in a platform that knows nothing of it: roles, environments, plain
// and encrypted data bags, attributes, templates, libraries, resources and a policy.
func TestRealCinc(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "debian", "cinc15")
		p := newProject(t, e, filesBelow(t, "cinc15"))
		p.env = append(p.env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"))
		p.ok("verify", "default|policy", "-c", "2", "--report", "ndjson=events")
		require.Contains(t, p.read("events"),
			`"text":"Cinc Client finished, 4 resources updated; then Cinc Client finished, 0 resources updated","changed":4,`)

		r := p.galley("converge", "again")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "not idempotent: the second run of cinc-client changed 1 resource")
		require.Contains(t, r.String(), "  execute[again and again] (pantry::again line 1)\n")

		r = p.galley("converge", "broken")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "the jar is broken")
		require.Contains(t, r.String(), "cinc-client exited with code 1")
		require.Contains(t, r.String(), "cookbooks/pantry/recipes/broken.rb:")

		// The start was recorded for `again`. What has it gives the same.
		p.ok("exec", "broken", "--", "test", "-s", "/opt/galley/pack")
		t.Cleanup(p.removeCheckpoints)
		r = p.ok("test", "default", "--reuse=local", "--report", "ndjson=events")
		require.Contains(t, p.read("events"),
			`"text":"Cinc Client finished, 4 resources updated; then Cinc Client finished, 0 resources updated","changed":4,`)
		// What the client keeps in its sandbox keeps no checkpoint from being made.
		require.Contains(t, r.String(), "kept the converged runner as the checkpoint")
		require.Contains(t, p.ok("test", "default", "--reuse=local").String(), "Converge taken from the checkpoint")
	})
}
