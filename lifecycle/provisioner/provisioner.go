// Package provisioner brings runners to their desired state.
package provisioner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Provisioner is one way to bring an instance to its desired state.
type Provisioner interface {
	// Tool is the image whose volumes are mounted into the runner, or nil.
	Tool() *Tool
	// Prepare puts what the converge needs into the sandbox on this machine. The
	// runner does not see it yet. Errors: *sandbox.LeftoverError, *ResolveError.
	Prepare(ctx context.Context, box sandbox.Dir) error
	// Converge brings the runner to the desired state; where idempotence is to be
	// shown, twice. Errors: *runner.ExitError, *ChangedAgainError.
	Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error)
}

// Tool is an image that brings a tool along in volumes.
type Tool struct {
	// Image is the reference of the tool's image. Without one it is built from
	// Instructions, lines of a Dockerfile that may copy from BuildContext.
	Image        string
	Instructions []string
	BuildContext string
	// Volumes are paths that are to be volumes whether the image declares them or not.
	Volumes []string
	// Remedy says what to write into kitchen.yml when the image has no volumes.
	Remedy string
}

// Summary is what the tool itself says of a converge.
type Summary struct {
	// Text is the tool's own summary line, or empty.
	Text string
	// Changed and Failed are how many things it changed and failed at, -1 when
	// unknown.
	Changed, Failed int
	// Changes are the names of what it changed, as far as it tells them.
	Changes []string
}

// unknown is the summary of a tool that says nothing.
func unknown() Summary { return Summary{Changed: -1, Failed: -1} }

// Project is what provisioners need to know of where they are.
type Project struct {
	// Root is the project's directory, TestBase that of its tests, StateDir where
	// galley keeps things.
	Root, TestBase, StateDir string
	// Environ are the variables of galley's own environment, as KEY=VALUE pairs.
	Environ []string
	// Debug makes tools say more, Idempotence converges twice.
	Debug, Idempotence bool
	// Resolver is shared by all instances of a run.
	Resolver *Resolver
	// Workstation makes containers for this instance; nil where there are none.
	Workstation Workstation
	// Say tells the user something. It may be nil.
	Say func(text string)
}

func (p Project) say(format string, args ...any) {
	if p.Say != nil {
		p.Say(fmt.Sprintf(format, args...))
	}
}

// find looks a name up as Test Kitchen does: in the suite's tests, in the tests,
// in the project. It returns "" when there is none.
func (p Project) find(suite, name string) string {
	for _, dir := range []string{filepath.Join(p.TestBase, suite), p.TestBase, p.Root} {
		candidate := filepath.Join(dir, name)
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

// New returns the provisioner of an instance.
func New(p Project, i config.Instance) (Provisioner, error) {
	switch i.Provisioner.Kind {
	case config.ProvisionerChef:
		return &chef{project: p, instance: i}, nil
	case config.ProvisionerShell:
		return &shell{project: p, instance: i}, nil
	case config.ProvisionerTool:
		return &tool{project: p, instance: i}, nil
	case config.ProvisionerPuppet:
		return &puppet{project: p, instance: i}, nil
	case config.ProvisionerAnsible:
		return &ansible{project: p, instance: i}, nil
	case config.ProvisionerDummy:
		return dummy{i.Provisioner.Dummy}, nil
	default:
		return nil, fmt.Errorf("galley has no provisioner %q", i.Provisioner.Name)
	}
}

// dummy does nothing, or fails as it is told.
type dummy struct{ config.Dummy }

func (dummy) Tool() *Tool                                { return nil }
func (dummy) Prepare(context.Context, sandbox.Dir) error { return nil }

// errDummy is what the dummy provisioner fails with.
var errDummy = errors.New("the dummy provisioner fails, as provisioner.fail or random_failure says")

func (d dummy) Converge(ctx context.Context, _ runner.Runner, _ sandbox.Dir, _ runner.Output) (Summary, error) {
	select {
	case <-time.After(d.Sleep):
	case <-ctx.Done():
		return unknown(), ctx.Err()
	}
	if d.Fail || d.RandomFailure && coin() {
		return unknown(), errDummy
	}
	return unknown(), nil
}
