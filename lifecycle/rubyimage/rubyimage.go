// Package rubyimage evaluates templates with the Ruby inside of an image that the
// project uses anyway: that of Chef or Cinc, or a Workstation.
package rubyimage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/template"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/internal/puller"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// maxProject bounds the files of a project that are sent into the container.
const maxProject = 64 << 20

// Runner runs programs with the Ruby of an image.
type Runner struct {
	// Engine is where the container lives.
	Engine backend.ContainerBackend
	// Mirrors says which images are pulled under another name.
	Mirrors mirrors.List
	// Version is galley's own, for the labels.
	Version string
	// Say tells people what takes time.
	Say func(string)
}

// settings matches the settings of kitchen.yml that name an image. Their values may
// hold ERB, which is what is to be evaluated: such a one counts as not given.
var settings = lazyregexp.New(`(?m)(?:^|[\s{,])(chef_image|chef_version|resolver_image|product_name):` +
	`\s*["']?([^\s"'#,}]+)`)

// chefProject matches what projects have that converge with Chef or Cinc.
var chefProject = lazyregexp.New(`\b(dokken|chef_infra|chef_zero|chef_solo|cinc|` +
	`chef_image|chef_version|resolver_image)\b`)

// Images are the images of a project that have a Ruby, by the text of its
// kitchen.yml before its templates are evaluated.
func Images(text []byte) []string {
	if !chefProject().Match(text) {
		return nil
	}
	given := map[string]string{"chef_image": "chef/chef", "chef_version": "latest"}
	for _, m := range settings().FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[2], "<%") {
			given[m[1]] = m[2]
		}
	}
	workstation := "chef/chefworkstation:latest"
	if given["product_name"] == "cinc" || strings.Contains(given["chef_image"], "cinc") {
		workstation = "cincproject/workstation:latest"
	}
	list := []string{config.TaggedImage(given["chef_image"], given["chef_version"])}
	if given["resolver_image"] != "" {
		list = append(list, given["resolver_image"])
	}
	return append(list, workstation)
}

// find is the first of the project's images that the engine has; without any, the first one is pulled.
func (r Runner) find(ctx context.Context, text []byte) (backend.Image, error) {
	names := Images(text)
	if len(names) == 0 {
		return backend.Image{}, fmt.Errorf("%w: kitchen.yml names no image of Chef or Cinc", template.ErrNoRuby)
	}
	for i, name := range names {
		ref, err := backend.NormalizeRef(name)
		if err != nil {
			return backend.Image{}, fmt.Errorf("%w: %w", template.ErrNoRuby, err)
		}
		names[i] = r.Mirrors.Rewrite(ref)
		for _, local := range r.Mirrors.Local(ref) {
			img, err := r.Engine.InspectImage(ctx, local)
			if err == nil {
				return img, nil
			} else if !errors.Is(err, backend.ErrNotFound) {
				return backend.Image{}, fmt.Errorf("find image %s: %w", local, err)
			}
		}
	}
	r.Say("kitchen.yml needs a Ruby: pulling " + names[0] + " for the one in it")
	img, err := puller.Pull(ctx, r.Engine, backend.PullOptions{Ref: names[0]}, r.Say)
	if err != nil {
		return backend.Image{}, fmt.Errorf("%w: pulling %s: %w", template.ErrNoRuby, names[0], err)
	}
	return img, nil
}

// keepAlive is PID 1 of the container. It ends by itself, should galley not remove it.
const keepAlive = `trap 'exit 0' TERM INT; sleep 900 & wait $!`

// start finds a Ruby in the container and runs it. It ends with 127 without one.
const start = `for r in /opt/*/embedded/bin/ruby /hab/pkgs/core/ruby*/*/*/bin/ruby /usr/local/bin/ruby /usr/bin/ruby; do
  [ -x "$r" ] && exec "$r" "$@"
done
exit 127`

// Run is an [template.ImageRuby]. The container has the project's files, copied to where
// they are on this machine, and no network. It is removed afterwards.
func (r Runner) Run(ctx context.Context, text []byte, p template.RubyProgram) (out []byte, err error) {
	img, err := r.find(ctx, text)
	if err != nil {
		return nil, err
	}
	files, err := projectFiles(p.Dir)
	if err != nil {
		return nil, err
	}
	c, err := helper.Start(ctx, r.Engine, backend.ContainerSpec{
		Name: "galley-ruby-" + names.Random(6), Image: img.ID, User: "0", Entrypoint: []string{"sh", "-c", keepAlive},
		Network: backend.NetworkAttachment{Mode: spec.NetworkNone},
		Labels:  backend.Labels{label.Role: label.RoleHelper, label.Version: r.Version},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	if err := c.Upload(ctx, "/", files); err != nil {
		return nil, fmt.Errorf("copy the project for its templates: %w", err)
	}
	var stdout bytes.Buffer
	code, err := c.Exec(ctx, runner.Command{
		Argv: append([]string{"sh", "-c", start, "ruby"}, p.Args...), Env: environment(p.Env),
		WorkDir: filepath.ToSlash(p.Dir),
		Stdin:   bytes.NewReader(p.Stdin), Stdout: &stdout, Stderr: p.Stderr,
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("run the Ruby of %s: %w", img.ID, err)
	case code == 127:
		return nil, fmt.Errorf("%w in %s", template.ErrNoRuby, img.ID)
	case code != 0:
		return nil, fmt.Errorf("the Ruby of %s ended with status %d", img.ID, code)
	}
	return stdout.Bytes(), nil
}

// hostOnly are the variables that mean something on this machine alone.
var hostOnly = []string{"PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "SHELL", "TMPDIR", "RUBYOPT", "RUBYLIB", "GEM_HOME",
	"GEM_PATH", "BUNDLE_GEMFILE"}

// environment is the environment of the program without what belongs to this machine.
func environment(list []string) map[string]string {
	env := map[string]string{}
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" && !slices.Contains(hostOnly, k) {
			env[k] = v
		}
	}
	return env
}

// leftOut are directories that templates have no business with, beside .git and .kitchen.
var leftOut = []string{"node_modules", ".bundle", ".vagrant"}

// projectFiles are the files of a project, for the path that it has here.
func projectFiles(dir string) ([]sandbox.File, error) {
	root := strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(dir, filepath.VolumeName(dir))), "/")
	files, _, err := sandbox.Entries(dir, root,
		func(rel string, isDir bool) bool { return isDir && slices.Contains(leftOut, path.Base(rel)) })
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	var size int64
	for _, f := range files {
		if size += f.Size(); size > maxProject {
			return nil, fmt.Errorf("read %s: the project has more than %d MiB of files", dir, maxProject>>20)
		}
	}
	return files, nil
}
