package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// reuseKitchen has an instance that counts its converges in the runner. Its checkpoints are no other test's.
func reuseKitchen(word string) string {
	return `
driver: {name: dokken}
provisioner: {name: shell, data_path: data, command: 'echo ` + word + ` >> /etc/converges; cp data/file /etc/given'}
verifier: {name: shell, remote_exec: true, command: '[ "$(cat /etc/converges)" = ` + word + ` ] && grep -q "" /etc/given'}
platforms: [{name: p, driver: {image: busybox}}]
suites: [{name: default}]
`
}

// checkpoints are those of the project on its engine.
func (p *project) checkpoints(ctx context.Context) []backend.Image {
	p.t.Helper()
	dir, err := filepath.EvalSymlinks(p.dir)
	require.NoError(p.t, err)
	list, err := p.backend().ListImages(ctx,
		backend.Labels{label.Role: label.RoleCheckpoint, label.ProjectDir: dir})
	require.NoError(p.t, err)
	return list
}

// removeCheckpoints removes those that a test made.
func (p *project) removeCheckpoints() {
	ctx := context.WithoutCancel(p.t.Context()) // which has ended
	for _, img := range p.checkpoints(ctx) {
		err := p.backend().RemoveImage(ctx, img.ID)
		require.True(p.t, err == nil || errors.Is(err, backend.ErrConflict), err)
	}
}

// A converge whose inputs have not changed is taken from its checkpoint; one whose have is not, and explain says why.
func TestReuse(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": reuseKitchen(names.Random(8)), "data/file": "one\n",
			".galley.yml": "reuse: local\n"})
		t.Cleanup(p.removeCheckpoints)
		require.Contains(t, p.ok("test", "--dry-run").stdout, "(no checkpoint spares it: there is no checkpoint of it yet)")
		require.NoDirExists(t, filepath.Join(p.dir, ".kitchen"))
		require.Contains(t, p.ok("test").String(), "kept the converged runner as the checkpoint")
		require.Len(t, p.checkpoints(t.Context()), 1)
		require.Contains(t, p.ok("explain").stdout, "default-p is warm")
		require.Contains(t, p.ok("test", "--dry-run").stdout, "skip     converge, with its hooks")
		require.Contains(t, p.ok("test").String(), "Converge taken from the checkpoint")

		p.write("data/file", "two\n")
		require.Contains(t, p.ok("explain").stdout, "files of the sandbox             changed")
		var rows []struct{ Reuse string }
		require.NoError(t, json.Unmarshal([]byte(p.ok("list", "--json").stdout), &rows))
		require.Equal(t, "cold", rows[0].Reuse)
		r := p.ok("test")
		require.Contains(t, r.String(), "changed: files of the sandbox")
		require.Len(t, p.checkpoints(t.Context()), 1, "the new one took its place")
		require.Contains(t, p.ok("list").stdout, "warm")
		require.NotContains(t, p.ok("test", "--reuse=off").String(), "checkpoint")

		// What runs on is no part of an image.
		p.write("kitchen.yml", reuseKitchen(names.Random(8)+"; sleep 1000 &"))
		r = p.galley("test", "--destroy=always")
		require.Contains(t, r.String(), "it left running sleep, which an image does not")
		require.Empty(t, p.runners())
	})
}
