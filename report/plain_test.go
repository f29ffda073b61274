package report

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/internal/sample"
)

// plain is what Plain prints of a run: its output, and then its errors.
func plain(t *testing.T, events []lifecycle.Event, o Options) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := NewPlain(&out, &err, o)
	feed(p, events)
	require.NoError(t, p.Close())
	return out.String(), err.String()
}

func TestPlainGolden(t *testing.T) {
	for run, events := range runs() {
		t.Run(run, func(t *testing.T) {
			stdout, stderr := plain(t, events, Options{})
			golden(t, filepath.Join("plain", run+".txt"), stdout+"--- stderr ---\n"+stderr)
		})
	}
	variants := map[string]struct {
		events []lifecycle.Event
		o      Options
	}{
		"red-color":   {sample.Red(), Options{Color: true}},
		"red-error":   {sample.Red(), Options{Level: lifecycle.LevelError}},
		"red-debug":   {sample.Red(), Options{Level: lifecycle.LevelDebug}},
		"red-github":  {sample.Red(), Options{Fold: FoldGitHub}},
		"one-github":  {sample.One(), Options{Fold: FoldGitHub}},
		"one-gitlab":  {sample.One(), Options{Fold: FoldGitLab}},
		"evil-github": {sample.Hostile(), Options{Fold: FoldGitHub}},
		"cut-github":  {sample.Killed(20 * time.Second), Options{Fold: FoldGitHub}},
	}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			stdout, stderr := plain(t, v.events, v.o)
			golden(t, filepath.Join("plain", name+".txt"), stdout+"--- stderr ---\n"+stderr)
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

// No byte that a terminal obeys may come through, whoever printed it.
func TestPlainIsHarmless(t *testing.T) {
	for _, fold := range []Fold{FoldNone, FoldGitHub} {
		stdout, stderr := plain(t, sample.Hostile(), Options{Fold: fold})
		for _, r := range stdout + stderr {
			require.False(t, r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0 || misleading(r)), "%q in the output", r)
		}
	}
}

// The only workflow commands in a log for GitHub are those of Plain itself.
func TestPlainDefusesWorkflowCommands(t *testing.T) {
	stdout, _ := plain(t, sample.Hostile(), Options{Fold: FoldGitHub})
	for _, l := range strings.Split(stdout, "\n") {
		require.NotContains(t, l, "##[")
		if l = strings.TrimLeft(l, " \t"); strings.HasPrefix(l, "::") {
			require.Regexp(t, `^::(group::|endgroup::$)`, l)
		}
	}
}

// Commands to the agents of other systems are made harmless in their logs, and left
// alone elsewhere.
func TestDefuse(t *testing.T) {
	for _, tt := range []struct {
		ci       Fold
		in, want string
	}{
		{FoldGitHub, "::error::x", ": :error::x"},
		{FoldGitHub, "\t ::set-env name=A::b", "\t : :set-env name=A::b"},
		{FoldGitHub, "a ##[group]b", "a # #[group]b"},
		{FoldGitHub, "a::b", "a::b"},
		{FoldAzure, "x ##vso[task.setvariable variable=a]b", "x # #vso[task.setvariable variable=a]b"},
		{FoldAzure, "##VSO[x]##[error]", "# #VSO[x]# #[error]"},
		{FoldTeamCity, "##teamcity[testFailed name='x']", "# #teamcity[testFailed name='x']"},
		{FoldNone, "##teamcity[x] ::error::x", "##teamcity[x] ::error::x"},
		{FoldGitLab, "## heading", "## heading"},
	} {
		require.Equal(t, tt.want, tt.ci.defuse(tt.in))
		require.Equal(t, "\x1b", Printable("\x1b[31m", tt.ci)+"\x1b")
	}
	for name, want := range map[string]Fold{"TF_BUILD": FoldAzure, "TEAMCITY_VERSION": FoldTeamCity, "GITLAB_CI": FoldGitLab, "GITHUB_ACTIONS": FoldGitHub, "X": FoldNone} {
		require.Equal(t, want, FoldFor(func(key string) string {
			if key == name {
				return "true"
			}
			return ""
		}))
	}
	require.Equal(t, "a\n: :error::x\nb", Printable("a\n\x1b[0m::error::x\nb", FoldGitHub))
}

func TestPlainFoldedSectionsDoNotOverlap(t *testing.T) {
	for run, events := range runs() {
		stdout, _ := plain(t, events, Options{Fold: FoldGitHub})
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
	feed(p, sample.Red())
	require.ErrorIs(t, p.Close(), broken)
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }
func (f failingWriter) Close() error              { return nil }

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
	require.True(t, h.empty())
}
