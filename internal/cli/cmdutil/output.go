package cmdutil

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/text"
)

// Table prints rows in columns, the first row being the heading. A column that
// is empty in all other rows is left out. Cells are foreign text.
func (f *Factory) Table(rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = f.cleanLine(cell)
		}
	}
	width := make([]int, len(rows[0]))
	for n, row := range rows {
		for i, cell := range row {
			if n > 0 && cell != "" {
				width[i] = max(width[i], text.Cells(cell), text.Cells(rows[0][i]))
			}
		}
	}
	w := bufio.NewWriter(f.Out)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if width[i] > 0 {
				line.WriteString(text.Pad(cell, width[i]+2))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// PrintJSON prints a value as indented JSON.
func PrintJSON(w io.Writer, v any) error {
	if err := text.WriteJSON(w, v, "  "); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// Color decides whether to print colours: --color and GALLEY_COLOR decide first; unset, or in a file, colours are left to
// the terminal and its environment.
func Color(s *settings.Loaded, terminal bool) bool {
	kind := s.Source("color").Kind
	if !s.Color || kind == settings.CommandLine || kind == settings.Environment {
		return s.Color
	}
	return console.UseColor(os.Getenv, terminal)
}

// Clean makes foreign text safe to show: names, messages of engines, what a file says. No escape sequence reaches the
// terminal, no command the CI system, and no secret that is known anybody.
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
