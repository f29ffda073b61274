package erb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// corpusDir is where the corpus of kitchen files lies beside the checkout.
const corpusDir = "../../../shared/corpus"

// corpusCase is what the expected files say of a case.
type corpusCase struct {
	Case  string
	Files struct{ Project, Local, Global string }
	Loads bool
	Error *struct {
		Class, Message, Stage string
		Cause                 *struct{ Class, Message string }
	}
}

// failsInERB reports whether Test Kitchen fails while evaluating ERB, rather than later.
func (c corpusCase) failsInERB() bool {
	switch {
	case c.Loads || c.Error == nil:
		return false
	case c.Error.Class == "SyntaxError":
		return true
	}
	return strings.HasPrefix(c.Error.Message, "Error parsing ERB")
}

// corpusProject is a case laid out in a temporary directory.
type corpusProject struct {
	name, dir, home string
	files           []string // in the order of evaluation
}

func loadCorpus(t *testing.T) []corpusCase {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(corpusDir, "expected", "*.json"))
	require.NoError(t, err)
	if len(names) == 0 {
		t.Skip("no corpus at " + corpusDir)
	}
	var cases []corpusCase
	for _, n := range names {
		b, err := os.ReadFile(n)
		require.NoError(t, err)
		var c corpusCase
		require.NoError(t, json.Unmarshal(b, &c), n)
		cases = append(cases, c)
	}
	return cases
}

// corpusPaths maps each real file to the name that it has in its repository.
func corpusPaths(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	require.NoError(t, err)
	paths := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Split(line, "\t"); len(f) > 2 {
			paths[f[0]] = filepath.Base(f[2])
		}
	}
	return paths
}

func layOut(t *testing.T, c corpusCase, tmp string, paths map[string]string) corpusProject {
	t.Helper()
	p := corpusProject{name: c.Case, dir: filepath.Join(tmp, "w", "x", "project"), home: filepath.Join(tmp, "home")}
	require.NoError(t, os.MkdirAll(p.dir, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(p.home, ".kitchen"), 0o755))
	real := !strings.HasPrefix(c.Case, "synthetic__")
	put := func(name, target string) {
		if name == "" {
			return
		}
		folder := "synthetic"
		if real {
			folder = "files"
			target = filepath.Join(p.dir, paths[name])
		}
		b, err := os.ReadFile(filepath.Join(corpusDir, folder, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(target, b, 0o644))
		p.files = append(p.files, target)
	}
	put(c.Files.Global, filepath.Join(p.home, ".kitchen", "config.yml"))
	put(c.Files.Project, filepath.Join(p.dir, "kitchen.yml"))
	put(c.Files.Local, filepath.Join(p.dir, "kitchen.local.yml"))
	if !real {
		extra := filepath.Join(corpusDir, "synthetic", strings.TrimSuffix(c.Files.Project, ".yml")+".files")
		if _, err := os.Stat(extra); err == nil {
			require.NoError(t, os.CopyFS(p.dir, os.DirFS(extra)))
		}
	}
	return p
}

func (p corpusProject) env() []string {
	return []string{"PATH=/usr/bin:/bin", "HOME=" + p.home, "USER=tester", "LANG=C.UTF-8"}
}

// render evaluates the files of a case here; the texts so far come with the error.
func (p corpusProject) render(t *testing.T) ([]string, error) {
	t.Helper()
	s := newEvaluator(Options{Dir: p.dir, Env: p.env(), Commands: runCommand})
	var texts []string
	for _, f := range p.files {
		src, err := os.ReadFile(f)
		require.NoError(t, err)
		out, err := s.Render(context.Background(), f, src)
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(out))
	}
	return texts, nil
}

func (p corpusProject) hasERB(t *testing.T) bool {
	t.Helper()
	for _, f := range p.files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		if bytes.Contains(b, []byte("<%")) {
			return true
		}
	}
	return false
}

// maskTimes blanks what the clock wrote.
func maskTimes(texts []string) []string {
	clock := regexp.MustCompile(`\d{14}`)
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = clock.ReplaceAllString(s, "TIME")
	}
	return out
}

// TestCorpus renders every file that Test Kitchen loads, and fails where Test
// Kitchen's ERB fails. Where there is a ruby, the texts are compared with its.
func TestCorpus(t *testing.T) {
	cases := loadCorpus(t)
	paths := corpusPaths(t)
	tmp, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	var projects []corpusProject
	var got [][]string
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) {
			p := layOut(t, c, filepath.Join(tmp, c.Case), paths)
			texts, err := p.render(t)
			var e *Error
			if c.failsInERB() {
				require.Error(t, err)
			} else if errors.As(err, &e) && leftToARuby(e) {
				// the files of real repositories need no ruby
				require.True(t, strings.HasPrefix(c.Case, "synthetic__"), err)
			} else if require.NoError(t, err); p.hasERB(t) {
				projects, got = append(projects, p), append(got, texts)
			}
		})
	}
	require.Greater(t, len(got), 50)
	want := rubyTexts(t, projects)
	for i, p := range projects {
		require.Empty(t, cmp.Diff(maskTimes(want[i]), maskTimes(got[i])), "%s: -ruby +galley", p.name)
	}
}

// leftToARuby reports whether a file with this error goes to a ruby.
func leftToARuby(e *Error) bool { return e.Unsupported || e.Class == "SyntaxError" }

// rubyTexts are the texts that a ruby makes of the projects: one process for all, a fork
// for each. It skips the test where there is no ruby.
func rubyTexts(t *testing.T, projects []corpusProject) [][]string {
	t.Helper()
	ruby, err := exec.LookPath("/usr/bin/ruby")
	if err != nil {
		t.Skip("no ruby to compare with")
	}
	var list []map[string]any
	for _, p := range projects {
		list = append(list, map[string]any{"dir": p.dir, "env": p.env(), "files": p.files})
	}
	in, err := json.Marshal(list)
	require.NoError(t, err)
	cmd := exec.Command(ruby, "-EUTF-8", "-e", corpusOracle)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var texts [][]string
	require.NoError(t, json.Unmarshal(out, &texts))
	require.Len(t, texts, len(projects))
	return texts
}

// corpusOracle renders the files of each project in order.
const corpusOracle = `
require "erb"; require "json"; require "yaml"; require "pathname"; require "date"; require "time"
list = JSON.parse(STDIN.read)
out = STDOUT.dup
STDOUT.reopen(File::NULL)
STDIN.reopen(File::NULL)
results = list.map do |project|
  r, w = IO.pipe
  pid = fork do
    r.close
    ENV.replace(project["env"].to_h { |kv| kv.split("=", 2) })
    Dir.chdir(project["dir"])
    w.write(JSON.generate(project["files"].map do |name|
      template = ERB.new(File.read(name))
      template.filename = name
      template.result
    end))
    w.close
    exit!(0)
  end
  w.close
  text = r.read
  Process.wait(pid)
  JSON.parse(text)
end
out.write(JSON.generate(results))
`
