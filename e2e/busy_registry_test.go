//go:build linux

package e2e

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// busyRegistry is in front of another registry. It fails the first requests that an engine makes for a manifest.
type busyRegistry struct {
	http.Handler
	mu sync.Mutex
	// fail answers a request, while still reports true.
	fail  func(http.ResponseWriter)
	still func() bool
}

func (b *busyRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	fail, still := b.fail, b.still
	b.mu.Unlock()
	if strings.Contains(r.URL.Path, "/manifests/") && fail != nil && still() {
		fail(w)
		return
	}
	b.Handler.ServeHTTP(w, r)
}

func (b *busyRegistry) set(fail func(http.ResponseWriter), still func() bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail, b.still = fail, still
}

// TestBusyRegistry: a registry that cannot answer for now is asked again, once for all instances that wait, and one
// that refuses is not.
func TestBusyRegistry(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		shelf := newShelf(t, e, "busy")
		b := &busyRegistry{Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: shelf.Address})}
		s := httptest.NewTLSServer(b)
		t.Cleanup(s.Close)
		r := tlsRegistry{address: s.Listener.Addr().String(),
			ca: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))}
		r.reachableFrom(t, e)
		e, log := e.LogRequests(t)
		image := r.address + "/" + shelf.path
		lines := ":\nimage: " + image + "\n"
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen("\none"+lines, "\ntwo"+lines)})
		t.Cleanup(func() { require.NoError(t, connect(t, e).RemoveImage(context.Background(), image)) })

		status := func(code int) func(http.ResponseWriter) {
			return func(w http.ResponseWriter) { w.WriteHeader(code) }
		}
		var said result
		// engines differ in how often they ask the registry in one pull
		b.set(status(http.StatusServiceUnavailable), func() bool { return len(pulls(log.Requests())) <= 2 })
		requests := log.During(func() { said = p.ok("create", "-c") })
		require.Len(t, pulls(requests), 3, "%q", requests)
		require.Contains(t, said.String(), "503 Service Unavailable")
		require.Equal(t, 2, strings.Count(said.String(), "Asking again in "), said.String())
		p.shows("default-two", "cat /content", "busy")
		p.ok("destroy", "-c")

		// The registry has another way to say that it will not.
		b.set(status(http.StatusForbidden), func() bool { return true })
		requests = log.During(func() { said = p.galley("create", "one", "--pull", "always") })
		require.Equal(t, 20, said.code, said.String())
		require.Len(t, pulls(requests), 1, "%q", requests)
		require.NotContains(t, said.String(), "Asking again")
	})
}
