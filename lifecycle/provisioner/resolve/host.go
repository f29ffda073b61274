package resolve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Workstation starts a throw-away container of an image in which cookbooks can be resolved. The caller closes it.
type Workstation func(ctx context.Context, image string) (Container, error)

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

// host is where cookbooks are resolved: this machine, or a container, which has a copy of the project.
type host struct {
	// tool is the name of the tool, program its command there.
	tool, program string
	// file and lock are the Policyfile or Berksfile and its lock file there; out is the directory for the result.
	file, lock, out string
	// container is nil on this machine; image is what it was made of.
	container Container
	image     string
}

// findHost finds the tool: on this machine, else in a container, as provisioner.resolver says. out is the directory of
// this machine for the result.
func (q Request) findHost(ctx context.Context, s source, out string) (*host, error) {
	mode := q.Keys.Resolver
	names := "no " + s.commands[0]
	if len(s.commands) > 1 {
		names = "neither " + strings.Join(s.commands, " nor ")
	}
	if mode != config.ResolverContainer {
		for _, name := range s.commands {
			if path, err := exec.LookPath(name); err == nil {
				q.Notice("resolving cookbooks of %s with this machine's %s", filepath.Base(q.File), name)
				return &host{tool: name, program: path, file: q.File, lock: s.lock, out: out}, nil
			}
		}
		if mode == config.ResolverHost {
			return nil, q.failed("", fmt.Errorf("there is %s on this machine's PATH", names), "",
				"Install Chef Workstation or Cinc Workstation, or set provisioner.resolver: container.")
		}
	}
	h, err := q.container(ctx, s)
	if err == nil {
		return h, nil
	}
	remedy := "Set provisioner.resolver_image to an image that has " + strings.Join(s.commands, " or ") + "."
	if mode != config.ResolverContainer {
		err = fmt.Errorf("there is %s on this machine's PATH, and a container does not do: %w", names, err)
		remedy = "Install Chef Workstation or Cinc Workstation on this machine. " + remedy
	}
	return nil, q.failed("", err, "", remedy)
}

// container makes a container with the tool and a copy of the project.
func (q Request) container(ctx context.Context, s source) (_ *host, err error) {
	if q.Workstation == nil {
		return nil, errors.New("there is no engine for one")
	}
	rel, err := filepath.Rel(q.Root, filepath.Dir(q.File))
	if err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s is outside of the project, which is all that the container gets", q.File)
	}
	image := q.image()
	q.Notice("resolving cookbooks of %s in a container of %s", filepath.Base(q.File), image)
	c, err := q.Workstation(ctx, image)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close(ctx))
		}
	}()
	var out bytes.Buffer
	const find = `mkdir -p ` + containerProject +
		` && for c; do command -v "$c" > /dev/null && { echo "$c"; exit 0; }; done; exit 127`
	code, err := c.Exec(ctx, runner.Command{Argv: append([]string{"sh", "-c", find, "sh"}, s.commands...), User: "0",
		Stdout: &out, Stderr: &out})
	if err != nil {
		return nil, err
	}
	tool := strings.TrimSpace(out.String())
	if code != 0 {
		return nil, fmt.Errorf("the image %s has no %s: %s", image, strings.Join(s.commands, " and no "), tool)
	}
	files, err := sandbox.Tree(q.Root, "", nil)
	if err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	there := func(file string) string {
		return path.Join(containerProject, filepath.ToSlash(rel), filepath.Base(file))
	}
	h := &host{tool: tool, program: tool, file: there(q.File), lock: there(s.lock), out: containerOutput, container: c,
		image: image}
	return h, c.Upload(ctx, containerProject, files)
}

// run runs the tool beside the Policyfile or Berksfile. Its error has the last of what the tool printed.
func (q Request) run(ctx context.Context, h *host, args []string) error {
	var out process.Tail
	var code int
	var err error
	where, argv := " on this machine", append([]string{h.program}, args...)
	if h.container == nil {
		code, err = hostexec.Run(ctx, hostexec.Command{Argv: argv, Env: q.EnvironWith(q.Env), Dir: filepath.Dir(h.file),
			Stdout: &out, Stderr: &out})
	} else {
		where = " in a container of " + h.image
		code, err = h.container.Exec(ctx, runner.Command{Argv: argv, Env: q.Env, User: "0", WorkDir: path.Dir(h.file),
			Stdout: &out, Stderr: &out})
	}
	line, remedy := strings.Join(append([]string{h.tool}, args...), " "), ""
	switch {
	case err != nil:
		err = fmt.Errorf("`%s`: %w", line, err)
	case code == 0:
		return nil
	default:
		err = fmt.Errorf("`%s` exited with code %d", line, code)
		remedy = "Run the command yourself to look closer."
		if h.container == nil {
			remedy += " provisioner.resolver: container runs it in an image instead."
		}
	}
	return q.failed(where, err, out.String(), remedy)
}

// fetch brings a file or directory back to its place on this machine, if it is elsewhere.
func (h *host) fetch(ctx context.Context, from, to string) error {
	if h.container == nil {
		return nil
	}
	return h.container.Download(ctx, from, to)
}

func (h *host) close(ctx context.Context) error {
	if h.container == nil {
		return nil
	}
	return h.container.Close(ctx)
}
