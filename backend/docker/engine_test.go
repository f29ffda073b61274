package docker_test

import (
	"testing"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// each runs a test on every Docker of the test bed, with its busybox image's ID.
func each(t *testing.T, test func(t *testing.T, e testbed.Engine, image string)) {
	t.Helper()
	testbed.RunOn(t, testbed.Docker, func(t *testing.T, e testbed.Engine) {
		test(t, e, e.Load(t, "busybox")[0].ID)
	})
}
