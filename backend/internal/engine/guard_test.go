package engine

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func guarded(t *testing.T, h http.HandlerFunc) (*http.Client, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	g := NewGuard(s.Client().Transport)
	g.ask, g.do, g.maxBytes = 50*time.Millisecond, 100*time.Millisecond, 1<<10
	return &http.Client{Transport: g}, s.URL
}

// An engine that hangs is an error, whether it says nothing or stops in the middle.
func TestGuardEndsWhatHangs(t *testing.T) {
	client, url := guarded(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server would not see that the client has gone
		if r.URL.Query().Has("begin") {
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	var slow *SlowError
	_, err := client.Get(url + "/containers/json") //nolint:bodyclose // there is none
	require.ErrorAs(t, err, &slow)
	require.Equal(t, 50*time.Millisecond, slow.After)
	_, err = client.Post(url+"/containers/create", "", strings.NewReader("{}")) //nolint:bodyclose // there is none
	require.ErrorAs(t, err, &slow)
	require.Equal(t, 100*time.Millisecond, slow.After)
	resp, err := client.Get(url + "/containers/json?begin")
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	_, err = io.ReadAll(resp.Body)
	require.ErrorAs(t, err, &slow)
	require.EqualError(t, slow, "the engine did not answer within 50ms")
}

// A copy out of a container that stops, before it begins or in the middle, is an error.
func TestGuardEndsACopyThatStops(t *testing.T) {
	client, url := guarded(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("begin") {
			_, _ = io.WriteString(w, strings.Repeat("x", 4<<10))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	slow := &SlowError{}
	_, err := client.Get(url + "/containers/c/archive") //nolint:bodyclose // there is none
	require.ErrorAs(t, err, &slow)
	require.Equal(t, 100*time.Millisecond, slow.After)
	resp, err := client.Get(url + "/v4.0.0/libpod/containers/c/archive?begin")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, resp.Body.Close())
	require.ErrorAs(t, err, &slow)
	require.Len(t, body, 4<<10)
}

// slowEngine answers after an hour, unless the request was ended before.
type slowEngine struct{ answer string }

func (e slowEngine) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-time.After(time.Hour):
		return &http.Response{Body: io.NopCloser(strings.NewReader(e.answer))}, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// What has no end by nature is not ended.
func TestGuardLetsPass(t *testing.T) {
	const long = maxAnswer + 1
	g := NewGuard(slowEngine{strings.Repeat("x", long)})
	for path, length := range map[string]int{"/v1.43/containers/c/logs": long, "/build": long,
		"/v4.0.0/libpod/images/pull": long,
		"/containers/c/archive":      long, "/containers/c/wait": maxAnswer} {
		synctest.Test(t, func(t *testing.T) {
			resp, err := g.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://engine"+path,
				nil))
			require.NoError(t, err, path)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, resp.Body.Close())
			require.Len(t, body, length, path)
			require.Equal(t, length < long, errors.Is(err, errLong), path)
		})
	}
}

// An answer that is an error comes as one, of the kind that its status says, also when its words break off.
func TestGuardTellsErrors(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil { // the path of a ping
			status = http.StatusInternalServerError
		}
		if r.URL.Query().Has("cut") {
			w.Header().Set("Content-Length", "1000")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "it is so")
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: NewGuard(server.Client().Transport)}
	for status, kind := range map[int]error{
		http.StatusNotFound: backend.ErrNotFound, http.StatusConflict: backend.ErrConflict,
		http.StatusTooManyRequests: nil, http.StatusServiceUnavailable: backend.ErrUnreachable,
	} {
		for _, how := range []string{"", "?cut"} {
			_, err := client.Get(fmt.Sprintf("%s/%d%s", server.URL, status, how)) //nolint:bodyclose // there is none
			var told *StatusError
			require.ErrorAs(t, err, &told)
			require.Equal(t, &StatusError{Status: status, Message: "it is so"}, told)
			var e *backend.Error
			require.ErrorAs(t, Words{}.Wrap("try", err), &e)
			require.Equal(t, kind, e.Kind)
		}
	}
	resp, err := client.Get(server.URL + "/_ping")
	require.NoError(t, err, "its header tells the version")
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
}
