// Package report has the sinks for the events of a run, and is the only part of galley that prints. Here are the
// formats for other programs, what opens them, and what hands events to several sinks without secrets. Its rooms:
// console (the screen and plain lines), files (logs and reports on this machine), html, recording (events as lines of
// JSON), run (the model and the transcript) and text (what makes foreign text safe to show).
package report

import (
	"io"

	"github.com/galley-kitchen/galley/lifecycle"
)

// SinkCloser is a sink that has something to finish. Handle cannot fail; what went wrong on the way is returned by
// Close, which may be called once. The sinks of report are called by one goroutine at a time, as [Multi] does.
type SinkCloser interface {
	lifecycle.Sink
	io.Closer
}
