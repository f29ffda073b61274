package provisioner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/peers"
)

// twoNodes are a kitchen.yml with nodes, and what its first node knows of them.
func twoNodes(t *testing.T, provisioner string, files map[string]string) *bed {
	t.Helper()
	files["kitchen.yml"] = "driver: {name: dokken}\nplatforms: [name: debian-12]\nprovisioner: {name: " + provisioner + `}
suites:
- name: shop
  nodes:
    web: {}
    db: {run_list: ["recipe[shop::db@1.2]", "role[store]"], attributes: {port: 5432},
      driver: {domainname: example.org}, provisioner: {hosts: databases}}
`
	b := newBed(t, files)
	b.project.Peers = &peers.Group{Name: "shop-debian-12", Nodes: []peers.Machine{
		{Name: "web", Address: "192.0.2.1", Instance: &b.instances[0]},
		{Name: "db", Address: "192.0.2.2", Instance: &b.instances[1]}}}
	return b
}

// Chef finds other nodes as those of a server.
func TestChefKnowsPeers(t *testing.T) {
	got := twoNodes(t, "dokken", map[string]string{}).prepare()
	require.Contains(t, got["client.rb"], "node_name \"web\"\n")
	require.NotContains(t, got, "nodes/web.json")
	require.JSONEq(t, `{"name": "db", "chef_environment": "_default", "json_class": "Chef::Node", "chef_type": "node",
		"automatic": {"ipaddress": "192.0.2.2", "hostname": "db", "fqdn": "db.example.org", "recipes": ["shop::db"],
			"roles": ["store"]},
		"normal": {"port": 5432}, "default": {}, "override": {}, "run_list": ["recipe[shop::db@1.2]", "role[store]"]}`,
		got["nodes/db.json"])
}

// Ansible has all in one inventory, and converges one.
func TestAnsibleKnowsPeers(t *testing.T) {
	got := twoNodes(t, "ansible_playbook", map[string]string{"default.yml": "- hosts: all\n"}).prepare()
	require.Equal(t, `localhost ansible_connection=local

[galley_nodes]
localhost galley_node=web galley_address=192.0.2.1
db galley_node=db galley_address=192.0.2.2 ansible_host=192.0.2.2

[databases]
db
`, got["inventory/hosts"])
	require.Contains(t, got["run_command"], "--limit localhost")
}

// Puppet and commands have them by Tell.
func TestTell(t *testing.T) {
	b := twoNodes(t, "puppet_apply", map[string]string{})
	told := b.project.Peers.Tell(b.instances[1])
	require.Equal(t, "web db", told.Provisioner.Env["GALLEY_NODES"])
	require.Equal(t, "db", told.Verifier.Env["GALLEY_NODE"])
	require.Equal(t, "galley_nodes", told.Provisioner.Puppet.Facts[0].Key)
	require.Equal(t, "galley_services", told.Verifier.Inspec.Inputs[1].Key)
	require.Empty(t, b.instances[1].Provisioner.Env)
}
