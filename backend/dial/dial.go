// Package dial connects to an engine's endpoint, near or far. Both backends and
// detection use it, so that an address means the same everywhere.
package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// connectTimeout bounds how long a connection may take to be made. What is said
// over it afterwards has no bound of its own.
const connectTimeout = 10 * time.Second

// Func makes one connection to an engine.
type Func func(ctx context.Context) (net.Conn, error)

// New returns the way to connect to an endpoint. It connects to nothing yet, but
// reads the TLS files. Errors: backend.ErrInvalid for an address that cannot be
// understood or TLS files that cannot be read.
func New(ep backend.Endpoint) (Func, error) {
	u, err := url.Parse(ep.URI)
	if err != nil {
		return nil, invalid(ep, err.Error())
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	switch u.Scheme {
	case "unix":
		path := u.Host + u.Path
		if path == "" {
			return nil, invalid(ep, "no path: write unix:///path/to/socket")
		}
		return func(ctx context.Context) (net.Conn, error) {
			return wrap(ep)(dialer.DialContext(ctx, "unix", path))
		}, nil
	case "npipe":
		pipe := strings.ReplaceAll(u.Host+u.Path, "/", `\`)
		return func(ctx context.Context) (net.Conn, error) {
			return wrap(ep)(dialPipe(ctx, pipe))
		}, nil
	case "tcp", "http", "https":
		if u.Port() == "" {
			return nil, invalid(ep, "no port: write tcp://host:2376")
		}
		if ep.TLS == nil && u.Scheme != "https" {
			return func(ctx context.Context) (net.Conn, error) {
				return wrap(ep)(dialer.DialContext(ctx, "tcp", u.Host))
			}, nil
		}
		conf, err := tlsConfig(ep, u.Hostname())
		if err != nil {
			return nil, err
		}
		td := &tls.Dialer{NetDialer: dialer, Config: conf}
		return func(ctx context.Context) (net.Conn, error) {
			return wrap(ep)(td.DialContext(ctx, "tcp", u.Host))
		}, nil
	case "ssh":
		return sshDialer(ep, u)
	default:
		return nil, invalid(ep, "unknown scheme: write unix://, npipe://, tcp:// or ssh://")
	}
}

// HTTPClient returns a client whose every connection goes to the endpoint,
// whatever host its URLs name. It has no time limit of its own.
func HTTPClient(f Func) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) },
		DialTLSContext:      func(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) },
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}}
}

func tlsConfig(ep backend.Endpoint, host string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if ep.TLS == nil {
		return conf, nil
	}
	conf.InsecureSkipVerify = ep.TLS.SkipVerify
	if ep.TLS.CA != "" {
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

func invalid(ep backend.Endpoint, detail string) error {
	return &backend.Error{Op: "engine address " + ep.URI, Kind: backend.ErrInvalid, Detail: detail}
}

// wrap turns the failure to connect into one of the backend's errors.
func wrap(ep backend.Endpoint) func(net.Conn, error) (net.Conn, error) {
	return func(c net.Conn, err error) (net.Conn, error) {
		if err == nil {
			return c, nil
		}
		e := &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable, Detail: err.Error(), Err: err}
		var unknown x509.UnknownAuthorityError
		var certInvalid x509.CertificateInvalidError
		var hostname x509.HostnameError
		switch {
		case errors.Is(err, fs.ErrPermission):
			e.Kind = backend.ErrPermission
			e.Detail = "the socket exists, but this user may not open it"
		case errors.Is(err, fs.ErrNotExist):
			e.Detail = "there is no such socket"
		case errors.As(err, &unknown):
			e.Detail = "the server's certificate is signed by an authority that is not trusted"
			e.Remedy = "Put the right ca.pem into DOCKER_CERT_PATH, or check that this is the host you mean."
		case errors.As(err, &certInvalid):
			e.Detail = "the server's certificate is not valid: " + certInvalid.Error()
			e.Remedy = "Renew the certificate on the engine's host."
		case errors.As(err, &hostname):
			e.Detail = fmt.Sprintf("the server's certificate is not for this host: %v", hostname)
		}
		return nil, e
	}
}
