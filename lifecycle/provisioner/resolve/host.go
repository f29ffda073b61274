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
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Workstation starts a throw-away container of an image in which cookbooks can be resolved. The caller closes it.
type Workstation func(ctx context.Context, image string) (Place, error)

// Place is where cookbooks are resolved: a throw-away container of a Workstation, or this machine.
type Place interface {
	// Exec runs a command in it, see runner.Runner.
	Exec(ctx context.Context, c runner.Command) (exitCode int, err error)
	// Upload puts files below a directory, which is made.
	Upload(ctx context.Context, dir string, files []sandbox.File) error
	// Download copies a file or directory to this machine.
	Download(ctx context.Context, from, to string) error
	// Close removes a container.
	Close(ctx context.Context) error
}

// thisMachine has what a tool makes here where it is wanted already.
type thisMachine struct{ project.Project }

func (m thisMachine) Exec(ctx context.Context, c runner.Command) (exitCode int, err error) {
	return hostexec.Run(ctx, hostexec.Command{Argv: c.Argv, Env: m.EnvironWith(c.Env), Dir: c.WorkDir, Stdout: c.Stdout,
		Stderr: c.Stderr})
}

func (thisMachine) Upload(context.Context, string, []sandbox.File) error { return nil }
func (thisMachine) Download(context.Context, string, string) error       { return nil }
func (thisMachine) Close(context.Context) error                          { return nil }

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

// onMachine says where a host is that is this machine.
const onMachine = "on this machine"

// host is where cookbooks are resolved: this machine, or a container, which has a copy of the project.
type host struct {
	Place
	// where is the host in words: "on this machine".
	where string
	// tool is the name of the tool, program its command there.
	tool, program string
	// file and lock are the Policyfile or Berksfile and its lock file there, in dir; out is the directory for the
	// result.
	dir, file, lock, out string
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
				return &host{Place: thisMachine{q.Project}, where: onMachine, tool: name, program: path,
					dir: filepath.Dir(q.File), file: q.File, lock: s.lock, out: out}, nil
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
	dir := path.Join(containerProject, filepath.ToSlash(rel))
	h := &host{Place: c, where: "in a container of " + image, tool: tool, program: tool,
		dir: dir, file: path.Join(dir, filepath.Base(q.File)), lock: path.Join(dir, filepath.Base(s.lock)),
		out: containerOutput}
	return h, c.Upload(ctx, containerProject, files)
}

// run runs the tool beside the Policyfile or Berksfile. Its error has the last of what the tool printed.
func (q Request) run(ctx context.Context, h *host, args []string) error {
	var out process.Tail
	code, err := h.Exec(ctx, runner.Command{Argv: append([]string{h.program}, args...), Env: q.Env, User: "0",
		WorkDir: h.dir, Stdout: &out, Stderr: &out})
	line, remedy := strings.Join(append([]string{h.tool}, args...), " "), ""
	switch {
	case err != nil:
		err = fmt.Errorf("`%s`: %w", line, err)
	case code == 0:
		return nil
	default:
		err = fmt.Errorf("`%s` exited with code %d", line, code)
		remedy = "Run the command yourself to look closer."
		if h.where == onMachine {
			remedy += " provisioner.resolver: container runs it in an image instead."
		}
	}
	return q.failed(" "+h.where, err, out.String(), remedy)
}
