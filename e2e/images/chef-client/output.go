package main

import (
	"bytes"
	"fmt"
	"io"
)

// output writes what the formatter lets through.
type output struct {
	w     io.Writer
	quiet bool
}

func newOutput(formatter string, w io.Writer) *output {
	return &output{w: w, quiet: formatter == "null"}
}

func (o *output) line(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(o.w, format+"\n", args...)
	}
}

func (o *output) blank() { o.line("") }

// verbatim passes a command's own output on, indented as the doc formatter does.
func (o *output) verbatim(text []byte) {
	for _, l := range bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")) {
		if len(l) > 0 {
			o.line("    [execute] %s", l)
		}
	}
}
