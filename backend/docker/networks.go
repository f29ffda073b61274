package docker

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// uniqueNetworks is the version of the API from which the engine itself sees to
// it that no two networks have the same name.
const uniqueNetworks = "1.44"

// EnsureNetwork returns a network, by GET /networks/{name}, or makes it, by POST /networks/create.
func (b *Backend) EnsureNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	n, err := b.inspectNetwork(ctx, s.Name)
	switch {
	case errors.Is(err, backend.ErrConflict):
		n, err = b.oldestNetwork(ctx, s.Name)
	case errors.Is(err, backend.ErrNotFound):
		n, err = b.createNetwork(ctx, s)
	}
	return n, err
}

// inspectNetwork finds a network by its name, and by nothing but that: Docker would also take the beginning of an ID.
func (b *Backend) inspectNetwork(ctx context.Context, name string) (backend.Network, error) {
	op := "network " + name
	answer, err := b.client.NetworkInspect(ctx, name, network.InspectOptions{})
	if err != nil {
		return backend.Network{}, wrap(op, err)
	}
	if answer.Name != name {
		return backend.Network{}, &backend.Error{Op: op, Kind: backend.ErrNotFound}
	}
	return networkFrom(answer), nil
}

// networkFrom translates the answer of an inspection.
func networkFrom(answer network.Inspect) backend.Network {
	return backend.Network{ID: answer.ID, Name: answer.Name, Labels: answer.Labels, IPv6: answer.EnableIPv6}
}

// createNetwork makes a network, and takes the other's if another caller was first.
func (b *Backend) createNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	create := func(s backend.NetworkSpec) (backend.Network, error) {
		options := networkOptions(s)
		if !b.atLeast(uniqueNetworks) {
			options.Options = map[string]string{bridgeOption: bridgeName(s.Name)}
		}
		answer, err := b.client.NetworkCreate(ctx, s.Name, options)
		return backend.Network{ID: answer.ID, Name: s.Name, Labels: s.Labels, IPv6: s.IPv6},
			wrap("create network "+s.Name, err)
	}
	return engine.CreateNetwork(s, create, func(conflict error) (backend.Network, error) {
		return b.awaitNetwork(ctx, s.Name, engine.Says(conflict, sameBridge))
	})
}

// bridgeOption names the network's bridge. Before version 1.44 of the API callers at the same moment can each make a
// network of one name; but two networks cannot have one bridge, and that the engine checks without fail.
const bridgeOption = "com.docker.network.bridge.name"

// bridgeName is a stable name for a network's bridge, as long as Linux allows.
func bridgeName(network string) string {
	sum := sha256.Sum256([]byte("galley " + network))
	return "br-" + hex.EncodeToString(sum[:6])
}

// awaitTimeout bounds how long what another caller makes is waited for.
const awaitTimeout = 20 * time.Second

// awaitNetwork finds the network that another caller has made, or has begun to
// make: its bridge is there before its name.
func (b *Backend) awaitNetwork(ctx context.Context, name string, begun bool) (found backend.Network, err error) {
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	err = engine.Poll(ctx, func(ctx context.Context) (done bool, err error) {
		found, err = b.inspectNetwork(ctx, name)
		if begun && errors.Is(err, backend.ErrNotFound) {
			return false, nil
		}
		return true, err
	})
	return found, err
}

// networkOptions translates what a network must be like.
func networkOptions(s backend.NetworkSpec) network.CreateOptions {
	o := network.CreateOptions{Driver: "bridge", Labels: s.Labels, Internal: s.Internal}
	var subnets []network.IPAMConfig
	if s.Subnet != "" {
		subnets = append(subnets, network.IPAMConfig{Subnet: s.Subnet})
	}
	if s.IPv6 {
		o.EnableIPv6 = &s.IPv6
		subnets = append(subnets, network.IPAMConfig{Subnet: s.IPv6Subnet})
	}
	if len(subnets) > 0 {
		o.IPAM = &network.IPAM{Config: subnets}
	}
	return o
}

// oldestNetwork leaves one network of a name: the oldest. Before version 1.44 of
// the API other programs could have made several.
func (b *Backend) oldestNetwork(ctx context.Context, name string) (backend.Network, error) {
	op := "network " + name
	found, err := b.client.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
	if err != nil {
		return backend.Network{}, wrap(op, err)
	}
	// The filter takes any part of a name.
	found = slices.DeleteFunc(found, func(n network.Summary) bool { return n.Name != name })
	if len(found) == 0 {
		return backend.Network{}, &backend.Error{Op: op, Kind: backend.ErrNotFound, Detail: "it was removed again at once"}
	}
	slices.SortFunc(found, func(a, b network.Summary) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	for _, n := range found[1:] {
		if err := engine.UnlessGone(wrap(op, b.client.NetworkRemove(ctx, n.ID))); err != nil {
			return backend.Network{}, err
		}
	}
	return networkFrom(found[0]), nil
}

// ListNetworks returns the networks with labels, by GET /networks.
func (b *Backend) ListNetworks(ctx context.Context, labels backend.Labels) ([]backend.Network, error) {
	answer, err := b.client.NetworkList(ctx, network.ListOptions{Filters: labelFilter(labels)})
	return engine.TranslateList(answer, wrap("list networks", err), networkFrom)
}

// RemoveNetwork removes a network, by DELETE /networks/{name}.
func (b *Backend) RemoveNetwork(ctx context.Context, name string) error {
	return engine.UnlessGone(wrap("remove network "+name, b.client.NetworkRemove(ctx, name)))
}
