package report

import (
	"io"
	"sync"

	"github.com/galley-kitchen/galley/lifecycle"
)

// final is a sink that writes a report once, when it is closed.
type final struct {
	w      io.Writer
	render render

	mu        sync.Mutex
	collector *collector
}

func newFinal(w io.Writer, r render) *final {
	return &final{w: w, render: r, collector: newCollector()}
}

// Handle takes in an event.
func (f *final) Handle(e lifecycle.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.collector.handle(e)
}

// Close writes the report.
func (f *final) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.render(f.w, f.collector.result())
}
