// Package ansible plays playbooks: inside the runner with a local connection or, when
// kitchen.yml says so, from this machine with a connection through galley.
package ansible

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// callbackPlugin reports to galley what a play changed.
//
//go:embed galley_report.py
var callbackPlugin []byte

// Ansible plays the playbook of an instance.
type Ansible struct{ converge.Base }

// playbookCommand is the command.
const playbookCommand = "ansible-playbook"

// onHost reports whether Ansible runs on this machine: only where kitchen.yml says so.
func (a Ansible) onHost() bool { return a.Provisioner.Ansible.From == config.PlaceHost }

// Written are the places in the sandbox in which ansible-galaxy keeps what it installed.
func (Ansible) Written() []string { return []string{galaxyDir} }

// keep reports what of the sandbox stays: what ansible-galaxy installed in the runner.
func keep(p string) bool { return p == galaxyDir || strings.HasPrefix(p, galaxyDir+"/") }

// Prepare lays out the project, an inventory and the script for a run in the runner.
func (a Ansible) Prepare(_ context.Context, sb sandbox.Dir) error {
	if a.onHost() {
		return sandbox.Sync(sb.Local, nil, keep)
	}
	l, err := a.layout(sb.Remote, "local", sb.SecretMode())
	if err != nil {
		return err
	}
	return l.Sync(sb, a.script(l), keep)
}

// places are where ansible-playbook may be in the runner besides its PATH.
func (a Ansible) places() []string {
	return []string{path.Join(cmp.Or(a.Provisioner.Ansible.BinaryPath, "/opt/ansible/bin"), playbookCommand)}
}

// Converge plays the playbook.
func (a Ansible) Converge(ctx context.Context, r runner.Run) (_ converge.Summary, err error) {
	j := converge.Job{What: playbookCommand, Thing: "task", SecondVariable: secondRun,
		Parser: func() converge.Parser { return &output{} }, Hints: map[int]string{
			1: "Ansible could not start, see above",
			2: "tasks failed",
			3: "hosts were not reachable",
			4: "the playbook does not parse, or hosts were not reachable",
			5: "wrong options; see provisioner.ansible_extra_flags",
			127: "it was not found in the runner\n" +
				"Use an image that has Ansible, or set provisioner.image to one that brings it in a volume",
			250: "Ansible met an error of its own",
		}}
	if !a.onHost() {
		if err := a.requireInRunner(ctx, r); err != nil {
			return converge.Unknown(), err
		}
		return a.Run(ctx, j, r)
	}
	program, err := exec.LookPath(playbookCommand)
	if err != nil {
		return converge.Unknown(), fmt.Errorf("find %s on this machine: %w\nInstall Ansible, or set "+
			"provisioner.ansible_from: runner", playbookCommand, err)
	}
	h, err := a.openHost(ctx, program, r)
	if err != nil {
		return converge.Unknown(), err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	j.Start = h.play
	return a.Run(ctx, j, r)
}

// requireInRunner fails when the runner has no Ansible, and says how it can be had. This machine's is none of the ways
// that are tried by themselves: what a play does on the machine that it is played from is done to the user's own.
func (a Ansible) requireInRunner(ctx context.Context, r runner.Runner) error {
	if a.Tool() != nil || a.Provisioner.Tool.Binary != "" || a.Provisioner.Ansible.From == config.PlaceRunner {
		return nil // the script says what is missing
	}
	find := append([]string{"sh", "-c", `for place; do [ ! -x "$place" ] || exit 0; done; command -v ` + playbookCommand,
		"sh"}, a.places()...)
	var out bytes.Buffer
	if code, err := r.Exec(ctx, runner.Command{Argv: find, Stdout: &out, Stderr: &out}); err != nil || code == 0 {
		return err
	}
	return fmt.Errorf("%s is not in the runner\n"+
		"Use an image that has Ansible (driver.intermediate_instructions can install it), or set provisioner.image to one "+
		"that brings it in a volume.\n"+
		"With provisioner.ansible_from: host this machine's Ansible plays the playbook against the runner; lookups and "+
		"plugins then run on this machine", playbookCommand)
}
