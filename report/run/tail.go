package run

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

const (
	// tailLines is how much of a failed instance's log is shown.
	tailLines = 20
	// tailWidth bounds a remembered line, in bytes, so that an instance that prints one endless line does not fill the
	// memory.
	tailWidth = 2000
)

// Tail remembers the last lines of something. The zero value is ready.
type Tail struct{ lines []string }

// Add adds a line, of which a long one is cut.
func (t *Tail) Add(line string) {
	if len(line) > tailWidth {
		line = strings.ToValidUTF8(line[:tailWidth], "") + "…"
	}
	// A copy, since line may be a piece of a large buffer.
	t.lines = append(t.lines, strings.Clone(line))
	t.lines = t.lines[max(0, len(t.lines)-tailLines):]
}

// Remember adds what commands printed and galley's notices. Each phase begins anew.
func (t *Tail) Remember(e lifecycle.Event, lines []Line) {
	switch e.(type) {
	case lifecycle.PhaseStarted: // a failing phase is explained by its own lines
		*t = Tail{}
	case lifecycle.Output, lifecycle.Notice:
		for _, l := range lines {
			t.Add(text.Line(l.Text))
		}
	}
}

// List is the lines, oldest first.
func (t *Tail) List() []string { return slices.Clone(t.lines) }
