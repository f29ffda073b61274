package spec

import (
	"net/netip"
	"strconv"
	"strings"
)

// NetworkMode is how a container is connected.
type NetworkMode string

// The modes of networks. The empty one is the engine's default.
const (
	// NetworkNamed attaches to the network called Name.
	NetworkNamed NetworkMode = "named"
	// NetworkBridge is the engine's own default bridge.
	NetworkBridge NetworkMode = "bridge"
	// NetworkHost shares the host's network.
	NetworkHost NetworkMode = "host"
	// NetworkNone has a loopback interface only.
	NetworkNone NetworkMode = "none"
	// NetworkContainer shares the network of the container called Name.
	NetworkContainer NetworkMode = "container"
)

// Network is how a container is connected, as `network_mode` says it.
type Network struct {
	Mode NetworkMode
	// Name is that of the network or the container, for the modes that have one.
	Name string
}

// String renders the network as kitchen.yml would have it.
func (n Network) String() string {
	if n.Mode == NetworkNamed {
		return n.Name
	}
	return withName(string(n.Mode), n.Name)
}

// PortMapping publishes a port of the container on the engine's host.
type PortMapping struct {
	// HostIP is empty for all addresses.
	HostIP string
	// HostPort is 0 for a free one of the engine's choice.
	HostPort      int
	ContainerPort int
	// Protocol is "tcp", "udp" or "sctp".
	Protocol string
}

// Link is another container, and a name to reach it by.
type Link struct{ Container, Alias string }

// HostEntry is a line of the container's /etc/hosts.
type HostEntry struct {
	Name string
	// Address is not valid when Gateway is set.
	Address netip.Addr
	// Gateway stands for the address of the engine's host.
	Gateway bool
}

// String renders the port as kitchen.yml would have it.
func (p PortMapping) String() string {
	s := strconv.Itoa(p.ContainerPort) + "/" + p.Protocol
	if p.HostPort == 0 && p.HostIP == "" {
		return s
	}
	host := ""
	if p.HostPort != 0 {
		host = strconv.Itoa(p.HostPort)
	}
	s = host + ":" + s
	if p.HostIP == "" {
		return s
	}
	if strings.Contains(p.HostIP, ":") {
		return "[" + p.HostIP + "]:" + s
	}
	return p.HostIP + ":" + s
}

// String renders the link as kitchen.yml would have it.
func (l Link) String() string { return l.Container + ":" + l.Alias }

// String renders the entry as "name:address".
func (h HostEntry) String() string {
	if h.Gateway {
		return h.Name + ":" + HostGateway
	}
	return h.Name + ":" + h.Address.String()
}

// HostGateway is the word for the address of the engine's host.
const HostGateway = "host-gateway"
