package keys

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// subnet reads an IPv4 subnet.
func subnet(d *decoder, v *yaml11.Value) (string, bool) {
	word, ok := text(d, v)
	if !ok {
		return "", false
	}
	p, err := netip.ParsePrefix(word)
	if err == nil && p.Addr().Is6() {
		return "", d.errorAt(v, "leave `subnet` out, or write one such as 172.30.5.0/24", "networks have no subnets of IPv6")
	}
	if err != nil || !p.Addr().Is4() || p != p.Masked() {
		return "", d.expected(v, "a subnet of IPv4 such as 172.30.5.0/24")
	}
	return word, true
}

// ipam reads compose's long form of a subnet: {config: [{subnet: 172.30.5.0/24}]}.
func ipam(d *decoder, v *yaml11.Value) (string, bool) {
	const want = "one subnet, as {config: [{subnet: 172.30.5.0/24}]}"
	if v.Kind != yaml11.Map || v.Map.Len() != 1 {
		return "", d.expected(v, want)
	}
	list := items(either(v, "config"))
	if len(list) != 1 || list[0].Kind != yaml11.Map || list[0].Map.Len() != 1 {
		return "", d.expected(v, want)
	}
	return subnet(d, either(list[0], "subnet"))
}

// ipv4 reads an address.
func ipv4(d *decoder, v *yaml11.Value) (string, bool) {
	word, ok := text(d, v)
	if a, err := netip.ParseAddr(word); ok && (err != nil || !a.Is4()) {
		return "", d.expected(v, "an address of IPv4 such as 172.30.5.10")
	}
	return word, ok
}

// networkList decodes `networks:`.
func (r *resolver) networkList(block *yaml11.Value) []config.Network {
	var list []config.Network
	for _, e := range entries(block) {
		d := r.decoder()
		d.spelt = "networks." + e.Key
		if !kitchen.IsHostName(e.Key) {
			r.diags.ErrorAt(e.KeyPos, d.spelt, fmt.Sprintf("networks: %q cannot be the name of a network", e.Key),
				kitchen.HostNameHint)
			continue
		}
		n := config.Network{Name: e.Key}
		d.into, d.at = &n, d.spelt
		if e.Value.Kind != yaml11.Map && e.Value.Kind != yaml11.Null {
			d.expected(e.Value, "a hash such as {internal: true}, or nothing")
			continue
		}
		d.block(SectionNetwork, "", e.Value)
		d.spelt = d.at
		d.checkAddress(e.Value, n.IPv4, n.Subnet)
		list = append(list, n)
	}
	return list
}

// checkAddress refuses a fixed address that no network can have given.
func (d *decoder) checkAddress(at *yaml11.Value, address, subnet string) {
	if address == "" {
		return
	}
	if subnet == "" {
		d.errorAt(at, "add `subnet: …`", "ipv4_address in a network without a subnet")
	} else if !netip.MustParsePrefix(subnet).Contains(netip.MustParseAddr(address)) {
		d.errorAt(at, "", "%s is not in %s", address, subnet)
	}
}

// endpoints reads `networks:` of a service or a node: a list of names, or a hash of them as compose has it.
func endpoints(d *decoder, v *yaml11.Value) ([]config.Endpoint, bool) {
	if v.Kind != yaml11.Map {
		names, ok := texts(d, v)
		var list []config.Endpoint
		for _, name := range names {
			list = append(list, config.Endpoint{Network: name})
		}
		return list, ok
	}
	var list []config.Endpoint
	for _, e := range entries(v) {
		if e.Value.Kind != yaml11.Map && e.Value.Kind != yaml11.Null {
			return nil, d.expected(e.Value, "a hash such as {ipv4_address: 172.30.5.9}, or nothing")
		}
		at := config.Endpoint{Network: e.Key}
		for _, k := range entries(e.Value) {
			var ok bool
			switch k.Key {
			case "ipv4_address":
				at.IPv4, ok = ipv4(d, k.Value)
			case "aliases":
				at.Aliases, ok = texts(d, k.Value)
			default:
				ok = d.errorAt(k.Value, suggestion(k.Key, []string{"ipv4_address", "aliases"}), "unknown key %q", k.Key)
			}
			if !ok {
				return nil, false
			}
		}
		list = append(list, at)
	}
	return list, true
}

// checkNetworks refuses networks that a runner or a service cannot be on.
func (r *resolver) checkNetworks(i config.Instance, raw kitchen.RawInstance) {
	if len(i.Networks) > 0 && i.Driver.Network.Mode != spec.NetworkNamed {
		r.diags.ErrorAt(raw.Networks.Pos, "networks",
			fmt.Sprintf("networks: the runner of %s cannot be on them with network_mode %s", i.Name, i.Driver.Network),
			"leave network_mode out")
	}
	r.checkServiceNetworks(i, raw.Services)
}

// checkServiceNetworks refuses networks that a service of an instance, or of a group, cannot be on.
func (r *resolver) checkServiceNetworks(i config.Instance, services *yaml11.Value) {
	for _, s := range i.Services {
		d := r.decoder()
		d.spelt = "services." + s.Name + ".networks"
		d.checkEndpoints(i, s.Networks, either(either(services, s.Name), "networks"))
	}
}

// checkEndpoints refuses networks that an instance, or a group, does not have, and addresses that they do not have.
func (d *decoder) checkEndpoints(i config.Instance, list []config.Endpoint, at *yaml11.Value) {
	for _, e := range list {
		n := slices.IndexFunc(i.Networks, func(n config.Network) bool { return n.Name == e.Network })
		if n < 0 {
			var names []string
			for _, n := range i.Networks {
				names = append(names, n.Name)
			}
			d.errorAt(at, suggestion(e.Network, names), "%s has no network %q", i.Name, e.Network)
			continue
		}
		d.checkAddress(at, e.IPv4, i.Networks[n].Subnet)
	}
}
