package docker_test

import (
	"testing"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/backendtest"
)

func TestHostileEngine(t *testing.T) {
	backendtest.RunHostile(t, func(t *testing.T, ep backend.Endpoint) backend.ContainerBackend { return open(t, ep) })
}

func TestLocalFailures(t *testing.T) {
	backendtest.RunLocalFailures(t, func(t *testing.T, ep backend.Endpoint) backend.ContainerBackend { return open(t, ep) })
}
