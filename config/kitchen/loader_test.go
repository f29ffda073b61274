package kitchen

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/config/template"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// project writes files into a fresh project and returns its directory. Names
// start at the project; "~/" is its home directory.
func project(t *testing.T, files map[string]string) (dir, home string) {
	t.Helper()
	top := t.TempDir()
	dir, home = filepath.Join(top, "project"), filepath.Join(top, "home")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range files {
		path := filepath.Join(dir, name)
		if rest, ok := strings.CutPrefix(name, "~/"); ok {
			path = filepath.Join(home, rest)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir, home
}

// load loads a project with an environment of NAME=value.
func load(t *testing.T, files map[string]string, env ...string) (*Config, error) {
	t.Helper()
	dir, home := project(t, files)
	return Load(t.Context(), Options{Dir: dir, Home: home, Env: lookupIn(env)})
}

func lookupIn(env []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, e := range env {
			if v, ok := strings.CutPrefix(e, name+"="); ok {
				return v, true
			}
		}
		return "", false
	}
}

const oneOfEach = "platforms: [{name: p}]\nsuites: [{name: s}]\n"

// driverOf is the driver block of the only instance, as plain Go.
func driverOf(t *testing.T, c *Config) map[string]any {
	t.Helper()
	require.Len(t, c.Instances, 1)
	return c.Instances[0].Driver.Any().(map[string]any)
}

// warnings are the diagnostics of SeverityWarning.
func warnings(c *Config) []Diagnostic {
	return slices.DeleteFunc(slices.Clone(c.Diagnostics), func(d Diagnostic) bool { return d.Severity != SeverityWarning })
}

func TestFilesAreFoundAndMerged(t *testing.T) {
	const base = "driver: {name: dummy, a: project, b: project}\n" + oneOfEach
	for name, c := range map[string]struct {
		files map[string]string
		env   []string
		want  map[string]any
	}{
		"plain":  {map[string]string{"kitchen.yml": base}, nil, map[string]any{"a": "project", "b": "project"}},
		"dotted": {map[string]string{".kitchen.yml": base}, nil, map[string]any{"a": "project", "b": "project"}},
		"all three": {map[string]string{"~/.kitchen/config.yml": "driver: {a: global, c: global}", "kitchen.yml": base,
			"kitchen.local.yml": "driver: {b: local}"},
			nil, map[string]any{"a": "project", "b": "local", "c": "global"}},
		"dotted local": {map[string]string{"kitchen.yml": base, ".kitchen.local.yml": "driver: {b: local}"}, nil,
			map[string]any{"a": "project", "b": "local"}},
		"by environment": {map[string]string{"x/k.yml": base, "l.yml": "driver: {b: l}", "g.yml": "driver: {c: g}"},
			[]string{"KITCHEN_YAML=x/k.yml", "KITCHEN_LOCAL_YAML=l.yml", "KITCHEN_GLOBAL_YML=g.yml"},
			map[string]any{"a": "project", "b": "l", "c": "g"}},
		"YAML before YML": {map[string]string{"k.yml": base, "l.yml": "driver: {b: l}", "m.yml": "driver: {b: m}"},
			[]string{"KITCHEN_YML=k.yml", "KITCHEN_LOCAL_YML=m.yml", "KITCHEN_LOCAL_YAML=l.yml"},
			map[string]any{"a": "project", "b": "l"}},
		"local of a named project file": {map[string]string{"x/k.v.yaml": base, "x/k.v.local.yaml": "driver: {b: l}"},
			[]string{"KITCHEN_YAML=x/k.v.yaml"}, map[string]any{"a": "project", "b": "l"}},
		"no extension": {map[string]string{"kitchen": base, "kitchen.local": "driver: {b: l}"},
			[]string{"KITCHEN_YAML=kitchen"}, map[string]any{"a": "project", "b": "l"}},
		"in the home directory": {map[string]string{"kitchen.yml": base, "~/l.yml": "driver: {b: l}"},
			[]string{"KITCHEN_LOCAL_YAML=~/l.yml"}, map[string]any{"a": "project", "b": "l"}},
		"an empty setting is none": {map[string]string{"kitchen.yml": base}, []string{"KITCHEN_YAML="},
			map[string]any{"a": "project", "b": "project"}},
		"empty files": {map[string]string{"kitchen.yml": base, "kitchen.local.yml": "# nothing\n",
			"~/.kitchen/config.yml": "false\n"}, nil, map[string]any{"a": "project", "b": "project"}},
		"null blocks override nothing": {map[string]string{"kitchen.yml": base + "verifier: {name: v}\n",
			"kitchen.local.yml": "driver:\nverifier:\n"},
			nil, map[string]any{"a": "project", "b": "project"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want["name"] = "dummy"
			config, err := load(t, c.files, c.env...)
			require.NoError(t, err)
			require.Equal(t, c.want, driverOf(t, config))
			require.Empty(t, config.Diagnostics)
		})
	}
}

func TestPositionsSurviveMerging(t *testing.T) {
	c, err := load(t, map[string]string{
		"kitchen.yml":       "driver:\n  name: dummy\n  m: {x: 1, y: 2}\n" + oneOfEach,
		"kitchen.local.yml": "driver:\n  m:\n    y: 3\n",
	})
	require.NoError(t, err)
	m := c.Instances[0].Driver.Map.Get("m")
	require.Equal(t, "kitchen.yml:3:10", m.Map.Get("x").Pos.String())
	require.Equal(t, "kitchen.local.yml:3:8", m.Map.Get("y").Pos.String())
	require.Equal(t, "kitchen.yml:5:17", c.Instances[0].SuitePos.String())
}

func TestFilesThatCannotBeLoaded(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		env   []string
		want  []string
	}{
		"none": {nil, nil, []string{"error: the project has no configuration", "galley init"}},
		"both": {map[string]string{"kitchen.yml": oneOfEach, ".kitchen.yml": oneOfEach}, nil,
			[]string{"both kitchen.yml and .kitchen.yml exist", "keep kitchen.yml"}},
		"both locals": {map[string]string{".kitchen.yml": oneOfEach, "kitchen.local.yml": "",
			".kitchen.local.yml": ""}, nil,
			[]string{"both kitchen.local.yml and .kitchen.local.yml", "keep .kitchen.local.yml"}},
		"a directory": {map[string]string{"kitchen.yml/x": ""}, nil,
			[]string{"kitchen.yml: error: the file cannot be read"}},
		"a list": {map[string]string{"kitchen.yml": "- a\n"}, nil,
			[]string{"kitchen.yml:1:1: error: the file is a list, expected a mapping"}},
		"several files": {map[string]string{"kitchen.yml": "a: [\n", "kitchen.local.yml": "b: *x\n"}, nil,
			[]string{"kitchen.yml:1:4: error: `[` starts here", "kitchen.local.yml:1:4: error: the alias *x"}},
		"keys of no text": {map[string]string{"kitchen.yml": "driver: {80: a, on: b, 1.5: c, ~: d}\n" + oneOfEach}, nil,
			[]string{"kitchen.yml:1:10: error: the key `80` is an integer, not text; put the key in quotes",
				"the key `true` is a boolean", "the key `1.5` is a float", "the key `` is empty (null)"}},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := load(t, c.files, c.env...)
			var failed *LoadError
			require.ErrorAs(t, err, &failed)
			require.NotNil(t, config)
			require.Empty(t, config.Instances)
			for _, text := range c.want {
				require.Contains(t, err.Error(), text)
			}
		})
	}
}

