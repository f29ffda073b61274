package converge

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// Marker begins a line that a plugin of galley's in a tool prints for galley alone.
const Marker = "\x1egalley: "

// maxLine is how much of a line is read, in bytes; all of it is passed on.
const maxLine = 64 << 10

// lineReader passes a stream on, but for lines that begin with Marker, and calls each
// with every line of it. Several may share one function: then they share mu too.
type lineReader struct {
	to   io.Writer
	mu   *sync.Mutex
	each func(line string)
	rest []byte
	// held is the beginning of a line that may be one with the marker, hidden is set
	// while the rest of one comes, shown while that of another line does.
	held          []byte
	hidden, shown bool
}

// Write passes p on.
func (t *lineReader) Write(p []byte) (int, error) {
	t.mu.Lock()
	var show []byte
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		t.rest = append(t.rest, line[:min(len(line), maxLine-len(t.rest))]...)
		show = t.show(show, rest[:len(rest)-len(after)], ended)
		if ended {
			t.endLine()
		}
		rest = after
	}
	t.mu.Unlock()
	if len(show) == 0 {
		return len(p), nil
	}
	if _, err := t.to.Write(show); err != nil {
		return 0, err
	}
	return len(p), nil
}

// show adds to show what of a piece of one line is passed on.
func (t *lineReader) show(show, piece []byte, ended bool) []byte {
	if !t.hidden && !t.shown {
		t.held = append(t.held, piece...)
		n := min(len(t.held), len(Marker))
		switch {
		case string(t.held[:n]) != Marker[:n] || ended && n < len(Marker):
			t.shown = true
			show, piece = append(show, t.held...), nil
		case n == len(Marker):
			t.hidden = true
		}
		if t.hidden || t.shown {
			t.held = nil
		}
	}
	if t.shown {
		show = append(show, piece...)
	}
	if ended {
		t.hidden, t.shown = false, false
	}
	return show
}

// endLine hands over the line that has come so far. mu must be held.
func (t *lineReader) endLine() {
	t.each(string(uncolored().ReplaceAll(bytes.TrimRight(t.rest, "\r"), nil)))
	t.rest = t.rest[:0]
}

// close ends the last line when the tool, killed perhaps, did not: what comes next is
// not a part of it.
func (t *lineReader) close() {
	t.mu.Lock()
	open, held := len(t.rest) > 0, t.held
	if open {
		t.endLine()
	}
	hidden := t.hidden
	t.held, t.hidden, t.shown = nil, false, false
	t.mu.Unlock()
	if open && !hidden {
		_, _ = t.to.Write(append(held, '\n')) // what is shown, not what is decided
	}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
