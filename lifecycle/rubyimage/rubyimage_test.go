package rubyimage

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config/template"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

func TestImages(t *testing.T) {
	for text, want := range map[string][]string{
		"driver:\n  name: vagrant\n": nil,
		"driver:\n  name: dokken\n": {"chef/chef:latest",
			"chef/chefworkstation:latest"},
		"driver:\n  name: dokken\n  chef_version: '17'\n": {"chef/chef:17",
			"chef/chefworkstation:latest"},
		"driver: {name: dokken, chef_image: cincproject/cinc, chef_version: 18}\n": {"cincproject/cinc:18",
			"cincproject/workstation:latest"},
		"driver:\n  name: dokken\n  chef_version: <%= ENV['V'] || 'current' %>\n": {"chef/chef:latest",
			"chef/chefworkstation:latest"},
		"provisioner:\n  name: dokken\n  product_name: cinc\n": {"chef/chef:latest",
			"cincproject/workstation:latest"},
		"driver:\n  name: dokken\nprovisioner:\n  resolver_image: example.com/ws:1 # x": {"chef/chef:latest",
			"example.com/ws:1", "chef/chefworkstation:latest"},
	} {
		require.Equal(t, want, Images([]byte(text)), "%q", text)
	}
}

// TestRun checks what the program gets, and that nothing stays behind.
func TestRun(t *testing.T) {
	const ref = "docker.io/chef/chef:latest"
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "VERSION"), []byte("1.2"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".git", "objects"), 0o755))
	text := []byte("driver: {name: dokken}\n")
	program := template.RubyProgram{Args: []string{"-e", "x"}, Dir: dir,
		Env: []string{"PATH=/usr/bin", "HOME=/home/x", "CI=1"}, Stdin: []byte("in")}
	for name, c := range map[string]struct {
		code int
		err  error
	}{"runs": {}, "no ruby": {code: 127, err: template.ErrNoRuby}, "fails": {code: 3}} {
		t.Run(name, func(t *testing.T) {
			engine := fake.New(fake.ImageSpec{Ref: ref})
			var e backend.ExecSpec
			var made backend.Container
			engine.OnExec(func(ctx context.Context, c2 backend.Container, s backend.ExecSpec) (int, error) {
				e, made = s, c2
				in, err := io.ReadAll(s.Stdin)
				require.NoError(t, err)
				require.Equal(t, "in", string(in))
				tar, err := engine.CopyFrom(ctx, c2.ID, filepath.Join(dir, "VERSION"))
				require.NoError(t, err)
				text, err := io.ReadAll(tar)
				require.NoError(t, err)
				require.Contains(t, string(text), "1.2")
				_, err = engine.CopyFrom(ctx, c2.ID, filepath.Join(dir, ".git"))
				require.ErrorIs(t, err, backend.ErrNotFound)
				_, err = io.Copy(s.Stdout, bytes.NewBufferString("out"))
				return c.code, err
			})
			out, err := Runner{Engine: engine, Version: "1", Say: func(string) {}}.Run(t.Context(), text, program)
			if c.code == 0 {
				require.NoError(t, err)
				require.Equal(t, "out", string(out))
			} else {
				require.Error(t, err)
			}
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			require.Equal(t, map[string]string{"HOME": "/home/x", "CI": "1"}, e.Env)
			require.Equal(t, dir, e.WorkDir)
			require.Equal(t, []string{"ruby", "-e", "x"}, e.Command[3:])
			require.Equal(t, label.RoleHelper, made.Labels[label.Role])
			left, err := engine.ListContainers(t.Context(), nil)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// TestNoImage checks that an image that cannot be had means that there is no Ruby.
func TestNoImage(t *testing.T) {
	for _, text := range []string{"driver: {name: vagrant}\n", "driver: {name: dokken}\n"} {
		_, err := Runner{Engine: fake.New(), Say: func(string) {}}.Run(t.Context(), []byte(text), template.RubyProgram{Dir: t.TempDir()})
		require.ErrorIs(t, err, template.ErrNoRuby)
	}
}

// TestFromElsewhere: the image comes from where the user has images come from, and a local one counts under both names.
func TestFromElsewhere(t *testing.T) {
	r := Runner{Mirrors: mirrors.List{"docker.io": "mirror.example/hub"}, Say: func(string) {}}
	text := []byte("driver: {name: dokken}\n")
	for _, local := range []string{"", "docker.io/chef/chef:latest", "mirror.example/hub/chef/chef:latest"} {
		engine := fake.New()
		engine.AddRemoteImage(fake.ImageSpec{Ref: "mirror.example/hub/chef/chef:latest"})
		if local != "" {
			engine = fake.New(fake.ImageSpec{Ref: local})
		}
		r.Engine = engine
		img, err := r.find(t.Context(), text)
		require.NoError(t, err)
		require.Equal(t, []string{cmp.Or(local, "mirror.example/hub/chef/chef:latest")}, img.Tags)
	}
}

func TestProjectsThatAreTooLarge(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "large"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(maxProject+1))
	require.NoError(t, f.Close())
	_, err = projectFiles(dir)
	require.ErrorContains(t, err, "more than 64 MiB")
}
