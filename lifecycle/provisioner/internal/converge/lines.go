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

// lineReader passes a stream on by lines, but for lines that begin with Marker, and calls
// each with every line of it. Several may share one function: then they share mu too.
type lineReader struct {
	to   io.Writer
	mu   *sync.Mutex
	each func(line string)
	// line is what has come of a line and is not passed on yet. A longer one than maxLine
	// is passed on in pieces: long is set after the first, hidden where none is shown.
	line         []byte
	long, hidden bool
}

// Write passes p on.
func (t *lineReader) Write(p []byte) (int, error) {
	t.mu.Lock()
	var show []byte
	for piece := range bytes.Lines(p) {
		t.line = append(t.line, piece...)
		ended := piece[len(piece)-1] == '\n'
		if !ended && len(t.line) <= maxLine {
			continue
		}
		if !t.long {
			t.hidden = bytes.HasPrefix(t.line, []byte(Marker))
			read := bytes.TrimRight(t.line[:min(len(t.line), maxLine)], "\r\n")
			t.each(string(uncolored().ReplaceAll(read, nil)))
		}
		if !t.hidden {
			show = append(show, t.line...)
		}
		t.line, t.long = t.line[:0], !ended
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

// close ends the last line when the tool, killed perhaps, did not: what comes next is
// not a part of it.
func (t *lineReader) close() {
	if len(t.line) > 0 || t.long {
		_, _ = t.Write([]byte{'\n'}) // what is shown, not what is decided
	}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
