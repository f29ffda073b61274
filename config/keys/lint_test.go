package keys

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

const linted = `
driver:
  name: dokken
  use_sudo: false
  ports: ["8080:80"]
  build_context: docker
driver_config:
  priviliged: true
provisioner:
  name: dokken
  script: run.sh
  policyfile: policies/missing.rb
  data_bags_path: test/data_bags
verifier:
  name: inspec
  input_files: [inputs.yml]
settings: {a: 1}
platforms:
- name: ubuntu-22.04
- name: debian-12
suites:
- name: default
- name: other
  includes: [fedora-40]
`

func TestLint(t *testing.T) {
	c := configOf(t, linted)
	got := Lint(c, LintOptions{Exists: func(p string) bool { return p == "/project/test/data_bags" }})
	golden(t, "testdata/lint.golden", renderProblems(got))
	for _, d := range got {
		require.Equal(t, kitchen.SeverityWarning, d.Severity)
	}
	for _, d := range Lint(c, LintOptions{Strict: true, Exists: func(string) bool { return true }}) {
		require.Equal(t, kitchen.SeverityError, d.Severity)
	}
}

func TestLintOfACleanFile(t *testing.T) {
	require.Empty(t, Lint(configOf(t, driverYAML("privileged: true")), LintOptions{}))
}

// A suite for other platforms too: their names are in the file whose list of platforms another one has replaced.
func TestFiltersOfReplacedPlatforms(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kitchen.yml": "driver: vagrant\nprovisioner: dokken\nverifier: dummy\nplatforms: [{name: centos-6}, {name: windows-10}]\n" +
			"suites: [{name: s, excludes: [centos-6, windows-10], lifecycle: {pre_create: [{local: a, excludes: centos-6}]}}, {name: t, includes: [centos-77]}]\n",
		"kitchen.dokken.yml": "driver: dokken\nplatforms: [{name: centos-7}]\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	c, err := kitchen.Load(t.Context(), kitchen.Options{Dir: dir})
	require.NoError(t, err)
	_, diags := Resolve(c, ResolveOptions{})
	require.Len(t, diags, 1)
	require.Equal(t, `suites.includes: there is no platform "centos-77"`, diags[0].Msg)
	require.Len(t, Lint(c, LintOptions{}), 1)
}
