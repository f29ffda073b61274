//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// nodesKitchen is for suites of a web server in front of an application, which knows what a database has. An old Podman
// does not find names for a moment, whenever a container comes or goes.
const nodesKitchen = `
driver: {name: dokken, image: busybox}
provisioner: {name: shell, sudo: false}
verifier: {name: shell, remote_exec: true}
transport: {name: dokken}
platforms: [{name: busybox}]
suites:
`

const nodesSuite = `
  - name: %[1]s
    services:
      db:
        image: busybox
        command: [sh, -c, "mkdir /rows && echo row of %[1]s > /rows/1 && exec httpd -f -p 5432 -h /rows"]
        ready: {port: 5432, interval: 0.1}
    nodes:
      web:
        after: [app]
        driver: {ports: ["80"]}
        provisioner:
          command: mkdir -p /w && until printf 'GET /row HTTP/1.0\r\n\r\n' | timeout 5 nc app 8080 | grep row > /w/page; do sleep 0.2; done; httpd -p 80 -h /w
        verifier: {command: 'test "$GALLEY_NODE" = web && test -n "$GALLEY_NODE_APP_ADDRESS" && nc web 80 < /dev/null'}
      app:
        driver: {ready: {exec: "true"}}
        provisioner:
          command: mkdir -p /a && until printf 'GET /1 HTTP/1.0\r\n\r\n' | timeout 5 nc db 5432 | grep row > /a/row; do sleep 0.2; done; httpd -p 8080 -h /a
        verifier: {command: 'grep -qx "row of %[1]s" /a/row && nc $GALLEY_SERVICE_DB_ADDRESS 5432 < /dev/null'}
    verifier:
      name: shell
      remote_exec: false
      command: test "$GALLEY_NODES $GALLEY_SERVICES" = "web app db" && %[2]s exec %[1]s-busybox/web -- grep "row of %[1]s" /w/page && test -n "$GALLEY_NODE_WEB_PORT_80"
`

// nodesFiles has a suite of each name with nodes.
func nodesFiles(t *testing.T, suites ...string) map[string]string {
	t.Helper()
	bin, err := built()
	require.NoError(t, err)
	kitchen := nodesKitchen
	for _, name := range suites {
		kitchen += fmt.Sprintf(nodesSuite, name, bin)
	}
	return map[string]string{"kitchen.yml": kitchen}
}

// manyNodes is the environment variable with which eight suites with nodes run side by side.
const manyNodes = "GALLEY_TEST_MANY_NODES"

// Nodes find each other by name, converge in order, and are tested each and as a whole; also where the engine does not
// see the project.
func TestNodes(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, nodesFiles(t, "shop"))
		r := p.ok("verify", "-c", "2")
		require.Less(t, strings.Index(r.stdout, "Finished converging <shop-busybox/app>"),
			strings.Index(r.stdout, "Converging <shop-busybox/web>"))
		require.Len(t, p.runners(), 3)
		require.Equal(t, "web\n", p.ok("login", "shop-busybox/web", "-c", "hostname").stdout)
		require.Contains(t, p.ok("exec", "shop-busybox/db", "--", "cat", "/rows/1").stdout, "row of shop")
		require.Contains(t, p.ok("list").stdout, "shop-busybox/web")
		p.ok("destroy", "shop-busybox/web")
		require.Len(t, p.runners(), 2, "the other node and the service stay")
		p.ok("destroy", "shop-busybox")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)

		far := newFarProject(t, e, nodesFiles(t, "far"))
		defer far.galley("destroy")
		far.ok("test", "-c", "2")
		require.Empty(t, far.runners())
	})
}

// Suites with nodes side by side do not meet.
func TestNodesSideBySide(t *testing.T) {
	suites := []string{"a", "b"}
	if os.Getenv(manyNodes) != "" {
		suites = []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	}
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, nodesFiles(t, suites...))
		p.ok("test", "-c", "8")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// A galley that is killed while it works on nodes leaves nothing after the next one.
