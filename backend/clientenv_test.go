package backend

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientEnv(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint Endpoint
		want     map[string]string
	}{
		"docker": {Endpoint{URI: "unix:///run/docker.sock", Kind: KindDocker},
			map[string]string{"DOCKER_HOST": "unix:///run/docker.sock"}},
		"podman": {Endpoint{URI: "unix:///run/podman.sock", Kind: KindPodman},
			map[string]string{"DOCKER_HOST": "unix:///run/podman.sock", "CONTAINER_HOST": "unix:///run/podman.sock"}},
		"podman over ssh": {Endpoint{URI: "ssh://me@there:22/run/podman.sock", Kind: KindPodman, Identity: "/keys/id"},
			map[string]string{"DOCKER_HOST": "ssh://me@there:22/run/podman.sock",
				"CONTAINER_HOST": "ssh://me@there:22/run/podman.sock", "CONTAINER_SSHKEY": "/keys/id"}},
		"tls": {Endpoint{URI: "tcp://there:2376", Kind: KindDocker,
			TLS: &TLS{CA: "/tls/ca.pem", Cert: "/tls/cert.pem", Key: "/tls/key.pem"}},
			map[string]string{"DOCKER_HOST": "tcp://there:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/tls"}},
		"tls, unverified": {Endpoint{URI: "tcp://there:2376", Kind: KindDocker,
			TLS: &TLS{CA: "/tls/ca.pem", SkipVerify: true}},
			map[string]string{"DOCKER_HOST": "tcp://there:2376", "DOCKER_SSL_VERIFY": "false",
				"DOCKER_CERT_PATH": "/tls"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, ClientEnv(c.endpoint)) })
	}
}
