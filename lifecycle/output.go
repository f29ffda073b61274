package lifecycle

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// maxLine is the longest line, in bytes, that is handed over in one piece. A program
// that never ends its line must not fill the memory.
const maxLine = 64 << 10

// lineWriter cuts a stream into lines and hands each to emit. The rest that has
// no newline is handed over by flush, so nothing is lost.
type lineWriter struct {
	mu   sync.Mutex
	buf  []byte
	emit func(line string)
	// piece takes a piece of a line that goes on; nil means that emit does.
	piece func(text string)
}

// Write never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		end, room := bytes.IndexByte(p, '\n'), maxLine-len(w.buf)
		switch {
		case end >= 0 && end <= room:
			w.line(p[:end])
			p = p[end+1:]
		case len(p) <= room:
			w.buf = append(w.buf, p...)
			p = nil
		default:
			w.buf = append(w.buf, p[:room]...)
			w.cut()
			p = p[room:]
		}
	}
	return n, nil
}

// cut hands over what is there of a line that goes on, but for the beginning of a
// character whose end is to come.
func (w *lineWriter) cut() {
	end := len(w.buf)
	for back := 1; back < utf8.UTFMax && back < len(w.buf); back++ {
		if at := len(w.buf) - back; utf8.RuneStart(w.buf[at]) {
			if !utf8.FullRune(w.buf[at:]) {
				end = at
			}
			break
		}
	}
	emit := w.piece
	if emit == nil {
		emit = w.emit
	}
	emit(string(w.buf[:end]))
	w.buf = append(w.buf[:0], w.buf[end:]...)
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
