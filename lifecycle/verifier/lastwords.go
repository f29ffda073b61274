package verifier

import (
	"bytes"
	"io"
	"sync"
)

// lastWordsSize is how much of a command's output a test case tells, in bytes.
const lastWordsSize = 4 << 10

// lastWords remembers the end of what is written through it to several streams.
type lastWords struct {
	mu  sync.Mutex
	buf []byte
	cut bool
}

// over is a writer that passes on to another one.
func (l *lastWords) over(to io.Writer) io.Writer { return &lastWordsOver{l, to} }

type lastWordsOver struct {
	l  *lastWords
	to io.Writer
}

// Write passes p on unchanged.
func (o *lastWordsOver) Write(p []byte) (int, error) {
	o.l.remember(p)
	return o.to.Write(p)
}

func (l *lastWords) remember(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - lastWordsSize; over > 0 {
		l.buf, l.cut = append(l.buf[:0], l.buf[over:]...), true
	}
}

// String is the end of the output, in whole lines where it was cut.
func (l *lastWords) String() string {
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
