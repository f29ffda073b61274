// Package dial connects to an engine's endpoint, local or remote. Both backends and detection use it, so that an
// address means the same everywhere.
package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
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

// encrypted reports whether a tcp address is spoken to by TLS.
func encrypted(ep backend.Endpoint, u *url.URL) bool {
	return ep.TLS != nil || u.Scheme == "https"
}

func tlsConfig(ep backend.Endpoint, host string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if ep.TLS == nil {
		return conf, nil
	}
	conf.InsecureSkipVerify = ep.TLS.SkipVerify
	if ep.TLS.CA != "" && !ep.TLS.SkipVerify {
		pem, err := os.ReadFile(ep.TLS.CA)
		if err != nil {
			return nil, invalid(ep, "the TLS authority cannot be read: "+err.Error())
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, invalid(ep, ep.TLS.CA+" holds no PEM certificate")
		}
	}
	if ep.TLS.Cert != "" || ep.TLS.Key != "" {
		cert, err := tls.LoadX509KeyPair(ep.TLS.Cert, ep.TLS.Key)
		if err != nil {
			return nil, invalid(ep, "the TLS client certificate cannot be used: "+err.Error())
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

// Warning is what a user must know about the safety of a connection, or "".
func Warning(ep backend.Endpoint) string {
	u, err := url.Parse(ep.URI)
	if err != nil {
		return "" // New refuses such an address
	}
	switch u.Scheme {
	case "tcp", "http", "https":
	default:
		return ""
	}
	switch {
	case ep.TLS != nil && ep.TLS.SkipVerify:
		return "the certificate of " + u.Host +
			" is NOT checked: any machine that answers there can read and change all that galley does"
	case !encrypted(ep, u) && !loopback(u.Hostname()):
		return "the connection to " + u.Host +
			" is NOT encrypted: any machine on the way can read and change all that galley does"
	}
	return ""
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

const (
	// waitForRestart is how long a connection waits for an engine that was there a moment ago.
	waitForRestart = 10 * time.Second
	// firstPause is between the first two tries; each later one is twice as long, up to longestPause.
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
)

// errBusy marks a remote host that has no time for another login just now.
var errBusy = errors.New("the host is busy with other logins")

// withRedial tries again to connect to an engine that was met before, for as long as wait: it may be restarting, or be
// a service that ends when idle and is started by the next connection. Nothing has been sent yet, so trying again is
// always safe. An engine that was never met gets one try, so that looking for one is quick.
func withRedial(f Func, wait time.Duration) Func {
	var met atomic.Bool
	return func(ctx context.Context) (net.Conn, error) {
		started := time.Now()
		for pause := firstPause; ; pause = min(2*pause, longestPause) {
			c, err := f(ctx)
			if err == nil {
				met.Store(true)
				return c, nil
			}
			again := met.Load() && isRestart(err) || errors.Is(err, errBusy)
			if !again || time.Since(started)+pause > wait {
				return nil, err
			}
			if err := sleepContext(ctx, pause); err != nil {
				return nil, err
			}
		}
	}
}

// sleepContext waits, or returns the cause of ctx's end.
func sleepContext(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// isRestart reports whether a failure is what a restart looks like.
func isRestart(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, fs.ErrNotExist)
}
