package kitchen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/config/template"
)

// The corpus stands beside the checkout; see its README for how a case is run.
const corpusDir = "../../../shared/corpus"

// acceptedDifferences are the cases in which galley does not do as Test Kitchen does, each with the reason.
// docs/differences.md lists the rules behind them. A case that no longer differs has to leave the table.
var acceptedDifferences = map[string]string{
	"synthetic__011-date-one-digit":                       "unquoted dates are read as text",
	"synthetic__012-date-month-zero":                      "unquoted dates are read as text",
	"synthetic__013-timestamp-space":                      "unquoted timestamps are read as text",
	"synthetic__144-suite-provisioner-null-with-run-list": "an empty plugin block is an empty mapping",
	"synthetic__161-platform-transport-string":            "a plugin block may be a name everywhere",
	"synthetic__173-legacy-suite-busser-null":             "an empty plugin block is an empty mapping",
	"synthetic__174-legacy-driver-config-null":            "an empty plugin block is an empty mapping",
	"synthetic__175-legacy-driver-null-with-config":       "an empty plugin block is an empty mapping",
	"synthetic__195-kitchen-key-null":                     "an empty `kitchen` is an empty mapping",
}

// corpusCase is expected/CASE.json.
type corpusCase struct {
	Case  string
	Files struct {
		Project, Local, Global string
	}
	Loads     bool
	Raw       any
	Instances any
}

func TestCorpus(t *testing.T) {
	expected, err := filepath.Glob(filepath.Join(corpusDir, "expected", "*.json"))
	require.NoError(t, err)
	if len(expected) == 0 {
		t.Skipf("no corpus: %s does not exist beside the checkout", corpusDir)
	}
	paths := corpusPaths(t)
	differing := map[string]bool{}
	for _, file := range expected {
		var c corpusCase
		decodeJSON(t, file, &c)
		t.Run(c.Case, func(t *testing.T) {
			diff := c.run(t, paths)
			differing[c.Case] = diff != ""
			reason, accepted := acceptedDifferences[c.Case]
			switch {
			case diff != "" && !accepted:
				t.Errorf("differs from Test Kitchen: %s", diff)
			case diff == "" && accepted:
				t.Errorf("no longer differs (%s): remove it from acceptedDifferences", reason)
			}
		})
	}
	for name := range acceptedDifferences {
		_, err := os.Stat(filepath.Join(corpusDir, "expected", name+".json"))
		require.NoError(t, err, "an accepted difference names no case")
	}
}

// corpusPaths are the paths of the real files in their repositories, by file.
func corpusPaths(t *testing.T) map[string]string {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	require.NoError(t, err)
	paths := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
		f := strings.Split(line, "\t")
		require.Len(t, f, 5)
		paths[f[0]] = f[2]
	}
	return paths
}

// run loads the case and says how the result differs from what is expected, or "".
func (c corpusCase) run(t *testing.T, paths map[string]string) string {
	tmp, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	home, project := filepath.Join(tmp, "home"), filepath.Join(tmp, "w", "x", "project")
	require.NoError(t, os.MkdirAll(home, 0o755))
	require.NoError(t, os.MkdirAll(project, 0o755))
	env := map[string]string{"PATH": "/usr/bin:/bin", "HOME": home, "USER": "tester", "LANG": "C.UTF-8"}
	if strings.HasPrefix(c.Case, "synthetic__") {
		c.placeSynthetic(t, home, project)
	} else {
		c.placeReal(t, project, paths, env)
	}
	var environ []string
	for name, v := range env {
		environ = append(environ, name+"="+v)
	}
	mode := template.Builtin // the files of real repositories need no ruby
	if strings.HasPrefix(c.Case, "synthetic__") {
		mode = template.Auto
	}
	config, err := Load(t.Context(), Options{
		Dir: project, Home: home, Env: lookupIn(environ),
		ERB: template.NewSession(template.Options{
			Options: erb.Options{Dir: project, Env: environ, Commands: template.RunCommand}, Mode: mode}),
	})
	if err != nil && strings.Contains(err.Error(), template.ErrNoRuby.Error()) {
		t.Skip("the file needs a ruby, and this machine has none")
	}
	var failed *LoadError
	if errors.As(err, &failed) {
		if c.Loads {
			return "it does not load: " + failed.Error()
		}
		return ""
	}
	require.NoError(t, err)
	if !c.Loads {
		return "it loads"
	}
	return c.compare(t, config, tmp)
}

