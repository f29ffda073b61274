package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
)

const nodesPlugins = "driver: {name: dokken}\nverifier: {name: shell}\nprovisioner: {name: dokken}\n"

// A suite with nodes becomes an instance for each, with what root, platform, suite and node say, in this order.
func TestNodes(t *testing.T) {
	list, diags := resolveText(t, nodesPlugins+`platforms: [{name: debian-12, run_list: [a]}, {name: ubuntu-24.04, driver: {user: me}}]
suites:
  - name: shop
    includes: [debian-12]
    run_list: [b]
    attributes: {x: {y: 1, z: 2}}
    services: {db: {image: postgres}}
    verifier: {command: all}
    nodes:
      web: {after: app, run_list: [c], attributes: {x: {y: 3}}, driver: {ports: "80"}, verifier: {command: one}}
      app: {platform: ubuntu-24.04, driver: {hostname: other}}
  - {name: plain}
`)
	require.Empty(t, diags)
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	require.Equal(t, []string{"shop-debian-12/web", "shop-debian-12/app", "plain-debian-12", "plain-ubuntu-2404"}, names)
	web, app, plain := list[0], list[1], list[2]
	require.Nil(t, plain.Node)
	require.Equal(t, "shop/web", web.Suite)
	require.Equal(t, []string{"a", "b", "c"}, web.Provisioner.Chef.RunList)
	require.Equal(t, config.Hash{{Key: "x", Value: config.Hash{{Key: "y", Value: int64(3)}, {Key: "z", Value: int64(2)}}}},
		web.Provisioner.Chef.Attributes)
	require.Equal(t, "one", web.Verifier.Shell.Command)
	require.Equal(t, "web", web.Driver.Hostname)
	require.Equal(t, []string{"app"}, web.Node.After)
	require.Empty(t, web.Services)
	require.Equal(t, []string{"b"}, app.Provisioner.Chef.RunList)
	require.Equal(t, "ubuntu-24.04", app.Platform)
	require.Equal(t, "me", app.Driver.User)
	require.Equal(t, "other", app.Driver.Hostname)
	require.NotEqual(t, "all", app.Verifier.Shell.Command)
	require.Same(t, web.Node.Group, app.Node.Group)
	whole := web.Node.Group
	require.Equal(t, "shop-debian-12", whole.Name)
	require.Equal(t, []string{"web", "app"}, whole.Nodes)
	require.Equal(t, "db", whole.Services[0].Name)
	require.Equal(t, "all", whole.Verifier.Shell.Command)
}

// Nodes are on all networks of their suite, or on those that they name.
func TestNodesOnNetworks(t *testing.T) {
	list, diags := resolveText(t, nodesPlugins+`platforms: [{name: p}]
networks: {back: {internal: true}}
suites:
  - name: shop
    networks: {front: {subnet: 10.1.2.0/24}}
    services: {db: {image: postgres, networks: [back]}}
    nodes:
      web: {networks: {front: {ipv4_address: 10.1.2.3, aliases: www}}}
      app: {networks: back}
      all:
`)
	require.Empty(t, diags)
	require.Equal(t, []config.Endpoint{{Network: "front", IPv4: "10.1.2.3", Aliases: []string{"www"}}}, list[0].Node.Networks)
	require.Equal(t, []config.Endpoint{{Network: "back"}}, list[1].Node.Networks)
	require.Equal(t, []config.Endpoint{{Network: "back"}, {Network: "front"}}, list[2].Node.Networks)
	require.Empty(t, list[0].Networks)
	require.Equal(t, []config.Network{{Name: "back", Internal: true}, {Name: "front", Subnet: "10.1.2.0/24"}},
		list[0].Node.Group.Networks)
}

func TestNodesRefused(t *testing.T) {
	for suite, want := range map[string]string{
		"nodes: [web]":              "kitchen.yml:5:27: error: suites[0].nodes is a list, expected a mapping of nodes",
		"nodes: {}":                 "expected a mapping of nodes",
		"nodes: {w.b: {}}":          `kitchen.yml:5:28: error: suites[0].nodes: "w.b" cannot be the name of a host`,
		"nodes: {Localhost: {}}":    `suites[0].nodes: "Localhost" cannot be the name of a host`,
		"nodes: {a-b: {}, A_b: {}}": `"a-b" and "A_b" are one name`,
		"nodes: {a: {after: [b]}}":  `kitchen.yml:5:39: error: suites[0].nodes.a.after: there is no node "b"`,
		"nodes: {a: {after: b}, b: {after: [c]}, c: {after: [b]}}":                 "after: a circle: b after c after b",
		"nodes: {a: {after: a}}":                                                   "a circle: a after a",
		"nodes: {a: {platform: c}}":                                                `kitchen.yml:5:42: error: suites[0].nodes.a.platform: there is no platform "c"`,
		"nodes: {a: 1}":                                                            "suites[0].nodes.a is an integer, expected a mapping",
		"nodes: {a: {runlist: [x]}}":                                               "suites.nodes.a.runlist: unknown key",
		"nodes: {a: {services: {b: {image: x}}}}":                                  "suites.nodes.a.services: unknown key",
		"nodes: {a: {driver: {network_mode: host}}}":                               "the runner of s-p/a cannot be on their network with network_mode host",
		"nodes: {a: {}}, services: {a: {image: x}}":                                "services.a: a node of the suite s has that name too",
		"nodes: {a: {networks: bak}}, networks: {back: {}}":                        `kitchen.yml:5:42: error: suites.nodes.a.networks: s-p has no network "bak"`,
		"nodes: {a: {networks: {b: {ipv4_address: 10.1.2.3}}}}, networks: {b: {}}": "ipv4_address in a network without a subnet",
		"nodes: {a: {networks: [{b: {}}]}}, networks: {b: {}}":                     "suites.nodes.a.networks",
		"nodes: {a: {networks: {b: {ipv4_address: }}}}, networks: {b: {}}":         "suites.nodes.a.networks",
		"nodes: {a: {networks: {b: {ipv4_address: [1]}}}}, networks: {b: {}}":      "suites.nodes.a.networks",
		"nodes: {a: {networks: {b: {aliases: {x: y}}}}}, networks: {b: {}}":        "suites.nodes.a.networks",
		"nodes: {a: {}}, services: {d: {image: x, networks: e}}":                   `services.d.networks: s-p has no network "e"`,
		"nodes: {a: {}}, networks: {b: {aliases: x}}":                              "networks.b: ipv4_address and aliases are of one runner, and s-p has several",
		"nodes: {a: {lifecycle: {pre_verify: [{kill: a}]}}}":                       `kill: s-p/a has no service "a"`,
		"from: t, nodes: {a: {}}":                                                  "a suite with nodes starts from no other",
		"nodes: {a: {}}}, {name: t, from: s":                                       "suites.from: s has nodes, and no suite can start from several machines",
		"nodes: {a: {}}}, {name: s":                                                `two instances are named "s-p"`,
	} {
		dir := t.TempDir()
		text := nodesPlugins + "platforms: [{name: p}]\nsuites: [{name: s, " + suite + "}]\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(text), 0o600))
		c, err := kitchen.Load(t.Context(), kitchen.Options{Dir: dir})
		said := fmt.Sprint(err)
		if err == nil {
			_, diags := Resolve(c, ResolveOptions{})
			for _, d := range slices.Concat(c.Diagnostics, diags) {
				said += d.String()
			}
		}
		require.Contains(t, said, want, suite)
	}
}
