package runner

import (
	"bytes"
	"io"
	"sync"
)

// tailSize is how much of a command's output a Tail keeps, in bytes.
const tailSize = 4 << 10

// Tail keeps the end of what is written to it, or through it to other writers. The zero
// value is ready to use; it is safe for concurrent use.
type Tail struct {
	mu  sync.Mutex
	buf []byte
	cut bool
}

// Over returns a writer that passes everything on to another one.
func (l *Tail) Over(to io.Writer) io.Writer { return io.MultiWriter(l, to) }

// Write never fails.
func (l *Tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	if over := n - tailSize; over > 0 {
		p, l.cut = p[over:], true
	}
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - tailSize; over > 0 {
		l.buf, l.cut = append(l.buf[:0], l.buf[over:]...), true
	}
	return n, nil
}

// String is the end of the output, in whole lines where it was cut.
func (l *Tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.buf
	if l.cut {
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[i+1:]
		}
	}
	return string(bytes.ToValidUTF8(bytes.TrimSpace(text), []byte("\uFFFD")))
}
