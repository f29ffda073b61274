package provisioner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// ansible plays a playbook: inside the runner with a local connection, or from
// this machine with a connection through galley.
type ansible struct {
	project  Project
	instance config.Instance
}

// ansiblePlaybook is the command.
const ansiblePlaybook = "ansible-playbook"

// Tool is the image that kitchen.yml names; without one Ansible is the runner's
// own, or this machine's.
func (a *ansible) Tool() *Tool { return ownTool(a.instance.Provisioner.Tool) }

// installed is true for what ansible-galaxy installed in the runner.
func installed(p string) bool { return p == galaxyDir || strings.HasPrefix(p, galaxyDir+"/") }

// Prepare lays out the project, an inventory and the script for a run in the
// runner.
func (a *ansible) Prepare(_ context.Context, box sandbox.Dir) error {
	if a.instance.Provisioner.Ansible.From == config.AnsibleHost {
		return sandbox.Sync(box.Local, nil, installed)
	}
	l, err := a.layout(box)
	if err != nil {
		return err
	}
	s, err := a.script(l)
	if err != nil {
		return err
	}
	l.files = append(l.files, sandbox.File{Path: runCommand, Data: []byte(s.String()), Mode: 0o755})
	return sandbox.Sync(box.Local, l.files, installed)
}

// places are where ansible-playbook may be in the runner besides its PATH.
func (a *ansible) places() []string {
	dirs := []string{"/opt/ansible/bin"}
	if d := a.instance.Provisioner.Ansible.BinaryPath; d != "" {
		dirs = []string{d}
	}
	for i, d := range dirs {
		dirs[i] = path.Join(d, ansiblePlaybook)
	}
	return dirs
}

// Converge plays the playbook.
func (a *ansible) Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	p := a.instance.Provisioner
	twice := p.Idempotence || a.project.Idempotence
	host, err := a.fromHost(ctx, r)
	if err != nil {
		return unknown(), err
	}
	if host == "" {
		again := func() job {
			return job{what: ansiblePlaybook, parser: &ansibleOutput{}, retry: p, hint: ansibleHint}
		}
		return converge(ctx, again, twice, "task", r, box, out)
	}
	h, err := a.openHost(ctx, host, r)
	if err != nil {
		return unknown(), err
	}
	again := func() job {
		return job{what: ansiblePlaybook, parser: &ansibleOutput{}, retry: p, hint: ansibleHint, start: h.play}
	}
	s, err := converge(ctx, again, twice, "task", r, box, out)
	return s, errors.Join(err, h.close())
}

// fromHost decides where Ansible runs: it returns this machine's ansible-playbook,
// or "" for the runner's.
func (a *ansible) fromHost(ctx context.Context, r runner.Runner) (string, error) {
	from := a.instance.Provisioner.Ansible.From
	if from == config.AnsibleRunner || a.Tool() != nil || a.instance.Provisioner.Tool.Binary != "" {
		return "", nil
	}
	if from != config.AnsibleHost {
		look := append([]string{"sh", "-c", `for place; do [ ! -x "$place" ] || exit 0; done; command -v ` + ansiblePlaybook, "sh"}, a.places()...)
		var out bytes.Buffer
		if code, err := r.Exec(ctx, runner.Command{Argv: look, Stdout: &out, Stderr: &out}); err != nil || code == 0 {
			return "", err
		}
	}
	path, err := exec.LookPath(ansiblePlaybook)
	if err == nil {
		return path, nil
	}
	if from == config.AnsibleHost {
		return "", fmt.Errorf("find %s on this machine: %w\nInstall Ansible, or set provisioner.ansible_from: runner", ansiblePlaybook, err)
	}
	return "", fmt.Errorf("%s is neither in the runner nor on this machine\n"+
		"Use an image that has Ansible (driver.intermediate_instructions can install it), set provisioner.image to one that brings it in a volume, or install Ansible here", ansiblePlaybook)
}

// ansibleHint explains the exit codes of ansible-playbook.
func ansibleHint(code int) string {
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
