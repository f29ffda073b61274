package config

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
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
	all, diags := c.Resolve(ResolveOptions{})
	for _, asJSON := range []bool{false, true} {
		got, err := c.Diagnose(all, DiagnoseOptions{JSON: asJSON, Environ: []string{"CI_TOKEN=from-environment"},
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
	all, _ := c.Resolve(ResolveOptions{})
	got, err := c.Diagnose(all, DiagnoseOptions{})
	require.NoError(t, err)
	require.Contains(t, string(got), "region: eu")
	require.NotContains(t, string(got), "abcdef")
}

func TestDiagnoseRefusesForeignInstances(t *testing.T) {
	c := configOf(t, wholeYAML("driver: dokken"))
	_, err := c.Diagnose([]Instance{{Name: "other", Index: 7}}, DiagnoseOptions{})
	require.ErrorContains(t, err, "other")
}
