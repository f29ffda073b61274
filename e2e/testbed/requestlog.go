package testbed

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// RequestLog stands between a backend and its engine and writes down each request.
type RequestLog struct {
	mu       sync.Mutex
	requests []string
	// left is how many more requests get through, if limited.
	left     int
	limited  bool
	answered func(request string) bool // see OnAnswer
}

// LogRequests returns the engine at an address that leads to it, and the log of what goes there.
func (e Engine) LogRequests(t *testing.T) (Engine, *RequestLog) {
	t.Helper()
	// A socket's path must be short, which t.TempDir's is not.
	dir, err := os.MkdirTemp("", "galley")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	// A rootless engine's user is another one than the test's.
	require.NoError(t, errors.Join(os.Chmod(dir, 0o755), os.Chmod(socket, 0o666)))

	log := &RequestLog{}
	server := &http.Server{Handler: log.handler(e.client().Transport)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	e.Host = "unix://" + socket
	return e, log
}

func (l *RequestLog) handler(engine http.RoundTripper) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "engine"}) },
		Transport:     engine,
		FlushInterval: -1, // at once
		ModifyResponse: func(r *http.Response) error {
			l.mu.Lock()
			answered := l.answered
			l.mu.Unlock()
			if answered != nil && !answered(r.Request.Method+" "+r.Request.URL.Path) {
				_ = r.Body.Close() // it is not read
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.admit(r) {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		proxy.ServeHTTP(w, r)
	})
}

// admit writes a request down and reports whether it gets through.
func (l *RequestLog) admit(r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r.Method+" "+r.URL.Path)
	l.left--
	return !l.limited || l.left >= 0
}

// CutAfter lets n more requests through and breaks the connection of all others.
func (l *RequestLog) CutAfter(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.limited = n, true
}

// OnAnswer calls f with each request, as "METHOD /path", that the engine has answered, before the caller gets the
// answer; f reports whether the caller gets it at all. It may be called by several goroutines. Nil ends it.
func (l *RequestLog) OnAnswer(f func(request string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = f
}

// Requests returns all requests up to now, as "METHOD /path".
func (l *RequestLog) Requests() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// During returns the requests, as "METHOD /path", that were made while do ran.
func (l *RequestLog) During(do func()) []string {
	before := len(l.Requests())
	do()
	return l.Requests()[before:]
}
