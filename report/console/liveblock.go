package console

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/report/text"
)

// The control sequences that the live block needs.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
	eraseLine  = "\x1b[2K"
	lineUp     = "\x1b[A"
)

// liveBlock is the part at the end of a terminal that is drawn again and again. Between two frames the cursor is
// visible and line wrap is on, so that a process that is killed leaves a terminal in order.
type liveBlock struct {
	drawn []blockLine
	width int
}

// blockLine is a line of the block: its text, and how to colour it.
type blockLine struct {
	text  string
	color int
}

// frame is what must be written so that above appears as ordinary, scrolling text and the block below it; it is empty
// when nothing changes.
func (b *liveBlock) frame(above string, lines []blockLine, width int, paint palette) string {
	if above == "" && width == b.width && slices.Equal(lines, b.drawn) {
		return ""
	}
	var s strings.Builder
	s.WriteString(hideCursor)
	s.WriteString("\r" + eraseLine)
	// Row by row: "erase all below", at the top of the screen, makes some terminals put a copy of the block into their
	// history.
	s.WriteString(strings.Repeat(lineUp+eraseLine, b.rows(width)))
	s.WriteString(above)
	s.WriteString(wrapOff)
	for _, l := range lines {
		s.WriteString(paint.paint(l.color, l.text))
		s.WriteString("\n")
	}
	s.WriteString(wrapOn)
	s.WriteString(showCursor)
	b.drawn, b.width = lines, width
	return s.String()
}

// rows is how many rows the block takes now: when the window has become narrower, terminals fold what was drawn before.
func (b *liveBlock) rows(width int) int {
	n := 0
	for _, l := range b.drawn {
		n += max(1, (text.Cells(l.text)+width-1)/width)
	}
	return n
}
