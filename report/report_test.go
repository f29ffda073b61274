package report

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/html"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/run"
)

// rendered is a run's report in one of the formats.
func rendered(t *testing.T, events []lifecycle.Event, r files.Render) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r(&b, collected(events)))
	return b.String()
}

func collected(events []lifecycle.Event) *run.Run {
	c := run.NewCollector()
	for _, e := range events {
		c.Handle(e)
	}
	return c.Result()
}

// A pull that failed is not told as one that went well.
func TestFailedWork(t *testing.T) {
	r := collected([]lifecycle.Event{
		lifecycle.Progress{What: "pull busybox"}, lifecycle.Progress{What: "pull busybox", Done: true, Error: "denied"},
		lifecycle.Progress{What: "pull debian", Done: true},
	})
	require.Len(t, r.Work, 2)
	require.Equal(t, run.Failed, r.Work[0].Status)
	require.Equal(t, run.Passed, r.Work[1].Status)
}

func TestDocumentsGolden(t *testing.T) {
	formats := map[string]files.Render{
		"json": WriteJSON, "xml": WriteJUnit, "html": html.Write, "md": WriteMarkdown,
	}
	for run, events := range sample.Runs() {
		for ext, r := range formats {
			t.Run(run+"."+ext, func(t *testing.T) {
				golden.Equal(t, filepath.Join("testdata", ext, run+"."+ext), rendered(t, events, r))
			})
		}
	}
}
