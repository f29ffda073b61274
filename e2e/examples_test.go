//go:build linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// example says how an example is run. Nothing is to be said of one with the image of examples/hello.
type example struct {
	// images are those of the test bed that it needs.
	images []string
	// platform is the image that takes the place of its platforms', with the tool in it that the example installs.
	platform string
	// prepare does what its user has to have done.
	prepare func(t *testing.T, p *project)
	// commands are what is run of it; `test -c 2` without them.
	commands [][]string
	// once runs it on one engine alone: other tests have its tool on all.
	once bool
}

var examples = map[string]example{
	"chef-cookbook":   {images: []string{"debian", "cinc"}},
	"ansible-role":    {images: []string{"ansible"}, platform: "ansible", once: true},
	"puppet-module":   {images: []string{"puppet"}, platform: "puppet", once: true},
	"systemd-service": {images: []string{"systemd"}, platform: "systemd"},
	"nodes": {prepare: func(t *testing.T, p *project) {
		t.Helper()
		// The engines of the test bed publish ports in networks of their own.
		const curl = `curl -fsS "http://localhost:$GALLEY_NODE_WEB_PORT_80/page"`
		bin, err := built()
		require.NoError(t, err)
		require.Contains(t, p.read("kitchen.yml"), curl)
		p.write("kitchen.yml", strings.Replace(p.read("kitchen.yml"), curl, bin+` exec "$GALLEY_GROUP/web" -- wget -qO - http://localhost/page`, 1))
	}},
	"private-registry": {prepare: func(t *testing.T, p *project) {
		t.Helper()
		s := newShelf(t, p.engine, "welcome aboard")
		p.write(".home/.docker/config.json", s.auths())
		p.env = append(p.env, "IMAGE="+s.private())
	}},
	"publish": {commands: [][]string{{"verify"}, {"publish", "default"}, {"destroy"}}, prepare: func(t *testing.T, p *project) {
		t.Helper()
		s := &shelf{Registry: testbed.StartRegistry(t)}
		p.write(".home/.docker/config.json", s.auths())
		p.env = append(p.env, "REGISTRY="+s.AuthAddress)
	}},
}

// Every example does what it is for, and leaves nothing behind.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/kitchen.yml")
	require.NoError(t, err)
	require.Greater(t, len(dirs), 5)
	for _, file := range dirs {
		name := filepath.Base(filepath.Dir(file))
		x := examples[name]
		run := func(t *testing.T, e testbed.Engine) {
			t.Helper()
			e.Load(t, append(x.images, "busybox")...)
			files := readDirectory(t, filepath.Dir(file))
			if x.platform != "" {
				files["kitchen.local.yml"] = "platforms: [{name: debian, driver: {image: " + x.platform + "}}]\n"
			}
			p := newProject(t, e, files)
			if x.prepare != nil {
				x.prepare(t, p)
			}
			require.Empty(t, p.ok("lint", "--strict").stdout)
			commands := x.commands
			if commands == nil {
				commands = [][]string{{"test", "-c", "2"}}
			}
			for _, args := range commands {
				p.ok(args...)
			}
			require.Empty(t, p.runners())
		}
		t.Run(name, func(t *testing.T) {
			if x.once {
				e := testbed.Engines(t)[0]
				t.Run(e.Name, func(t *testing.T) { run(t, e) })
				return
			}
			testbed.RunOnEachKind(t, run)
		})
	}
}
