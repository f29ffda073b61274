package keys

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/mask"
)

const diagnosed = `
driver:
  name: dokken
  env: {DB_PASSWORD: "correct horse", SHOWN: "the correct horse is not"}
  ports: ["8080:80"]
  volumes: ["./a:/b:ro"]
  memory: 512m
  own_key: {api_key: abcdefgh}
  chef_licence: x
provisioner:
  name: dokken
  attributes: {db: {password: battery}, url: "https://u:staple@host"}
verifier: {name: inspec, chef_license_key: "0123-4567", inspec_tests: [test/a, {git: x}]}
transport: dokken
lifecycle: {pre_create: [{local: "echo from-environment", timeout: 5}]}
platforms: [{name: ubuntu-22.04}]
suites: [{name: default}]
`

func TestDiagnose(t *testing.T) {
	c := configOf(t, diagnosed)
	all, diags := Resolve(c, ResolveOptions{})
	for _, asJSON := range []bool{false, true} {
		got, err := Diagnose(c, all, DiagnoseOptions{JSON: asJSON, Environ: []string{"CI_TOKEN=from-environment"},
			Diagnostics: diags})
		require.NoError(t, err)
		for _, secret := range []string{"correct horse", "battery", "staple", "0123-4567", "abcdefgh",
			"from-environment"} {
			require.NotContains(t, string(got), secret)
		}
		name := "testdata/diagnose.yml.golden"
		if asJSON {
			name = "testdata/diagnose.json.golden"
			require.True(t, json.Valid(got))
		}
		golden(t, name, string(got))
	}
}

func TestDiagnoseUnservedDriver(t *testing.T) {
	c := configOf(t, wholeYAML("driver: {name: ec2, region: eu, secret_key: abcdef}"))
	all, _ := Resolve(c, ResolveOptions{})
	got, err := Diagnose(c, all, DiagnoseOptions{})
	require.NoError(t, err)
	require.Contains(t, string(got), "region: eu")
	require.NotContains(t, string(got), "abcdef")
}

func TestDiagnoseRefusesForeignInstances(t *testing.T) {
	c := configOf(t, wholeYAML("driver: dokken"))
	_, err := Diagnose(c, []config.Instance{{Name: "other", Index: 7}}, DiagnoseOptions{})
	require.ErrorContains(t, err, "other")
}

// TestDiagnoseMasksInAllForms: resolved, merged and rendered.
func TestDiagnoseMasksInAllForms(t *testing.T) {
	text := wholeYAML("driver: {name: dokken, env: {A_TOKEN: correct-horse, B: 'x correct-horse'}, docker_host_url: 'tcp://u:battery@h:1'}\n" +
		"provisioner: {name: shell, attributes: {password: {deep: staple-it}}, note: see staple-it and from-env}")
	c := configOf(t, text)
	m := c.Masker([]string{"CI_TOKEN=from-env"})
	all, _ := Resolve(c, ResolveOptions{})
	require.Equal(t, c.Secrets(nil), all[0].Secrets)
	resolved, err := Diagnose(c, all, DiagnoseOptions{Environ: []string{"CI_TOKEN=from-env"}})
	require.NoError(t, err)
	merged, err := c.MaskedJSON(m)
	require.NoError(t, err)
	for _, out := range []string{string(resolved), string(merged), m.Text(text)} {
		for _, secret := range []string{"correct-horse", "battery", "staple-it", "from-env"} {
			require.NotContains(t, out, secret)
		}
	}
	require.Contains(t, string(merged), `"suite":"default"`)
	require.Contains(t, m.Text(text), "driver: {name: dokken, env: {A_TOKEN: "+mask.Hidden)
}
