package diff_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/cli"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/golden"
)

// differing is a project on a fake engine whose converge changes files.
type differing struct {
	t      *testing.T
	dir    string
	engine *fake.Engine
}

func newDiffering(t *testing.T) *differing {
	t.Helper()
	for _, name := range []string{"GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION", "FORCE_COLOR",
		"CLICOLOR_FORCE"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	d := &differing{t: t, dir: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, "kitchen.yml"), []byte(`
driver: {name: dokken, volumes: [/data]}
provisioner: {name: shell, command: change, env: {APP_SECRET: hunter2-hunter2}}
verifier: {name: shell, command: "true"}
platforms: [{name: some, driver: {image: some}}]
suites: [{name: one}, {name: two}]
`), 0o600))
	d.engine = fake.New(fake.ImageSpec{Ref: "docker.io/library/some:latest",
		Config: backend.Image{Volumes: []string{"/var/lib/db"}},
		Files: map[string]string{"/etc/app.conf": "a\nb\nc\n", "/etc/binary": "\x00", "/etc/gone": "gone\n",
			"/etc/key": "password=other\n"}})
	d.engine.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		for name, text := range map[string]string{"/etc/app.conf": "a\nB\nc\n", "/etc/binary": "\x00\x01",
			"/etc/new\x1b[31m": "text\x1b[2J\n", "/etc/key": "password=hunter2-hunter2\n", "/tmp/junk": "1",
			"/srv/app/site.conf": "listen 80;\n"} {
			if err := d.engine.WriteFile(c.ID, name, []byte(text)); err != nil {
				return 1, err
			}
		}
		return 0, d.engine.RemoveFile(c.ID, "/etc/gone")
	})
	return d
}

// run runs a command and returns its exit code and what it printed.
func (d *differing) run(args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	var files [2]*os.File
	for n := range files {
		f, err := os.Create(filepath.Join(d.t.TempDir(), "out"))
		require.NoError(d.t, err)
		defer f.Close()
		files[n] = f
	}
	in, err := os.Open(os.DevNull)
	require.NoError(d.t, err)
	defer in.Close()
	f := cmdutil.NewFactory(cmdutil.Streams{In: in, Out: files[0], Err: files[1]}, "test")
	f.Dir = func() (string, error) { return d.dir, nil }
	f.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
		return d.engine, backend.Endpoint{Kind: "fake", URI: "fake://one"}, nil
	}
	d.t.Chdir(d.dir)
	code = cli.Run(d.t.Context(), args, f)
	var text [2]string
	for n, file := range files {
		data, err := os.ReadFile(file.Name())
		require.NoError(d.t, err)
		text[n] = string(data)
	}
	return code, text[0], text[1]
}

func (d *differing) ok(args ...string) string {
	d.t.Helper()
	code, stdout, stderr := d.run(args...)
	require.Zero(d.t, code, stdout+stderr)
	return stdout
}

func TestDiff(t *testing.T) {
	d := newDiffering(t)
	here, err := os.Getwd()
	require.NoError(t, err)
	file := func(name string) string { return filepath.Join(here, "testdata", name) }
	code, _, stderr := d.run("diff", "one-some")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "one-some has no runner to compare with its image")
	require.Contains(t, stderr, "galley converge one-some")

	d.ok("converge", "one")
	golden.Equal(t, file("one.txt"), d.ok("diff", "one"))
	golden.Equal(t, file("all.txt"), d.ok("diff", "one", "--all"))
	golden.Equal(t, file("stat.txt"), d.ok("diff", "one", "--stat"))
	golden.Equal(t, file("color.txt"), d.ok("diff", "one", "--color"))
	golden.Equal(t, file("content.txt"), d.ok("diff", "one", "--content"))
	require.Contains(t, d.ok("diff", "one", "--content=/etc/app.*"), "+B")
	require.NotContains(t, d.ok("diff", "one", "--content=/etc/app.*"), "hunter")
	require.NotContains(t, d.ok("diff", "one", "--content=/etc/app.*"), "listen 80")
	require.Contains(t, d.ok("diff", "one", "--content=srv"), "listen 80")
	require.Contains(t, d.ok("diff", "one", "--content=/srv/**"), "listen 80")
	require.Contains(t, d.ok("diff", "one", "--content=*.none"), "no file that changed")

	printed := d.ok("diff", "one", "--json")
	golden.Equal(t, file("one.json"), printed)
	require.True(t, json.Valid([]byte(printed)))

	code, _, _ = d.run("diff", "one", "--exit-code")
	require.Equal(t, 1, code)
	code, _, stderr = d.run("diff", "one", "--json", "--content")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "leave out --json")

	d.ok("converge", "two")
	golden.Equal(t, file("several.txt"), d.ok("diff"))
	all, err := d.engine.ListContainers(t.Context(), backend.Labels{})
	require.NoError(t, err)
	require.Len(t, all, 2, "the containers that showed the image are gone")
}

// TestDiffOfNothing: an instance that changed nothing has no differences, whatever galley itself put there.
func TestDiffOfNothing(t *testing.T) {
	d := newDiffering(t)
	d.ok("create", "one")
	require.Contains(t, d.ok("diff", "one", "--exit-code"), "nothing differs from some\n")
}

// TestDiffWithoutEngine: what the engine does not answer is an error that says so.
func TestDiffWithoutEngine(t *testing.T) {
	d := newDiffering(t)
	d.ok("converge", "one")
	d.engine.FailOn(func(c fake.Call) error {
		if c.Verb == "ContainerChanges" {
			return backend.ErrUnreachable
		}
		return nil
	})
	code, _, stderr := d.run("diff", "one")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "ask what changed in the runner of one-some")
}
