package podman_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/backendtest"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// TestContract runs the contract of the interface on every Podman of the test bed.
func TestContract(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		images := e.Load(t, "busybox", "systemd")
		ep := backend.Endpoint{URI: e.Host, Kind: backend.KindPodman}
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
			Skip:     impossible(e),
		})
	})
}

// impossible are the promises that this machine, not Podman, keeps from being kept.
func impossible(e testbed.Engine) map[string]string {
	skip := map[string]string{}
	if _, err := os.Stat("/dev/mqueue"); e.Rootless && errors.Is(err, fs.ErrNotExist) {
		skip["feature/ipc-host"] = "rootless Podman needs the host's /dev/mqueue for it, which this machine does not have"
	}
	return skip
}

func open(t *testing.T, ep backend.Endpoint) *podman.Backend {
	t.Helper()
	b, err := podman.New(ep)
	require.NoError(t, err)
	return b
}

// registry puts an image where it can be pulled from, under names that only this
// engine's tests use.
func registry(t *testing.T, e testbed.Engine, image string) *backendtest.Registry {
	t.Helper()
	r := testbed.StartRegistry(t)
	name := "/galley/contract-" + e.Name
	e.Exec(t, "podman", "push", "--quiet", "--tls-verify=false", image, r.Address+name+":latest")
	return &backendtest.Registry{
		Image:       r.Address + name + ":latest",
		Private:     r.AuthAddress + name + ":latest",
		Credentials: backend.Credentials{Registry: r.AuthAddress, Username: r.User, Password: r.Password},
		Absent:      strings.Join([]string{r.Address, "galley", "absent:latest"}, "/"),
	}
}
