package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// explain turns the failure to connect into a *backend.Error: what happened, and what can be done about it. It is the
// only place that reads such failures, but for those of ssh.
func explain(ep backend.Endpoint, err error) error {
	e := unreachable(ep, err)
	if path, ok := strings.CutPrefix(ep.URI, "unix://"); ok {
		explainUnix(e, path)
	} else if !explainTLS(e) {
		explainTCP(e, ep)
	}
	return e
}

func unreachable(ep backend.Endpoint, err error) *backend.Error {
	return &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable, Detail: err.Error(), Err: err}
}

// hidden reports whether this user may not even see whether there is a file, as in another user's home.
func hidden(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrPermission)
}

// isSocket reports whether there is a socket at a path, or a link to one.
func isSocket(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode()&fs.ModeSocket != 0
}

func explainUnix(e *backend.Error, path string) {
	switch {
	case errors.Is(e.Err, fs.ErrPermission) && hidden(path):
		e.Detail = "this user may not look into its directory"
	case errors.Is(e.Err, fs.ErrPermission):
		e.Kind, e.Detail = backend.ErrPermission, "the socket exists, but this user may not open it"
	case userdir.Absent(e.Err):
		e.Detail = "there is no such socket"
		if !filepath.IsAbs(path) {
			e.Detail = "there is no such socket in this directory"
			e.Remedy = "Write three slashes for a path that begins at the root: unix:///" + path
		}
		if to, err := os.Readlink(path); err == nil {
			e.Detail = "it is a link to " + to + ", where there is no socket"
			e.Remedy = "Start the engine that the link is for, or remove the link."
		}
	case errors.Is(e.Err, syscall.EINVAL) && len(path) >= len(syscall.RawSockaddrUnix{}.Path):
		e.Detail = fmt.Sprintf("the path has %d characters, and that of a socket has at most %d", len(path),
			len(syscall.RawSockaddrUnix{}.Path)-1)
		e.Remedy = "Make a link to it with a shorter path, and name that."
	case errors.Is(e.Err, syscall.ECONNREFUSED) && !isSocket(path):
		e.Detail = "there is something of that name, but it is no socket"
		e.Remedy = "Name the engine's socket itself."
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		e.Detail = "the socket is there, but nothing listens on it"
		e.Remedy = "Start the engine that it belongs to."
	}
}

func explainTLS(e *backend.Error) bool {
	var unknown x509.UnknownAuthorityError
	var certificate x509.CertificateInvalidError
	var hostname x509.HostnameError
	var record tls.RecordHeaderError
	switch {
	case errors.As(e.Err, &unknown):
		e.Detail = "the server's certificate is signed by an authority that is not trusted"
		e.Remedy = "Put the authority's ca.pem where DOCKER_CERT_PATH points, or check that this is the host you mean."
	case errors.As(e.Err, &certificate) && certificate.Reason == x509.Expired:
		e.Detail = "the server's certificate has expired, or is not valid yet: " + certificate.Detail
		e.Remedy = "Renew the certificate on the engine's host, or set the clock here."
	case errors.As(e.Err, &certificate):
		e.Detail = "the server's certificate is not valid: " + certificate.Error()
		e.Remedy = "Make a new certificate on the engine's host."
	case errors.As(e.Err, &hostname):
		e.Detail = "the server's certificate is for another host: " + strings.TrimPrefix(hostname.Error(), "x509: ")
		e.Remedy = "Use the name that the certificate has, or make one for this name."
	case errors.As(e.Err, &record):
		e.Detail = "the server does not speak TLS on this port"
		e.Remedy = "Name the port that does, which is usually 2376, or unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH."
	case strings.Contains(e.Err.Error(), "remote error: tls: "):
		e.Detail = "the engine refuses this client: " + e.Err.Error()
		e.Remedy = "Put a certificate that the engine trusts, with its key, where DOCKER_CERT_PATH points."
	default:
		return false
	}
	return true
}

func explainTCP(e *backend.Error, ep backend.Endpoint) {
	host := ep.URI
	if u, err := url.Parse(ep.URI); err == nil {
		host = u.Host
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(e.Err, &dns):
		e.Detail = "there is no host called " + dns.Name
		e.Remedy = "Check the name, and that this machine's resolver works."
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		e.Detail = host + " is there, but nothing listens on that port"
		e.Remedy = "Check the port, and that the engine runs and listens on it."
	case errors.As(e.Err, &timeout) && timeout.Timeout():
		e.Detail = fmt.Sprintf("%s does not answer within %s", host, connectTimeout)
		e.Remedy = "Check that the host is up and that no firewall is in the way."
	case errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH):
		e.Detail = "there is no way to " + host + ": " + e.Err.Error()
		e.Remedy = "Check that the host is up, and the network or VPN that leads to it."
	}
}

// Explain is explain for a connection that was made and broke before the engine had answered: a server that refuses the
// client's certificate, or speaks no HTTP.
func Explain(ep backend.Endpoint, err error) error {
	var known *backend.Error
	if errors.As(err, &known) {
		return known
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	e := unreachable(ep, err)
	if !explainTLS(e) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET)) {
		e.Detail = "it closes the connection instead of answering"
		e.Remedy = "Check that this is an engine's address, and whether it wants TLS."
	}
	return e
}
