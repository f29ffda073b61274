package contract_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// watchedBuffer is a buffer that several goroutines may use, and that tells when certain texts have arrived.
type watchedBuffer struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	arrived map[string]chan struct{}
}

// newWatchedBuffer returns a buffer that watches out for texts.
func newWatchedBuffer(texts ...string) *watchedBuffer {
	w := &watchedBuffer{arrived: map[string]chan struct{}{}}
	for _, text := range texts {
		w.arrived[text] = make(chan struct{})
	}
	return w
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.buf.Write(p)
	for text, ch := range w.arrived {
		if isOpen(ch) && strings.Contains(w.buf.String(), text) {
			close(ch)
		}
	}
	return n, err
}

func isOpen(ch chan struct{}) bool {
	select {
	case <-ch:
		return false
	default:
		return true
	}
}

func (w *watchedBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// await waits until a watched text has arrived.
func (w *watchedBuffer) await(ctx context.Context, t *testing.T, text string) {
	t.Helper()
	select {
	case <-w.arrived[text]:
	case <-ctx.Done():
		require.Failf(t, "it did not arrive", "%q; there is %q", text, w.String())
	}
}
