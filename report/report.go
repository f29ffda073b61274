// Package report has the sinks for the events of a run, and is the only part of galley that prints. Here are the
// formats for other programs, what opens them, and what hands events to several sinks without secrets. Its rooms:
// console (the screen and plain lines), files (logs and reports on this machine), html, recording (events as lines of
// JSON), run (the model and the transcript) and text (what makes foreign text safe to show).
package report

import (
	"errors"
	"io"
	"sync"

	"github.com/galley-kitchen/galley/lifecycle"
)

// SinkCloser is a sink that has something to finish. Handle cannot fail; what went wrong on the way is returned by
// Close, which may be called once. The sinks of report are called by one goroutine at a time, as [Multi] does.
type SinkCloser interface {
	lifecycle.Sink
	io.Closer
}

// Multi hands each event to several sinks, one at a time. All see the same events in the same order, so the order
// within an instance is kept.
type Multi struct {
	mu    sync.Mutex
	sinks []lifecycle.Sink
	// masked hides secrets; nil hides nothing.
	masked *masked
}

// NewMulti fans out to sinks, in this order.
func NewMulti(sinks ...lifecycle.Sink) *Multi { return &Multi{sinks: sinks} }

// Handle hands e to each sink.
func (m *Multi) Handle(e lifecycle.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.masked != nil {
		e = m.masked.event(e)
	}
	for _, s := range m.sinks {
		s.Handle(e)
	}
	if start, ok := e.(lifecycle.RunStarted); ok {
		m.warn(start.Stamp)
	}
}

// warn tells all sinks what one of them has to say.
func (m *Multi) warn(at lifecycle.Stamp) {
	for _, from := range m.sinks {
		w, ok := from.(interface{ Warning() string })
		if !ok || w.Warning() == "" {
			continue
		}
		for _, s := range m.sinks {
			s.Handle(lifecycle.Notice{Stamp: at, Level: lifecycle.LevelWarn, Text: w.Warning()})
		}
	}
}

// Close closes every sink that can be closed, and joins their errors: that one could not write its file keeps no other
// from being finished.
func (m *Multi) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for _, s := range m.sinks {
		if c, ok := s.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
