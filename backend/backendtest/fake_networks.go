package backendtest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/galley-kitchen/galley/backend"
)

// gateway is the address of the fake's host as containers see it.
const gateway = "198.51.100.1"

// fakeNetwork is a network and how many addresses it has given.
type fakeNetwork struct {
	backend.Network
	number, given int
}

// EnsureNetwork implements backend.Networks.
func (f *Fake) EnsureNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	f.mu.Lock()
	_, exists := f.networks[s.Name]
	f.mu.Unlock()
	call := newCall("EnsureNetwork", s.Name)
	if !exists {
		call.APICalls += newNetworkCalls
	}
	return do(ctx, f, call, func() (backend.Network, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if n, ok := f.networks[s.Name]; ok {
			return n.describe(), nil
		}
		n := &fakeNetwork{
			Network: backend.Network{ID: f.newID(), Name: s.Name, Labels: maps.Clone(s.Labels), IPv6: s.IPv6},
			number:  len(f.networks) + 1,
		}
		f.networks[s.Name] = n
		return n.describe(), nil
	})
}

func (n *fakeNetwork) describe() backend.Network {
	got := n.Network
	got.Labels = maps.Clone(n.Labels)
	return got
}

// ListNetworks implements backend.Networks.
func (f *Fake) ListNetworks(ctx context.Context, labels backend.Labels) ([]backend.Network, error) {
	return do(ctx, f, newCall("ListNetworks"), func() ([]backend.Network, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var found []backend.Network
		for _, name := range slices.Sorted(maps.Keys(f.networks)) {
			if n := f.networks[name]; labels.Matches(n.Labels) {
				found = append(found, n.describe())
			}
		}
		return found, nil
	})
}

// RemoveNetwork implements backend.Networks.
func (f *Fake) RemoveNetwork(ctx context.Context, name string) error {
	return doOnly(ctx, f, newCall("RemoveNetwork", name), func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, c := range f.containers {
			if c.spec.Network.Mode == backend.NetworkNamed && c.spec.Network.Name == name {
				return conflict("remove network "+name, "container "+c.name+" is attached to it")
			}
		}
		delete(f.networks, name)
		return nil
	})
}

// checkNetwork finds the network or container that an attachment names.
func (f *Fake) checkNetwork(op string, n backend.NetworkAttachment) error {
	switch n.Mode {
	case backend.NetworkNamed:
		if _, ok := f.networks[n.Name]; !ok {
			return notFound(op, "no such network: "+n.Name)
		}
	case backend.NetworkContainer:
		if _, err := f.find(n.Name); err != nil {
			return err
		}
	}
	return nil
}

// connect gives a container that starts its address and its ports.
func (f *Fake) connect(c *box) error {
	if n, ok := f.networks[c.spec.Network.Name]; ok && c.spec.Network.Mode == backend.NetworkNamed {
		n.given++
		c.address = fmt.Sprintf("10.89.%d.%d", n.number, n.given+1)
		if c.spec.Network.IPv4 != "" {
			c.address = c.spec.Network.IPv4
		}
	}
	wanted := slices.Clone(c.spec.Ports)
	if c.spec.PublishAll {
		wanted = append(wanted, f.exposed(c)...)
	}
	var bound []backend.PortMapping
	for _, p := range wanted {
		for p.HostPort == 0 {
			f.nextPort++
			if f.portIsFree(f.nextPort) {
				p.HostPort = f.nextPort
			}
		}
		if !f.portIsFree(p.HostPort) {
			return failure(backend.ErrPortTaken, "start container "+c.name, fmt.Sprintf("port %d is in use", p.HostPort))
		}
		bound = append(bound, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ports = bound
	return nil
}

// exposed returns the ports that the container's image exposes.
func (f *Fake) exposed(c *box) []backend.PortMapping {
	var ports []backend.PortMapping
	for _, text := range f.images[c.imageID].ports {
		p := backend.PortMapping{Protocol: "tcp"}
		// A port without a protocol gives fewer values, and keeps the default.
		if n, _ := fmt.Sscanf(text, "%d/%s", &p.ContainerPort, &p.Protocol); n > 0 {
			ports = append(ports, p)
		}
	}
	return ports
}

func (f *Fake) portIsFree(port int) bool {
	for _, c := range f.containers {
		for _, p := range c.describe().Ports {
			if p.HostPort == port {
				return false
			}
		}
	}
	return true
}

// resolve finds the address of a container by name or alias, on the network of the
// one that asks.
func (f *Fake) resolve(from *box, name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	own := from.spec.Network
	for _, link := range own.Links {
		if link.Alias == name {
			name = link.Container
		}
	}
	for _, c := range f.containers {
		n := c.spec.Network
		if n.Mode == backend.NetworkNamed && own.Mode == n.Mode && n.Name == own.Name && (c.name == name || slices.Contains(n.Aliases, name)) {
			return c.describe().IPAddress
		}
	}
	return ""
}
