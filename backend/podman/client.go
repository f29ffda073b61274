// Package podman is the backend for Podman 4.0 and newer, rootful and rootless.
//
// It speaks libpod, Podman's own API, since the Docker-compatible one can say less: no user namespaces, no systemd
// mode, no immediate removal. Of Podman's client library it uses the connection; the bodies of requests and answers are
// small structs of its own, because the library's change with every version.
package podman

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/containers/podman/v4/libpod/define"
	"github.com/containers/podman/v4/pkg/bindings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// apiVersion is the version of libpod's API that is asked for: the oldest that
// galley speaks. Newer servers answer it in the shape of version 4.
const apiVersion = "4.0.0"

// Backend is a Podman service.
type Backend struct {
	endpoint backend.Endpoint
	connect  dial.Func
	http     *http.Client
	conn     *bindings.Connection

	info *engine.Memo[measured]
	// toolVolumes are the volumes that the images of tools declare.
	toolVolumes engine.Volumes
}

// The contract that this package fulfils.
var _ backend.ContainerBackend = (*Backend)(nil)

// measured is what a Podman service says of itself, in the interface's words and in those that only this package needs.
type measured struct {
	backend.Info
	version  version
	rootless bool
	// controllers are the cgroup controllers that containers may use.
	controllers []string
}

// Engine is Podman as a program registers it.
func Engine() backend.Engine {
	return backend.Engine{
		Kind: backend.KindPodman,
		Open: func(ep backend.Endpoint) (backend.ContainerBackend, error) { return New(ep) },
	}
}

// New makes a backend for an endpoint. It sends nothing yet. Errors:
// backend.ErrInvalid for an address or TLS files that cannot be used.
func New(ep backend.Endpoint) (*Backend, error) {
	connect, err := dial.New(ep)
	if err != nil {
		return nil, err
	}
	client := dial.HTTPClient(connect)
	guarded := &http.Client{Transport: noRetryTransport{engine.NewGuard(client.Transport)}}
	return &Backend{
		endpoint: ep, connect: connect, http: client,
		conn: &bindings.Connection{Client: guarded},
		info: engine.NewMemo[measured](),
	}, nil
}

// Info tells what the engine is and what it can do, by GET /info.
func (b *Backend) Info(ctx context.Context) (backend.Info, error) {
	m, err := b.measure(ctx)
	return m.Info, err
}

// RemapsUsers reports false: Podman maps users for containers that ask for it, and a
// rootless one's root is the user that Podman runs as.
func (b *Backend) RemapsUsers(context.Context) (bool, error) { return false, nil }

// measure asks once and remembers the answer.
func (b *Backend) measure(ctx context.Context) (measured, error) {
	return b.info.Get(ctx, func(ctx context.Context) (measured, error) {
		var answer define.Info
		err := b.call(ctx, request{op: "ask the engine what it is", path: "GET /info"}, &answer)
		if err != nil {
			return measured{}, err
		}
		return measuredFrom(answer), nil
	})
}

// measuredFrom translates the answer of GET /info.
func measuredFrom(answer define.Info) measured {
	var host define.HostInfo
	if answer.Host != nil {
		host = *answer.Host
	}
	rootless := host.Security.Rootless
	flavor := string(backend.KindPodman)
	if rootless {
		flavor += " rootless"
	}
	cgroup := 1
	if host.CgroupsVersion == "v2" {
		cgroup = 2
	}
	m := measured{
		Info:     backend.Info{Flavor: flavor, CgroupVersion: cgroup, NativeSystemd: true, CopiesLoseOwners: true},
		version:  parseVersion(answer.Version.Version),
		rootless: rootless,
	}
	// An unprivileged user has no controllers on cgroup v1, and on v2 those that were delegated.
	if cgroup > 1 || !rootless {
		m.controllers = host.CgroupControllers
	}
	return m
}

// engineVersion is the server's version: as the endpoint told it, or measured.
func (b *Backend) engineVersion(ctx context.Context) (version, error) {
	if b.endpoint.EngineVersion != "" {
		return parseVersion(b.endpoint.EngineVersion), nil
	}
	m, err := b.measure(ctx)
	return m.version, err
}

