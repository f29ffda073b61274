package keys

import (
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
)

// node makes an instance one of a group.
func (r *resolver) node(i *config.Instance, raw kitchen.RawInstance) {
	i.Node = &config.Node{Name: raw.Node, After: raw.After, Group: r.group(raw.Group)}
	if !i.Driver.HostnameSet {
		i.Driver.Hostname = raw.Node
	}
	if i.Driver.Network.Mode != spec.NetworkNamed {
		r.diags.ErrorAt(raw.NodePos, "suites.nodes",
			fmt.Sprintf("nodes: the runner of %s cannot be on their network with network_mode %s", i.Name, i.Driver.Network),
			"leave network_mode out, or name a network: the runner is then on that one and on theirs")
	}
	d := r.decoder()
	d.key, d.spelt = d.schema.find(SectionNode, "networks"), "suites.nodes."+raw.Node+".networks"
	if raw.Networks != nil {
		i.Node.Networks, _ = endpoints(d, raw.Networks)
		d.checkEndpoints(*i.Node.Group, i.Node.Networks, raw.Networks)
		return
	}
	for _, n := range i.Node.Group.Networks {
		i.Node.Networks = append(i.Node.Networks, config.Endpoint{Network: n.Name})
	}
}

// group resolves a group as a whole, once.
func (r *resolver) group(g *kitchen.Group) *config.Instance {
	if done := r.groups[g]; done != nil {
		return done
	}
	first := r.c.Instances[slices.IndexFunc(r.c.Instances, func(i kitchen.RawInstance) bool { return i.Group == g })]
	whole := &config.Instance{Name: g.Name, Suite: g.Suite, Platform: g.Platform, OSType: first.OSType,
		ShellType: first.ShellType, Nodes: g.Nodes, Secrets: r.secrets,
		Driver:      once(r, first.Driver, r.driver),
		Provisioner: once(r, first.Provisioner, r.provisioner),
	}
	whole.Services, whole.Shared = r.splitShared(once(r, g.Services, r.serviceList), g.Services)
	whole.Networks = once(r, g.Networks, r.networkList)
	for _, n := range whole.Networks {
		if n.IPv4 != "" || len(n.Aliases) > 0 {
			r.diags.ErrorAt(either(g.Networks, n.Name).Pos, "networks."+n.Name,
				fmt.Sprintf("networks.%s: ipv4_address and aliases are of one runner, and %s has several", n.Name, g.Name),
				fmt.Sprintf("write them in a node, as {networks: {%s: {ipv4_address: …}}}", n.Name))
		}
	}
	r.checkServiceNetworks(*whole, g.Services)
	deriveDriver(&whole.Driver, first.Platform, whole.Provisioner)
	if g.Verifier != nil {
		whole.Verifier = once(r, g.Verifier, r.verifier)
		deriveInspec(&whole.Verifier.Inspec, whole.Provisioner.Chef)
		// It sees the files of the node in which it runs.
		whole.Verifier.RootPath = once(r, first.Verifier, r.verifier).RootPath
	}
	r.groups[g] = whole
	return whole
}
