package podman

import (
	"encoding/json"
	"net/http"
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

// A start that another container's end got in the way of is tried again, and no other failure is.
func TestStartAgain(t *testing.T) {
	for _, tt := range []struct {
		message  string
		failures int
		starts   int
		ok       bool
	}{
		{`subpath "/opt/chef" is outside of the volume "/var/lib/containers/storage/overlay/24974ac418ae/merged"`, 2, 3, true},
		{"no such file or directory", 2, 3, true},
		{"no such file or directory", 100, startTries, false},
		{"statfs /missing: no such file or directory", 2, 1, false},
		{"something else", 2, 1, false},
	} {
		starts := 0
		b := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/start") {
				return
			}
			if starts++; starts > tt.failures {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
			require.NoError(t, json.NewEncoder(w).Encode(map[string]any{"message": tt.message, "response": 500}))
		})
		err := b.StartContainer(t.Context(), "abc")
		require.Equal(t, tt.ok, err == nil, tt.message)
		require.Equal(t, tt.starts, starts, tt.message)
	}
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
