package provisioner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Container is a throw-away container of a Workstation.
type Container interface {
	// Exec runs a command in it, see runner.Runner.
	Exec(ctx context.Context, c runner.Command) (exitCode int, err error)
	// Upload puts files below a directory, which is made.
	Upload(ctx context.Context, dir string, files []sandbox.File) error
	// Download copies a file or directory to this machine.
	Download(ctx context.Context, from, to string) error
	// Close removes it.
	Close(ctx context.Context) error
}

// The places in a container that resolves.
const (
	benchProject = "/galley/project"
	benchOut     = "/galley/out"
)

// resolverImage is provisioner.resolver_image, or the product's Workstation.
func (c *chef) resolverImage() string {
	k := c.instance.Provisioner.Chef
	switch {
	case k.ResolverImage != "":
		return k.ResolverImage
	case k.ProductName == productCinc:
		return "cincproject/workstation:latest"
	default:
		return "chef/chefworkstation:latest"
	}
}

// containerBench resolves in a container, which gets a copy of the project.
type containerBench struct {
	c         Container
	name      string
	image     string
	root, dir string
	env       map[string]string
}

func (c *chef) containerBench(ctx context.Context, s source) (_ bench, err error) {
	if c.project.Workstation == nil {
		return nil, errors.New("there is no engine for one")
	}
	rel, err := filepath.Rel(c.project.Root, filepath.Dir(s.file))
	if err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s is outside of the project, which is all that the container gets", s.file)
	}
	image := c.resolverImage()
	c.project.say("resolving cookbooks of %s in a container of %s", filepath.Base(s.file), image)
	box, err := c.project.Workstation.Open(ctx, image)
	if err != nil {
		return nil, err
	}
	b := &containerBench{c: box, image: image, root: c.project.Root, dir: path.Join(benchProject, filepath.ToSlash(rel)), env: c.toolEnv()}
	if err := b.prepare(ctx, s); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

// prepare finds the tool and uploads the project.
func (b *containerBench) prepare(ctx context.Context, s source) error {
	var out bytes.Buffer
	const look = `mkdir -p ` + benchProject + ` && for c; do command -v "$c" > /dev/null && { echo "$c"; exit 0; }; done; exit 127`
	code, err := b.c.Exec(ctx, runner.Command{Argv: append([]string{"sh", "-c", look, "sh"}, s.commands...), User: "0", Stdout: &out, Stderr: &out})
	if err != nil {
		return err
	}
	if b.name = strings.TrimSpace(out.String()); code != 0 {
		return fmt.Errorf("the image %s has no %s: %s", b.image, strings.Join(s.commands, " and no "), b.name)
	}
	files, err := sandbox.Tree(b.root, "", func(rel string, dir bool) bool {
		return dir && (rel == ".git" || rel == ".kitchen")
	})
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	return b.c.Upload(ctx, benchProject, files)
}

func (b *containerBench) tool() string      { return b.name }
func (b *containerBench) where() string     { return "in a container of " + b.image }
func (b *containerBench) host() bool        { return false }
func (b *containerBench) out(string) string { return benchOut }

func (b *containerBench) there(file string) string { return path.Join(b.dir, filepath.Base(file)) }

func (b *containerBench) run(ctx context.Context, args []string) (string, int, error) {
	var out bytes.Buffer
	code, err := b.c.Exec(ctx, runner.Command{Argv: append([]string{b.name}, args...), Env: b.env, User: "0", WorkDir: b.dir, Stdout: &out, Stderr: &out})
	return out.String(), code, err
}

func (b *containerBench) take(ctx context.Context, dir string) error {
	return b.c.Download(ctx, benchOut, dir)
}

func (b *containerBench) fetch(ctx context.Context, file string) error {
	return b.c.Download(ctx, b.there(file), file)
}

func (b *containerBench) close(ctx context.Context) error { return b.c.Close(ctx) }
