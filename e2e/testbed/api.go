package testbed

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/docker/go-connections/nat"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
)

// What tests ask an engine without galley's own backends: requests of the part of Docker's
// API that Docker and Podman share.

// client makes requests to the engine's socket.
func (e Engine) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(e.Host, "unix://"))
		},
	}}
}

// call makes one request and decodes a successful answer, unless answer is nil.
func (e Engine) call(ctx context.Context, method, target string, answer any) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://engine"+target, nil)
	if err != nil {
		return 0, err
	}
	client := e.client()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", e.Name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
	case response.StatusCode >= http.StatusBadRequest:
		err = fmt.Errorf("%s: %s %s: %s: %s", e.Name, method, target, response.Status, body)
	case answer != nil:
		err = json.Unmarshal(body, answer)
	}
	return response.StatusCode, err
}

// Volumes returns the names of the engine's volumes.
func (e Engine) Volumes(t testing.TB) []string {
	t.Helper()
	return e.volumes(t, "")
}

// UnusedVolumes returns the names of the engine's volumes that no container uses.
func (e Engine) UnusedVolumes(t testing.TB) []string {
	t.Helper()
	return e.volumes(t, "?filters="+url.QueryEscape(`{"dangling":["true"]}`))
}

func (e Engine) volumes(t testing.TB, query string) []string {
	t.Helper()
	var answer struct{ Volumes []struct{ Name string } }
	_, err := e.call(t.Context(), http.MethodGet, "/volumes"+query, &answer)
	require.NoError(t, err)
	names := make([]string, 0, len(answer.Volumes))
	for _, v := range answer.Volumes {
		names = append(names, v.Name)
	}
	return names
}

// RemoveVolume removes a volume that no container uses.
func (e Engine) RemoveVolume(ctx context.Context, name string) error {
	_, err := e.call(ctx, http.MethodDelete, "/volumes/"+url.PathEscape(name), nil)
	return err
}

// Container is what an engine says of a container that galley has no use for.
type Container struct {
	// Ports are the published ports as they were bound, in the order of their numbers.
	Ports []spec.PortMapping
	// IPAddress is the address on the first network that gave one, by name.
	IPAddress string
	// Volumes are the names of the volumes mounted, anonymous ones too.
	Volumes []string
}

// Inspect asks for a container, by ID or name.
func (e Engine) Inspect(t testing.TB, container string) Container {
	t.Helper()
	var answer struct {
		Mounts          []struct{ Type, Name string }
		NetworkSettings struct {
			Ports    nat.PortMap
			Networks map[string]struct{ IPAddress string }
		}
	}
	_, err := e.call(t.Context(), http.MethodGet, "/containers/"+container+"/json", &answer)
	require.NoError(t, err)
	var c Container
	for _, m := range answer.Mounts {
		if m.Type == "volume" {
			c.Volumes = append(c.Volumes, m.Name)
		}
	}
	slices.Sort(c.Volumes)
	for _, name := range slices.Sorted(maps.Keys(answer.NetworkSettings.Networks)) {
		c.IPAddress = cmp.Or(c.IPAddress, answer.NetworkSettings.Networks[name].IPAddress)
	}
	for port, bindings := range answer.NetworkSettings.Ports {
		for _, b := range bindings {
			host, err := strconv.Atoi(b.HostPort)
			if err != nil || b.HostIP == "::" && len(bindings) > 1 {
				continue // not bound, or for all addresses of IPv6 what another one is for those of IPv4
			}
			c.Ports = append(c.Ports, spec.PortMapping{
				HostIP: strings.TrimPrefix(b.HostIP, "0.0.0.0"), HostPort: host, ContainerPort: port.Int(), Protocol: port.Proto(),
			})
		}
	}
	slices.SortFunc(c.Ports, func(a, b spec.PortMapping) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.HostPort, b.HostPort))
	})
	return c
}

// Stop has the engine ask a container's PID 1 to end, and kill it after some seconds.
func (e Engine) Stop(ctx context.Context, container string, seconds int) error {
	_, err := e.call(ctx, http.MethodPost, fmt.Sprintf("/containers/%s/stop?t=%d", container, seconds), nil)
	return err
}
