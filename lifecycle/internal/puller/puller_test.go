package puller

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// registry is an engine whose pulls fail with these errors, one after the other, and then succeed.
type registry struct {
	backend.ContainerBackend
	failures []error
	asked    []time.Duration
	start    time.Time
}

func (r *registry) PullImage(context.Context, backend.PullOptions) (backend.Image, error) {
	r.asked = append(r.asked, time.Since(r.start))
	if n := len(r.asked); n <= len(r.failures) {
		return backend.Image{}, r.failures[n-1]
	}
	return backend.Image{ID: "pulled"}, nil
}

func busy() error {
	return &backend.Error{Op: "pull x", Kind: backend.ErrBusy, Detail: "toomanyrequests", Remedy: "Log in."}
}

func repeated(n int, err error) []error {
	list := make([]error, n)
	for i := range list {
		list[i] = err
	}
	return list
}

func TestPull(t *testing.T) {
	other := &backend.Error{Op: "pull x", Kind: backend.ErrUnauthorized}
	for name, test := range map[string]struct {
		failures []error
		asked    int
		want     error
	}{
		"at once":         {nil, 1, nil},
		"the third time":  {repeated(2, busy()), 3, nil},
		"never":           {repeated(99, busy()), attempts, backend.ErrBusy},
		"something else":  {repeated(1, other), 1, other},
		"busy, then else": {[]error{busy(), other}, 2, other},
		"unreachable":     {repeated(1, &backend.Error{Kind: backend.ErrUnreachable}), 1, backend.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &registry{failures: test.failures, start: time.Now()}
				var said []string
				img, err := Pull(t.Context(), r, backend.PullOptions{}, func(text string) { said = append(said, text) })
				require.Len(t, r.asked, test.asked)
				require.Len(t, said, test.asked-1)
				pause := firstPause
				for i, text := range said {
					require.InDelta(t, pause, r.asked[i+1]-r.asked[i], float64(pause/4))
					require.Regexp(t, `^pull x: toomanyrequests\nAsking again in [0-9.]+ s, for time \d of 6\.$`, text)
					pause = min(2*pause, longestPause)
				}
				if test.want == nil {
					require.NoError(t, err)
					require.Equal(t, "pulled", img.ID)
					return
				}
				require.ErrorIs(t, err, test.want)
			})
		})
	}
}

// A run that is interrupted does not wait for the next time.
func TestPullInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &registry{failures: repeated(99, busy()), start: time.Now()}
		_, err := Pull(ctx, r, backend.PullOptions{}, func(string) { cancel() })
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, errors.Is(err, backend.ErrBusy))
		require.Len(t, r.asked, 1)
		require.Zero(t, time.Since(r.start))
	})
}
