package podman

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// networkConfig is the body of POST /networks/create, and what galley reads of an inspected network.
type networkConfig struct {
	ID          string            `json:"id,omitempty"`
	Name        string            `json:"name"`
	Driver      string            `json:"driver"`
	DNSEnabled  bool              `json:"dns_enabled"`
	IPv6Enabled bool              `json:"ipv6_enabled"`
	Subnets     []subnet          `json:"subnets,omitempty"`
	Internal    bool              `json:"internal,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

type subnet struct {
	Subnet string `json:"subnet"`
}

// EnsureNetwork returns a network, by GET /networks/{name}/json, or makes it, by POST /networks/create.
func (b *Backend) EnsureNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	n, err := b.inspectNetwork(ctx, s.Name)
	if errors.Is(err, backend.ErrNotFound) {
		return b.createNetwork(ctx, s)
	}
	return n, err
}

func (b *Backend) inspectNetwork(ctx context.Context, name string) (backend.Network, error) {
	var answer networkConfig
	err := b.call(ctx, request{op: "network " + name, path: "GET /networks/%s/json", arg: name}, &answer)
	return networkFrom(answer), err
}

// createNetwork makes a network, and takes the other's if another caller was first.
func (b *Backend) createNetwork(ctx context.Context, s backend.NetworkSpec) (backend.Network, error) {
	create := func(s backend.NetworkSpec) (backend.Network, error) {
		config, err := networkConfigFrom(s)
		if err != nil {
			return backend.Network{}, err
		}
		var answer networkConfig
		err = b.call(ctx, request{op: "create network " + s.Name, path: "POST /networks/create", json: config}, &answer)
		return networkFrom(answer), err
	}
	return engine.CreateNetwork(s, create, func(error) (backend.Network, error) { return b.inspectNetwork(ctx, s.Name) })
}

// networkFrom translates the answer of an inspection.
func networkFrom(answer networkConfig) backend.Network {
	return backend.Network{ID: answer.ID, Name: answer.Name, Labels: answer.Labels, IPv6: answer.IPv6Enabled}
}

// networkConfigFrom translates a specification. Names are only resolved where that
// is asked for. Errors: backend.ErrInvalid for a subnet that is none.
func networkConfigFrom(s backend.NetworkSpec) (networkConfig, error) {
	config := networkConfig{Name: s.Name, Driver: "bridge", DNSEnabled: true, IPv6Enabled: s.IPv6, Internal: s.Internal,
		Labels: s.Labels}
	if s.Subnet != "" {
		config.Subnets = []subnet{{s.Subnet}}
	}
	if !s.IPv6 {
		return config, nil
	}
	prefix, err := netip.ParsePrefix(s.IPv6Subnet)
	if err != nil || !prefix.Addr().Is6() {
		return networkConfig{}, &backend.Error{Op: "create network " + s.Name, Kind: backend.ErrInvalid,
			Detail: s.IPv6Subnet + " is no IPv6 subnet", Remedy: "Write for example fd00:1:2:3::/64.", Err: err}
	}
	config.Subnets = append(config.Subnets, subnet{prefix.Masked().String()})
	return config, nil
}

// ListNetworks lists networks with labels, by GET /networks/json.
func (b *Backend) ListNetworks(ctx context.Context, labels backend.Labels) ([]backend.Network, error) {
	var answer []networkConfig
	err := b.list(ctx, request{op: "list networks", path: "GET /networks/json", filters: labelFilters(labels)}, &answer)
	answer = slices.DeleteFunc(answer, func(n networkConfig) bool { return !labels.Matches(n.Labels) })
	return engine.TranslateList(answer, err, networkFrom)
}

// RemoveNetwork removes a network by DELETE /networks/{name}. Without force it
// fails while containers use the network, and says so in a list with status 200.
func (b *Backend) RemoveNetwork(ctx context.Context, name string) error {
	op := "remove network " + name
	var answer []struct {
		Name string
		Err  any
	}
	err := b.call(ctx, request{op: op, path: "DELETE /networks/%s", arg: name}, &answer)
	if err != nil {
		return engine.UnlessGone(err)
	}
	for _, report := range answer {
		if report.Err != nil {
			// The error loses its words on the way; being in use is the one there is.
			return &backend.Error{Op: op, Kind: backend.ErrConflict, Detail: "containers are still attached to it"}
		}
	}
	return nil
}
