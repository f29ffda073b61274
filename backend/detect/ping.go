package detect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// pingTimeout bounds how long an engine may take to say what it is. A far one
// behind a slow login still makes it; a dead one does not hold anybody up.
const pingTimeout = 15 * time.Second

// oldestPodman is the first version whose API galley speaks.
const oldestPodman = "4."

// ping asks an endpoint what it is and fills in Kind and versions.
func ping(ctx context.Context, ep *backend.Endpoint) error {
	f, err := dial.New(*ep)
	if err != nil {
		return err
	}
	client := dial.HTTPClient(f)
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/_ping", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable,
				Detail: fmt.Sprintf("no answer within %s", pingTimeout), Err: err}
		}
		var be *backend.Error
		if errors.As(err, &be) {
			return be
		}
		return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable, Detail: err.Error(), Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &backend.Error{Op: "ask " + ep.URI, Kind: backend.ErrUnreachable, Status: resp.StatusCode,
			Detail: "the answer to a ping was " + resp.Status}
	}
	return identify(ep, resp.Header)
}

// identify reads which engine answered from the headers of its ping. Podman
// documents Libpod-Api-Version as the way to tell it from Docker.
func identify(ep *backend.Endpoint, h http.Header) error {
	ep.APIVersion = h.Get("Api-Version")
	if v := h.Get("Libpod-Api-Version"); v != "" {
		ep.Kind, ep.EngineVersion = backend.KindPodman, v
		if major, _, _ := strings.Cut(v, "."); len(major) == 1 && major < oldestPodman[:1] {
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
		ep.EngineVersion, _, _ = strings.Cut(rest, " ")
	}
	return nil
}
