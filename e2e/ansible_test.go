//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// hostilePlays are ways to act on the machine that a playbook is played from. Each writes its name to the directory
// that the variable canary names. To gather facts takes as long as all the rest of a play: the first and the last one
// do.
const hostilePlays = `
- {hosts: localhost, tasks: [{command: 'touch {{ canary }}/localhost'}]}
- {hosts: 127.0.0.1, gather_facts: no, tasks: [{command: 'touch {{ canary }}/loopback'}]}
- {hosts: all, gather_facts: no, connection: local, tasks: [{command: 'touch {{ canary }}/connection-local'}]}
- {hosts: all, gather_facts: no, tasks: [{command: 'touch {{ canary }}/task-connection', connection: local}]}
- {hosts: all, gather_facts: no, connection: ansible.builtin.local, tasks: [{command: 'touch {{ canary }}/builtin-local'}]}
- {hosts: all, gather_facts: no, tasks: [{command: 'touch {{ canary }}/delegate-localhost', delegate_to: localhost}]}
- {hosts: all, gather_facts: no, tasks: [{command: 'touch {{ canary }}/delegate-loopback', delegate_to: 127.0.0.1}]}
- {hosts: all, gather_facts: no, tasks: [{local_action: 'command touch {{ canary }}/local-action'}]}
- {hosts: all, gather_facts: no, vars: {ansible_connection: local}, tasks: [{command: 'touch {{ canary }}/vars-connection'}]}
- {hosts: all, gather_facts: no, tasks: [{set_fact: {ansible_connection: local}}, {command: 'touch {{ canary }}/set-fact'}]}
- {hosts: all, gather_facts: no, tasks: [{add_host: {name: me, ansible_connection: local}}]}
- {hosts: me, gather_facts: no, tasks: [{command: 'touch {{ canary }}/add-host'}]}
- {hosts: all, gather_facts: no, tasks: [{copy: {content: x, dest: '{{ canary }}/copy'}, delegate_to: localhost, run_once: yes}]}
- {hosts: web, tasks: [{command: 'touch {{ canary }}/group-vars'}]}
`

// hostOnlyPlay has what cannot act on the runner.
const hostOnlyPlay = `
- hosts: all
  ignore_errors: yes
  tasks:
    - debug: {msg: "{{ lookup('pipe', 'touch ' ~ canary ~ '/pipe') }}"}
    - debug: {msg: "{{ lookup('ansible.builtin.pipe', 'touch ' ~ canary ~ '/builtin-pipe') }}"}
    - debug: {msg: "{{ query('lines', 'touch ' ~ canary ~ '/lines') }}"}
    - debug: {msg: "{{ lookup('password', canary ~ '/password') }}"}
    - fetch: {src: /etc/hostname, dest: '{{ canary }}/fetch', flat: yes}
    - ansible.builtin.fetch: {src: /etc/hostname, dest: '{{ canary }}/builtin-fetch', flat: yes}
    - debug: {msg: "made {{ lookup('password', '/dev/null length=4') | length }}"}
`

// ansibleProject has a playbook and an empty directory of this machine for it to change.
func ansibleProject(t *testing.T, e testbed.Engine, image, from, play string) (p *project, canary string) {
	t.Helper()
	canary = filepath.Join(t.TempDir(), "canary")
	require.NoError(t, os.Mkdir(canary, 0o777))
	p = newProject(t, e, map[string]string{
		"kitchen.yml": toolKitchen(image,
			"\n  name: ansible_playbook\n  hosts: [web]\n  extra_vars: {canary: '"+canary+"'}\n  "+from+"\n",
			"test $(ls "+canary+" | wc -l) = 13"),
		"group_vars/web":                    "ansible_connection: local\n",
		"test/integration/good/default.yml": play,
	})
	return p, canary
}

func requireNoCanary(t *testing.T, canary string) {
	t.Helper()
	left, err := os.ReadDir(canary)
	require.NoError(t, err)
	require.Empty(t, left, "something on this machine was changed")
}

// A play that would change this machine changes the runner, from wherever it is played.
func TestAnsibleChangesTheRunnerOnly(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "ansible")
		for _, from := range []string{"ansible_from: auto", "ansible_from: host"} {
			t.Run(from, func(t *testing.T) {
				requireHostAnsible(t, from)
				p, canary := ansibleProject(t, e, "ansible", from, hostilePlays)
				p.ok("create", "good")
				p.ok("exec", "good", "-c", "mkdir -p "+canary)
				p.ok("verify", "good")
				requireNoCanary(t, canary)
			})
		}
		t.Run("what only acts on this machine", func(t *testing.T) {
			requireHostAnsible(t, "ansible_from: host")
			p, canary := ansibleProject(t, e, "ansible", "ansible_from: host", hostOnlyPlay)
			r := p.galley("converge", "good")
			require.Contains(t, r.String(), "acts on the machine that galley runs on")
			require.Contains(t, r.String(), "ignored=6")
			require.Contains(t, r.String(), "made 4")
			requireNoCanary(t, canary)
		})
	})
}

// requireHostAnsible skips what needs Ansible on this machine where there is none.
func requireHostAnsible(t *testing.T, from string) {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil && strings.HasSuffix(from, "host") {
		t.Skipf("Ansible is not on this machine: %v", err)
	}
}

// An image without Ansible is an error by default, with the ways out; this machine's
// Ansible is not one that is taken in silence.
func TestAnsibleIsMissing(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p, canary := ansibleProject(t, e, "busybox", "ansible_from: auto", hostilePlays)
		p.write("bin/ansible-playbook", "#!/bin/sh\ntouch "+canary+"/ran\n")
		p.env = append(p.env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"))
		r := p.galley("converge", "good")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "ansible-playbook is not in the runner")
		requireNoCanary(t, canary)
	})
}
