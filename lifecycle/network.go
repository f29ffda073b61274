package lifecycle

import (
	"context"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// network ensures the network that runners share, once per run. A network
// that is there already stays as it is, since other runners may be on it.
func (e *engine) network(ctx context.Context, by requester, d config.Driver) error {
	n, err := e.shared.Load().networks.Do(d.Network.Name, func() (backend.Network, error) {
		return e.EnsureNetwork(ctx, backend.NetworkSpec{Name: d.Network.Name, IPv6: d.IPv6, IPv6Subnet: d.IPv6Subnet,
			Labels: e.run.labels(label.RoleNetwork)})
	})
	if err == nil && d.IPv6 && !n.IPv6 {
		by.notice(LevelWarn, fmt.Sprintf("ipv6: the network %s is there already, without IPv6\n"+
			"Destroy all instances that use it, run `galley prune`, and create them anew.", d.Network.Name))
	}
	return err
}
