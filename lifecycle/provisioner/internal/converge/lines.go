package converge

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// maxLine is how much of a line is read, in bytes; all of it is passed on.
const maxLine = 64 << 10

// lineReader passes a stream on and calls each with every line of it. Several may
// share one function: then they share mu too.
type lineReader struct {
	to   io.Writer
	mu   *sync.Mutex
	each func(line string)
	rest []byte
}

// Write passes p on unchanged.
func (t *lineReader) Write(p []byte) (int, error) {
	t.mu.Lock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		t.rest = append(t.rest, line[:min(len(line), maxLine-len(t.rest))]...)
		if ended {
			t.endLine()
		}
		rest = after
	}
	t.mu.Unlock()
	return t.to.Write(p)
}

// endLine hands over the line that has come so far. mu must be held.
func (t *lineReader) endLine() {
	t.each(string(uncolored().ReplaceAll(bytes.TrimRight(t.rest, "\r"), nil)))
	t.rest = t.rest[:0]
}

// close ends the last line when the tool, killed perhaps, did not: what comes next
// is not a part of it.
func (t *lineReader) close() {
	t.mu.Lock()
	open := len(t.rest) > 0
	if open {
		t.endLine()
	}
	t.mu.Unlock()
	if open {
		_, _ = t.to.Write([]byte{'\n'}) // what is shown, not what is decided
	}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