func TestMissingFilesOfTheEnvironmentWarn(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": oneOfEach}, "KITCHEN_LOCAL_YAML=nope.yml")
	require.NoError(t, err)
	require.Len(t, warnings(c), 1)
	require.Contains(t, warnings(c)[0].String(), "KITCHEN_LOCAL_YAML names ")
}

func TestDokkenOverlay(t *testing.T) {
	const overlay = "driver: {name: dokken}\nprovisioner: {name: dokken}\n"
	vagrant := "driver: {name: vagrant}\n" + oneOfEach
	for name, c := range map[string]struct {
		files  map[string]string
		env    []string
		driver string
		notice string
	}{
		"laid over": {map[string]string{"kitchen.yml": vagrant, "kitchen.dokken.yml": overlay}, nil, "dokken",
			"kitchen.yml: driver vagrant is not for containers, so kitchen.dokken.yml is laid over it"},
		"dotted": {map[string]string{".kitchen.yml": vagrant, ".kitchen.dokken.yml": overlay}, nil, "dokken",
			".kitchen.yml: driver vagrant is not for containers, so .kitchen.dokken.yml is laid over it"},
		"over local": {map[string]string{"kitchen.yml": oneOfEach, "kitchen.local.yml": "driver: ec2",
			"kitchen.dokken.yml": overlay}, nil, "dokken",
			"kitchen.yml: driver ec2 is not for containers, so kitchen.dokken.yml is laid over it"},
		"legacy driver": {map[string]string{"kitchen.yml": "driver_plugin: vagrant\n" + oneOfEach,
			"kitchen.dokken.yml": overlay}, nil, "dokken",
			"kitchen.yml: driver vagrant is not for containers, so kitchen.dokken.yml is laid over it"},
		"no driver": {map[string]string{"kitchen.yml": oneOfEach, "kitchen.dokken.yml": overlay}, nil, "dokken",
			"kitchen.yml: no driver is named, so kitchen.dokken.yml is laid over it"},
		"containers": {map[string]string{"kitchen.yml": "driver: docker\n" + oneOfEach,
			"kitchen.dokken.yml": overlay}, nil, "docker", ""},
		"local was given": {map[string]string{"kitchen.yml": vagrant, "kitchen.dokken.yml": overlay, "l.yml": ""},
			[]string{"KITCHEN_LOCAL_YAML=l.yml"}, "vagrant", ""},
		"beside the project file": {map[string]string{"x/k.yml": vagrant, "x/kitchen.dokken.yml": overlay,
			"kitchen.dokken.yml": "["},
			[]string{"KITCHEN_YAML=x/k.yml"}, "dokken",
			filepath.FromSlash("x/k.yml: driver vagrant is not for containers, so x/kitchen.dokken.yml is laid over it")},
		"none there": {map[string]string{"kitchen.yml": vagrant}, nil, "vagrant", ""},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := load(t, c.files, c.env...)
			require.NoError(t, err)
			require.Equal(t, c.driver, driverOf(t, config)["name"])
			if c.notice == "" {
				require.Empty(t, config.Notices)
			} else {
				require.Equal(t, []string{c.notice}, config.Notices)
			}
		})
	}
}

