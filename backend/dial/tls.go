package dial

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"

	"github.com/galley-kitchen/galley/backend"
)

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
