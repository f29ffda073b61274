// Package docker is the backend for engines that speak Docker's own API, by
// Docker's own client library.
//
// Its files and functions stand in the same order as those of backend/podman, so
// that the two can be read side by side. What a ContainerSpec becomes on Docker
// is in spec.go; which error is which, in errors.go.
package docker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

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

	// version is the version of the API that is spoken.
	version *engine.Memo[string]
	info    *engine.Memo[measured]
	// networks are the names of the networks that are known to exist.
	networks *engine.Names
	// toolVolumes are the volumes that the images of tools declare.
	toolVolumes *engine.Volumes
	// bare are the IDs of containers that are known to have no private tools.
	bare *engine.Names
}

// measured is what an engine says of itself, in the interface's words and in those that
// only this package needs.
type measured struct {
	backend.Info
	// layers tells whether the engine can mount an overlay over a volume.
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

// New makes a backend for an endpoint. It sends nothing yet: where the endpoint
// does not tell the version of the API, the first call asks. Errors:
// backend.ErrInvalid for an address or TLS files that cannot be used.
func New(ep backend.Endpoint) (*Backend, error) {
	connect, err := dial.New(ep)
	if err != nil {
		return nil, err
	}
	httpClient := dial.HTTPClient(connect)
	httpClient.Transport = quiet{engine.NewGuard(httpClient.Transport)}
	httpClient.CheckRedirect = client.CheckRedirect
	options := []client.Opt{client.WithHTTPClient(httpClient)}
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
		version: engine.NewMemo[string](), info: engine.NewMemo[measured](), networks: engine.NewNames(),
		toolVolumes: engine.NewVolumes(), bare: engine.NewNames(),
	}
	if ep.APIVersion != "" {
		b.version = engine.Remembered(b.speak(ep.APIVersion))
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
	info, err := b.Info(ctx)
	return info.UserNSRemap, err
}

// measure asks once and remembers the answer.
func (b *Backend) measure(ctx context.Context) (measured, error) {
	return b.info.Get(ctx, func(ctx context.Context) (measured, error) {
		const op = "ask the engine what it is"
		cli, err := b.api(ctx)
		if err != nil {
			return measured{}, wrap(op, err)
		}
		answer, err := cli.Info(ctx)
		if err != nil {
			return measured{}, wrap(op, err)
		}
		info := infoFrom(answer, b.endpoint.URI, cli.ClientVersion())
		return measured{Info: info, layers: canLayer(answer, info)}, nil
	})
}

// canLayer reports whether the engine can mount an overlay over a volume: where it keeps
// images that way, the file system of its directory can. Without root the mount would
// need other options, and with SELinux labels, which have not been tried.
func canLayer(answer system.Info, info backend.Info) bool {
	return (answer.Driver == "overlay2" || answer.Driver == "overlayfs") && !info.Rootless && !info.SELinux
}

// infoFrom translates the answer of GET /info.
func infoFrom(answer system.Info, uri, apiVersion string) backend.Info {
	rootless := hasSecurityOption(answer, "rootless")
	cgroup, err := strconv.Atoi(answer.CgroupVersion)
	if err != nil {
		// Engines that do not tell are older than the second version.
		cgroup = 1
	}
	limits := answer.CgroupDriver != "none"
	return backend.Info{
		Engine: "Docker", Version: answer.ServerVersion, APIVersion: apiVersion, Endpoint: uri,
		OS: answer.OSType, Arch: engine.GoArch(answer.Architecture),
		Rootless: rootless, UserNSRemap: hasSecurityOption(answer, "userns"),
		SELinux: hasSecurityOption(answer, "selinux"), CgroupVersion: cgroup,
		Capabilities: backend.Capabilities{
			MemoryLimit: limits && answer.MemoryLimit, CPULimit: limits && answer.CPUCfsQuota, PidsLimit: limits && answer.PidsLimit,
			RealPrivileged: !rootless,
		},
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

// api returns the client once it knows which version of the API to speak: by GET
// /_ping when the endpoint did not tell.
func (b *Backend) api(ctx context.Context) (*client.Client, error) {
	_, err := b.version.Get(ctx, func(ctx context.Context) (string, error) {
		ping, err := b.client.Ping(ctx)
		if err != nil {
			return "", err
		}
		return b.speak(ping.APIVersion), nil
	})
	return b.client, err
}

// speak settles on the newest version of the API that both sides know.
func (b *Backend) speak(serverVersion string) string {
	b.client.NegotiateAPIVersionPing(types.Ping{APIVersion: serverVersion})
	return b.client.ClientVersion()
}

// atLeast tells whether the API that is spoken has what came with a version.
func atLeast(cli *client.Client, version string) bool {
	return versions.GreaterThanOrEqualTo(cli.ClientVersion(), version)
}

// quiet hides the words of connection failures from Docker's client, which
// replaces errors of certain words by some of its own that tell less. What the
// context ends, ends with the context's error: net/http would give its cause, which
// looks like a connection that broke.
type quiet struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (q quiet) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := q.next.RoundTrip(req)
	switch {
	case req.Context().Err() != nil && err != nil:
		return nil, req.Context().Err()
	case err != nil:
		return nil, unspoken{err}
	}
	resp.Body = answerBody{resp.Body, req.Context()}
	return resp, nil
}

// CloseIdleConnections is what http.Client looks for when it is told to do so.
func (q quiet) CloseIdleConnections() {
	if c, ok := q.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// answerBody is the body of an answer, which may be long under way.
type answerBody struct {
	io.ReadCloser
	ctx context.Context
}

// Read reads on, until the end of the body or of the context.
func (b answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !errors.Is(err, io.EOF) {
		err = ended(b.ctx, err)
	}
	return n, err
}

// unspoken is an error without its words.
type unspoken struct{ err error }

func (unspoken) Error() string   { return "no answer" }
func (u unspoken) Unwrap() error { return u.err }