// fixed is a Renderer that replaces <%…%> by a fixed text.
type fixed struct {
	text string
	err  error
	seen []string
}

func (f *fixed) Render(_ context.Context, filename string, src []byte) ([]byte, error) {
	f.seen = append(f.seen, filepath.Base(filename))
	return []byte(strings.ReplaceAll(string(src), "<%x%>", f.text)), f.err
}

func TestTemplatesAreRenderedInOrder(t *testing.T) {
	dir, home := project(t, map[string]string{
		"~/.kitchen/config.yml": "a: <%x%>\n", "kitchen.yml": "driver: {name: dummy, v: <%x%>}\n" + oneOfEach,
		"kitchen.local.yml": "b: <%x%>\n",
	})
	f := &fixed{text: "5"}
	c, err := Load(t.Context(), Options{Dir: dir, Home: home, ERB: f})
	require.NoError(t, err)
	require.Equal(t, []string{"config.yml", "kitchen.yml", "kitchen.local.yml"}, f.seen)
	require.Equal(t, int64(5), driverOf(t, c)["v"])
}

func TestErrorsOfRenderedFilesSayWhereLinesCount(t *testing.T) {
	dir, _ := project(t, map[string]string{"kitchen.yml": "a: <%x%>\nb: [\n"})
	_, err := Load(t.Context(), Options{Dir: dir, ERB: &fixed{text: "1\nc: 2"}})
	require.ErrorContains(t, err, "kitchen.yml:3:4: error: `[` starts here and is never closed")
	require.ErrorContains(t, err, "line numbers are those of the rendered file; see `galley diagnose --rendered`")
	_, err = Load(t.Context(), Options{Dir: dir, ERB: &fixed{text: "1"}})
	require.ErrorContains(t, err, "kitchen.yml:2:4: error: `[` starts here")
	require.NotContains(t, err.Error(), "rendered")
}

