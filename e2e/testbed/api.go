package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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

// Stop has the engine ask a container's PID 1 to end, and kill it after some seconds.
func (e Engine) Stop(ctx context.Context, container string, seconds int) error {
	_, err := e.call(ctx, http.MethodPost, fmt.Sprintf("/containers/%s/stop?t=%d", container, seconds), nil)
	return err
}
