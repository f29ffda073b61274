package cmdutil

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

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

// longestLine is where Lines cuts a line that does not end, in bytes.
const longestLine = 64 << 10

// Lines writes whole lines, each as Form makes it. Several of them may share a stream by sharing Mu.
type Lines struct {
	W  io.Writer
	Mu *sync.Mutex
	// Form returns what is written for a line; both are without the newline.
	Form func(line string) string
	rest []byte
}

// Write holds an unfinished line back until its end comes or it is too long to wait for.
func (l *Lines) Write(b []byte) (int, error) {
	for written := 0; ; {
		i := bytes.IndexByte(b[written:], '\n')
		room := longestLine - len(l.rest)
		switch {
		case i >= 0 && i <= room:
			l.rest = append(l.rest, b[written:written+i]...)
			written += i + 1
		case len(b)-written > room:
			l.rest = append(l.rest, b[written:written+room]...)
			written += room
		default:
			l.rest = append(l.rest, b[written:]...)
			return len(b), nil
		}
		if err := l.line(); err != nil {
			return written, err
		}
	}
}

func (l *Lines) line() error {
	shown := l.Form(string(l.rest))
	l.rest = l.rest[:0]
	if l.Mu != nil {
		l.Mu.Lock()
		defer l.Mu.Unlock()
	}
	_, err := fmt.Fprintln(l.W, shown)
	return err
}

// Flush writes what has no newline.
func (l *Lines) Flush() error {
	if len(l.rest) == 0 {
		return nil
	}
	return l.line()
}
