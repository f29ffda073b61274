package recording_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/recording"
)

func TestReadGivesTheSameEvents(t *testing.T) {
	for run, events := range sample.Runs() {
		t.Run(run, func(t *testing.T) {
			text := sample.Recorded(t, events)
			require.Equal(t, len(events), strings.Count(text, "\n"))
			got, err := recording.Read(strings.NewReader(text))
			require.NoError(t, err)
			if run == "hostile" { // JSON cannot hold invalid UTF-8
				require.Len(t, got, len(events))
				return
			}
			require.Equal(t, events, got)
		})
	}
}

// What was recorded is written again byte by byte.
func TestFormat(t *testing.T) {
	want, err := sample.Recordings.ReadFile("red.ndjson")
	require.NoError(t, err)
	require.Equal(t, string(want), sample.Recorded(t, sample.Red()))
}

// Wherever a run is killed, all that was written in whole lines comes back.
func TestReadOfCutFile(t *testing.T) {
	text := sample.Recorded(t, sample.One())
	first, _, _ := strings.Cut(text, "\n")
	for line := range strings.Lines(text) { // each behind the first only: what is before the cut has been read
		for n := range len(line) {
			got, err := recording.Read(strings.NewReader(first + "\n" + line[:n]))
			switch {
			case n == 0:
				require.NoError(t, err)
				require.Len(t, got, 1)
			case line[n] == '\n': // only the newline is missing
				require.NoError(t, err)
				require.Len(t, got, 2)
			default:
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				require.Len(t, got, 1)
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"{}\n", `line 1: event type "" is not known`},
		{"\n{\"type\":\"future\"}\n", `line 2: event type "future" is not known to this galley; read it with the one`},
		{"not json\n", "line 1: invalid character"},
		{`{"type":"output","text":3}` + "\n", "line 1: json: cannot unmarshal number"},
	} {
		_, err := recording.Read(strings.NewReader(c.in))
		require.ErrorContains(t, err, c.want)
	}
}

func TestWriterReportsWriteError(t *testing.T) {
	full := errors.New("no space left")
	n := recording.NewWriter(failingWriter{full})
	sample.Feed(n, sample.One())
	require.ErrorIs(t, n.Close(), full)
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }
func (f failingWriter) Close() error              { return nil }
