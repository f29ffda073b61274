package sample

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares got with testdata/name.
func Golden(t *testing.T, name, got string) {
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

// Runs are the sample runs that every format is tested with.
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

// Feed hands events to a sink.
func Feed(s lifecycle.Sink, events []lifecycle.Event) {
	for _, e := range events {
		s.Handle(e)
	}
}

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

// Env is an environment with the given variables.
func Env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// Duration reads a duration.
func Duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	require.NoError(t, err)
	return d
}
