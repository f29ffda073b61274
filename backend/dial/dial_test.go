package dial

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Unix(0, 0),
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	a := authority{t, cert, key, filepath.Join(t.TempDir(), "ca.pem")}
	require.NoError(t, os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return a
}

func (a authority) sign(name string, until time.Time) tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2),
		NotBefore: time.Unix(0, 0), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

// serve answers over TLS with a certificate and returns the address.
func serve(t *testing.T, cert tls.Certificate, auth tls.ClientAuthType) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: auth}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return "tcp://" + srv.Listener.Addr().String()
}

// get asks an endpoint for something.
func get(t *testing.T, ep backend.Endpoint) error {
	t.Helper()
	f, err := New(ep)
	if err != nil {
		return err
	}
	client := HTTPClient(f)
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://engine/")
	if err != nil {
		return Explain(ep, err)
	}
	return resp.Body.Close()
}

func TestTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	good := ca.sign("127.0.0.1", time.Now().Add(time.Hour))
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, tc := range []struct {
		name           string
		ep             backend.Endpoint
		detail, remedy string
	}{
		{"good", backend.Endpoint{URI: serve(t, good, tls.NoClientCert), TLS: &backend.TLS{CA: ca.file}}, "", ""},
		{"unchecked", backend.Endpoint{URI: serve(t, good, tls.NoClientCert),
			TLS: &backend.TLS{CA: other.file, SkipVerify: true}}, "", ""},
		{"wrong authority", backend.Endpoint{URI: serve(t, good, tls.NoClientCert), TLS: &backend.TLS{CA: other.file}},
			"not trusted", "ca.pem"},
		{"expired", backend.Endpoint{URI: serve(t, ca.sign("127.0.0.1", time.Unix(1000, 0)), tls.NoClientCert),
			TLS: &backend.TLS{CA: ca.file}}, "expired", "Renew"},
		{"wrong name", backend.Endpoint{URI: serve(t, ca.sign("example.org", time.Now().Add(time.Hour)),
			tls.NoClientCert), TLS: &backend.TLS{CA: ca.file}}, "for another host", "name"},
		{"no client certificate", backend.Endpoint{URI: serve(t, good, tls.RequireAnyClientCert),
			TLS: &backend.TLS{CA: ca.file}}, "refuses this client", "DOCKER_CERT_PATH"},
		{"plain port", backend.Endpoint{URI: "tcp://" + plain.Listener.Addr().String(), TLS: &backend.TLS{CA: ca.file}},
			"does not speak TLS", "2376"},
		{"nothing listens", backend.Endpoint{URI: "tcp://" + closed.Addr().String(), TLS: &backend.TLS{CA: ca.file}},
			"nothing listens", "port"},
		{"no such host", backend.Endpoint{URI: "tcp://no-such-host.invalid:2376"},
			"there is no host called no-such-host.invalid", "name"},
		{"no authority", backend.Endpoint{URI: "tcp://127.0.0.1:1", TLS: &backend.TLS{CA: "/nowhere/ca.pem"}},
			"cannot be read", ""},
		{"no key", backend.Endpoint{URI: "tcp://127.0.0.1:1", TLS: &backend.TLS{Cert: "/nowhere/cert.pem"}},
			"client certificate cannot be used", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := get(t, tc.ep)
			if tc.detail == "" {
				require.NoError(t, err)
				return
			}
			var e *backend.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Detail, tc.detail)
			require.Contains(t, e.Remedy, tc.remedy)
		})
	}
}

func TestWarning(t *testing.T) {
	for uri, loud := range map[string]bool{
		"tcp://engine:2375": true, "http://10.0.0.1:2375": true, "tcp://127.0.0.1:2375": false,
		"tcp://localhost:2375": false,
		"https://engine:2376":  false, "unix:///x": false, "ssh://h": false,
	} {
		require.Equal(t, loud, Warning(backend.Endpoint{URI: uri}) != "", uri)
	}
	require.Contains(t, Warning(backend.Endpoint{URI: "tcp://engine:2376", TLS: &backend.TLS{SkipVerify: true}}),
		"NOT checked")
	require.Empty(t, Warning(backend.Endpoint{URI: "tcp://engine:2376", TLS: &backend.TLS{}}))
}

