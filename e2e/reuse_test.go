//go:build linux

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
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

// registryKitchen is reuseKitchen with secrets that no checkpoint has.
func registryKitchen(word string) string {
	return strings.Replace(reuseKitchen(word), "driver: {name: dokken}",
		"driver: {name: dokken, env: {API_TOKEN: hunter2hunter2}}", 1)
}

// A second machine, whose engine has nothing and may be of another version, starts from what the first one pushed and
// converges nothing. Another kind of engine converges for itself.
func TestReuseFromRegistry(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		r := testbed.StartRegistry(t)
		repository := r.AuthAddress + "/galley/reuse-" + strings.ToLower(names.Random(8))
		word := names.Random(8)
		machine := func(e testbed.Engine, flags ...string) *project {
			e.Load(t, "busybox")
			p := newProject(t, e, map[string]string{"kitchen.yml": registryKitchen(word), "data/file": "one\n",
				"data/private": "hunter3hunter3", ".galley.yml": "reuse: " + repository + "\n",
				"docker/config.json": fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.AuthAddress,
					base64.StdEncoding.EncodeToString([]byte(r.User+":"+r.Password)))})
			p.env = append(p.env, "DOCKER_CONFIG="+filepath.Join(p.dir, "docker"))
			p.env = append(p.env, flags...)
			return p
		}
		first := machine(e, "GALLEY_REUSE_PUSH=1")
		t.Cleanup(first.removeCheckpoints)
		pushed := first.ok("test")
		require.Contains(t, pushed.String(), "pushed the checkpoint")
		var explained []struct{ Key string }
		require.NoError(t, json.Unmarshal([]byte(first.ok("explain", "--json").stdout), &explained))
		ref := repository + ":" + explained[0].Key
		requireNoSecrets(t, ref, r)
		content := func(e testbed.Engine) string {
			img, err := connect(t, e).InspectImage(t.Context(), "busybox")
			require.NoError(t, err)
			return img.Content
		}
		first.removeCheckpoints()

		flavor := func(e testbed.Engine) [3]any { return [3]any{e.Kind, e.Rootless, e.UserNSRemap} }
		engines := testbed.Engines(t)
		alike := slices.IndexFunc(engines, func(other testbed.Engine) bool {
			return other.Name != e.Name && flavor(other) == flavor(e)
		})
		if alike < 0 { // the only one of its flavor, without what it made
			alike = slices.IndexFunc(engines, func(other testbed.Engine) bool { return other.Name == e.Name })
		}
		unlike := slices.IndexFunc(engines, func(other testbed.Engine) bool { return flavor(other) != flavor(e) })
		for n, other := range engines {
			if n != alike && n != unlike {
				continue
			}
			second := machine(other)
			t.Cleanup(func() {
				require.NoError(t, second.backend().RemoveImage(context.WithoutCancel(t.Context()), ref))
				second.removeCheckpoints()
			})
			require.Equal(t, content(e), content(other), other.Name)
			if n == unlike {
				require.Contains(t, second.ok("explain").stdout, "there is no checkpoint of it yet", other.Name)
				continue
			}
			require.Contains(t, second.ok("explain").stdout, "is warm: "+repository)
			require.Contains(t, second.ok("list").stdout, "warm")
			require.Contains(t, second.ok("test").String(), "Converge taken from the checkpoint")
			require.Contains(t, second.ok("test").String(), "Converge taken from the checkpoint", "it is pulled once")
			second.env = second.env[:len(second.env)-1] // no login
			require.NoError(t, second.backend().RemoveImage(t.Context(), ref))
			refused := second.ok("test")
			require.Contains(t, refused.String(), "so converge is run: ")
			require.Contains(t, refused.String(), "docker login")
		}
	})
}

// requireNoSecrets looks through a checkpoint of registryKitchen in the registry.
func requireNoSecrets(t *testing.T, ref string, r testbed.Registry) {
	t.Helper()
	tag, err := name.NewTag(ref)
	require.NoError(t, err)
	img, err := remote.Image(tag, remote.WithAuth(&authn.Basic{Username: r.User, Password: r.Password}))
	require.NoError(t, err)
	config, err := img.RawConfigFile()
	require.NoError(t, err)
	files := mutate.Extract(img)
	all, err := io.ReadAll(files)
	require.NoError(t, errors.Join(err, files.Close()))
	require.Contains(t, string(all), "etc/converges")
	for _, text := range []string{string(config), string(all)} {
		require.NotContains(t, text, "hunter")
		require.NotContains(t, text, "opt/kitchen/data")
	}
}
