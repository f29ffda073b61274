package resolve

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
)

// resolveHost is where cookbooks are resolved: this machine, or a container.
type resolveHost interface {
	// run runs the tool with arguments, beside the Policyfile or Berksfile.
	run(ctx context.Context, args []string) (output string, code int, err error)
	// tool is the tool's command, where the place in words.
	tool() string
	where() string
	// local reports whether it is this machine.
	local() bool
	// pathOf is where a file of the project is on the host.
	pathOf(file string) string
	// outputDir is the directory on the host that fetchOutput brings to dir.
	outputDir(dir string) string
	fetchOutput(ctx context.Context, dir string) error
	// fetch brings a file that the tool may have written back into the project.
	fetch(ctx context.Context, file string) error
	close(ctx context.Context) error
}

// host finds the tool: on this machine, else in a container, as provisioner.resolver
// says.
func (q Request) host(ctx context.Context, s source) (resolveHost, error) {
	mode := q.Keys.Resolver
	names := "no " + s.commands[0]
	if len(s.commands) > 1 {
		names = "neither " + strings.Join(s.commands, " nor ")
	}
	if mode != config.ResolverContainer {
		for _, name := range s.commands {
			if path, err := exec.LookPath(name); err == nil {
				q.Notice("resolving cookbooks of %s with this machine's %s", filepath.Base(s.file), name)
				return &localHost{name: name, path: path, dir: filepath.Dir(s.file), env: q.EnvironWith(q.Env)}, nil
			}
		}
		if mode == config.ResolverHost {
			return nil, &Error{File: s.file, Err: fmt.Errorf("there is %s on this machine's PATH", names),
				Remedy: "Install Chef Workstation or Cinc Workstation, or set provisioner.resolver: container."}
		}
	}
	h, err := q.container(ctx, s)
	if err == nil {
		return h, nil
	}
	e := &Error{File: s.file, Err: err,
		Remedy: "Set provisioner.resolver_image to an image that has " + strings.Join(s.commands, " or ") + "."}
	if mode != config.ResolverContainer {
		e.Err = fmt.Errorf("there is %s on this machine's PATH, and a container does not do: %w", names, err)
		e.Remedy = "Install Chef Workstation or Cinc Workstation on this machine. " + e.Remedy
	}
	return nil, e
}

// localHost resolves on this machine.
type localHost struct {
	name, path, dir string
	env             []string
}

func (h *localHost) tool() string                              { return h.name }
func (h *localHost) where() string                             { return "on this machine" }
func (h *localHost) local() bool                               { return true }
func (h *localHost) pathOf(file string) string                 { return file }
func (h *localHost) outputDir(dir string) string               { return dir }
func (h *localHost) fetchOutput(context.Context, string) error { return nil }
func (h *localHost) fetch(context.Context, string) error       { return nil }
func (h *localHost) close(context.Context) error               { return nil }

func (h *localHost) run(ctx context.Context, args []string) (string, int, error) {
	var out bytes.Buffer
	code, err := hostexec.Run(ctx, hostexec.Command{Argv: append([]string{h.path}, args...), Dir: h.dir, Env: h.env, Stdout: &out, Stderr: &out})
	return out.String(), code, err
}
