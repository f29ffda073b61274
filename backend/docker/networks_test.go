package docker

import (
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestNetworkOptions(t *testing.T) {
	require.Equal(t, network.CreateOptions{Driver: "bridge", Labels: map[string]string{"a": "b"}},
		networkOptions(backend.NetworkSpec{Name: "n", Labels: backend.Labels{"a": "b"}}))

	chosen := networkOptions(backend.NetworkSpec{Name: "n", IPv6: true, IPv6Subnet: "fd00:1::/64"})
	require.True(t, *chosen.EnableIPv6)
	require.Equal(t, "fd00:1::/64", chosen.IPAM.Config[0].Subnet)
}

func TestBridgeName(t *testing.T) {
	const longestInterface = 15
	require.Len(t, bridgeName("dokken"), longestInterface)
	require.Equal(t, bridgeName("dokken"), bridgeName("dokken"))
	require.NotEqual(t, bridgeName("dokken"), bridgeName("galley"))
}
