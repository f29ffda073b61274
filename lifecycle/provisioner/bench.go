package provisioner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// bench is where cookbooks are resolved: this machine, or a container.
type bench interface {
	// run runs the tool with arguments, beside the Policyfile or Berksfile.
	run(ctx context.Context, args []string) (output string, code int, err error)
	// tool is the tool's command, where is the place in words.
	tool() string
	where() string
	host() bool
	// there is where a file of the project is on the bench.
	there(file string) string
	// out is the place on the bench that take brings to dir on this machine.
	out(dir string) string
	take(ctx context.Context, dir string) error
	// fetch brings a file that the tool may have written back into the project.
	fetch(ctx context.Context, file string) error
	close(ctx context.Context) error
}

// Workstation makes throw-away containers in which cookbooks can be resolved.
type Workstation interface {
	// Open starts a container of an image. The caller closes it.
	Open(ctx context.Context, image string) (Container, error)
}

// bench finds the tool: on this machine, else in a container, as
// provisioner.resolver says.
func (c *chef) bench(ctx context.Context, s source) (bench, error) {
	mode := c.instance.Provisioner.Chef.Resolver
	names := strings.Join(s.commands, " nor ")
	if len(s.commands) > 1 {
		names = "neither " + names
	} else {
		names = "no " + names
	}
	if mode != config.ResolverContainer {
		for _, name := range s.commands {
			if path, err := exec.LookPath(name); err == nil {
				c.project.say("resolving cookbooks of %s with this machine's %s", filepath.Base(s.file), name)
				return &hostBench{name: name, path: path, dir: filepath.Dir(s.file), env: c.resolveEnv()}, nil
			}
		}
		if mode == config.ResolverHost {
			return nil, &ResolveError{File: s.file, Err: fmt.Errorf("there is %s on this machine's PATH", names),
				Remedy: "Install Chef Workstation or Cinc Workstation, or set provisioner.resolver: container."}
		}
	}
	b, err := c.containerBench(ctx, s)
	if err == nil {
		return b, nil
	}
	e := &ResolveError{File: s.file, Err: err,
		Remedy: "Set provisioner.resolver_image to an image that has " + strings.Join(s.commands, " or ") + "."}
	if mode != config.ResolverContainer {
		e.Err = fmt.Errorf("there is %s on this machine's PATH, and a container does not do: %w", names, err)
		e.Remedy = "Install Chef Workstation or Cinc Workstation on this machine. " + e.Remedy
	}
	return nil, e
}

// toolEnv is what the tool finds in its environment: the proxies and the licence.
func (c *chef) toolEnv() map[string]string {
	return c.license(runner.KitchenEnv(c.project.Environ, c.instance.Provisioner.Proxy))
}

// resolveEnv is galley's own environment with toolEnv over it.
func (c *chef) resolveEnv() []string {
	env := slices.Clone(c.project.Environ)
	for name, value := range c.toolEnv() {
		env = append(env, name+"="+value)
	}
	return env
}

// toolGrace is how long a tool may take to end after an interrupt.
const toolGrace = 10 * time.Second

// hostBench resolves on this machine.
type hostBench struct {
	name, path, dir string
	env             []string
}

func (b *hostBench) tool() string                        { return b.name }
func (b *hostBench) where() string                       { return "on this machine" }
func (b *hostBench) host() bool                          { return true }
func (b *hostBench) there(file string) string            { return file }
func (b *hostBench) out(dir string) string               { return dir }
func (b *hostBench) take(context.Context, string) error  { return nil }
func (b *hostBench) fetch(context.Context, string) error { return nil }
func (b *hostBench) close(context.Context) error         { return nil }

func (b *hostBench) run(ctx context.Context, args []string) (string, int, error) {
	cmd := process.Command(ctx, toolGrace, b.path, args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return out.String(), -1, context.Cause(ctx)
	case errors.As(err, &exit):
		return out.String(), exit.ExitCode(), nil
	default:
		return out.String(), 0, err
	}
}
