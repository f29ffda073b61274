package backendtest

import (
	"context"
	"testing"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// Options says what the contract is run against.
type Options struct {
	// Name is the engine's name in messages: "podman4-rootless".
	Name string
	// Open returns the backend under test. It is called a few times; the suite
	// closes what it opened.
	Open func(t *testing.T) backend.ContainerBackend

	// Endpoint and OpenAt, when set, let the suite count and cut requests: OpenAt
	// returns a backend for an endpoint that leads to Endpoint through a RequestLog.
	Endpoint *backend.Endpoint
	OpenAt   func(t *testing.T, ep backend.Endpoint) backend.ContainerBackend

	// Image is a reference to a busybox image that the engine has locally. All
	// other images are built from it through BuildImage.
	Image string
	// Systemd is a reference to a local image whose command is systemd, or empty
	// when there is none.
	Systemd string
	// Registry is a registry that the engine can reach, or nil.
	Registry *Registry
	// Volumes looks at the engine's volumes from outside the interface, which has
	// no verb for them. Needed.
	Volumes Volumes

	// Patience is how long something that must come about is waited for; 0 means a
	// minute.
	Patience time.Duration
	// Skip maps the name of a subtest, such as "exec/tty", to the exact reason why
	// it means nothing on this engine. A name that no subtest has is an error.
	Skip map[string]string
	// Only names the subtests that run, for an engine without a kernel; nil means all. A
	// name that no subtest has is an error.
	Only []string
	// Record, when set, receives what became of each feature of ContainerSpec. It
	// is called by one goroutine at a time, also after Run has returned: subtests
	// run in parallel, and all is over only when t's cleanup functions are called.
	Record func(feature string, verdict Verdict, reason string)
}

// Verdict is what an engine makes of a feature.
type Verdict string

// The verdicts on a feature.
const (
	// Works: it was asked for and seen inside the container.
	Works Verdict = "works"
	// Weaker: it was not seen inside, and a warning of CreateContainer said so.
	Weaker Verdict = "weaker"
	// Refused: an UnsupportedError came before anything was created.
	Refused Verdict = "refused"
)

// Registry is where images can be pulled from.
type Registry struct {
	// Image can be pulled by anyone.
	Image string
	// Private can be pulled with Credentials only.
	Private     string
	Credentials backend.Credentials
	// Absent is a reference in the same registry that does not exist.
	Absent string
}

// Volumes lists and removes an engine's volumes.
type Volumes interface {
	// List returns the names of all volumes.
	List(ctx context.Context) ([]string, error)
	// Remove removes a volume that no container uses.
	Remove(ctx context.Context, name string) error
}
