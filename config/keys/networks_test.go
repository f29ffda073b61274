package keys

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

func TestNetworks(t *testing.T) {
	i := resolveOne(t, `driver: dokken
provisioner: {name: shell}
verifier: {name: shell}
networks: {back: {internal: true}, front: {aliases: web}}
services: {db: {image: x, networks: [back]}, cache: {image: x, networks: {front: {ipv4_address: 10.1.2.4, aliases: [c]}}}}
platforms: [{name: debian-12}]
suites: [{name: s, networks: {front: {ipam: {config: [{subnet: 10.1.2.0/24}]}, ipv4_address: 10.1.2.3}, plain: null}}]
`)
	require.Equal(t, []config.Network{{Name: "back", Internal: true},
		{Name: "front", Subnet: "10.1.2.0/24", IPv4: "10.1.2.3", Aliases: []string{"web"}}, {Name: "plain"}}, i.Networks)
	require.Equal(t, []config.Endpoint{{Network: "back"}}, i.Services[0].Networks)
	require.Equal(t, []config.Endpoint{{Network: "front", IPv4: "10.1.2.4", Aliases: []string{"c"}}}, i.Services[1].Networks)
}

func TestNetworksRefused(t *testing.T) {
	head := "driver: dokken\nprovisioner: {name: shell}\nverifier: {name: shell}\n"
	for lines, want := range map[string]string{
		"networks: {a.b: {}}":                                               `kitchen.yml:4:12: error: networks: "a.b" cannot be the name of a network`,
		"networks: {a: yes}":                                                "networks.a: expected a hash such as {internal: true}",
		"networks: {a: {subnet: 10.1.2.3/24}}":                              "expected a subnet of IPv4 such as 172.30.5.0/24",
		"networks: {a: {subnet: 'fd00::/64'}}":                              "networks.a.subnet: networks have no subnets of IPv6",
		"networks: {a: {ipam: {driver: x}}}":                                "networks.a.ipam: expected one subnet, as {config:",
		"networks: {a: {ipv4_address: 10.1.2.3}}":                           "networks.a: ipv4_address in a network without a subnet",
		"networks: {a: {subnet: 10.1.2.0/24, ipv4_address: 10.2.2.3}}":      "networks.a: 10.2.2.3 is not in 10.1.2.0/24",
		"networks: {a: {internl: true}}":                                    `did you mean "internal"?`,
		"networks: {back: {}}\nservices: {db: {image: x, networks: [bak]}}": `services.db.networks: default-ubuntu-2204 has no network "bak"`,
		"services: {db: {image: x, networks: {a: [b]}}}":                    "expected a hash such as {ipv4_address: 172.30.5.9}, or nothing",
		"services: {db: {image: x, networks: {a: {ip: 1}}}}":                `unknown key "ip"`,
	} {
		_, diags := resolveText(t, wholeYAML(head+lines))
		var all []string
		for _, d := range diags {
			all = append(all, d.String())
		}
		require.Contains(t, strings.Join(all, "\n"), want, lines)
	}
}