// Close ends idle connections.
func (b *Backend) Close() error {
	b.http.CloseIdleConnections()
	return nil
}

// request is one call of the API.
type request struct {
	// op is what is tried, in words, for errors.
	op string
	// path is the method and the path of the API: "GET /containers/%s/json". In the place of %s goes arg, escaped.
	path, arg string
	query     url.Values
	// filters, when set, is a further parameter, in JSON: what a list is filtered by.
	filters map[string][]string
	header  http.Header
	// json, when set, is sent as the body; else body is, when set.
	json any
	body io.Reader
}

// send makes a request, once, and returns the answer, which the caller closes.
func (b *Backend) send(ctx context.Context, r request) (*http.Response, error) {
	header := http.Header{}
	header.Set("API-Version", apiVersion)
	maps.Copy(header, r.header)
	query := url.Values{}
	maps.Copy(query, r.query)
	if r.filters != nil {
		text, err := json.Marshal(r.filters)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the filters: %w", r.op, err)
		}
		query.Set("filters", string(text))
	}
	body := r.body
	if r.json != nil {
		text, err := json.Marshal(r.json)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the request: %w", r.op, err)
		}
		body = bytes.NewReader(text)
		header.Set("Content-Type", "application/json")
	}
	method, path, _ := strings.Cut(r.path, " ")
	var args []string
	if strings.Contains(path, "%s") {
		args = []string{r.arg}
	}
	answer, err := b.conn.DoRequest(ctx, body, method, path, query, header, args...)
	if err != nil {
		return nil, wrap(r.op, err)
	}
	if failed, ok := answer.Body.(failure); ok {
		return nil, wrap(r.op, failed.err)
	}
	return answer.Response, nil
}

// call makes a request and decodes its answer into out, unless that is nil.
func (b *Backend) call(ctx context.Context, r request, out any) error {
	resp, err := b.send(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if out == nil {
		// Read to its end, the connection can be used again.
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return wrap(r.op, err)
		}
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return wrap(r.op, fmt.Errorf("read the engine's answer: %w", err))
	}
	return nil
}

// listAttempts is how often a list is asked for while its members vanish.
const listAttempts = 10

// list makes a GET request for a list. Podman looks at the members one by one, and answers "not known" for the whole
// list when one is removed meanwhile; then it is asked for anew.
func (b *Backend) list(ctx context.Context, r request, out any) error {
	var err error
	for range listAttempts {
		if err = b.call(ctx, r, out); !errors.Is(err, backend.ErrNotFound) {
			break
		}
	}
	return err
}

// noRetryTransport stands under bindings' DoRequest, which sends whatever failed three times, even a POST that the
// server may have carried out. It hands a failure past DoRequest, as the body of an answer.
type noRetryTransport struct{ next http.RoundTripper }

// failure is the body of what only looks like an answer.
type failure struct {
	io.ReadCloser
	err error
}

// RoundTrip sends a request once. DoRequest sees every failure as an answer.
func (t noRetryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		resp = &http.Response{StatusCode: http.StatusServiceUnavailable, Body: failure{http.NoBody, err}, Request: req}
	}
	return resp, nil
}

// version is a server's major and minor version.
type version struct{ major, minor int }

// The first versions that can do something.
var (
	rootfulKeepID = version{4, 6}
	hostGateway   = version{4, 7}
	imageSubPath  = version{5, 4}
	volumeSubPath = version{5, 4}
	// heredocs: Buildah 1.33 reads them.
	heredocs = version{4, 8}
	// pullRetry: a pull can be asked for without Podman's own retries.
	pullRetry = version{5, 4}
	// commitInstructions: the changes of a commit are read as a Dockerfile is.
	commitInstructions = version{4, 9}
)

// parseVersion reads the start of a version; what cannot be read is 0.
func parseVersion(s string) version {
	var v version
	// A version of an unknown form counts as the oldest.
	_, _ = fmt.Sscanf(strings.TrimPrefix(s, "v"), "%d.%d", &v.major, &v.minor)
	return v
}

func (v version) atLeast(w version) bool {
	return v.major > w.major || v.major == w.major && v.minor >= w.minor
}
