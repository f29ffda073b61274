// Package dial connects to an engine's endpoint, local or remote. Both backends and detection use it, so that an address
// means the same everywhere.
package dial

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/mask"
)

// connectTimeout bounds how long a connection may take to be made. What is said over it afterwards has no bound of its
// own.
const connectTimeout = 10 * time.Second

// Func makes one connection to an engine.
type Func func(ctx context.Context) (net.Conn, error)

// New returns the way to connect to an endpoint. It connects to nothing yet, but reads the TLS files. Once an engine
// has been met, later connections wait a short while for it, since it may be restarting. ep.Kind, where it is known,
// only tells which engine to prefer on a host that is reached by ssh without a path.
//
// Errors: backend.ErrInvalid for an address that cannot be understood or TLS files that cannot be read. Those of the
// function itself are *backend.Error too: backend.ErrUnreachable or backend.ErrPermission, with a remedy.
func New(ep backend.Endpoint) (Func, error) {
	f, err := once(ep)
	if err != nil {
		return nil, err
	}
	return withRedial(f, waitForRestart), nil
}

// once is New without that.
func once(ep backend.Endpoint) (Func, error) {
	if path, ok := strings.CutPrefix(ep.URI, "unix://"); ok {
		return unixDialer(ep, path)
	}
	u, err := url.Parse(ep.URI)
	if err != nil {
		return nil, invalid(ep, mask.AddressError(err).Error())
	}
	switch u.Scheme {
	case "npipe":
		pipe := strings.ReplaceAll(u.Host+u.Path, "/", `\`)
		return explained(ep, dialPipe, "npipe", pipe), nil
	case "tcp", "http", "https":
		return tcpDialer(ep, u)
	case "ssh":
		return sshDialer(ep, u)
	default:
		return nil, invalid(ep, "unknown scheme: write unix://, npipe://, tcp:// or ssh://")
	}
}

// unixDialer takes the path as it stands, as Docker does, unless only its unescaped form is there: Podman has that in
// its configuration.
func unixDialer(ep backend.Endpoint, path string) (Func, error) {
	if plain, err := url.PathUnescape(path); err == nil && !exists(path) && exists(plain) {
		path = plain
	}
	if path == "" {
		return nil, invalid(ep, "no path: write unix:///path/to/socket")
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	return explained(ep, dialer.DialContext, "unix", path), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func tcpDialer(ep backend.Endpoint, u *url.URL) (Func, error) {
	if u.Port() == "" {
		return nil, invalid(ep, "no port: write tcp://host:2376")
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	if !encrypted(ep, u) {
		return explained(ep, dialer.DialContext, "tcp", u.Host), nil
	}
	conf, err := tlsConfig(ep, u.Hostname())
	if err != nil {
		return nil, err
	}
	secure := &tls.Dialer{NetDialer: dialer, Config: conf}
	return explained(ep, secure.DialContext, "tcp", u.Host), nil
}

// explained connects to an address, and turns a failure to do so into one of the backend's errors.
func explained(
	ep backend.Endpoint, connect func(ctx context.Context, network, address string) (net.Conn, error),
	network, address string,
) Func {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := connect(ctx, network, address)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, explain(ep, err)
	}
}

func invalid(ep backend.Endpoint, detail string) error {
	return &backend.Error{Op: "engine address " + mask.Address(ep.URI), Kind: backend.ErrInvalid, Detail: detail}
}
