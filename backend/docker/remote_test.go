package docker_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// TestRemote: everything goes over TLS and over ssh, too, up to the end of a command's
// input. The version of the API is not told beforehand.
func TestRemote(t *testing.T) {
	t.Setenv("PATH", testbed.SSHDir()+string(filepath.ListSeparator)+os.Getenv("PATH"))
	testbed.RunOn(t, testbed.Docker, func(t *testing.T, e testbed.Engine) {
		image := e.Load(t, "busybox")[0].ID
		t.Run("ssh", func(t *testing.T) {
			echo(t, open(t, backend.Endpoint{URI: e.SSH.Host, Identity: e.SSH.Identity}), image)
		})
		if e.TLS == nil { // a rootless Docker
			return
		}
		dir := e.TLS.CertPath
		t.Run("tls", func(t *testing.T) {
			tls := &backend.TLS{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"),
				Key: filepath.Join(dir, "key.pem")}
			echo(t, open(t, backend.Endpoint{URI: e.TLS.Host, TLS: tls}), image)
		})
		t.Run("tls without certificate", func(t *testing.T) {
			b := open(t, backend.Endpoint{URI: e.TLS.Host, TLS: &backend.TLS{CA: filepath.Join(dir, "ca.pem")}})
			_, err := b.Info(t.Context())
			require.ErrorIs(t, err, backend.ErrUnreachable)
			require.ErrorContains(t, err, "DOCKER_CERT_PATH")
		})
		t.Run("without tls", func(t *testing.T) {
			_, err := open(t, backend.Endpoint{URI: e.TLS.Host}).Info(t.Context())
			require.ErrorIs(t, err, backend.ErrUnreachable)
			require.ErrorContains(t, err, "DOCKER_TLS_VERIFY")
		})
	})
}

func open(t *testing.T, ep backend.Endpoint) *docker.Backend {
	t.Helper()
	b, err := docker.New(ep)
	require.NoError(t, err)
	return b
}

// echo sends a text through a command and back.
func echo(t *testing.T, b *docker.Backend, image string) {
	t.Helper()
	c, err := b.CreateContainer(t.Context(), backend.ContainerSpec{Image: image, Command: []string{"sleep", "3600"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.RemoveContainer(context.WithoutCancel(t.Context()), c.ID)) })
	require.NoError(t, b.StartContainer(t.Context(), c.ID))
	var out strings.Builder
	code, err := b.Exec(t.Context(), c.ID,
		backend.ExecSpec{Command: []string{"cat"}, Stdin: strings.NewReader("far away"), Stdout: &out})
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "far away", out.String())
}
