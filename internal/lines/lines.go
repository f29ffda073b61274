// Package lines cuts a stream into lines.
package lines

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// maxLine is the longest line, in bytes, that is handed over in one piece. A program that never ends its line must not
// fill the memory.
const maxLine = 64 << 10

// Writer cuts what is written to it into lines and hands each to Emit. The rest that has no newline is handed over by
// Flush, so nothing is lost. It is safe for concurrent use.
type Writer struct {
	// Emit takes a line without its newline. Its error ends the Write.
	Emit func(line string) error
	// Piece takes a piece of a line that goes on; nil means that Emit does.
	Piece func(text string) error

	mu  sync.Mutex
	buf []byte
}

// Write hands over the lines that end. Errors: those of Emit and Piece.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	var err error
	for len(p) > 0 && err == nil {
		end, room := bytes.IndexByte(p, '\n'), maxLine-len(w.buf)
		switch {
		case end >= 0 && end <= room:
			err = w.line(p[:end])
			p = p[end+1:]
		case len(p) <= room:
			w.buf = append(w.buf, p...)
			p = nil
		default:
			w.buf = append(w.buf, p[:room]...)
			err = w.cut()
			p = p[room:]
		}
	}
	return n - len(p), err
}

// cut hands over what is there of a line that goes on, but for the beginning of a character whose end is to come.
func (w *Writer) cut() error {
	end := len(w.buf)
	for back := 1; back < utf8.UTFMax && back < len(w.buf); back++ {
		if at := len(w.buf) - back; utf8.RuneStart(w.buf[at]) {
			if !utf8.FullRune(w.buf[at:]) {
				end = at
			}
			break
		}
	}
	emit := w.Piece
	if emit == nil {
		emit = w.Emit
	}
	err := emit(string(w.buf[:end]))
	w.buf = append(w.buf[:0], w.buf[end:]...)
	return err
}

func (w *Writer) line(rest []byte) error {
	w.buf = append(w.buf, rest...)
	err := w.Emit(string(bytes.TrimSuffix(w.buf, []byte("\r"))))
	w.buf = w.buf[:0]
	return err
}

// Flush hands over what has no newline. Errors: that of Emit.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.buf) == 0 {
		return nil
	}
	return w.line(nil)
}
