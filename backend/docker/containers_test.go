package docker

import (
	"encoding/json"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestContainerFrom(t *testing.T) {
	var answer container.InspectResponse
	require.NoError(t, json.Unmarshal([]byte(`{
		"Id": "id", "Name": "/web", "Image": "sha256:0123", "State": {"Status": "exited", "ExitCode": 3},
		"Config": {"Labels": {"a": "b"}},
		"Mounts": [{"Type": "volume", "Name": "v2"}, {"Type": "bind", "Source": "/x"}, {"Type": "volume", "Name": "v1"}],
		"NetworkSettings": {
			"Ports": {
				"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32769"}],
				"53/udp": [{"HostIp": "127.0.0.1", "HostPort": "8053"}],
				"90/tcp": [{"HostIp": "::", "HostPort": "9090"}],
				"443/tcp": null,
				"8080/tcp": [{"HostIp": "", "HostPort": ""}]
			},
			"Networks": {"b": {"IPAddress": "10.0.0.2"}, "a": {}, "c": {"IPAddress": "10.0.0.3"}, "0": null}
		}
	}`), &answer))
	require.Equal(t, backend.Container{
		ID: "id", Name: "web", ImageID: "sha256:0123", State: backend.StateExited, ExitCode: 3, Labels: backend.Labels{"a": "b"},
		Volumes: []string{"v1", "v2"}, IPAddress: "10.0.0.2",
		Ports: []backend.PortMapping{
			{HostIP: "127.0.0.1", HostPort: 8053, ContainerPort: 53, Protocol: "udp"},
			{HostPort: 32768, ContainerPort: 80, Protocol: "tcp"},
			{HostIP: "::", HostPort: 9090, ContainerPort: 90, Protocol: "tcp"},
		},
	}, containerFrom(answer))
	require.Equal(t, backend.Container{}, containerFrom(container.InspectResponse{}))
}

func TestContainerFromList(t *testing.T) {
	got := containerFromList(container.Summary{
		ID: "id", Names: []string{"/other/database", "/web"}, ImageID: "sha256:0123", State: "running",
		Ports: []container.Port{
			{IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp"}, {IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp"},
			{PrivatePort: 443, Type: "tcp"},
		},
	})
	require.Equal(t, "web", got.Name)
	require.Equal(t, backend.StateRunning, got.State)
	require.Equal(t, []backend.PortMapping{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}}, got.Ports)
	require.Empty(t, nameOf(nil))
}

func TestStateFrom(t *testing.T) {
	for in, want := range map[string]backend.State{
		"created": backend.StateCreated, "running": backend.StateRunning, "restarting": backend.StateRunning, "paused": backend.StatePaused,
		"removing": backend.StateRemoving, "dead": backend.StateRemoving, "exited": backend.StateExited,
	} {
		require.Equal(t, want, stateFrom(in), in)
	}
}
