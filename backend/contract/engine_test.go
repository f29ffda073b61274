// Package contract_test holds container engines to what [backend.ContainerBackend] promises: a case for each promise,
// run on every engine of the test bed, on several of them side by side. The cases that need neither a kernel nor a
// shell run on the fake, too, and on engines that lie.
package contract_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// engines are those that keep the contract: a new one is a line here.
func engines() backend.Engines { return backend.Engines{docker.Engine(), podman.Engine()} }

// subject is what the contract is run against.
type subject struct {
	// name is the engine's name in messages: "podman4-rootless".
	name string
	// connect returns a new backend, which the caller closes.
	connect func(t *testing.T) backend.ContainerBackend
	// logged returns a backend whose requests are written down and can be cut. It is nil where there are no requests.
	logged func(t *testing.T) (backend.ContainerBackend, *testbed.RequestLog)
	// image is a reference to a busybox image that the engine has locally. All other
	// images are built from it through BuildImage.
	image string
	// systemd is a reference to a local image whose command is systemd.
	systemd string
	// registry is a registry that the engine can reach.
	registry registry
	// rootless engines run as a plain user; remapsUsers is userns-remap.
	rootless, remapsUsers bool
	outside               outside
	// patience is how long something that must come about is waited for.
	patience time.Duration
	// only names the cases that run, for an engine without a kernel; nil means all. A name
	// that no case has is an error.
	only []string
	// record receives what became of each feature of ContainerSpec. It is called by several goroutines at once.
	record func(feature string, verdict testbed.Verdict, reason string)
}

// registry is where images can be pulled from.
type registry struct {
	// image can be pulled by anyone.
	image string
	// private can be pulled with credentials only.
	private     string
	credentials backend.Credentials
	// moved is the name of image in a repository of its own, for a case that gives it to another local image.
	moved string
	// absent is a reference in the same registry that does not exist.
	absent string
}

// outside is what the contract asks an engine past its backend, since the interface has no verb for it.
type outside interface {
	Inspect(t testing.TB, container string) testbed.Container
	Volumes(t testing.TB) []string
	RemoveVolume(ctx context.Context, name string) error
	// Stop asks PID 1 to end and kills it after some seconds.
	Stop(ctx context.Context, container string, seconds int) error
}

// TestContract runs the contract on every engine of the test bed.
func TestContract(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		images := e.Load(t, "busybox", "systemd")
		connect := func(t *testing.T, e testbed.Engine) backend.ContainerBackend {
			return open(t, backend.Endpoint{URI: e.Host, Kind: backend.Kind(e.Kind)})
		}
		run(t, subject{
			name:    e.Name,
			connect: func(t *testing.T) backend.ContainerBackend { return connect(t, e) },
			logged: func(t *testing.T) (backend.ContainerBackend, *testbed.RequestLog) {
				e, log := e.LogRequests(t)
				return connect(t, e), log
			},
			image:    images[0].Tag,
			systemd:  images[1].Tag,
			registry: push(t, e, images[0].Tag),
			rootless: e.Rootless, remapsUsers: e.UserNSRemap,
			outside:  e,
			patience: time.Minute,
			record:   testbed.NewLedger(t, e.Name, "../../docs/engines.json").Record,
		})
	})
}

func open(t *testing.T, ep backend.Endpoint) backend.ContainerBackend {
	t.Helper()
	b, err := engines().Open(ep)
	require.NoError(t, err)
	return b
}

// push puts an image where it can be pulled from, under names that only this engine's tests use.
func push(t *testing.T, e testbed.Engine, image string) registry {
	t.Helper()
	r := testbed.StartRegistry(t)
	name, moved := "/galley/contract-"+e.Name+":latest", "/galley/contract-moved-"+e.Name+":latest"
	for _, ref := range []string{r.Address + name, r.Address + moved} {
		e.Exec(t, e.Kind, "tag", image, ref)
		e.Exec(t, e.Kind, "push", "--quiet", ref)
		e.Exec(t, e.Kind, "rmi", ref)
	}
	return registry{
		image:       r.Address + name,
		moved:       r.Address + moved,
		private:     r.AuthAddress + name,
		credentials: backend.Credentials{Registry: r.AuthAddress, Username: r.User, Password: r.Password},
		absent:      r.Address + "/galley/absent:latest",
	}
}