func TestTemplateErrorsHaveTheirPlace(t *testing.T) {
	dir, _ := project(t, map[string]string{"kitchen.yml": "a: 1\nb: <%= ENV.fetch('NOPE') %>\n",
		"kitchen.local.yml": "c: [\n"})
	_, err := Load(t.Context(), Options{Dir: dir,
		ERB: template.NewSession(template.Options{Options: erb.Options{Dir: dir, Env: []string{}}, Mode: template.Builtin})})
	var failed *LoadError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Diagnostics, 2)
	d := failed.Diagnostics[0]
	require.Equal(t, yaml11.Pos{File: "kitchen.yml", Line: 2, Col: d.Pos.Col}, d.Pos)
	require.Contains(t, d.Msg, `erb: KeyError: key not found: "NOPE"`)
	require.Contains(t, d.Hint, "set that environment variable")
	require.Contains(t, d.Excerpt, "    2 | b: <%= ENV.fetch('NOPE') %>\n")
}

func TestCancelledLoad(t *testing.T) {
	dir, _ := project(t, map[string]string{"kitchen.yml": "a: <%x%>\n"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Load(ctx, Options{Dir: dir, ERB: &fixed{err: context.Canceled}})
	require.ErrorIs(t, err, context.Canceled)
}

// TestByteOrderMarks: whichever file begins with one, it is named with its place.
func TestByteOrderMarks(t *testing.T) {
	for _, name := range []string{"kitchen.yml", "kitchen.local.yml", "~/.kitchen/config.yml"} {
		for mark, want := range map[string]string{
			"\uFEFF":        ":1:1: error: the file begins with an invisible character, U+FEFF (byte order mark)",
			"\xff\xfea\x00": ":1:1: error: the file is UTF-16",
		} {
			files := map[string]string{"kitchen.yml": oneOfEach}
			files[name] = mark + files[name]
			_, err := load(t, files)
			require.ErrorContains(t, err, filepath.Base(name)+want)
		}
	}
	dir, _ := project(t, map[string]string{"kitchen.yml": "driver: {name: dummy}\n<%x%>" + oneOfEach})
	c, err := Load(t.Context(), Options{Dir: dir, ERB: &fixed{text: "\uFEFF"}})
	require.NoError(t, err)
	require.Len(t, warnings(c), 1)
	require.Contains(t, warnings(c)[0].String(),
		"kitchen.yml:2:1: warning: an invisible character, U+FEFF (byte order mark), is part of the text `?platforms`")
}

// TestTemplatesFindTheStateDirectory: Test Kitchen makes it before it reads the file.
func TestTemplatesFindTheStateDirectory(t *testing.T) {
	dir, _ := project(t, map[string]string{"kitchen.yml": "# <% File.write('.kitchen/x', '') %>\n" + oneOfEach})
	_, err := Load(t.Context(), Options{Dir: dir, ERB: &fixed{}})
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(dir, ".kitchen"))

	require.NoError(t, os.Remove(filepath.Join(dir, ".kitchen")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".kitchen"), nil, 0o600))
	c, err := Load(t.Context(), Options{Dir: dir, ERB: &fixed{}})
	require.NoError(t, err)
	require.Contains(t, warnings(c)[0].String(),
		"kitchen.yml: warning: the template names .kitchen, which cannot be made")

	dir, _ = project(t, map[string]string{"kitchen.yml": "# <% x %>\n" + oneOfEach})
	_, err = Load(t.Context(), Options{Dir: dir, ERB: &fixed{}})
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(dir, ".kitchen"))
}
