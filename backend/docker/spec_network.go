package docker

import (
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// macPerNetwork is the version of the API from which a MAC address belongs to a
// network, and no longer to the container.
const macPerNetwork = "1.44"

// applyNetwork translates Network, Ports, PublishAll, ExtraHosts and DNS.
func applyNetwork(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	n, h := s.Network, c.HostConfig
	switch n.Mode {
	case spec.NetworkContainer:
		// All that makes a network belongs to the other container: Docker refuses one that brings its own.
		h.NetworkMode = container.NetworkMode("container:" + n.Name)
		c.Hostname = ""
		return engine.SharedNetworkWarnings(s, true), nil
	case spec.NetworkNamed:
		h.NetworkMode = container.NetworkMode(n.Name)
		c.NetworkingConfig.EndpointsConfig = map[string]*network.EndpointSettings{n.Name: endpointFrom(c, n, f)}
	default:
		h.NetworkMode = container.NetworkMode(n.Mode)
		h.Links = links(n)
		if len(n.Links) > 0 && !engine.Publishes(n) {
			return nil, unsupported(f, "links with network_mode "+string(n.Mode), "Name a network in network_mode.")
		}
	}
	applyPorts(c, s)
	for _, e := range s.ExtraHosts {
		h.ExtraHosts = append(h.ExtraHosts, e.String())
	}
	h.DNS, h.DNSSearch, h.DNSOptions = s.DNS.Servers, s.DNS.Search, s.DNS.Options
	return engine.NetworkWarnings(s), nil
}

// endpointFrom translates aliases, links and fixed addresses.
func endpointFrom(c *container.CreateRequest, n backend.NetworkAttachment, f facts) *network.EndpointSettings {
	endpoint := &network.EndpointSettings{Aliases: n.Aliases, Links: links(n)}
	if n.IPv4 != "" || n.IPv6 != "" {
		endpoint.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: n.IPv4, IPv6Address: n.IPv6}
	}
	if f.atLeast(macPerNetwork) {
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
		list = append(list, link.String())
	}
	return list
}

// applyPorts translates Ports and PublishAll, for networks that have ports.
func applyPorts(c *container.CreateRequest, s backend.ContainerSpec) {
	if !engine.Publishes(s.Network) {
		return
	}
	c.HostConfig.PublishAllPorts = s.PublishAll
	if len(s.Ports) == 0 {
		return
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
}
