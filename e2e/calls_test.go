//go:build linux

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// A warm `test` of one instance is as cheap as it can be, by count; docs/how-it-works.md has the reason of each
// request. The start of the tool here cannot be recorded. One of which it can needs one request more, and on Docker
// two.
func TestEngineCallsOfAWarmTest(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		logging, log := e.LogRequests(t)
		files := killFiles()
		files["kitchen.yml"] = `
driver: {name: dokken, chef_image: chef/chef, chef_version: latest}
provisioner: {name: dokken}
verifier: {name: shell, remote_exec: true, command: test -e /converged}
platforms:
  - name: busybox
    driver: {image: busybox}
suites:
  - {name: one, run_list: ['recipe[app]']}
`
		p := newProject(t, logging, files)
		p.ok("test")
		p.ok("test") // what is done once for a tool and a platform is done with the second runner
		requests := log.During(func() { p.ok("test") })
		most := 12
		switch {
		case e.Kind == testbed.Docker:
			most = 15
		case strings.HasPrefix(e.Name, "podman4"): // it looks for the tool's container, of which newer ones have none
			most = 13
		}
		t.Logf("%d requests:\n%s", len(requests), strings.Join(requests, "\n"))
		require.LessOrEqual(t, len(requests), most)
	})
}
