// Package provisioner brings runners to their desired state. Each way to do so is a package below this one.
package provisioner

import (
	"context"
	"fmt"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/internal/dummy"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/ansible"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/chef"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/external"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/puppet"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/resolve"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/salt"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/shell"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The types that the life cycle works with.
type (
	// Provisioner is one way to bring an instance to its desired state.
	Provisioner = converge.Provisioner
	// Options are the project, the settings of a run, and what its instances share.
	Options = converge.Options
	// Tool is an image that brings a tool along in volumes.
	Tool = converge.Tool
	// Summary is what the tool itself reports of a converge.
	Summary = converge.Summary
	// ChangedAgainError says that a second converge changed something, and what.
	ChangedAgainError = converge.ChangedAgainError
	// Resolver resolves cookbooks once for all instances of a run.
	Resolver = resolve.Resolver
	// Workstation starts a throw-away container in which cookbooks can be resolved.
	Workstation = resolve.Workstation
	// Place is where cookbooks are resolved, such as a container of a Workstation.
	Place = resolve.Place
)

// New returns the provisioner of an instance.
func New(o Options, i config.Instance) (Provisioner, error) {
	b := converge.Base{Options: o, Instance: i}
	switch i.Provisioner.Kind {
	case config.ProvisionerChef:
		return chef.Chef{Base: b}, nil
	case config.ProvisionerShell:
		return shell.Shell{Base: b}, nil
	case config.ProvisionerTool:
		return shell.Tool{Base: b}, nil
	case config.ProvisionerPuppet:
		return puppet.Puppet{Base: b}, nil
	case config.ProvisionerAnsible:
		return ansible.Ansible{Base: b}, nil
	case config.ProvisionerSalt:
		return salt.Salt{Base: b}, nil
	case config.ProvisionerExternal:
		return external.External{Base: b}, nil
	case config.ProvisionerDummy:
		return nothing{i.Provisioner.Dummy}, nil
	default:
		return nil, fmt.Errorf("galley has no provisioner %q", i.Provisioner.Name)
	}
}

// RandomFile is at the top of the sandboxes of Chef, differs on each machine, and means nothing to a converge.
const RandomFile = chef.ValidationFile

// nothing is the dummy provisioner.
type nothing struct{ config.Dummy }

func (nothing) Tool() *Tool                                { return nil }
func (nothing) Prepare(context.Context, sandbox.Dir) error { return nil }
func (nothing) Written() []string                          { return nil }

func (n nothing) Converge(ctx context.Context, _ runner.Run) (Summary, error) {
	return converge.Unknown(), dummy.Do(ctx, n.Dummy,
		"the dummy provisioner fails, as provisioner.fail or random_failure says")
}
