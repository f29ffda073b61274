package podman_test

import (
	"testing"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// each runs a test on every Podman of the test bed, whose busybox image it gets.
func each(t *testing.T, test func(t *testing.T, b *podman.Backend, image string)) {
	t.Helper()
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		if e.Kind != testbed.Podman {
			t.Skip(e.Name + " is no Podman: backend/docker tests it")
		}
		image := e.Load(t, "busybox")[0]
		test(t, open(t, backend.Endpoint{URI: e.Host, Kind: backend.KindPodman}), image.ID)
	})
}
