package config

import (
	"testing"

	"github.com/stretchr/testify/require"
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
	got := c.Lint(LintOptions{Exists: func(p string) bool { return p == "/project/test/data_bags" }})
	golden(t, "testdata/lint.golden", renderProblems(got))
	for _, d := range got {
		require.Equal(t, SeverityWarning, d.Severity)
	}
	for _, d := range c.Lint(LintOptions{Strict: true, Exists: func(string) bool { return true }}) {
		require.Equal(t, SeverityError, d.Severity)
	}
}

func TestLintOfACleanFile(t *testing.T) {
	require.Empty(t, configOf(t, driverYAML("privileged: true")).Lint(LintOptions{}))
}
