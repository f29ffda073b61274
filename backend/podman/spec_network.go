package podman

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// networkingConfig is the part of a container's configuration that connects it.
type networkingConfig struct {
	NetNS        *namespace                 `json:"netns,omitempty"`
	Networks     map[string]networkEndpoint `json:"Networks,omitempty"`
	PortMappings []portMapping              `json:"portmappings,omitempty"`
	PublishAll   bool                       `json:"publish_image_ports,omitempty"`
	// UseImageHosts is always sent, lest the server's own default count.
	UseImageHosts bool `json:"use_image_hosts"`
	// BaseHosts, from Podman 5.4, keeps the host's own names out of /etc/hosts.
	BaseHosts  string   `json:"base_hosts_file,omitempty"`
	HostAdd    []string `json:"hostadd,omitempty"`
	DNSServers []string `json:"dns_server,omitempty"`
	DNSSearch  []string `json:"dns_search,omitempty"`
	DNSOptions []string `json:"dns_option,omitempty"`
}

// networkEndpoint is a container's place on a network.
type networkEndpoint struct {
	Aliases   []string `json:"aliases,omitempty"`
	StaticIPs []string `json:"static_ips,omitempty"`
	StaticMAC string   `json:"static_mac,omitempty"`
	Interface string   `json:"interface_name"`
}

// portMapping publishes a port; host port 0 is a free one.
type portMapping struct {
	HostIP        string `json:"host_ip,omitempty"`
	HostPort      int    `json:"host_port,omitempty"`
	ContainerPort int    `json:"container_port"`
	Protocol      string `json:"protocol"`
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
		c.Networks = map[string]networkEndpoint{n.Name: endpoint}
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
func endpointFrom(n backend.NetworkAttachment) (networkEndpoint, error) {
	endpoint := networkEndpoint{Aliases: n.Aliases, StaticMAC: n.MAC}
	for _, address := range []string{n.IPv4, n.IPv6} {
		if address == "" {
			continue
		}
		if _, err := netip.ParseAddr(address); err != nil {
			return networkEndpoint{}, &backend.Error{Op: "address " + address, Kind: backend.ErrInvalid,
				Detail: "it is no IP address", Err: err}
		}
		endpoint.StaticIPs = append(endpoint.StaticIPs, address)
	}
	if n.MAC != "" {
		if _, err := net.ParseMAC(n.MAC); err != nil {
			return networkEndpoint{}, &backend.Error{Op: "address " + n.MAC, Kind: backend.ErrInvalid,
				Detail: "it is no MAC address", Err: err}
		}
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

// applyPorts translates Ports and PublishAll, for networks that have ports.
func applyPorts(c *createConfig, s backend.ContainerSpec, f facts) []string {
	if !engine.Publishes(s.Network) {
		return nil
	}
	for _, p := range s.Ports {
		c.PortMappings = append(c.PortMappings, portMapping{
			HostIP: p.HostIP, HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: engine.Protocol(p.Protocol),
		})
	}
	c.PublishAll = s.PublishAll
	if hasIPv6Port(s) && !f.rootless {
		return []string{"ports: Podman as root passes connections to an IPv6 address on only to containers on a network with IPv6, and none to ::1"}
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
