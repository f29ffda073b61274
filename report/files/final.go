package files

import (
	"io"
	"sync"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
)

// Final is a sink that writes a report once, when it is closed.
type Final struct {
	w      io.Writer
	render Render

	mu        sync.Mutex
	collector *run.Collector
}

// NewFinal returns a sink that writes to w.
func NewFinal(w io.Writer, r Render) *Final {
	return &Final{w: w, render: r, collector: run.NewCollector()}
}

// Handle takes in an event.
func (f *Final) Handle(e lifecycle.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.collector.Handle(e)
}

// Close writes the report.
func (f *Final) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.render(f.w, f.collector.Result())
}