// placeReal copies the files of a real case to where its repository has them.
func (c corpusCase) placeReal(t *testing.T, project string, paths map[string]string, env map[string]string) {
	for _, f := range []struct{ file, variable string }{
		{c.Files.Project, "KITCHEN_YAML"}, {c.Files.Local, "KITCHEN_LOCAL_YAML"},
		{c.Files.Global, "KITCHEN_GLOBAL_YAML"},
	} {
		if f.file == "" {
			continue
		}
		require.Contains(t, paths, f.file)
		env[f.variable] = filepath.Base(paths[f.file])
		copyFile(t, filepath.Join(corpusDir, "files", f.file), filepath.Join(project, env[f.variable]))
	}
}

func (c corpusCase) placeSynthetic(t *testing.T, home, project string) {
	from := filepath.Join(corpusDir, "synthetic")
	copyFile(t, filepath.Join(from, c.Files.Project), filepath.Join(project, "kitchen.yml"))
	if c.Files.Local != "" {
		copyFile(t, filepath.Join(from, c.Files.Local), filepath.Join(project, "kitchen.local.yml"))
	}
	if c.Files.Global != "" {
		copyFile(t, filepath.Join(from, c.Files.Global), filepath.Join(home, ".kitchen", "config.yml"))
	}
	companions := filepath.Join(from, strings.TrimSuffix(c.Files.Project, ".yml")+".files")
	if _, err := os.Stat(companions); errors.Is(err, fs.ErrNotExist) {
		return
	}
	require.NoError(t, os.CopyFS(project, os.DirFS(companions)))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.WriteFile(to, data, 0o644))
}

func (c corpusCase) compare(t *testing.T, config *Config, tmp string) string {
	raw, err := config.Merged.MarshalJSON()
	require.NoError(t, err)
	merged, err := config.MergedJSON()
	require.NoError(t, err)
	var got struct{ Instances any }
	unmarshal(t, merged, &got)
	var gotRaw any
	unmarshal(t, raw, &gotRaw)
	d := comparison{tmp: tmp}
	d.value("raw", c.Raw, gotRaw)
	d.value("instances", c.Instances, got.Instances)
	const shown = 10
	return strings.Join(d.diffs[:min(shown, len(d.diffs))], "\n")
}

func decodeJSON(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	unmarshal(t, data, into)
}

// unmarshal keeps numbers as text, for 1 and 1.0 differ.
func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(into))
}

// comparison collects the differences between two JSON documents.
type comparison struct {
	tmp   string
	diffs []string
}

func (d *comparison) add(path string, want, got any) {
	d.diffs = append(d.diffs, fmt.Sprintf("%s: want %v, got %v", path, want, got))
}

func (d *comparison) value(path string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		d.mapping(path, w, got)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			d.add(path, want, got)
			return
		}
		for i := range w {
			d.value(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])
		}
	case string:
		if g, ok := got.(string); w != "@VOLATILE@" && (!ok || !d.sameText(w, g)) {
			d.add(path, want, got)
		}
	case json.Number:
		if g, ok := got.(json.Number); !ok || !sameNumber(w, g) {
			d.add(path, want, got)
		}
	default:
		if want != got {
			d.add(path, want, got)
		}
	}
}

// sameText compares texts; @TMP@ in want is the temporary directory, @VOLATILE@ any text.
func (d *comparison) sameText(want, got string) bool {
	want = strings.ReplaceAll(want, "@TMP@", d.tmp)
	if !strings.Contains(want, "@VOLATILE@") {
		return want == got
	}
	parts := strings.Split(want, "@VOLATILE@")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(got)
}

// ignoredKeys are set by Test Kitchen itself.
var ignoredKeys = map[string]bool{"debug": true, "kitchen_root": true, "log_level": true, "test_base_path": true}

func (d *comparison) mapping(path string, want map[string]any, got any) {
	g, ok := got.(map[string]any)
	if !ok {
		d.add(path, want, got)
		return
	}
	keys := map[string]bool{}
	for k := range want {
		keys[k] = true
	}
	for k := range g {
		keys[k] = true
	}
	sorted := make([]string, 0, len(keys))
	for k := range keys {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		if ignoredKeys[k] {
			continue
		}
		w, inWant := want[k]
		v, inGot := g[k]
		if inWant != inGot {
			d.add(path+"."+k, presence(w, inWant), presence(v, inGot))
			continue
		}
		d.value(path+"."+k, w, v)
	}
}

func presence(v any, there bool) any {
	if !there {
		return "no such key"
	}
	return v
}

func sameNumber(a, b json.Number) bool {
	float := func(n json.Number) bool { return strings.ContainsAny(n.String(), ".eE") }
	if float(a) != float(b) {
		return false
	}
	if !float(a) {
		return a == b
	}
	x, err1 := strconv.ParseFloat(a.String(), 64)
	y, err2 := strconv.ParseFloat(b.String(), 64)
	return err1 == nil && err2 == nil && x == y
}
