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

// failsInERB tells whether Test Kitchen fails while evaluating ERB, rather than
// later.
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
	dir, home string
	files     []string // in the order of evaluation
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

func layOut(t *testing.T, c corpusCase, paths map[string]string) corpusProject {
	t.Helper()
	tmp, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	p := corpusProject{dir: filepath.Join(tmp, "w", "x", "project"), home: filepath.Join(tmp, "home")}
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

// render evaluates the files of a case; the texts so far come with the error.
func (p corpusProject) render(t *testing.T, mode Mode) ([]string, error) {
	t.Helper()
	s := NewSession(Options{Dir: p.dir, Env: p.env(), Commands: RunCommand, Mode: mode})
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
// Kitchen's ERB fails. Where there is a ruby, the text is compared with its.
func TestCorpus(t *testing.T) {
	cases := loadCorpus(t)
	paths := corpusPaths(t)
	_, noRuby := exec.LookPath("/usr/bin/ruby")
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) {
			p := layOut(t, c, paths)
			mode := Auto
			if !strings.HasPrefix(c.Case, "synthetic__") {
				mode = Builtin // the files of real repositories need no ruby
			}
			got, err := p.render(t, mode)
			if errors.Is(err, ErrNoRuby) {
				t.Skip("the file needs a ruby, and this machine has none")
			}
			if c.failsInERB() {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			if noRuby != nil || !p.hasERB(t) {
				return
			}
			want, err := p.render(t, Ruby)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(maskTimes(want), maskTimes(got)), "-ruby +galley")
		})
	}
}
