//go:build linux

package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// stepsFiles are an upgrade in two steps with a reboot between, beside a service.
func stepsFiles() map[string]string {
	return map[string]string{"kitchen.yml": `
driver: {name: dokken, image: busybox, volumes: [/data]}
provisioner: {name: shell, sudo: false}
verifier: {name: shell, remote_exec: true}
platforms: [{name: busybox}]
services:
  db: {image: busybox, command: [sh, -c, "mkdir /w && echo found > /w/who && exec httpd -f -p 80 -h /w"], ready: {port: 80}}
suites:
  - name: three # as watched wants it
    steps:
      - name: v1
        provisioner: {command: echo 1 > /version; echo kept > /data/kept; touch /dev/shm/memory}
        verify: {command: grep -qx 1 /version && test -e /dev/shm/memory}
      - name: again
        reboot: true
        commands: [{remote: cp /version /before}]
        verify: {command: "grep -qx 1 /version && grep -qx kept /data/kept && ! test -e /dev/shm/memory &&
          until wget -q -O /fetched http://db/who; do sleep 0.2; done && grep -qx found /fetched"}
      - name: v2
        provisioner: {command: echo 2 > /version}
        verify: {command: grep -qx 2 /version && grep -qx 1 /before}
`}
}

// Steps are converged and tested in their order, a reboot keeps files, volumes, services and names, and reports name
// the step. After one that fails no other is done.
func TestSteps(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, stepsFiles())
		r := p.ok("verify", "--report", "json=report.json")
		require.Contains(t, r.String(), "Converging <three-busybox> step v2...")
		report, err := os.ReadFile(p.dir + "/report.json")
		require.NoError(t, err)
		require.Contains(t, string(report), `"step": "again"`)
		require.Contains(t, p.ok("list", "--json").stdout, `"reached_step": "v2"`)
		p.ok("converge")

		p.write("kitchen.local.yml", "suites: [{name: three, steps: [{name: bad, verify: {command: exit 3}},"+
			" {name: never, provisioner: {command: touch /never}}]}]\n")
		r = p.galley("converge")
		require.Equal(t, 20, r.code)
		require.Contains(t, r.String(), "step bad: ")
		require.Equal(t, "create", *p.list()["three-busybox"].LastAction)
		p.shows("three-busybox", "ls /never 2>/dev/null; echo end", "end")
		p.ok("destroy")
		p.requireNothingLeft(before)
	})
}

// A galley that is killed in a step, or while the runner reboots, leaves nothing after the next one; also where the
// engine does not see the project.
func TestStepsKilled(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, stepsFiles())
		for _, at := range []event{
			{Type: "step_started", Phase: "converge", Step: "reboot"},
			{Type: "step_started", Phase: "converge", Step: "start"},
			{Type: "step_finished", Phase: "converge", Step: "start"},
			{Type: "step_started", Phase: "verify", Step: "run"},
		} {
			at.Instance = "three-busybox"
			require.True(t, events(t, p, func(e event) bool { return e != at }), at)
			p.ok("verify")
		}
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)

		far := newFarProject(t, e, stepsFiles())
		defer far.galley("destroy")
		far.ok("test")
		require.Empty(t, far.runners())
	})
}

// systemd boots again, whether a step says so or Chef asks for it.
func TestRebootOfSystemd(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "systemd", "busybox", "tool")
		p := newProject(t, e, map[string]string{
			"boot.service":                     "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo boot >> /boots'\nRemainAfterExit=yes\n",
			"boot.conf":                        "[Unit]\nWants=boot.service\n",
			"cookbooks/app/metadata.rb":        "name 'app'\n",
			"cookbooks/app/recipes/default.rb": "file '/converged' do\n  content 'yes'\nend\n",
			"kitchen.yml": `
driver:
  name: dokken
  image: systemd
  pid_one_command: /sbin/init
  chef_image: chef/chef
  chef_version: latest
  volumes:
    - ./boot.service:/etc/systemd/system/boot.service:ro
    - ./boot.conf:/etc/systemd/system/multi-user.target.d/boot.conf:ro
provisioner: {name: dokken, wait_for_retry: 0}
verifier: {name: shell, remote_exec: true}
platforms: [{name: systemd}]
suites:
  - name: reboot
    run_list: ['recipe[app]']
    steps:
      - name: by chef
        attributes: {galley: {exit_once: 37}}
        verify: {command: test $(grep -c boot /boots) = 2 && systemctl is-active boot && test -e /converged}
      - name: by itself
        reboot: true
        verify: {command: test $(grep -c boot /boots) = 3 && systemctl is-active boot}
`})
		r := p.ok("test")
		require.Contains(t, r.String(), "chef-client exited with code 37: it asks for a reboot; rebooting the runner and trying again")
		require.Empty(t, p.runners())
	})
}
