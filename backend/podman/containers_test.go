package podman

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestInspectContainer(t *testing.T) {
	digits := strings.Repeat("0123456789abcdef", 4)
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, `{
			"Id": "abc", "Name": "web", "Image": "`+digits+`",
			"State": {"Status": "exited", "ExitCode": 3},
			"Config": {"Labels": {"a": "b"}, "Entrypoint": ["in", "version", "5"], "StopSignal": "SIGTERM"}
		}`)
		require.NoError(t, err)
	})
	got, err := b.InspectContainer(t.Context(), "web")
	require.NoError(t, err)
	require.Equal(t, backend.Container{Addresses: map[string]string{}, Ports: map[string]int{},
		ID: "abc", Name: "web", ImageID: "sha256:" + digits, State: backend.StateExited, ExitCode: 3,
		Labels: backend.Labels{"a": "b"},
	}, got)
}

func TestAddressOf(t *testing.T) {
	var answer containerAnswer
	require.NoError(t, json.Unmarshal([]byte(`{"NetworkSettings": {
		"IPAddress": "10.88.0.9", "Networks": {"b": {"IPAddress": "10.89.1.2"}, "a": {"IPAddress": ""}}
	}}`), &answer))
	require.Equal(t, "10.89.1.2", addressOf(answer))
	answer.NetworkSettings.Networks = nil
	require.Equal(t, "10.88.0.9", addressOf(answer), "on Podman's own network")
}

// A start that another container's end got in the way of is tried again, and no other failure is.
func TestStartAgain(t *testing.T) {
	for _, tt := range []struct {
		message  string
		failures int
		starts   int
		ok       bool
	}{
		{`subpath "/opt/chef" is outside of the volume "/var/lib/containers/storage/overlay/24974ac418ae/merged"`, 2, 3,
			true},
		{"no such file or directory", 2, 3, true},
		{"securejoin.OpenInRoot /opt/chef: openat2 /opt/chef: no such file or directory", 2, 3, true},
		{"invalid argument", 2, 3, true},
		{"no such file or directory", 100, startTries, false},
		{`subpath "/opt/chef" is outside of the volume "/var/lib/containers/storage/overlay/24974ac418ae/merged"`, 100,
			startTries, false},
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
		if err != nil && tt.starts == startTries {
			require.ErrorContains(t, err, "check that the image has what image-subpath names")
		} else if err != nil {
			require.NotContains(t, err.Error(), "image-subpath")
		}
	}
}

// A name that a killed client's creation still has in Podman's storage is waited for, and one that a container has is
// taken.
func TestCreateWaitsForTheName(t *testing.T) {
	const taken = `creating container storage: the container name "web" is already in use by b2533d9beeb6. You have to ` +
		`remove that container to be able to reuse that name: that name is already in use by an external entity`
	for _, tt := range []struct {
		name, message                  string
		conflicts, inspects, creations int
		wantErr                        error
	}{
		{"a creation that comes to nothing", taken, 3, 100, 4, nil},
		{"a creation that ends as a container", taken, 100, 2, 3, backend.ErrConflict},
		{"a container", taken, 100, 0, 1, backend.ErrConflict},
		{"a conflict about something else", "layer not known", 100, 100, 1, backend.ErrConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			creations, looks := 0, 0
			b := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/containers/create"):
					if creations++; creations > tt.conflicts {
						w.WriteHeader(http.StatusCreated)
						_, _ = w.Write([]byte(`{"Id": "abc"}`))
						return
					}
					w.WriteHeader(http.StatusInternalServerError)
					require.NoError(t, json.NewEncoder(w).Encode(map[string]any{"message": tt.message, "response": 500}))
				case looks < tt.inspects:
					looks++
					w.WriteHeader(http.StatusNotFound)
					_, _ = w.Write([]byte(`{"message": "no such container", "response": 404}`))
				default:
					_, _ = w.Write([]byte(`{"Id": "abc"}`))
				}
			})
			answer, err := b.create(t.Context(), createConfig{Name: "web"})
			require.Equal(t, tt.creations, creations)
			if tt.wantErr != nil {
				require.ErrorIs(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "abc", answer.ID)
		})
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
