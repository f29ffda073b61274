package text

import "io"

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
