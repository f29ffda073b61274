package report

import (
	"errors"
	"io"
)

// checkedWriter remembers the first error and writes no more after it, so that a
// closed pipe is told once and does not stop the run.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) print(s string) {
	if c.err != nil || s == "" {
		return
	}
	_, c.err = io.WriteString(c.w, s)
}

func joinWriteErrors(ws ...*checkedWriter) error {
	var errs []error
	for _, w := range ws {
		errs = append(errs, w.err)
	}
	return errors.Join(errs...)
}
