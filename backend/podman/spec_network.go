package podman

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/containers/common/libnetwork/types"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// networkingConfig is the part of a container's configuration that connects it.
type networkingConfig struct {
	NetNS        *namespace                         `json:"netns,omitempty"`
	Networks     map[string]types.PerNetworkOptions `json:"Networks,omitempty"`
	PortMappings []types.PortMapping                `json:"portmappings,omitempty"`
	PublishAll   bool                               `json:"publish_image_ports,omitempty"`
	// UseImageHosts is always sent, lest the server's own default count.
	UseImageHosts bool `json:"use_image_hosts"`
	// BaseHosts, from Podman 5.4, keeps the host's own names out of /etc/hosts.
	BaseHosts  string   `json:"base_hosts_file,omitempty"`
	HostAdd    []string `json:"hostadd,omitempty"`
	DNSServers []string `json:"dns_server,omitempty"`
	DNSSearch  []string `json:"dns_search,omitempty"`
	DNSOptions []string `json:"dns_option,omitempty"`
}

// applyNetwork translates Network, Ports, PublishAll, ExtraHosts and DNS.
func applyNetwork(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	n := s.Network
	c.BaseHosts = "none"
	switch n.Mode {
	case spec.NetworkContainer:
		// All that makes a network belongs to the other container; a name of its own this one may have.
		c.NetNS, c.BaseHosts = &namespace{Mode: "container", Value: n.Name}, ""
		return engine.SharedNetworkWarnings(s, false), nil
	case spec.NetworkNamed:
		endpoint, err := endpointFrom(n)
		if err != nil {
			return nil, err
		}
		c.NetNS = &namespace{Mode: "bridge"}
		c.Networks = map[string]types.PerNetworkOptions{n.Name: endpoint}
		for _, further := range s.Networks {
			if c.Networks[further.Name], err = endpointFrom(further); err != nil {
				return nil, err
			}
		}
	case spec.NetworkBridge, spec.NetworkHost, spec.NetworkNone:
		c.NetNS = &namespace{Mode: string(n.Mode)}
	}
	warnings, err := applyLinks(c, s, f)
	if err != nil {
		return nil, err
	}
	warnings = slices.Concat(warnings, engine.NetworkWarnings(s), applyPorts(c, s, f))
	for _, h := range s.ExtraHosts {
		entry, err := hostEntry(h, f)
		if err != nil {
			return nil, err
		}
		c.HostAdd = append(c.HostAdd, entry)
	}
	for _, server := range s.DNS.Servers {
		if _, err := netip.ParseAddr(server); err != nil {
			return nil, &backend.Error{Op: "dns " + server, Kind: backend.ErrInvalid, Detail: "a name server is an IP address",
				Err: err}
		}
	}
	c.DNSServers, c.DNSSearch, c.DNSOptions = s.DNS.Servers, s.DNS.Search, s.DNS.Options
	return warnings, nil
}

// endpointFrom translates aliases and fixed addresses.
func endpointFrom(n backend.NetworkAttachment) (types.PerNetworkOptions, error) {
	endpoint := types.PerNetworkOptions{Aliases: n.Aliases}
	for _, address := range []string{n.IPv4, n.IPv6} {
		if address == "" {
			continue
		}
		ip := net.ParseIP(address)
		if ip == nil {
			return endpoint, &backend.Error{Op: "address " + address, Kind: backend.ErrInvalid, Detail: "it is no IP address"}
		}
		endpoint.StaticIPs = append(endpoint.StaticIPs, ip)
	}
	if n.MAC != "" {
		mac, err := net.ParseMAC(n.MAC)
		if err != nil {
			return endpoint, &backend.Error{Op: "address " + n.MAC, Kind: backend.ErrInvalid, Detail: "it is no MAC address",
				Err: err}
		}
		endpoint.StaticMAC = types.HardwareAddr(mac)
	}
	return endpoint, nil
}

// linkedContainers are the containers whose addresses the links need. A link
// without another alias needs none: containers find each other by name.
func linkedContainers(s backend.ContainerSpec) []string {
	if s.Network.Mode == spec.NetworkContainer {
		return nil
	}
	var names []string
	for _, link := range s.Network.Links {
		if link.Container != link.Alias {
			names = append(names, link.Container)
		}
	}
	return names
}

// applyLinks puts the other names of linked containers into /etc/hosts, as Podman has no links.
func applyLinks(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	var warnings []string
	for _, link := range s.Network.Links {
		name, alias := link.Container, link.Alias
		if name == alias {
			continue
		}
		address := f.linked[name]
		if address == "" {
			return nil, unsupported(f, "links: "+link.String()+" to a container without an address",
				"Start "+name+" first, or use its name instead of the alias "+alias+".")
		}
		c.HostAdd = append(c.HostAdd, alias+":"+address)
		warnings = append(warnings, "links: Podman has no links; "+alias+" stands for the address that "+name+" has now, "+
			address)
	}
	return warnings, nil
}

// applyPorts translates Ports and PublishAll, for networks that have ports. Host port 0 is a free one, and
// engine.CheckSpec has seen to it that all are ports.
func applyPorts(c *createConfig, s backend.ContainerSpec, f facts) []string {
	if !engine.Publishes(s.Network) {
		return nil
	}
	for _, p := range s.Ports {
		c.PortMappings = append(c.PortMappings, types.PortMapping{HostIP: p.HostIP, HostPort: uint16(p.HostPort),
			ContainerPort: uint16(p.ContainerPort), Protocol: engine.Protocol(p.Protocol)})
	}
	c.PublishAll = s.PublishAll
	if hasIPv6Port(s) && !f.rootless {
		return []string{"ports: Podman as root passes connections to an IPv6 address on only to containers " +
			"on a network with IPv6, and none to ::1"}
	}
	return nil
}

// hasIPv6Port reports whether a port is published on an IPv6 address.
func hasIPv6Port(s backend.ContainerSpec) bool {
	return slices.ContainsFunc(s.Ports, func(p spec.PortMapping) bool { return strings.Contains(p.HostIP, ":") })
}

// hostEntry translates a line of /etc/hosts. Servers before 4.7 would write host-gateway there as it is.
func hostEntry(h spec.HostEntry, f facts) (string, error) {
	if h.Gateway && !f.version.atLeast(hostGateway) {
		return "", unsupported(f, "extra_hosts "+h.String(),
			"Use the name host.containers.internal, which every container has, or upgrade Podman to 4.7 or newer.")
	}
	return h.String(), nil
}
