package backendtest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// boxLog is what PID 1 printed.
type boxLog struct {
	mu    sync.Mutex
	lines []logLine
	// changed is closed, and made anew, when something was added or PID 1 ended.
	changed chan struct{}
	running bool
}

// logLine is a piece of output that ends at a line's end, or at PID 1's.
type logLine struct {
	stream int
	at     time.Time
	text   []byte
}

func newBoxLog() *boxLog { return &boxLog{changed: make(chan struct{})} }

func (l *boxLog) change(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *boxLog) open() { l.change(func() { l.running = true }) }

func (l *boxLog) close() { l.change(func() { l.running = false }) }

func (l *boxLog) add(stream int, b []byte) {
	l.change(func() {
		for _, text := range bytes.SplitAfter(b, []byte("\n")) {
			if len(text) > 0 {
				l.lines = append(l.lines, logLine{stream, time.Now(), slices.Clone(text)})
			}
		}
	})
}

// logWriter writes one stream of a log.
type logWriter struct {
	log    *boxLog
	stream int
}

func (w logWriter) Write(b []byte) (int, error) {
	w.log.add(w.stream, b)
	return len(b), nil
}

// crlf ends lines as a terminal does.
type crlf struct{ io.Writer }

func (c crlf) Write(b []byte) (int, error) {
	if _, err := c.Writer.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// since returns the lines from index on, a channel that tells of more, and whether
// there may be more.
func (l *boxLog) since(index int) ([]logLine, <-chan struct{}, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines[index:]), l.changed, l.running
}

// write copies the log as options say.
func (l *boxLog) write(ctx context.Context, o backend.LogOptions) error {
	writers := map[int]io.Writer{1: o.Stdout, 2: o.Stderr}
	next, first := 0, true
	for {
		lines, changed, running := l.since(next)
		next += len(lines)
		lines = slices.DeleteFunc(lines, func(line logLine) bool { return line.at.Before(o.Since) })
		if first && o.Tail > 0 && len(lines) > o.Tail {
			lines = lines[len(lines)-o.Tail:]
		}
		first = false
		for _, line := range lines {
			if w := writers[line.stream]; w != nil {
				if _, err := w.Write(line.text); err != nil {
					return err
				}
			}
		}
		if !o.Follow || !running {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
