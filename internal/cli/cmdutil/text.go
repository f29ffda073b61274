package cmdutil

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/report/text"
)

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
