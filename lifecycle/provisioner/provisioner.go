// Package provisioner brings runners to their desired state. Each way to do so is a
// package below this one.
package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/ansible"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/chef"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/puppet"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/resolve"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/shell"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The types that the life cycle works with.
type (
	// Provisioner is one way to bring an instance to its desired state.
	Provisioner = converge.Provisioner
	// Tool is an image that brings a tool along in volumes.
	Tool = converge.Tool
	// Summary is what the tool itself reports of a converge.
	Summary = converge.Summary
	// ChangedAgainError says that a second converge changed something, and what.
	ChangedAgainError = converge.ChangedAgainError
	// Resolver resolves cookbooks once for all instances of a run.
	Resolver = resolve.Resolver
	// Workstation makes throw-away containers in which cookbooks can be resolved.
	Workstation = resolve.Workstation
	// Container is a container of a Workstation.
	Container = resolve.Container
)

// Options are the project, the settings of a run, and what its instances share.
type Options struct {
	project.Project
	// Debug makes tools print more, Idempotence converges twice.
	Debug, Idempotence bool
	// Resolver is shared by all instances of a run.
	Resolver *Resolver
	// Workstation makes containers for this instance; nil where there are none.
	Workstation Workstation
	// Notify tells the user something. It may be nil.
	Notify func(text string)
}

// New returns the provisioner of an instance.
func New(o Options, i config.Instance) (Provisioner, error) {
	c := converge.Options{Project: o.Project, Debug: o.Debug, Idempotence: o.Idempotence, Notify: o.Notify}
	switch i.Provisioner.Kind {
	case config.ProvisionerChef:
		return chef.New(c, i, o.Resolver, o.Workstation), nil
	case config.ProvisionerShell:
		return shell.New(c, i), nil
	case config.ProvisionerTool:
		return shell.NewTool(c, i), nil
	case config.ProvisionerPuppet:
		return puppet.New(c, i), nil
	case config.ProvisionerAnsible:
		return ansible.New(c, i), nil
	case config.ProvisionerDummy:
		return dummy{i.Provisioner.Dummy}, nil
	default:
		return nil, fmt.Errorf("galley has no provisioner %q", i.Provisioner.Name)
	}
}

// dummy does nothing, or fails as kitchen.yml asks it to.
type dummy struct{ config.Dummy }

func (dummy) Tool() *Tool                                { return nil }
func (dummy) Prepare(context.Context, sandbox.Dir) error { return nil }

// errDummy is what the dummy provisioner fails with.
var errDummy = errors.New("the dummy provisioner fails, as provisioner.fail or random_failure says")

func (d dummy) Converge(ctx context.Context, _ runner.Runner, _ sandbox.Dir, _ runner.Output) (Summary, error) {
	select {
	case <-time.After(d.Sleep):
	case <-ctx.Done():
		return converge.Unknown(), ctx.Err()
	}
	if d.Fail || d.RandomFailure && converge.Coin() {
		return converge.Unknown(), errDummy
	}
	return converge.Unknown(), nil
}
