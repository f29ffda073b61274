package docker_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/backendtest"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// TestContract runs the contract of the interface on every Docker of the test bed.
func TestContract(t *testing.T) {
	each(t, func(t *testing.T, e testbed.Engine, _ string) {
		images := e.Load(t, "busybox", "systemd")
		ep := backend.Endpoint{URI: e.Host, Kind: backend.KindDocker}
		volumes, err := backendtest.EngineVolumes(ep)
		require.NoError(t, err)
		backendtest.Run(t, backendtest.Options{
			Name:     e.Name,
			Open:     func(t *testing.T) backend.ContainerBackend { return open(t, ep) },
			Endpoint: &ep,
			OpenAt:   func(t *testing.T, ep backend.Endpoint) backend.ContainerBackend { return open(t, ep) },
			Image:    images[0].Tag,
			Systemd:  images[1].Tag,
			Registry: registry(t, e, images[0].Tag),
			Volumes:  volumes,
			Record:   backendtest.NewLedger(t, e.Name, "../../docs/engines.json").Record,
		})
	})
}

func open(t *testing.T, ep backend.Endpoint) *docker.Backend {
	t.Helper()
	b, err := docker.New(ep)
	require.NoError(t, err)
	return b
}

// registry puts an image where it can be pulled from, under names that only this
// engine's tests use.
func registry(t *testing.T, e testbed.Engine, image string) *backendtest.Registry {
	t.Helper()
	r := testbed.StartRegistry(t)
	name := "/galley/contract-" + e.Name
	e.Exec(t, "docker", "tag", image, r.Address+name+":latest")
	e.Exec(t, "docker", "push", "--quiet", r.Address+name+":latest")
	e.Exec(t, "docker", "rmi", r.Address+name+":latest")
	return &backendtest.Registry{
		Image:       r.Address + name + ":latest",
		Private:     r.AuthAddress + name + ":latest",
		Credentials: backend.Credentials{Registry: r.AuthAddress, Username: r.User, Password: r.Password},
		Absent:      strings.Join([]string{r.Address, "galley", "absent:latest"}, "/"),
	}
}
