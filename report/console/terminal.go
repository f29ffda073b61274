// Package console shows a run: Console on a terminal, Plain as lines for pipes and the logs of CI systems.
package console

import (
	"io"
	"os"
	"strconv"
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

// FileTerminal is a terminal that is open as a file.
type FileTerminal struct{ *os.File }

// Size is the size of the window now, or a usual one where the terminal does not tell it.
func (t FileTerminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
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

// instanceColors are the SGR codes that Test Kitchen gives to instances, in its order: cyan, yellow, green, magenta,
// blue, then the bright ones.
var instanceColors = [...]int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}

// The colours and the styles of lines, as SGR codes; 0 is none.
const (
	Bold   = 1
	Dim    = 2
	Red    = 31
	Green  = 32
	Yellow = 33
	Cyan   = 36
)

// Palette colours text, or leaves it alone when it is off.
type Palette struct{ On bool }

// Paint wraps s into an SGR code.
func (p Palette) Paint(code int, s string) string {
	if !p.On || code == 0 || s == "" {
		return s
	}
	return "\x1b[" + strconv.Itoa(code) + "m" + s + "\x1b[0m"
}

// UseColor decides whether to print colours where no flag says: NO_COLOR (any value) decides first, then FORCE_COLOR
// and CLICOLOR_FORCE (any value but "0"), then whether the output is a terminal that can do colours (TERM is not
// "dumb").
func UseColor(getenv func(string) string, terminal bool) bool {
	switch {
	case getenv("NO_COLOR") != "":
		return false
	case forced(getenv("FORCE_COLOR")), forced(getenv("CLICOLOR_FORCE")):
		return true
	default:
		return terminal && getenv("TERM") != "dumb"
	}
}

func forced(value string) bool { return value != "" && value != "0" }
