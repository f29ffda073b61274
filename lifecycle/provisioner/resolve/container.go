package resolve

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

// Workstation makes throw-away containers in which cookbooks can be resolved.
type Workstation interface {
	// Open starts a container of an image. The caller closes it.
	Open(ctx context.Context, image string) (Container, error)
}

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
	containerProject = "/galley/project"
	containerOutput  = "/galley/out"
)

// image is provisioner.resolver_image, or the product's Workstation.
func (q Request) image() string {
	k := q.Keys
	switch {
	case k.ResolverImage != "":
		return k.ResolverImage
	case k.ProductName == "cinc":
		return "cincproject/workstation:latest"
	default:
		return "chef/chefworkstation:latest"
	}
}

// containerHost resolves in a container, which gets a copy of the project.
type containerHost struct {
	c         Container
	name      string
	image     string
	root, dir string
	env       map[string]string
}

func (q Request) container(ctx context.Context, s source) (_ resolveHost, err error) {
	if q.Workstation == nil {
		return nil, errors.New("there is no engine for one")
	}
	rel, err := filepath.Rel(q.Root, filepath.Dir(s.file))
	if err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s is outside of the project, which is all that the container gets", s.file)
	}
	image := q.image()
	q.Notice("resolving cookbooks of %s in a container of %s", filepath.Base(s.file), image)
	c, err := q.Workstation.Open(ctx, image)
	if err != nil {
		return nil, err
	}
	h := &containerHost{c: c, image: image, root: q.Root, dir: path.Join(containerProject, filepath.ToSlash(rel)), env: q.Env}
	if err := h.prepare(ctx, s); err != nil {
		return nil, errors.Join(err, h.close(ctx))
	}
	return h, nil
}

// prepare finds the tool and uploads the project.
func (h *containerHost) prepare(ctx context.Context, s source) error {
	var out bytes.Buffer
	const find = `mkdir -p ` + containerProject + ` && for c; do command -v "$c" > /dev/null && { echo "$c"; exit 0; }; done; exit 127`
	code, err := h.c.Exec(ctx, runner.Command{Argv: append([]string{"sh", "-c", find, "sh"}, s.commands...), User: "0", Stdout: &out, Stderr: &out})
	if err != nil {
		return err
	}
	if h.name = strings.TrimSpace(out.String()); code != 0 {
		return fmt.Errorf("the image %s has no %s: %s", h.image, strings.Join(s.commands, " and no "), h.name)
	}
	files, err := sandbox.Tree(h.root, "", func(rel string, dir bool) bool {
		return dir && (rel == ".git" || rel == ".kitchen")
	})
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	return h.c.Upload(ctx, containerProject, files)
}

func (h *containerHost) tool() string            { return h.name }
func (h *containerHost) where() string           { return "in a container of " + h.image }
func (h *containerHost) local() bool             { return false }
func (h *containerHost) outputDir(string) string { return containerOutput }

func (h *containerHost) pathOf(file string) string { return path.Join(h.dir, filepath.Base(file)) }

func (h *containerHost) run(ctx context.Context, args []string) (string, int, error) {
	var out bytes.Buffer
	code, err := h.c.Exec(ctx, runner.Command{Argv: append([]string{h.name}, args...), Env: h.env, User: "0", WorkDir: h.dir, Stdout: &out, Stderr: &out})
	return out.String(), code, err
}

func (h *containerHost) fetchOutput(ctx context.Context, dir string) error {
	return h.c.Download(ctx, containerOutput, dir)
}

func (h *containerHost) fetch(ctx context.Context, file string) error {
	return h.c.Download(ctx, h.pathOf(file), file)
}

func (h *containerHost) close(ctx context.Context) error { return h.c.Close(ctx) }
