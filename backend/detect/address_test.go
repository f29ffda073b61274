package detect

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// TestAddress: as Docker's client reads addresses, and else an error in words.
func TestAddress(t *testing.T) {
	const docker, podman = backend.KindDocker, backend.KindPodman
	tests := []struct {
		text   string
		prefer backend.Kind
		want   string // or, in parentheses, a part of the error
	}{
		{"unix:///run/docker.sock", "", "unix:///run/docker.sock"},
		{" unix:///run/docker.sock\n", "", "unix:///run/docker.sock"},
		{"unix://run/docker.sock", "", "unix://run/docker.sock"},
		{"unix://", "", "unix:///var/run/docker.sock"},
		{"unix://", podman, "(the path is missing)"},
		{"unix://unix:///x", "", "(two schemes)"},
		{"127.0.0.1:2375", "", "tcp://127.0.0.1:2375"},
		{"127.0.0.1", docker, "tcp://127.0.0.1:2375"},
		{"host", "", "tcp://host:2375"},
		{":2375", "", "tcp://localhost:2375"},
		{"tcp://host", "", "tcp://host:2375"},
		{"tcp://host:", "", "tcp://host:2375"},
		{"tcp://host/", "", "tcp://host:2375"},
		{"tcp://", "", "tcp://localhost:2375"},
		{"\ttcp://host:2376 ", "", "tcp://host:2376"},
		{"tcp://[::1]:2375", "", "tcp://[::1]:2375"},
		{"tcp://[::1]", "", "tcp://[::1]:2375"},
		{"tcp://host", podman, "(the port is missing)"},
		{"tcp://", podman, "(the host is missing)"},
		{"127.0.0.1:8888", podman, "tcp://127.0.0.1:8888"},
		{"https://host", "", "(the port is missing)"},
		{"https://host:2376", "", "https://host:2376"},
		{"tcp://host:99999", "", "(there is no port 99999)"},
		{"tcp://host:0", "", "(there is no port 0)"},
		{"tcp://host:port", "", "(is not a port)"},
		{"tcp://host:2375/prefix", "", "(behind the port)"},
		{"tcp://[::1", "", "(missing ']' in host)"},
		{"tcp://%zz", "", "(hexadecimal)"},
		{"/run/docker.sock", "", "(a path alone is not an address)"},
		{"fd://", "", "(for a daemon)"},
		{"npipe://", "", "npipe:////./pipe/docker_engine"},
		{"npipe:////./pipe/x", "", "npipe:////./pipe/x"},
		{"ssh://user@host:22/run/docker.sock", "", "ssh://user@host:22/run/docker.sock"},
		{"ftp://host", "", `(the scheme "ftp" is not known)`},
		{"://", "", "(scheme"},
		// A password is dropped or refused, and never shown.
		{"tcp://user:S3CRET@host:2375", "", "tcp://host:2375"},
		{"user:S3CRET@host:2375", "", "tcp://host:2375"},
		{"tcp://user:S3CRET@host:port", "", "(user:********@host"},
		{"tcp://user:S3CRET%zz@host", "", "(user:********@host"},
		{"tcp://user:S3CRET/@:x@host:1", "", "(user:********@host"},
		{"tcp://user:S3CRET", "", "(is not a port)"},
		{"ftp://user:S3CRET@host", "", "(user:********@host"},
		{"user:S3CRET@host://x", "", "(user:********@host"},
		{"fd://user:S3CRET@host", "", "(user:********@host"},
		{"ssh://user:S3CRET@host", "", "(use a key)"},
		{"ssh://user:S3CRET@ho st", "", "(user:********@ho"},
	}
	for _, tt := range tests {
		got, err := address(tt.text, tt.prefer)
		if part, bad := strings.CutPrefix(tt.want, "("); bad {
			require.ErrorIs(t, err, backend.ErrInvalid, tt.text)
			require.ErrorContains(t, err, strings.TrimSuffix(part, ")"), tt.text)
			if strings.Contains(tt.text, "@") {
				require.NotContains(t, err.Error(), "S3CRET", tt.text)
			}
			continue
		}
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, got, tt.text)
		again, err := address(got, tt.prefer)
		require.NoError(t, err)
		require.Equal(t, got, again, "reading it twice changes nothing")
	}
}

// TestPasswordsAreNotShown: wherever an address comes from, no password of it is in the
// list, the error or the endpoint.
func TestPasswordsAreNotShown(t *testing.T) {
	for _, uri := range []string{"tcp://user:S3CRET@127.0.0.1:1", "ssh://user:S3CRET@host", "tcp://user:S3CRET@ho%zz:1",
		"ftp://u:S3CRET@h"} {
		files := map[string]string{
			"/home/u/.config/containers/containers.conf": "[engine]\nactive_service='a'\n[engine.service_destinations.a]\nuri='" + uri + "'\n",
		}
		for _, from := range []string{"DOCKER_HOST", "CONTAINER_HOST", "CONTAINER_CONNECTION", "--host"} {
			env, o := map[string]string{from: uri}, Options{}
			switch from {
			case "--host":
				o.Host, o.HostSource = uri, from
			case "CONTAINER_CONNECTION":
				env[from] = "a"
			}
			h := fakeHost(files, env)
			r, err := Find(t.Context(), h, o)
			require.ErrorIs(t, err, backend.ErrUnreachable)
			require.ErrorContains(t, err, from)
			require.NotContains(t, err.Error(), "S3CRET")
			for err := r.Candidates[0].err; err != nil; err = errors.Unwrap(err) {
				require.NotContains(t, err.Error(), "S3CRET")
			}
			require.NotContains(t, r.Candidates[0].Endpoint.URI+r.Candidates[0].Reason+r.Candidates[0].Remedy, "S3CRET")
			c, ok := Explicit(h, o)
			require.True(t, ok)
			require.Equal(t, from, c.Source)
			require.NotContains(t, c.Endpoint.URI, "S3CRET")
		}
	}
}

func TestExplicit(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		o    Options
		want string // source and address
	}{
		{nil, Options{}, ""},
		{map[string]string{"DOCKER_HOST": "  "}, Options{Host: " "}, ""},
		{map[string]string{"DOCKER_HOST": "host"}, Options{}, "DOCKER_HOST tcp://host:2375"},
		{map[string]string{"DOCKER_HOST": "host"}, Options{Engine: "podman"}, ""},
		{map[string]string{"DOCKER_HOST": "host", "CONTAINER_HOST": "unix:///p"}, Options{},
			"CONTAINER_HOST unix:///p"},
		{map[string]string{"DOCKER_HOST": "host"}, Options{Host: "unix:///x", HostSource: "GALLEY_HOST"},
			"GALLEY_HOST unix:///x"},
		{map[string]string{"DOCKER_CONTEXT": "default"}, Options{}, ""},
	} {
		c, ok := Explicit(fakeHost(nil, tt.env), tt.o)
		require.Equal(t, tt.want != "", ok)
		require.Equal(t, tt.want, strings.TrimSpace(c.Source+" "+c.Endpoint.URI))
	}
}
