package keys

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// configOf makes a configuration of one kitchen.yml without ERB, of the project /project.
func configOf(t testing.TB, text string) *kitchen.Config {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(text), 0o600))
	c, err := kitchen.Load(context.Background(), kitchen.Options{Dir: dir})
	require.NoError(t, err)
	c.Root, c.Files = "/project", c.Files[:1]
	c.Files[0].Path = ""
	return c
}

// clientEnv is the client's environment in tests.
func clientEnv(name string) (string, bool) {
	v, ok := map[string]string{"FROM_CLIENT": "client value"}[name]
	return v, ok
}

// resolveText resolves the instances of one kitchen.yml.
func resolveText(t testing.TB, text string) ([]config.Instance, []kitchen.Diagnostic) {
	t.Helper()
	return Resolve(configOf(t, text), ResolveOptions{Home: "/home/tester", Env: clientEnv})
}

// resolveOne resolves a kitchen.yml of one instance that has no problem.
func resolveOne(t testing.TB, text string) config.Instance {
	t.Helper()
	all, diags := resolveText(t, text)
	require.Empty(t, diags)
	require.Len(t, all, 1)
	return all[0]
}

// driverYAML is a kitchen.yml with these lines under `driver:`.
func driverYAML(lines string) string {
	return "driver:\n  name: dokken\n" + indent(lines) + `
provisioner: dokken
verifier: {name: shell}
transport: dokken
platforms:
- name: ubuntu-22.04
suites:
- name: default
`
}

func indent(lines string) string {
	out := "  "
	for _, r := range lines {
		out += string(r)
		if r == '\n' {
			out += "  "
		}
	}
	return out
}

// valueOf is a string value without a place.
func valueOf(s string) *yaml11.Value { return yaml11.NewString(s, yaml11.Pos{}) }

// mapOf reads a text as YAML.
func mapOf(t testing.TB, text string) *yaml11.Value {
	t.Helper()
	v, _, err := yaml11.Parse("text", []byte(text))
	require.NoError(t, err)
	return v
}
