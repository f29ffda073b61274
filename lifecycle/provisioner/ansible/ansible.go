// Package ansible plays playbooks: inside the runner with a local connection, or from
// this machine with a connection through galley.
package ansible

import (
	"bytes"
	"context"
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

// Ansible plays the playbook of an instance.
type Ansible struct {
	converge.Options
	instance config.Instance
}

// New returns the provisioner of an instance.
func New(o converge.Options, i config.Instance) *Ansible { return &Ansible{Options: o, instance: i} }

// playbookCommand is the command.
const playbookCommand = "ansible-playbook"

// Tool is the image that kitchen.yml names; without one Ansible is the runner's
// own, or this machine's.
func (a *Ansible) Tool() *converge.Tool { return converge.ToolOf(a.instance.Provisioner.Tool) }

// installed is true for what ansible-galaxy installed in the runner.
func installed(p string) bool { return p == galaxyDir || strings.HasPrefix(p, galaxyDir+"/") }

// Prepare lays out the project, an inventory and the script for a run in the
// runner.
func (a *Ansible) Prepare(_ context.Context, sb sandbox.Dir) error {
	if a.instance.Provisioner.Ansible.From == config.AnsibleHost {
		return sandbox.Sync(sb.Local, nil, installed)
	}
	l, err := a.layout(sb)
	if err != nil {
		return err
	}
	s := a.script(l)
	l.files = append(l.files, s.File(a.instance.Provisioner, a.Env(a.instance.Provisioner)))
	return sandbox.Sync(sb.Local, l.files, installed)
}

// places are where ansible-playbook may be in the runner besides its PATH.
func (a *Ansible) places() []string {
	dirs := []string{"/opt/ansible/bin"}
	if d := a.instance.Provisioner.Ansible.BinaryPath; d != "" {
		dirs = []string{d}
	}
	for i, d := range dirs {
		dirs[i] = path.Join(d, playbookCommand)
	}
	return dirs
}

// Converge plays the playbook.
func (a *Ansible) Converge(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output) (converge.Summary, error) {
	p := a.instance.Provisioner
	twice := a.Twice(p)
	host, err := a.fromHost(ctx, r)
	if err != nil {
		return converge.Unknown(), err
	}
	if host == "" {
		newJob := func() converge.Job {
			return converge.Job{What: playbookCommand, Parser: &output{}, Keys: p, Hint: hint, Env: a.Env(p)}
		}
		return converge.Run(ctx, newJob, twice, "task", r, sb, out)
	}
	h, err := a.openHost(ctx, host, r)
	if err != nil {
		return converge.Unknown(), err
	}
	newJob := func() converge.Job {
		return converge.Job{What: playbookCommand, Parser: &output{}, Keys: p, Hint: hint, Start: h.play}
	}
	s, err := converge.Run(ctx, newJob, twice, "task", r, sb, out)
	return s, errors.Join(err, h.close())
}

// fromHost decides where Ansible runs: it returns this machine's ansible-playbook,
// or "" for the runner's.
func (a *Ansible) fromHost(ctx context.Context, r runner.Runner) (string, error) {
	from := a.instance.Provisioner.Ansible.From
	if from == config.AnsibleRunner || a.Tool() != nil || a.instance.Provisioner.Tool.Binary != "" {
		return "", nil
	}
	if from != config.AnsibleHost {
		look := append([]string{"sh", "-c", `for place; do [ ! -x "$place" ] || exit 0; done; command -v ` + playbookCommand, "sh"}, a.places()...)
		var out bytes.Buffer
		if code, err := r.Exec(ctx, runner.Command{Argv: look, Stdout: &out, Stderr: &out}); err != nil || code == 0 {
			return "", err
		}
	}
	path, err := exec.LookPath(playbookCommand)
	if err == nil {
		return path, nil
	}
	if from == config.AnsibleHost {
		return "", fmt.Errorf("find %s on this machine: %w\nInstall Ansible, or set provisioner.ansible_from: runner", playbookCommand, err)
	}
	return "", fmt.Errorf("%s is neither in the runner nor on this machine\n"+
		"Use an image that has Ansible (driver.intermediate_instructions can install it), set provisioner.image to one that brings it in a volume, or install Ansible here", playbookCommand)
}

// hint explains the exit codes of ansible-playbook.
func hint(code int) string {
	switch code {
	case 1:
		return "Ansible could not start, see above"
	case 2:
		return "tasks failed"
	case 3:
		return "hosts were not reachable"
	case 4:
		return "the playbook does not parse, or hosts were not reachable"
	case 5:
		return "wrong options; see provisioner.ansible_extra_flags"
	case 127:
		return "it was not found in the runner\nUse an image that has Ansible, or set provisioner.image to one that brings it in a volume"
	case 250:
		return "Ansible met an error of its own"
	}
	return ""
}
