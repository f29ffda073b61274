package podman

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestContainerFrom(t *testing.T) {
	digits := strings.Repeat("0123456789abcdef", 4)
	var answer containerAnswer
	require.NoError(t, json.Unmarshal([]byte(`{
		"Id": "abc", "Name": "web", "Image": "`+digits+`",
		"State": {"Status": "exited", "ExitCode": 3},
		"Config": {"Labels": {"a": "b"}, "Entrypoint": ["in", "version", "5"], "StopSignal": "SIGTERM"},
		"Mounts": [{"Type": "bind", "Name": ""}, {"Type": "volume", "Name": "v2"}, {"Type": "volume", "Name": "v1"}],
		"NetworkSettings": {
			"IPAddress": "10.88.0.9",
			"Ports": {
				"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "40001"}],
				"53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}], "99/tcp": null
			},
			"Networks": {"b": {"IPAddress": "10.89.1.2"}, "a": {"IPAddress": ""}}
		}
	}`), &answer))
	got, err := containerFrom(answer)
	require.NoError(t, err)
	require.Equal(t, backend.Container{
		ID: "abc", Name: "web", ImageID: "sha256:" + digits, State: backend.StateExited, ExitCode: 3, Labels: backend.Labels{"a": "b"},
		Ports: []backend.PortMapping{
			{HostIP: "127.0.0.1", HostPort: 5353, ContainerPort: 53, Protocol: "udp"},
			{HostPort: 40001, ContainerPort: 8080, Protocol: "tcp"},
		},
		IPAddress: "10.89.1.2", Volumes: []string{"v1", "v2"},
	}, got)

	answer.NetworkSettings.Networks = nil
	got, err = containerFrom(answer)
	require.NoError(t, err)
	require.Equal(t, "10.88.0.9", got.IPAddress, "on Podman's own network")

	answer.NetworkSettings.Ports = map[string][]hostPort{"80/tcp": {{HostPort: "many"}}}
	_, err = containerFrom(answer)
	require.Error(t, err)
}

func TestStateFrom(t *testing.T) {
	for status, want := range map[string]backend.State{
		"configured": backend.StateCreated, "created": backend.StateCreated, "initialized": backend.StateCreated,
		"running": backend.StateRunning, "stopping": backend.StateRunning, "paused": backend.StatePaused,
		"exited": backend.StateExited, "stopped": backend.StateExited, "removing": backend.StateRemoving,
	} {
		require.Equal(t, want, stateFrom(status), status)
	}
}
