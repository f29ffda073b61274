package fake

import (
	"context"
	"maps"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

// EnsureNetwork implements backend.Networks.
func (f *Engine) EnsureNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	return locked(ctx, f, newCall("EnsureNetwork", s.Name), func() (backend.Network, error) {
		if n, ok := f.networks[s.Name]; ok {
			return n, nil
		}
		n := backend.Network{ID: f.newID(), Name: s.Name, Labels: maps.Clone(s.Labels), IPv6: s.IPv6}
		f.networks[s.Name] = n
		return n, nil
	})
}

// ListNetworks implements backend.Networks.
func (f *Engine) ListNetworks(ctx context.Context, labels backend.Labels) ([]backend.Network, error) {
	return locked(ctx, f, newCall("ListNetworks"), func() ([]backend.Network, error) {
		return listed(f.networks, func(n backend.Network) (backend.Network, bool) { return n, labels.Matches(n.Labels) }), nil
	})
}

// RemoveNetwork implements backend.Networks.
func (f *Engine) RemoveNetwork(ctx context.Context, name string) error {
	return change(ctx, f, newCall("RemoveNetwork", name), func() error {
		for _, c := range f.containers {
			attached := func(n backend.NetworkAttachment) bool { return n.Mode == spec.NetworkNamed && n.Name == name }
			if slices.ContainsFunc(append(c.spec.Networks, c.spec.Network), attached) {
				return failure(backend.ErrConflict, "remove network "+name, "container "+c.name+" is attached to it")
			}
		}
		delete(f.networks, name)
		return nil
	})
}

// checkNetwork finds the network or container that an attachment names.
func (f *Engine) checkNetwork(op string, n backend.NetworkAttachment) error {
	if n.Mode == spec.NetworkContainer {
		_, err := f.find(n.Name)
		return err
	}
	if _, ok := f.networks[n.Name]; !ok && n.Mode == spec.NetworkNamed {
		return failure(backend.ErrNotFound, op, "no such network: "+n.Name)
	}
	return nil
}
