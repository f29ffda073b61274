package text

import (
	"encoding/json"
	"io"
)

// WriteJSON writes v as JSON with a newline, in one write; with an indent each field has a line. Angle brackets stay as
// they are, for those who read the file with grep.
func WriteJSON(w io.Writer, v any, indent string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v)
}

// Checked is a writer that remembers the first error and writes no more after it, so that a closed pipe is reported
// once and does not stop the run.
type Checked struct {
	W io.Writer
	// Err is the first error.
	Err error
}

// Print writes a text.
func (c *Checked) Print(s string) {
	if c.Err != nil || s == "" {
		return
	}
	_, c.Err = io.WriteString(c.W, s)
}
