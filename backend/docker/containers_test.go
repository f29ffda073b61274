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
		"Config": {"Labels": {"a": "b"}}
	}`), &answer))
	require.Equal(t, backend.Container{
		ID: "id", Name: "web", ImageID: "sha256:0123", State: backend.StateExited, ExitCode: 3,
		Labels: backend.Labels{"a": "b"},
	}, containerFrom(answer))
	require.Equal(t, backend.Container{}, containerFrom(container.InspectResponse{}))
}

// Docker 20.10 publishes a port for IPv6 at another number.
func TestPortsOfBothKinds(t *testing.T) {
	for _, ends := range []string{
		`{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32769"}`,
		`{"HostIp": "::", "HostPort": "32769"}, {"HostIp": "0.0.0.0", "HostPort": "32768"}`,
	} {
		var answer container.InspectResponse
		require.NoError(t, json.Unmarshal([]byte(`{"NetworkSettings": {"Ports": {"80/tcp": [`+ends+`],
			"90/tcp": [{"HostIp": "::1", "HostPort": "9090"}], "91/tcp": null}}}`), &answer))
		require.Equal(t, map[string]int{"80/tcp": 32768, "90/tcp": 9090}, containerFrom(answer).Ports)
	}
}

// TestNameOf: a link gives the other container a further name.
func TestNameOf(t *testing.T) {
	require.Equal(t, "web", nameOf([]string{"/other/database", "/web"}))
	require.Empty(t, nameOf(nil))
}

func TestStateFrom(t *testing.T) {
	for in, want := range map[string]backend.State{
		"created": backend.StateCreated, "running": backend.StateRunning, "restarting": backend.StateRunning,
		"paused":   backend.StatePaused,
		"removing": backend.StateRemoving, "dead": backend.StateRemoving, "exited": backend.StateExited,
	} {
		require.Equal(t, want, stateFrom(in), in)
	}
}