func TestSocketErrors(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("engines have no such sockets there")
	}
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	l, err := net.Listen("unix", dead)
	require.NoError(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
	dangling := filepath.Join(dir, "dangling")
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), dangling))
	for path, text := range map[string]string{
		filepath.Join(dir, "nothing"): "there is no such socket", dead: "nothing listens on it",
		dangling: "it is a link to " + filepath.Join(dir, "gone"), dir: "it is no socket",
		filepath.Join(dir, strings.Repeat("long", 30)): "and that of a socket has at most",
	} {
		f, err := New(backend.Endpoint{URI: "unix://" + path})
		require.NoError(t, err)
		_, err = f(t.Context())
		require.ErrorIs(t, err, backend.ErrUnreachable)
		require.ErrorContains(t, err, text)
	}
}

// The path of a socket may hold what has a meaning in other addresses.
func TestPathsOfSockets(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("engines have no such sockets there")
	}
	for name, written := range map[string]string{"a b": "a b", "100%": "100%", "x#y?z": "x#y?z", "c d": "c%20d",
		"e%20f": "e%20f"} {
		dir := t.TempDir()
		l, err := net.Listen("unix", filepath.Join(dir, name))
		require.NoError(t, err)
		f, err := New(backend.Endpoint{URI: "unix://" + dir + "/" + written})
		require.NoError(t, err)
		c, err := f(t.Context())
		require.NoError(t, err, written)
		require.NoError(t, errors.Join(c.Close(), l.Close()))
	}
}

// flaky is a server whose connections break as told, before an answer.
func flaky(t *testing.T, breaks int32) (Func, *atomic.Int32) {
	t.Helper()
	var seen atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) <= breaks {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(srv.Close)
	f, err := New(backend.Endpoint{URI: "tcp://" + srv.Listener.Addr().String()})
	require.NoError(t, err)
	return f, &seen
}

// Only what can be done twice without harm is sent twice.
func TestRequestsThatAreRepeated(t *testing.T) {
	for _, tc := range []struct {
		method string
		body   string
		breaks int32
		seen   int32
		ok     bool
	}{
		{http.MethodGet, "", 2, 3, true},
		{http.MethodHead, "", 1, 2, true},
		{http.MethodDelete, "", 1, 2, true},
		{http.MethodGet, "", 9, 3, false},
		{http.MethodPost, "", 1, 1, false},
		{http.MethodPut, "a tar", 1, 1, false},
	} {
		f, seen := flaky(t, tc.breaks)
		client := HTTPClient(f)
		var body io.Reader
		if tc.body != "" {
			body = struct{ io.Reader }{strings.NewReader(tc.body)}
		}
		req, err := http.NewRequestWithContext(t.Context(), tc.method, "http://engine/", body)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.Equal(t, tc.ok, err == nil, "%s: %v", tc.method, err)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		require.Equal(t, tc.seen, seen.Load(), tc.method)
		client.CloseIdleConnections()
	}
}

// An engine that was there is waited for while it restarts; one that never was is not.
func TestPatience(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.ErrNotExist}
	other := errors.New("wrong certificate")
	a, b := net.Pipe()
	require.NoError(t, errors.Join(a.Close(), b.Close()))
	script := func(answers ...error) Func {
		return func(context.Context) (net.Conn, error) {
			err := answers[0]
			answers = answers[1:]
			if err != nil {
				return nil, err
			}
			return a, nil
		}
	}
	f := withRedial(script(refused, nil, refused, refused, nil, other), time.Minute)
	_, err := f(t.Context())
	require.ErrorIs(t, err, refused, "never met")
	_, err = f(t.Context())
	require.NoError(t, err)
	_, err = f(t.Context())
	require.NoError(t, err, "it restarted")
	_, err = f(t.Context())
	require.ErrorIs(t, err, other, "waiting does not mend this")

	f = withRedial(script(nil, refused), 0)
	_, err = f(t.Context())
	require.NoError(t, err)
	_, err = f(t.Context())
	require.ErrorIs(t, err, refused, "patience has an end")

	ctx, cancel := context.WithCancel(t.Context())
	f = withRedial(func(context.Context) (net.Conn, error) { cancel(); return nil, errBusy }, time.Minute)
	_, err = f(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
