package cmdutil

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/text"
)

// Table prints rows in columns, the first row being the heading. A column that is empty in all other rows is left out.
// Cells are foreign text.
func (f *Factory) Table(rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = f.cleanLine(cell)
		}
	}
	_, err := fmt.Fprintln(f.Out, strings.Join(text.Columns(rows), "\n"))
	return err
}

// PrintJSON prints a value as indented JSON.
func PrintJSON(w io.Writer, v any) error {
	if err := text.WriteJSON(w, v, "  "); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// Color decides whether to print colours: --color and GALLEY_COLOR decide first; unset, or in a file, colours are left
// to the terminal and its environment.
func Color(s *settings.Loaded, terminal bool) bool {
	kind := s.Source("color").Kind
	if !s.Color || kind == settings.CommandLine || kind == settings.Environment {
		return s.Color
	}
	return console.UseColor(os.Getenv, terminal)
}

// Clean makes foreign text safe to show: names, messages of engines, what a file says. Secrets that are known are
// hidden; escape sequences do not reach the terminal, and commands not the CI system.
func (f *Factory) Clean(foreign string) string {
	return text.Clean(f.Secrets.String(foreign), text.FoldFor(os.Getenv))
}

// cleanLine is Clean for a text that takes one line.
func (f *Factory) cleanLine(foreign string) string {
	return strings.ReplaceAll(strings.ReplaceAll(f.Clean(foreign), "\n", `\n`), "\t", " ")
}

// Lines writes whole lines to w, each as form makes it. Several may share a stream by sharing mu.
func Lines(w io.Writer, mu *sync.Mutex, form func(line string) string) *lines.Writer {
	return &lines.Writer{Emit: func(line string) error {
		shown := form(line)
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprintln(w, shown)
		return err
	}}
}

// Seen reports whether what is written to a stream is seen by people: on a terminal, or in the log of a CI system. A
// file or a program gets every byte as it is.
func Seen(to *os.File) bool {
	return term.IsTerminal(int(to.Fd())) || text.FoldFor(os.Getenv) != text.FoldNone
}

// Masked is a stream as it is shown, without secrets where people see it. close writes what was held back.
func (f *Factory) Masked(to *os.File) (w io.Writer, close func() error) {
	if !Seen(to) {
		return to, func() error { return nil }
	}
	masked := f.Secrets.Writer(to)
	return masked, masked.Close
}
