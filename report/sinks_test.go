package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/html"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/run"
)

// recorder keeps what it is given, and fails at Close.
type recorder struct {
	events []lifecycle.Event
	err    error
	closed bool
}

func (r *recorder) Handle(e lifecycle.Event) { r.events = append(r.events, e) }
func (r *recorder) Close() error             { r.closed = true; return r.err }

// Events of one instance come in their order, and in the same to all sinks.
func TestMultiKeepsOrder(t *testing.T) {
	a, b := &recorder{}, &recorder{}
	m := NewMulti(a, b)
	const instances, lines = 8, 200
	var all sync.WaitGroup
	for i := range instances {
		all.Go(func() {
			for n := range lines {
				m.Handle(lifecycle.Output{Stamp: lifecycle.Stamp{Instance: fmt.Sprint(i)}, Text: fmt.Sprint(n)})
			}
		})
	}
	all.Wait()
	require.Equal(t, a.events, b.events)
	next := map[string]int{}
	for _, e := range a.events {
		o := e.(lifecycle.Output)
		require.Equal(t, fmt.Sprint(next[o.Instance]), o.Text)
		next[o.Instance]++
	}
	require.Len(t, a.events, instances*lines)
}

func TestMultiJoinsErrors(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	a, b, c := &recorder{err: one}, &recorder{}, &recorder{err: two}
	m := NewMulti(a, b, c)
	m.Handle(lifecycle.RunStarted{})
	err := m.Close()
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
	for _, r := range []*recorder{a, b, c} {
		require.True(t, r.closed)
		require.Len(t, r.events, 1)
	}
}

func env(out io.Writer, vars map[string]string) Env {
	return Env{Stdout: out, Getenv: func(name string) string { return vars[name] }}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, name := range Formats() {
		path := filepath.Join(dir, "new", name)
		s, err := Open(name+"="+path, env(io.Discard, nil))
		require.NoError(t, err)
		sample.Feed(s, sample.Red())
		require.NoError(t, s.Close())
		require.Contains(t, sample.Read(t, path), "default-ubuntu-2404", name)
	}
	left, err := filepath.Glob(filepath.Join(dir, "new", "*.part"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestOpenStdout(t *testing.T) {
	for _, name := range []string{"json", "junit", "html", "markdown", "ndjson"} {
		var out bytes.Buffer
		s, err := Open(name+"=-", env(&out, nil))
		require.NoError(t, err)
		sample.Feed(s, sample.Red())
		require.NoError(t, s.Close())
		require.Contains(t, out.String(), "default-ubuntu-2404", name)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for spec, want := range map[string]string{
		"": `there is no report ""; write FORMAT=FILE with one of github, html, json, junit, ` +
			`markdown, ndjson`,
		"xunit=a.xml":           `there is no report "xunit"`,
		"junit":                 "--report junit: the file is missing; write junit=FILE",
		"junit=":                "the file is missing",
		"github=":               "the file is missing",
		"junit=" + dir:          "cannot be written: it is a directory; name a file",
		"junit=" + file + "/a":  "cannot be written",
		"ndjson=" + dir:         "cannot be written",
		"ndjson=" + file + "/a": "cannot be written",
	} {
		_, err := Open(spec, env(io.Discard, nil))
		require.ErrorContains(t, err, want, spec)
	}
}

// While a run goes on, and when it is killed, the file is a whole report of what was known, and none of an earlier run.
func TestDocumentIsAlwaysWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	require.NoError(t, os.WriteFile(path, []byte("an old run"), 0o644))
	s, err := files.NewDocument(path, "", WriteJUnit)
	require.NoError(t, err)
	require.Equal(t, "an old run", sample.Read(t, path), "nothing has been run")
	for _, e := range sample.Red() {
		s.Handle(e)
		checkJUnit(t, sample.Read(t, path))
	}
	// Not closed yet, as after kill -9: what ended a while ago is in the file.
	require.Contains(t, sample.Read(t, path), `message="the command exited with 1"`)
	require.Contains(t, sample.Read(t, path), "to be truthy, got false")
	require.NoError(t, s.Close())
	require.Equal(t, rendered(t, sample.Red(), WriteJUnit), sample.Read(t, path))
}

func TestDocumentErrorComesAtClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	s, err := files.NewDocument(filepath.Join(dir, "a.json"), "", WriteJSON)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	sample.Feed(s, sample.Red())
	require.ErrorIs(t, s.Close(), os.ErrNotExist)
}

// A device is written to, not replaced.
func TestDocumentToDevice(t *testing.T) {
	s, err := files.NewDocument(os.DevNull, "", WriteJSON)
	require.NoError(t, err)
	sample.Feed(s, sample.Red())
	require.NoError(t, s.Close())
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular())
}

func TestGitHubGolden(t *testing.T) {
	for _, run := range []string{"red", "hostile", "green"} {
		t.Run(run, func(t *testing.T) {
			var out bytes.Buffer
			summary := filepath.Join(t.TempDir(), "summary.md")
			require.NoError(t, os.WriteFile(summary, []byte("before\n"), 0o644))
			s, err := Open("github", env(&out, map[string]string{"GITHUB_STEP_SUMMARY": summary}))
			require.NoError(t, err)
			sample.Feed(s, sample.Runs()[run])
			require.NoError(t, s.Close())
			golden.Equal(t, filepath.Join("testdata", "github", run+".txt"), out.String())
			text, found := strings.CutPrefix(sample.Read(t, summary), "before\n")
			require.True(t, found, "the summary is appended")
			require.Equal(t, rendered(t, sample.Runs()[run], WriteMarkdown), text)
		})
	}
}

// A summary that is too large is refused as a whole, so it must not become so.
func TestMarkdownIsBounded(t *testing.T) {
	r := &run.Run{Action: "test", Status: run.Failed}
	for n := range 2000 {
		i := &run.Instance{Name: fmt.Sprintf("instance-%d", n), Status: run.Failed, Error: "exit 1"}
		for range 20 {
			i.Tail = append(i.Tail, strings.Repeat("x", 1000))
		}
		r.Instances = append(r.Instances, i)
	}
	var b bytes.Buffer
	require.NoError(t, WriteMarkdown(&b, r))
	require.Less(t, b.Len(), 1<<20)
	require.Contains(t, b.String(), "More failures are left out")
}

// The page loads nothing, runs nothing, and holds no markup but its own.
func TestHTMLIsInert(t *testing.T) {
	for run, events := range sample.Runs() {
		page := rendered(t, events, html.Write)
		require.NotContains(t, page, "<script", run)
		require.NotContains(t, page, "<img", run)
		require.NotRegexp(t, `(?i)\b(src|href|on[a-z]+)=`,
			strings.NewReplacer("&#34;&gt;&lt;img src=x&gt;", "").Replace(page), run)
		require.NotContains(t, page, "ZgotmplZ", run)
	}
}
