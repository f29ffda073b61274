package dial

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

const (
	// idleTimeout is how long a connection is kept for the next request. A Podman service that systemd started ends
	// after five seconds without a request, and a request that meets its end would be lost.
	idleTimeout = 3 * time.Second
	// moreTries is how often a request that may be repeated is sent again.
	moreTries = 2
)

// HTTPClient returns a client whose every connection goes to the endpoint, whatever host its URLs name. It has no time
// limit of its own. A request that can be repeated without harm, and whose connection broke before an answer, is sent
// again over a new one; no other is.
func HTTPClient(f Func) *http.Client {
	connect := func(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) }
	return &http.Client{Transport: repeating{&http.Transport{
		DialContext:         connect,
		DialTLSContext:      connect,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
		// A header that does not end must not fill the memory.
		MaxResponseHeaderBytes: 1 << 20,
	}}}
}

// repeating sends again what can be repeated.
type repeating struct{ next *http.Transport }

// RoundTrip sends a request.
func (t repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	pause := firstPause
	for try := 0; try < moreTries && err != nil && repeatable(req, err); try++ {
		if sleepContext(req.Context(), pause) != nil {
			return nil, err
		}
		pause *= 2
		resp, err = t.next.RoundTrip(req)
	}
	return resp, err
}

// repeatable reports whether a request has the same effect when it is carried out twice. What cannot be connected to
// was given its time already.
func repeatable(req *http.Request, err error) bool {
	var unreachable *backend.Error
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
	default:
		return false
	}
	return (req.Body == nil || req.Body == http.NoBody) && req.Context().Err() == nil && !errors.As(err, &unreachable)
}

// CloseIdleConnections is what http.Client looks for when it is told to do so.
func (t repeating) CloseIdleConnections() { t.next.CloseIdleConnections() }
