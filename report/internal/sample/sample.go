// Package sample has recorded runs that every format is tested with, and what the tests of reports share.
package sample

import (
	"bytes"
	"embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/recording"
)

// Recordings has NAME.ndjson for each run. The pictures in the documentation are made of them too: see
// docs/img/shots.sh.
//
//go:embed *.ndjson
var Recordings embed.FS

// One is a converge of a single instance that succeeds.
func One() []lifecycle.Event { return read("one") }

// Green is a test of three instances side by side that all pass.
func Green() []lifecycle.Event { return read("green") }

// Red is a run in which one instance fails to converge, one fails tests, one has a flaky test and a skipped one, and
// one is not started.
func Red() []lifecycle.Event { return read("red") }

// Many is forty instances, eight at a time, with some failures.
func Many() []lifecycle.Event { return read("many") }

// Hostile is a run whose output and names try to break every format. Invalid UTF-8, which JSON cannot hold, is written
// as U+FFFD in its recording.
func Hostile() []lifecycle.Event {
	events := read("hostile")
	for n, e := range events {
		if o, ok := e.(lifecycle.Output); ok {
			o.Text = strings.ReplaceAll(o.Text, "\ufffd", "\xff")
			events[n] = o
		}
	}
	return events
}

// Killed is what is known of Green when it is killed after a time.
func Killed(after time.Duration) []lifecycle.Event {
	var known []lifecycle.Event
	for _, e := range Green() {
		if len(known) == 0 || e.At().Time.Sub(known[0].At().Time) <= after {
			known = append(known, e)
		}
	}
	return known
}

// Interrupted is Green up to a time, then Ctrl-C.
func Interrupted(after time.Duration) []lifecycle.Event {
	events := Killed(after)
	end := events[0].At()
	end.Time = end.Time.Add(after)
	return append(events, lifecycle.RunFinished{Stamp: end, Duration: after, Interrupted: true})
}

// Runs are the runs of the golden files.
func Runs() map[string][]lifecycle.Event {
	return map[string][]lifecycle.Event{
		"one":         One(),
		"green":       Green(),
		"red":         Red(),
		"hostile":     Hostile(),
		"killed":      Killed(20 * time.Second),
		"interrupted": Interrupted(20 * time.Second),
	}
}

func read(name string) []lifecycle.Event {
	f, err := Recordings.Open(name + ".ndjson")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	events, err := recording.Read(f)
	if err != nil {
		panic(err)
	}
	return events
}

// Feed hands events to a sink.
func Feed(s lifecycle.Sink, events []lifecycle.Event) {
	for _, e := range events {
		s.Handle(e)
	}
}

// Recorded is the recording of events.
func Recorded(t *testing.T, events []lifecycle.Event) string {
	t.Helper()
	var b buffer
	w := recording.NewWriter(&b)
	Feed(w, events)
	require.NoError(t, w.Close())
	return b.String()
}

type buffer struct{ bytes.Buffer }

func (*buffer) Close() error { return nil }

// Read is the text of a file.
func Read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

// Nasty are the outputs of the hostile run.
func Nasty() []string {
	var out []string
	for _, e := range Hostile() {
		if o, ok := e.(lifecycle.Output); ok {
			out = append(out, o.Text)
		}
	}
	return out
}
