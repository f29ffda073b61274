// Package provisioner brings runners to their desired state.
package provisioner

import (
	"context"
	"fmt"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Provisioner is one way to bring an instance to its desired state.
type Provisioner interface {
	// Tool is the image whose volumes are mounted into the runner, or nil.
	Tool() *Tool
	// Prepare puts what the converge needs into the sandbox on this machine. It
	// talks to no engine.
	Prepare(ctx context.Context, box sandbox.Dir) error
	// Converge brings the runner to the desired state. Errors: *runner.ExitError.
	Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error)
}

// Tool is an image that brings a tool along in a volume.
type Tool struct {
	// Image is the reference of the tool's image.
	Image string
}

// Summary is what the tool itself says of a converge.
type Summary struct {
	// Text is the tool's own summary line, or empty.
	Text string
	// Changed is how many things it changed, -1 when unknown.
	Changed int
}

// Project is what provisioners need to know of where they are.
type Project struct {
	// Root is the project's directory, TestBase that of its tests.
	Root, TestBase string
	// Environ are the variables of galley's own environment.
	Environ func(string) (string, bool)
	// EnvList is the same as KEY=VALUE pairs.
	EnvList []string
}

// New returns the provisioner of an instance.
func New(p Project, i config.Instance) (Provisioner, error) {
	switch i.Provisioner.Kind {
	case config.ProvisionerChef:
		return &chef{project: p, instance: i}, nil
	case config.ProvisionerShell:
		return &shell{project: p, instance: i}, nil
	case config.ProvisionerDummy:
		return dummy{}, nil
	default:
		return nil, fmt.Errorf("galley has no provisioner %q", i.Provisioner.Name)
	}
}

// dummy does nothing.
type dummy struct{}

func (dummy) Tool() *Tool                                { return nil }
func (dummy) Prepare(context.Context, sandbox.Dir) error { return nil }
func (dummy) Converge(context.Context, runner.Runner, sandbox.Dir, runner.Output) (Summary, error) {
	return Summary{Changed: -1}, nil
}
