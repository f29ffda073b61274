//go:build linux

package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// platformOf has the platforms of kitchen.yml replaced by an image of the test bed, which has what they would install.
func platformOf(image string) string {
	return "platforms: [{name: p, driver: {image: " + image + "}}]\n"
}

// What init writes for a project runs as it is, on an image of the test bed.
func TestInitRuns(t *testing.T) {
	from := "{provisioner: {ansible_from: host}}"
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		from = "{provisioner: {ansible_from: runner}}"
	}
	const task = "- command: touch /converged\n"
	kinds := map[string]map[string]string{
		"shell": {"setup.sh": "#!/bin/sh\nnc -w 5 db 80 < /dev/null && : > /converged\n", "kitchen.local.yml": platformOf("busybox"),
			"compose.yaml": "services: {db: {image: busybox, command: 'httpd -f -p 80', ports: ['80:80'], restart: always}, web: {build: .}}\n"},
		"ansible": {"tasks/main.yml": task, "kitchen.local.yml": platformOf("ansible")},
		"puppet": {"metadata.json": `{"name": "me-web", "version": "1.0.0", "author": "me", "source": "x", "license": "x", "dependencies": []}`,
			"kitchen.local.yml": platformOf("puppet"),
			"manifests/init.pp": "class web {\n  file { '/converged': ensure => file }\n}\n"},
		"salt": {"web/init.sls": "touch /converged\n", "tool/salt-call": saltCall,
			"kitchen.local.yml": platformOf("busybox") + `provisioner: {instructions: [FROM busybox,
  COPY salt-call /opt/saltstack/salt/salt-call], build_context: tool, volume: /opt/saltstack,
  grains: {role: web}, pillars: {top.sls: {base: {'*': [web]}}, web.sls: {port: 80}}}`},
		"devcontainer": {".devcontainer/devcontainer.json": `{"build": {"dockerfile": "Dockerfile"}, "features": {"x": {}}} // x`,
			".devcontainer/Dockerfile": "FROM busybox\nRUN : > \\\n  /converged\n"},
		"molecule": {"tasks/main.yml": task, "kitchen.local.yml": from,
			"molecule/default/molecule.yml": "platforms: [{name: p, image: ansible}]\n",
			"molecule/default/converge.yml": "- hosts: all\n  roles:\n  - role: \"{{ lookup('env', 'MOLECULE_PROJECT_DIRECTORY') | basename }}\"\n"},
	}
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "ansible", "puppet")
		for kind, files := range kinds {
			t.Run(kind, func(t *testing.T) {
				p := newProject(t, e, files)
				require.Contains(t, p.ok("init").stdout, "wrote   kitchen.yml")
				require.Empty(t, p.ok("lint", "--strict").stdout)
				p.ok("verify")
				p.ok("exec", "all", "--", "test", "-f", "/converged")
			})
		}
	})
}
