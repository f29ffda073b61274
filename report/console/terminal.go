package console

import (
	"io"
	"os"

	"golang.org/x/term"
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
