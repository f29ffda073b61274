// Package docker is the backend for engines that speak Docker's own API, by Docker's own client library.
//
// Its files and functions stand in the same order as those of backend/podman, so that the two can be read side by side.
// What a ContainerSpec becomes on Docker is in spec.go; which error is which, in errors.go.
package docker

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// Backend is a Docker engine.
type Backend struct {
	endpoint backend.Endpoint
	connect  dial.Func
	http     *http.Client
	client   *client.Client

	info *engine.Memo[measured]
	// toolVolumes are the volumes that the images of tools declare.
	toolVolumes engine.Volumes
	// bare has the IDs of containers that are known to have no private tools.
	bare sync.Map
	// attached has the networks of containers that did not run when they were seen, by ID.
	attached sync.Map
}

// measured is what an engine says of itself, in the interface's words and in those that only this package needs.
type measured struct {
	backend.Info
	rootless bool
	// remaps is true when containers get a user namespace of their own unless they ask for the host's.
	remaps bool
	// cpuLimit is true when a limit of processors takes effect.
	cpuLimit bool
	// layers is true when the engine can mount an overlay over a volume.
	layers bool
}

// The contract that this package fulfils.
var _ backend.ContainerBackend = (*Backend)(nil)

// Engine is Docker as a program registers it.
func Engine() backend.Engine {
	return backend.Engine{
		Kind: backend.KindDocker,
		Open: func(ep backend.Endpoint) (backend.ContainerBackend, error) { return New(ep) },
	}
}

// New makes a backend for an endpoint. It sends nothing yet: where the endpoint does not tell the version of the API,
// the client asks before its first call. Errors: backend.ErrInvalid for an address or TLS files that cannot be used.
func New(ep backend.Endpoint) (*Backend, error) {
	connect, err := dial.New(ep)
	if err != nil {
		return nil, err
	}
	httpClient := dial.HTTPClient(connect)
	guarded := &http.Client{Transport: errorHidingTransport{engine.NewGuard(httpClient.Transport)},
		CheckRedirect: client.CheckRedirect}
	options := []client.Opt{client.WithHTTPClient(guarded), client.WithAPIVersionNegotiation()}
	if strings.HasPrefix(ep.URI, "tcp://") {
		// For the Host header alone: connect decides who is called.
		options = slices.Insert(options, 0, client.WithHost(ep.URI))
	}
	cli, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, &backend.Error{Op: "engine address " + ep.URI, Kind: backend.ErrInvalid, Detail: err.Error(), Err: err}
	}
	b := &Backend{
		endpoint: ep, connect: connect, http: httpClient, client: cli,
		info: engine.NewMemo[measured](),
	}
	if ep.APIVersion != "" {
		cli.NegotiateAPIVersionPing(types.Ping{APIVersion: ep.APIVersion})
	}
	return b, nil
}

// Info tells what the engine is and what it can do, by GET /info. It asks once and
// remembers the answer; a failure is not remembered.
func (b *Backend) Info(ctx context.Context) (backend.Info, error) {
	m, err := b.measure(ctx)
	return m.Info, err
}

// RemapsUsers reports whether the daemon has userns-remap, by GET /info.
func (b *Backend) RemapsUsers(ctx context.Context) (bool, error) {
	m, err := b.measure(ctx)
	return m.remaps, err
}

// measure asks once and remembers the answer.
func (b *Backend) measure(ctx context.Context) (measured, error) {
	return b.info.Get(ctx, func(ctx context.Context) (measured, error) {
		answer, err := b.client.Info(ctx)
		if err != nil {
			return measured{}, wrap("ask the engine what it is", err)
		}
		return measuredFrom(answer), nil
	})
}

// measuredFrom translates the answer of GET /info.
func measuredFrom(answer system.Info) measured {
	cgroup, err := strconv.Atoi(answer.CgroupVersion)
	if err != nil {
		// Engines that do not tell are older than the second version.
		cgroup = 1
	}
	rootless := hasSecurityOption(answer, "rootless")
	flavor := string(backend.KindDocker)
	switch {
	case rootless:
		flavor += " rootless"
	case hasSecurityOption(answer, "userns"):
		flavor += " userns-remap"
	}
	return measured{
		Info:     backend.Info{Flavor: flavor, CgroupVersion: cgroup, CopiesLoseOwners: hasSecurityOption(answer, "userns")},
		rootless: rootless,
		remaps:   hasSecurityOption(answer, "userns"),
		cpuLimit: answer.CgroupDriver != "none" && answer.CPUCfsQuota,
		// Where it keeps images that way, the file system of its directory can. Without root the
		// mount would need other options, and with SELinux labels, which have not been tried.
		layers: (answer.Driver == "overlay2" || answer.Driver == "overlayfs") && !rootless &&
			!hasSecurityOption(answer, "selinux"),
	}
}

// hasSecurityOption looks for an entry such as "name=seccomp,profile=builtin".
func hasSecurityOption(answer system.Info, name string) bool {
	return slices.ContainsFunc(answer.SecurityOptions, func(option string) bool {
		return slices.Contains(strings.Split(option, ","), "name="+name)
	})
}

// engineName is the engine with its version, as far as it is known without a call.
func (b *Backend) engineName() string {
	return strings.TrimSpace("Docker " + b.endpoint.EngineVersion)
}

// Close ends idle connections.
func (b *Backend) Close() error {
	b.http.CloseIdleConnections()
	return nil
}

// atLeast reports whether the API that is spoken has what came with a version. It is known after the first call.
func (b *Backend) atLeast(version string) bool {
	return versions.GreaterThanOrEqualTo(b.client.ClientVersion(), version)
}

// errorHidingTransport hides the words of failures from Docker's client, which replaces errors of certain words by some
// of its own that tell less, and would keep of an answer that is an error the class of its status alone.
type errorHidingTransport struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (q errorHidingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := q.next.RoundTrip(req)
	if err != nil && req.Context().Err() == nil {
		err = opaqueError{err}
	}
	return resp, err
}

// opaqueError is an error without its words.
type opaqueError struct{ err error }

func (opaqueError) Error() string   { return "no answer" }
func (e opaqueError) Unwrap() error { return e.err }
