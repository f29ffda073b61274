package lifecycle

import (
	"bytes"
	"sync"
)

// maxLine is the longest line that is held back while its end has not come.
const maxLine = 64 << 10

// lineWriter cuts a stream into lines and hands each to emit. The rest that has
// no newline is handed over by flush, so nothing is lost.
type lineWriter struct {
	mu   sync.Mutex
	buf  []byte
	emit func(line string)
}

// Write never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		w.line(p[:i])
		p = p[i+1:]
	}
	w.buf = append(w.buf, p...)
	if len(w.buf) > maxLine {
		w.line(nil)
	}
	return n, nil
}

func (w *lineWriter) line(rest []byte) {
	w.buf = append(w.buf, rest...)
	w.emit(string(bytes.TrimSuffix(w.buf, []byte("\r"))))
	w.buf = w.buf[:0]
}

func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.buf) > 0 {
		w.line(nil)
	}
}
