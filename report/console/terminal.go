// Package console shows a run: Console on a terminal, Plain as lines for pipes and the logs of CI systems.
package console

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

// Terminal is what Console draws on.
type Terminal interface {
	io.Writer
	// Size is the number of columns and rows; it is asked before each redraw.
	Size() (width, height int)
}

// fallback size, of terminals that do not tell theirs.
const (
	fallbackWidth  = 80
	fallbackHeight = 24
)

type fileTerminal struct{ *os.File }

// NewTerminal draws on a terminal that is open as a file.
func NewTerminal(f *os.File) Terminal { return fileTerminal{f} }

// Size is the size of the window now.
func (t fileTerminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.Fd()))
	if err != nil || width < 1 || height < 1 {
		return fallbackWidth, fallbackHeight
	}
	return width, height
}

// IsTerminal reports whether Console can draw on f: it is a terminal that understands escape sequences, and TERM does
// not say that it is a dumb one.
func IsTerminal(f *os.File, getenv func(string) string) bool {
	return term.IsTerminal(int(f.Fd())) && getenv("TERM") != "dumb" && enableEscapes(f)
}

// Options are what Plain and Console have in common. The zero value prints what Test Kitchen prints by default, without
// colours.
type Options struct {
	// Level is the lowest level shown; empty means info. What commands print counts as info. What failed is shown at
	// every level.
	Level lifecycle.Level
	// Color turns colours on; ask UseColor.
	Color bool
	// Fold wraps the output of each phase into sections that a CI system can fold; ask text.FoldFor. Only Plain folds.
	Fold text.Fold
	// Now is the clock that Console measures running time by; nil means time.Now.
	Now func() time.Time
	// Ticks tell Console when to redraw; nil means ten times a second.
	Ticks <-chan time.Time
}
