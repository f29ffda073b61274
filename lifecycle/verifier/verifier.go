// Package verifier tests converged runners.
package verifier

import (
	"context"
	"fmt"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Verifier is one way to test an instance.
type Verifier interface {
	// Prepare puts the tests into the verifier's sandbox on this machine, and
	// takes out those of earlier runs. It talks to no engine.
	Prepare(ctx context.Context, box sandbox.Dir) error
	// Verify runs the tests and returns what became of each, as far as the tool
	// tells. Tests that fail are an error too: a *runner.ExitError.
	Verify(ctx context.Context, r runner.Runner, t Target, box sandbox.Dir, out runner.Output) ([]result.TestCase, error)
}

// Target is what a verifier that runs on this machine needs to know of the
// runner and its engine.
type Target struct {
	ContainerID, ContainerName, Hostname string
	// Endpoint is the address of the engine.
	Endpoint string
	// State are the entries of the instance's state that scripts may want.
	State map[string]string
}

// Project is what verifiers need to know of where they are.
type Project struct {
	// Root is the project's directory, TestBase that of its tests.
	Root, TestBase string
	// Environ is galley's own environment as KEY=VALUE pairs.
	Environ []string
}

// New returns the verifier of an instance.
func New(p Project, i config.Instance) (Verifier, error) {
	switch i.Verifier.Kind {
	case config.VerifierShell:
		return &shell{project: p, instance: i}, nil
	case config.VerifierDummy:
		return dummy{}, nil
	default:
		return nil, fmt.Errorf("galley has no verifier %q", i.Verifier.Name)
	}
}

// dummy tests nothing.
type dummy struct{}

func (dummy) Prepare(context.Context, sandbox.Dir) error { return nil }
func (dummy) Verify(context.Context, runner.Runner, Target, sandbox.Dir, runner.Output) ([]result.TestCase, error) {
	return nil, nil
}
