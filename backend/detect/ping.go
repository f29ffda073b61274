package detect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// pingTimeout bounds how long an engine may take to say what it is, besides a login for which a person may have to
// touch a key. A dead one does not hold anybody up.
const pingTimeout = 15 * time.Second

// oldestPodman is the first major version whose API galley speaks.
const oldestPodman = 4

// ping asks an endpoint what it is and fills in Kind and versions.
func ping(ctx context.Context, engines backend.Engines, ep *backend.Endpoint) error {
	f, err := dial.New(*ep)
	if err != nil {
		return err
	}
	client := dial.HTTPClient(f)
	defer client.CloseIdleConnections()
	limit := pingTimeout + dial.LoginTime(*ep)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/_ping", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable,
				Detail: fmt.Sprintf("no answer within %s", limit),
				Remedy: "Check that the engine is well where it runs: docker info, or podman info.", Err: err}
		}
		return dial.Explain(*ep, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(*ep, resp)
	}
	if engines.Recognize(ep, resp.Header) {
		return nil
	}
	return identify(ep, resp.Header)
}

// identify reads which engine answered from the headers of its ping. Podman documents Libpod-Api-Version as the way to
// tell it from Docker.
func identify(ep *backend.Endpoint, h http.Header) error {
	ep.APIVersion = version(h.Get("Api-Version"))
	if v := version(h.Get("Libpod-Api-Version")); v != "" {
		ep.Kind, ep.EngineVersion = backend.KindPodman, v
		major, _, _ := strings.Cut(v, ".")
		if n, err := strconv.Atoi(major); err == nil && n < oldestPodman {
			return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnsupported,
				Detail: "this is Podman " + v + "; galley needs 4.0 or newer",
				Remedy: "Upgrade Podman on the engine's host."}
		}
		return nil
	}
	if ep.APIVersion == "" {
		return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable,
			Detail: "something answers there, but it is no container engine"}
	}
	ep.Kind = backend.KindDocker
	if rest, ok := strings.CutPrefix(h.Get("Server"), "Docker/"); ok {
		rest, _, _ = strings.Cut(rest, " ")
		ep.EngineVersion = version(rest)
	}
	return nil
}

// version is a header's value, or empty if it is not a version: it is shown, and what answers may be anything.
func version(value string) string {
	if len(value) > maxVersion || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return value
}

// maxVersion is how long a version may be.
const maxVersion = 100

// refusal explains an answer to a ping that is not the one hoped for.
func refusal(ep backend.Endpoint, resp *http.Response) error {
	e := &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable,
		Detail: "the answer to a ping was " + resp.Status}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	switch {
	case err != nil:
		e.Err = err
	case resp.StatusCode == http.StatusBadRequest && strings.Contains(string(text), "HTTP request to an HTTPS server"):
		e.Detail = "this port wants TLS"
		e.Remedy = "Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem."
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		e.Kind = backend.ErrPermission
		e.Remedy = "Something in front of the engine refuses: ask who runs it."
	}
	return e
}

// maxRefusal is how much of a refusal is read.
const maxRefusal = 4 << 10
