package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// TestPathsThatAreNoText: an engine would be told of another directory.
func TestPathsThatAreNoText(t *testing.T) {
	var p plan
	p.spec.Labels = backend.Labels{label.Sandbox: sandboxMounted}
	p.spec.Mounts = []spec.Mount{
		{Type: spec.MountBind, Source: "/p\xff/kitchen", Target: "/opt/kitchen", Own: true},
		{Type: spec.MountBind, Source: "/srv/ä", Target: "/srv"},
		{Type: spec.MountVolume, Target: "/v"},
	}
	require.NoError(t, p.requireText())
	require.Equal(t, sandboxUploaded, p.spec.Labels[label.Sandbox])
	require.Equal(t, spec.Mount{Type: spec.MountVolume, Target: "/opt/kitchen"}, p.spec.Mounts[0])
	p.spec.Mounts[1].Source = "/p\xff/data"
	require.ErrorContains(t, p.requireText(), `driver.volumes: the path "/p\xff/data" is not text`)
}
