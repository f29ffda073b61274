package docker

import (
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// macPerNetwork is the version of the API from which a MAC address belongs to a
// network, and no longer to the container.
const macPerNetwork = "1.44"

// applyNetwork translates Network, Ports, PublishAll, ExtraHosts and DNS.
func applyNetwork(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	if s.Network.Mode == backend.NetworkContainer {
		return applySharedNetwork(c, s), nil
	}
	warnings, err := applyAttachment(c, s, f)
	if err != nil {
		return nil, err
	}
	warnings = append(warnings, applyPorts(c, s)...)
	h := c.HostConfig
	for _, e := range s.ExtraHosts {
		address := "host-gateway"
		if !e.Gateway {
			address = e.Address.String()
		}
		h.ExtraHosts = append(h.ExtraHosts, e.Name+":"+address)
	}
	h.DNS, h.DNSSearch, h.DNSOptions = s.DNS.Servers, s.DNS.Search, s.DNS.Options
	return warnings, nil
}

// applySharedNetwork shares the network of another container, to which all that
// makes a network then belongs: Docker refuses a container that brings its own.
func applySharedNetwork(c *container.CreateRequest, s backend.ContainerSpec) []string {
	n := s.Network
	c.HostConfig.NetworkMode = container.NetworkMode("container:" + n.Name)
	c.Hostname = ""
	var warnings []string
	for _, part := range []struct {
		feature string
		given   bool
	}{
		{"hostname", s.Hostname != "" || s.Domainname != ""},
		{"aliases", len(n.Aliases) > 0},
		{"links", len(n.Links) > 0},
		{"addresses", n.IPv4 != "" || n.IPv6 != "" || n.MAC != ""},
		{"ports", len(s.Ports) > 0 || s.PublishAll},
		{"extra_hosts", len(s.ExtraHosts) > 0},
		{"dns", len(s.DNS.Servers)+len(s.DNS.Search)+len(s.DNS.Options) > 0},
	} {
		if part.given {
			warnings = append(warnings, part.feature+": they are those of container "+n.Name+", whose network is shared")
		}
	}
	return warnings
}

// applyAttachment translates Network.
func applyAttachment(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	n, h := s.Network, c.HostConfig
	if n.Mode != backend.NetworkNamed && (n.IPv4 != "" || n.IPv6 != "" || n.MAC != "") {
		return nil, &backend.Error{Op: "network_mode " + string(n.Mode), Kind: backend.ErrInvalid,
			Detail: "a fixed address needs a network of its own", Remedy: "Name a network in network_mode, or leave the address out."}
	}
	switch n.Mode {
	case "", backend.NetworkBridge:
		h.NetworkMode = container.NetworkMode(n.Mode)
		h.Links = links(n)
	case backend.NetworkHost, backend.NetworkNone:
		h.NetworkMode = container.NetworkMode(n.Mode)
		if len(n.Links) > 0 {
			return nil, unsupported(f, "links with network_mode "+string(n.Mode), "Name a network in network_mode.")
		}
	case backend.NetworkNamed:
		h.NetworkMode = container.NetworkMode(n.Name)
		c.NetworkingConfig.EndpointsConfig = map[string]*network.EndpointSettings{n.Name: endpointFrom(c, n, f)}
		return nil, nil
	default:
		return nil, &backend.Error{Op: "network_mode " + string(n.Mode), Kind: backend.ErrInvalid, Detail: "there is no such mode"}
	}
	if len(n.Aliases) > 0 {
		return []string{"aliases: other containers find them only on a network with a name of its own"}, nil
	}
	return nil, nil
}

// endpointFrom translates aliases, links and fixed addresses.
func endpointFrom(c *container.CreateRequest, n backend.NetworkAttachment, f facts) *network.EndpointSettings {
	endpoint := &network.EndpointSettings{Aliases: n.Aliases, Links: links(n)}
	if n.IPv4 != "" || n.IPv6 != "" {
		endpoint.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.IPv4, IPv6Address: n.IPv6}
	}
	if f.macPerNetwork {
		endpoint.MacAddress = n.MAC
	} else {
		c.MacAddress = n.MAC //nolint:staticcheck // deprecated, and the only place that older engines have
	}
	return endpoint
}

// links are the other containers by the names that they shall have.
func links(n backend.NetworkAttachment) []string {
	var list []string
	for _, link := range n.Links {
		list = append(list, link.Container+":"+link.Alias)
	}
	return list
}

// applyPorts translates Ports and PublishAll, for networks that have ports.
func applyPorts(c *container.CreateRequest, s backend.ContainerSpec) []string {
	switch s.Network.Mode {
	case backend.NetworkHost, backend.NetworkNone:
		if len(s.Ports) > 0 || s.PublishAll {
			return []string{"ports: nothing is published with network_mode " + string(s.Network.Mode)}
		}
		return nil
	}
	c.HostConfig.PublishAllPorts = s.PublishAll
	if len(s.Ports) == 0 {
		return nil
	}
	c.ExposedPorts, c.HostConfig.PortBindings = nat.PortSet{}, nat.PortMap{}
	for _, p := range s.Ports {
		port := nat.Port(strconv.Itoa(p.ContainerPort) + "/" + engine.Protocol(p.Protocol))
		binding := nat.PortBinding{HostIP: p.HostIP}
		if p.HostPort != 0 {
			binding.HostPort = strconv.Itoa(p.HostPort)
		}
		c.ExposedPorts[port] = struct{}{}
		c.HostConfig.PortBindings[port] = append(c.HostConfig.PortBindings[port], binding)
	}
	return nil
}
