package mask

import "io"

// Stream hides a Masker's values in a text that comes in pieces, cut anywhere. What may be the beginning of a value is
// held back until more comes. It is not safe for concurrent use.
type Stream struct {
	m      *Masker
	held   string
	before byte
}

// Stream returns a new stream.
func (m *Masker) Stream() *Stream { return &Stream{m: m} }

// Next returns what can be shown after one more piece. With more false the text ends (or a line of it does, at which no
// value goes on) and nothing is held back.
func (s *Stream) Next(piece string, more bool) string {
	if s.m == nil {
		return piece
	}
	text := s.held + piece
	matcher := s.m.now.Load()
	out, held := matcher.replaceSome(text, s.before, more)
	s.held = text[len(text)-held:]
	if shown := len(text) - held; shown > 0 {
		s.before = text[shown-1]
	}
	if !more {
		s.before = 0
	}
	return out
}

// Writer hides a Masker's values in what is written through it.
type Writer struct {
	w io.Writer
	s *Stream
}

// Writer returns a writer to w. Close must be called at the end. It is not safe for concurrent use.
func (m *Masker) Writer(w io.Writer) *Writer { return &Writer{w, m.Stream()} }

// Write writes all but what may be the beginning of a value.
func (w *Writer) Write(p []byte) (int, error) {
	if out := w.s.Next(string(p), true); out != "" {
		if _, err := io.WriteString(w.w, out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close writes what was held back. The underlying writer stays open.
func (w *Writer) Close() error {
	out := w.s.Next("", false)
	if out == "" {
		return nil
	}
	_, err := io.WriteString(w.w, out)
	return err
}
