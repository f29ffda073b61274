package provisioner

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// tap passes a stream on and hands each of its lines to each. Several taps may
// share a reader of lines: mu is theirs together.
type tap struct {
	to   io.Writer
	mu   *sync.Mutex
	each func(line string)
	rest []byte
}

// Write passes p on unchanged.
func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		t.rest = append(t.rest, line...)
		if ended {
			t.end()
		}
		rest = after
	}
	t.mu.Unlock()
	return t.to.Write(p)
}

// end hands over the line that has come so far. mu must be held.
func (t *tap) end() {
	t.each(string(uncolored().ReplaceAll(bytes.TrimRight(t.rest, "\r"), nil)))
	t.rest = t.rest[:0]
}

// close ends the last line when the tool, killed perhaps, did not: what comes next
// is not a part of it.
func (t *tap) close() {
	t.mu.Lock()
	open := len(t.rest) > 0
	if open {
		t.end()
	}
	t.mu.Unlock()
	if open {
		_, _ = t.to.Write([]byte{'\n'}) // what is shown, not what is decided
	}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })
