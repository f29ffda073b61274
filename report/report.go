// Package report has the sinks for the events of a run, and is the only part of galley that prints. Here are the
// formats for other programs, what opens them, and what hands events to several sinks without secrets. Its rooms:
// console (the screen and plain lines), files (logs and reports on this machine), html, recording (events as lines of
// JSON), run (the model and the transcript) and text (what makes foreign text safe to show).
package report

import (
	"errors"
	"io"
	"sync"

	"github.com/galley-kitchen/galley/internal/mask"
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
	// masker hides secrets before any sink sees them; nil hides nothing.
	masker *mask.Masker
	// streams are the lines that came in pieces so far.
	streams map[streamKey]*mask.Stream
}

type streamKey struct{ instance, stream string }

// NewMulti fans out to sinks, in this order.
func NewMulti(sinks ...lifecycle.Sink) *Multi { return &Multi{sinks: sinks} }

// Handle hands e to each sink.
func (m *Multi) Handle(e lifecycle.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.masker != nil {
		e = m.masked(e)
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

// named are the fields of events by which things go: what is in them was chosen by the user to be shown, or by galley.
func named() []string {
	return []string{"Stamp", "Instances", "Suite", "Platform", "On", "Action", "Engine", "Version", "LogPath"}
}

// masked returns e without secrets, which may be in any other of its texts.
func (m *Multi) masked(e lifecycle.Event) lifecycle.Event {
	if o, ok := e.(lifecycle.Output); ok {
		o.Text = m.output(o)
		return o
	}
	return mask.Texts(e, m.masker.String, named()...)
}

// output is the text of an event of output. A secret may begin in one piece of a line and end in the next.
func (m *Multi) output(e lifecycle.Output) string {
	key := streamKey{e.Instance, e.Stream}
	s := m.streams[key]
	switch {
	case s == nil && !e.Partial:
		return m.masker.String(e.Text)
	case s == nil:
		s = m.masker.Stream()
		m.streams[key] = s
	case !e.Partial:
		delete(m.streams, key)
	}
	return m.masker.String(s.Next(e.Text, e.Partial))
}

// Mask hides a Masker's values in all events from now on. Call it before the run begins.
func (m *Multi) Mask(masker *mask.Masker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.masker, m.streams = masker, map[streamKey]*mask.Stream{}
}
