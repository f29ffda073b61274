package provisioner

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// lastMatch passes a stream on and remembers the last line that matches.
type lastMatch struct {
	re    *regexp.Regexp
	mu    sync.Mutex
	line  []byte
	found []string
	to    io.Writer
}

func (l *lastMatch) over(to io.Writer) io.Writer {
	l.to = to
	return l
}

// Write passes p on unchanged.
func (l *lastMatch) Write(p []byte) (int, error) {
	l.mu.Lock()
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			l.line = append(l.line, rest...)
			break
		}
		l.line = append(l.line, rest[:i]...)
		l.look()
		rest = rest[i+1:]
	}
	l.mu.Unlock()
	return l.to.Write(p)
}

func (l *lastMatch) look() {
	if m := l.re.FindSubmatch(l.line); m != nil {
		l.found = l.found[:0]
		for _, g := range m {
			l.found = append(l.found, string(g))
		}
	}
	l.line = l.line[:0]
}

func (l *lastMatch) match() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look()
	return l.found
}
