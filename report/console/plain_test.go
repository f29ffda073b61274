package console

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/text"
)

// plain is what Plain prints of a run: its output, and then its errors.
func plain(t *testing.T, events []lifecycle.Event, o Options) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := NewPlain(&out, &err, o)
	sample.Feed(p, events)
	require.NoError(t, p.Close())
	return out.String(), err.String()
}

func TestPlainGolden(t *testing.T) {
	for run, events := range sample.Runs() {
		t.Run(run, func(t *testing.T) {
			stdout, stderr := plain(t, events, Options{})
			golden.Equal(t, filepath.Join("testdata", "plain", run+".txt"), stdout+"--- stderr ---\n"+stderr)
		})
	}
	variants := map[string]struct {
		events []lifecycle.Event
		o      Options
	}{
		"red-color":   {sample.Red(), Options{Color: true}},
		"red-error":   {sample.Red(), Options{Level: lifecycle.LevelError}},
		"red-debug":   {sample.Red(), Options{Level: lifecycle.LevelDebug}},
		"red-github":  {sample.Red(), Options{Fold: text.FoldGitHub}},
		"one-github":  {sample.One(), Options{Fold: text.FoldGitHub}},
		"one-gitlab":  {sample.One(), Options{Fold: text.FoldGitLab}},
		"evil-github": {sample.Hostile(), Options{Fold: text.FoldGitHub}},
		"cut-github":  {sample.Killed(20 * time.Second), Options{Fold: text.FoldGitHub}},
	}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			stdout, stderr := plain(t, v.events, v.o)
			golden.Equal(t, filepath.Join("testdata", "plain", name+".txt"), stdout+"--- stderr ---\n"+stderr)
		})
	}
}

func TestPlainAloneIsTestKitchen(t *testing.T) {
	stdout, _ := plain(t, sample.One(), Options{})
	for _, want := range []string{
		"-----> Creating <default-ubuntu-2404>...\n",
		"       Finished creating <default-ubuntu-2404> (0m10.00s).\n",
		"-----> Setting up <default-ubuntu-2404>...\n",
		"       Recipe: nginx::default\n",
	} {
		require.Contains(t, "\n"+stdout, "\n"+want)
	}
}

// What was printed without a newline at the end must not be lost.
func TestPlainKeepsLastLine(t *testing.T) {
	stdout, _ := plain(t, []lifecycle.Event{
		lifecycle.RunStarted{Instances: []string{"a"}},
		lifecycle.Output{Stamp: lifecycle.Stamp{Instance: "a"}, Text: "no newline"},
	}, Options{})
	require.True(t, strings.HasSuffix(stdout, "       no newline\n"), stdout)
}

// No byte that a terminal interprets may come through.
func TestPlainIsHarmless(t *testing.T) {
	for _, fold := range []text.Fold{text.FoldNone, text.FoldGitHub} {
		stdout, stderr := plain(t, sample.Hostile(), Options{Fold: fold})
		for _, r := range stdout + stderr {
			require.False(t, r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0 || text.Misleading(r)),
				"%q in the output", r)
		}
	}
}

// The only workflow commands in a log for GitHub are those of Plain itself.
func TestPlainDefusesWorkflowCommands(t *testing.T) {
	stdout, _ := plain(t, sample.Hostile(), Options{Fold: text.FoldGitHub})
	for _, l := range strings.Split(stdout, "\n") {
		require.NotContains(t, l, "##[")
		if l = strings.TrimLeft(l, " \t"); strings.HasPrefix(l, "::") {
			require.Regexp(t, `^::(group::|endgroup::$)`, l)
		}
	}
}

func TestPlainFoldedSectionsDoNotOverlap(t *testing.T) {
	for run, events := range sample.Runs() {
		stdout, _ := plain(t, events, Options{Fold: text.FoldGitHub})
		open := 0
		for _, l := range strings.Split(stdout, "\n") {
			switch {
			case strings.HasPrefix(l, "::group::"):
				open++
			case strings.HasPrefix(l, "::endgroup::"):
				open--
			}
			require.Contains(t, []int{0, 1}, open, "%s: %s", run, l)
		}
		require.Zero(t, open, run)
	}
}

// A closed pipe is an error at the end, and only there.
func TestPlainReportsWriteError(t *testing.T) {
	broken := errors.New("broken pipe")
	p := NewPlain(failingWriter{broken}, failingWriter{broken}, Options{})
	sample.Feed(p, sample.Red())
	require.ErrorIs(t, p.Close(), broken)
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func TestHeldLinesAreBounded(t *testing.T) {
	var h heldLines
	const line = "0123456789\n"
	const n = 3 * heldBytes / len(line)
	for range n {
		h.add(line)
	}
	h.add("the end\n")
	got := h.take()
	require.Less(t, len(got), heldBytes+100)
	require.True(t, strings.HasSuffix(got, line+"the end\n"))
	require.Regexp(t, `^\(\d+ earlier lines are in the log only\)\n`, got)
	require.Empty(t, h.lines)
}
