package lifecycle

import (
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// project is the project as provisioners and verifiers see it.
func (i *instanceRun) project() project.Project {
	o := i.run.o
	return project.Project{Root: o.Project.Root, TestBase: o.TestBase, StateDir: o.Project.StateDir(), Environ: o.Environ}
}

// theProvisioner is the instance's provisioner, made when first needed.
func (i *instanceRun) theProvisioner() (provisioner.Provisioner, error) {
	if i.provisioner == nil {
		o := i.run.o
		p, err := provisioner.New(provisioner.Options{Project: i.project(), Debug: o.Debug, Idempotence: o.Idempotence,
			Resolver: i.run.resolver, Workstation: workstation{i},
			Notify: func(text string) { i.notice(LevelInfo, text) }}, i.inst)
		if err != nil {
			return nil, err
		}
		i.provisioner = p
	}
	return i.provisioner, nil
}

// theVerifier is the instance's verifier, made when first needed.
func (i *instanceRun) theVerifier() (verifier.Verifier, error) {
	if i.verifier == nil {
		v, err := verifier.New(i.project(), i.inst)
		if err != nil {
			return nil, err
		}
		i.verifier = v
	}
	return i.verifier, nil
}