func TestNodesKilled(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		files := nodesFiles(t, "three")
		files["kitchen.yml"] += "networks: {back: {internal: true}}\n"
		p := newProject(t, e, files)
		for _, at := range []event{
			{Type: "step_started", Phase: "create", Step: "services", Instance: "three-busybox"},
			{Type: "step_finished", Phase: "create", Step: "container", Instance: "three-busybox/app"},
			{Type: "phase_started", Phase: "converge", Instance: "three-busybox/web"},
		} {
			require.True(t, events(t, p, func(e event) bool { return e != at }), at)
		}
		p.ok("test", "-c", "2")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// nodesOnNetworks are nodes of which one has a fixed address, 192.0.2 here, and cannot reach the other while it is
// tested. The other one ends their service.
const nodesOnNetworks = nodesKitchen + `
  - name: nets
    networks: {front: {subnet: 192.0.2.0/28}, back: {internal: true}}
    services: {db: {image: busybox, command: [sleep, "600"]}}
    nodes:
      web:
        after: app
        networks: {front: {ipv4_address: 192.0.2.9}, back: {aliases: [proxy]}}
        provisioner: {command: until timeout 5 nc -w 2 app 80 < /dev/null; do sleep 0.2; done}
        lifecycle: {pre_verify: [{network: {cut: [app]}}], finally_verify: [{heal: true}]}
        verifier:
          command: >-
            ip addr | grep -q ' 192.0.2.9/28 ' && ip route | grep -c ' scope link ' | grep -qx 3 &&
            ! timeout 5 nc -w 2 $GALLEY_NODE_APP_ADDRESS 80 < /dev/null
      app:
        networks: [back]
        provisioner: {command: httpd -p 80 -h /}
        lifecycle: {post_verify: [{kill: db}]}
        verifier: {command: "ip route | grep -c ' scope link ' | grep -qx 2 && until ping -c 1 -w 1 proxy 2>&1 | grep -q '^PING proxy ('; do sleep 0.2; done"}
    verifier: {name: shell, remote_exec: true, command: timeout 5 nc -w 2 $GALLEY_NODE_APP_ADDRESS 80 < /dev/null}
`

// Nodes are on networks of their suite, and cannot reach another that is cut off.
func TestNodesOnNetworks(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, map[string]string{"kitchen.yml": strings.ReplaceAll(nodesOnNetworks, "192.0.2", randomSubnet())})
		p.ok("verify", "-c", "2")
		require.Contains(t, p.ok("list", "--json").stdout, `"db": "exited"`)

		// Networks are not made others under the nodes, and go with these.
		p.write("kitchen.yml", strings.ReplaceAll(nodesOnNetworks, "192.0.2", randomSubnet()))
		require.Contains(t, p.galley("verify").String(), "`galley destroy nets-busybox` removes the nodes")
		p.ok("test", "-c", "2")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// nodesWithTools are two nodes with Ansible and one with Puppet, whose code wants to know the others.
const nodesWithTools = `
driver: {name: dokken}
provisioner: {name: shell, sudo: false}
verifier: {name: shell, remote_exec: true, command: "true"}
platforms: [{name: ansible, driver: {image: ansible}}, {name: puppet, driver: {image: puppet}}]
suites:
  - name: tools
    includes: [ansible]
    nodes:
      web: {provisioner: {name: ansible_playbook, hosts: [front], playbook: web.yml}}
      app: {provisioner: {name: ansible_playbook, hosts: [back], playbook: app.yml}}
      db: {platform: puppet, provisioner: {name: puppet_apply}}
`

// Ansible has the other nodes in its inventory, in their groups, and Puppet has them as facts.
func TestNodesWithTools(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "ansible", "puppet")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": nodesWithTools,
			"web.yml": `
- hosts: front
  gather_facts: no
  tasks:
    - assert:
        that:
          - groups.galley_nodes | sort == ['app', 'db', 'localhost']
          - groups.front == ['localhost'] and groups.back == ['app']
          - hostvars.app.ansible_host == hostvars.app.galley_address and galley_node == 'web'
    - copy: {content: "{{ hostvars.app.galley_address }} {{ hostvars.db.galley_address }}", dest: /peers}
`,
			"app.yml": "[{hosts: back, gather_facts: no, tasks: [{assert: {that: galley_node == 'app'}}]}]\n",
			"test/integration/tools/db/manifests/site.pp": "file { '/peers':\n  content => \"${facts['galley_nodes']['app']['address']} " +
				"${facts['galley_nodes']['db']['address']}\",\n}\n",
		})
		p.ok("converge", "-c", "3")
		seen := p.ok("exec", "tools-ansible/web", "--", "cat", "/peers").stdout
		require.Regexp(t, `^[0-9.]+ [0-9.]+\s*$`, seen)
		require.Equal(t, seen, p.ok("exec", "tools-ansible/db", "--", "cat", "/peers").stdout)
	})
}
