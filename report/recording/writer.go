package recording

import (
	"io"
	"reflect"
	"sync"

	"github.com/galley-kitchen/galley/lifecycle"
)

// Writer writes every event as a line of JSON, at once and with one write each, so that what was written before a crash
// can be read by Read.
type Writer struct {
	mu    sync.Mutex
	w     io.WriteCloser
	names map[reflect.Type]string
	err   error
}

// NewWriter writes to w, and closes it at the end.
func NewWriter(w io.WriteCloser) *Writer { return &Writer{w: w, names: eventNames()} }

// Handle writes an event. After an error it writes no more.
func (n *Writer) Handle(e lifecycle.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return
	}
	object, err := encode(n.names, e)
	if err == nil {
		_, err = n.w.Write(object)
	}
	n.err = err
}

// Close closes the writer and returns the first error.
func (n *Writer) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.w.Close(); n.err == nil {
		n.err = err
	}
	return n.err
}
