//go:build linux

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// What galley brings into a runner opens nothing there: no directory for everybody to write in, and files with secrets
// for their owner alone. With a remapped user namespace the runner's root is not their owner, and has to read them.
func TestModesInTheRunner(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": `
driver: {name: dokken, image: busybox, chef_image: chef/chef, chef_version: latest}
provisioner: {name: dokken, run_list: ['recipe[mine]'], attributes: {password: s3cret}}
verifier: {name: shell, remote_exec: true, command: 'test -r /opt/kitchen/encrypted_data_bag_secret'}
platforms: [name: p]
suites: [name: s]
`,
			"metadata.rb": "name 'mine'\n", "recipes/default.rb": "file '/made' do\n  content 'x'\nend\n",
			"encrypted_data_bag_secret_key": "a secret\n",
		})
		p.ok("verify")
		open := p.ok("exec", "-c", "find /opt /tmp /etc -xdev -type d -perm -002 ! -perm -1000").stdout
		readable := p.ok("exec", "-c", "cd /opt/kitchen && find dna.json client.rb validation.pem encrypted_data_bag_secret -perm -004").stdout
		if e.Name == "docker-userns" {
			return // see above; that the run is green is the test
		}
		require.Empty(t, open)
		require.Empty(t, readable)
	})
}
