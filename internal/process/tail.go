package process

import (
	"bytes"
	"sync"
)

// maxTail is how much of a program's output is kept.
const maxTail = 8 << 10

// Tail is a writer that keeps the end of what a program prints, for an error that says why it failed. The zero value
// is ready to use; it may be read while the program runs.
type Tail struct {
	mu   sync.Mutex
	text []byte
	cut  bool
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	t.cut = t.cut || len(p) > maxTail || len(t.text) > maxTail
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String returns the last 8 KiB of what was written, in whole lines where it was cut.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text
	if t.cut {
		if _, rest, ok := bytes.Cut(text, []byte{'\n'}); ok {
			text = rest
		}
	}
	return string(bytes.ToValidUTF8(bytes.TrimSpace(text), []byte("\uFFFD")))
}
