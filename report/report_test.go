package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/internal/sample"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to make the file")
	require.Equal(t, string(want), got)
}

// runs are the sample runs that every format is tested with.
func runs() map[string][]lifecycle.Event {
	return map[string][]lifecycle.Event{
		"one":         sample.One(),
		"green":       sample.Green(),
		"red":         sample.Red(),
		"hostile":     sample.Hostile(),
		"killed":      sample.Killed(20 * time.Second),
		"interrupted": sample.Interrupted(20 * time.Second),
	}
}

// rendered is a run's report in one of the formats.
func rendered(t *testing.T, events []lifecycle.Event, r render) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r(&b, collected(events)))
	return b.String()
}

func collected(events []lifecycle.Event) *Run {
	c := newCollector()
	for _, e := range events {
		c.handle(e)
	}
	return c.result()
}

// A pull that failed is not told as one that went well.
func TestFailedWork(t *testing.T) {
	r := collected([]lifecycle.Event{
		lifecycle.Progress{What: "pull busybox"}, lifecycle.Progress{What: "pull busybox", Done: true, Error: "denied"},
		lifecycle.Progress{What: "pull debian", Done: true},
	})
	require.Len(t, r.Work, 2)
	require.Equal(t, Failed, r.Work[0].Status)
	require.Equal(t, Passed, r.Work[1].Status)
}

func TestDocumentsGolden(t *testing.T) {
	formats := map[string]render{
		"json": WriteJSON, "xml": WriteJUnit, "html": WriteHTML, "md": WriteMarkdown,
	}
	for run, events := range runs() {
		for ext, r := range formats {
			t.Run(run+"."+ext, func(t *testing.T) {
				golden(t, filepath.Join(ext, run+"."+ext), rendered(t, events, r))
			})
		}
	}
}

func feed(s lifecycle.Sink, events []lifecycle.Event) {
	for _, e := range events {
		s.Handle(e)
	}
}
