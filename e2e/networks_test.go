//go:build !windows

package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// randomSubnet are the first three bytes of addresses in 10.224.0.0/12, in which the test bed has no network itself.
func randomSubnet() string {
	n := rand.IntN(1 << 12)
	return fmt.Sprintf("10.%d.%d", 224+n>>8, n&255)
}

// networkFiles are two instances with networks of the same names. One has a subnet and fixed addresses, 192.0.2 here.
func networkFiles(subnet string) map[string]string {
	return map[string]string{"kitchen.yml": strings.ReplaceAll(`
driver: {name: dokken, image: busybox}
provisioner: {name: shell, sudo: false, command: "true"}
verifier:
  name: shell
  remote_exec: true
  command: >-
    ip route | grep -c ' scope link ' | grep -qx 4 &&
    for n in $(seq 30); do timeout 5 nc -w 2 data 80 < /dev/null && exit; sleep 0.2; done;
    ip addr; ip route; ip neigh; cat /etc/resolv.conf; nslookup data; exit 1
platforms: [{name: busybox}]
networks:
  front: {}
  back: {internal: true}
services:
  db:
    image: busybox
    command: [httpd, -f, -p, "80"]
    ready: {port: 80}
    networks: {back: {aliases: [data]}}
suites:
  - name: three # as watched wants it
    networks:
      front: {ipam: {config: [{subnet: 192.0.2.0/28}]}, ipv4_address: 192.0.2.9, aliases: [web]}
    services: {db: {networks: {front: {ipv4_address: 192.0.2.8}}}}
    verifier:
      command: ip addr | grep -q ' 192.0.2.9/28 ' && timeout 5 nc -w 2 192.0.2.8 80 < /dev/null
  - name: other
`, "192.0.2", subnet)}
}

// A runner is on networks of its own with a subnet, an address, or no way out, and so are services; they go with it,
// also after a kill.
func TestNetworks(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, networkFiles(randomSubnet()))
		p.ok("verify", "-c", "2")
		p.ok("exec", "three/db", "-c", "until ping -c 1 -w 1 web 2>&1 | grep -q '^PING web (10'; do sleep 0.2; done")

		// Another subnet is another runner, and the networks are made anew.
		p.write("kitchen.yml", networkFiles(randomSubnet())["kitchen.yml"])
		require.Contains(t, p.ok("verify", "three").String(), "changed in its configuration")
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)

		require.True(t, events(t, p, func(e event) bool {
			return e.Type != "step_finished" || e.Step != "container"
		}))
		p.ok("test", "three")
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}
