// Package report has the sinks for the events of a run: the terminal, plain
// lines, log files, and files for other programs and for people. It is the only
// package that prints.
package report

import (
	"io"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
)

// SinkCloser is a sink that has something to finish. Handle cannot fail; what
// went wrong on the way is returned by Close, which may be called once.
type SinkCloser interface {
	lifecycle.Sink
	io.Closer
}

// Options are what Plain and Console have in common. The zero value prints what
// Test Kitchen prints by default, without colours.
type Options struct {
	// Level is the lowest level shown; empty means info. What commands print
	// counts as info. What failed is shown at every level.
	Level lifecycle.Level
	// Color turns colours on; ask UseColor.
	Color bool
	// Fold wraps the output of each phase into sections that a CI system can
	// fold; ask FoldFor. Only Plain folds.
	Fold Fold
	// Stream is whether Console lets the output of commands scroll by above its
	// live block. Plain always prints it.
	Stream Stream
	// Now is the clock that Console measures running time by; nil means time.Now.
	Now func() time.Time
	// Ticks tell Console when to redraw; nil means ten times a second.
	Ticks <-chan time.Time
}

// Stream says whether output scrolls by above the live block.
type Stream int

// The ways to stream.
const (
	// StreamAuto streams when one instance runs alone, or at level debug.
	StreamAuto Stream = iota
	StreamAlways
	StreamNever
)
