package console

import (
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/report/text"
)

// screen is a terminal as far as Console uses one. Lines that are wider than the
// window take several rows, and are folded anew when the width changes.
type screen struct {
	width, height int
	// lines are all that were printed; the last ones are visible.
	lines []string
	// row is the cursor's line, counted from the last one; sub is its row in it.
	row, sub    int
	cursorShown bool
	wrap        bool
	written     int
}

func newScreen(width, height int) *screen {
	return &screen{width: width, height: height, lines: []string{""}, cursorShown: true, wrap: true}
}

// Size is the size of the window.
func (s *screen) Size() (width, height int) { return s.width, s.height }

func (s *screen) resize(width, height int) { s.width, s.height = width, height }

// String is all that was printed and stayed.
func (s *screen) String() string { return strings.TrimRight(strings.Join(s.lines, "\n"), "\n") + "\n" }

func (s *screen) line() *string { return &s.lines[len(s.lines)-1-s.row] }

// Write interprets the few sequences that are expected, and fails at any other.
func (s *screen) Write(p []byte) (int, error) {
	s.written += len(p)
	for text := string(p); text != ""; {
		var err error
		if text, err = s.step(text); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (s *screen) step(text string) (rest string, err error) {
	for sequence, obey := range map[string]func() error{
		hideCursor: func() error { s.cursorShown = false; return nil },
		showCursor: func() error { s.cursorShown = true; return nil },
		wrapOff:    func() error { s.wrap = false; return nil },
		wrapOn:     func() error { s.wrap = true; return nil },
		eraseLine:  s.erase,
		lineUp:     s.up,
		"\r":       func() error { return nil },
		"\n":       s.down,
	} {
		if rest, ok := strings.CutPrefix(text, sequence); ok {
			return rest, obey()
		}
	}
	end := strings.IndexAny(text, "\r\n\x1b")
	switch {
	case end == 0:
		return "", fmt.Errorf("unexpected sequence %q", text)
	case end < 0:
		end = len(text)
	}
	if *s.line() != "" {
		return "", fmt.Errorf("%q is written over %q", text[:end], *s.line())
	}
	*s.line() = text[:end]
	return text[end:], nil
}

// up goes up a row.
func (s *screen) up() error {
	if s.sub > 0 {
		s.sub--
		return nil
	}
	if s.row++; s.row >= len(s.lines) {
		return fmt.Errorf("the cursor is above all that was printed")
	}
	s.sub = max(1, (text.Cells(*s.line())+s.width-1)/s.width) - 1
	return nil
}

func (s *screen) down() error {
	s.sub = 0
	if s.row == 0 {
		s.lines = append(s.lines, "")
		return nil
	}
	s.row--
	return nil
}

// erase empties a row. Rows are erased from below, so a line is gone when its first row is.
func (s *screen) erase() error {
	if s.sub == 0 {
		*s.line() = ""
	}
	return nil
}
