package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

func TestIsSecretName(t *testing.T) {
	for _, name := range []string{
		"password", "DB_PASSWORD", "passwd", "api_token", "GITHUB_TOKEN", "secret", "client-secret",
		"AWS_SECRET_ACCESS_KEY",
		"apiKey", "private_key", "chef_license_key", "CREDENTIALS", "passphrase", "db_pass", "key", "pwd", "DB_PWD",
	} {
		require.True(t, IsSecretName(name), name)
	}
	for _, name := range []string{
		"name", "encrypted_data_bag_secret_key_path", "creds_file", "public_key", "ssh_key", "keyboard", "token_url",
		"chef_license",
		"image", "monkey", "bypass", "secret_name", "passenger", "pathname", "PWD", "OLDPWD",
	} {
		require.False(t, IsSecretName(name), name)
	}
}

func TestMasker(t *testing.T) {
	m := NewMasker([]string{"hunter2", "hunter2-and-more", "yes",
		"-----BEGIN X-----\nline-with-the-key\n-----END X-----"})
	for text, want := range map[string]string{
		"plain":                              "plain",
		"a hunter2 b":                        "a " + Masked + " b",
		"hunter2-and-more!":                  Masked + "!",
		"yes":                                "yes",
		"see line-with-the-key here":         "see " + Masked + " here",
		"https://me:pw@host/x":               "https://me:" + Masked + "@host/x",
		"https://host:8080/x":                "https://host:8080/x",
		"ghp_0123456789abcdefghij0123456789": Masked,
		"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx": Masked + "\nx",
	} {
		require.Equal(t, want, m.Mask(text))
	}
}

func TestMaskValueLeavesTheOriginal(t *testing.T) {
	in := map[string]any{"password": "abcdef", "list": []any{"hunter2", int64(5)}, "token": int64(12),
		"deep": map[string]any{"secret": []any{"x"}}, "none": nil}
	got := NewMasker([]string{"hunter2"}).MaskValue("", in)
	require.Equal(t, map[string]any{
		"password": Masked, "list": []any{Masked, int64(5)}, "token": Masked,
		"deep": map[string]any{"secret": []any{Masked}}, "none": nil,
	}, got)
	require.Equal(t, "abcdef", in["password"])
}

func TestMaskExcerpt(t *testing.T) {
	require.Equal(t, "    3 |   password: "+Masked+"\n      |   ^", maskExcerpt("    3 |   password: abc\n      |   ^"))
	require.Equal(t, "    3 |   - \"API_TOKEN="+Masked+"\n      |   ^",
		maskExcerpt("    3 |   - \"API_TOKEN=abc\"\n      |   ^"))
	require.Equal(t, "    3 |   {a: b, token: "+Masked+"\n      |   ^",
		maskExcerpt("    3 |   {a: b, token: abc}\n      |   ^"))
	require.Equal(t, "    3 |   image: abc\n      |   ^", maskExcerpt("    3 |   image: abc\n      |   ^"))
}

func TestSecrets(t *testing.T) {
	c := configOf(t, `
driver:
  name: dokken
  env: ["DB_PASSWORD=from-list", SHOWN=plain]
  docker_host_url: tcp://user:from-address@host:2376
  run_options: -e API_TOKEN=from-options --name x
provisioner:
  name: shell
  command: curl --token "from command" --api-key='from key' --secret=from-flag
  password: &p from-anchor
  attributes: {credentials: {user: from-below, list: [from-list-below]}, token: 0123}
  elsewhere: *p
platforms: [{name: p, driver: {build_args: {NPM_TOKEN: from-platform}}}]
suites: [{name: s, lifecycle: {pre_create: [{local: x, environment: {K_SECRET: from-hook}}]}}]
`)
	all, _ := c.Resolve(ResolveOptions{})
	require.Equal(t, append([]string{"from-env"}, c.Secrets(nil)...),
		SecretValues(append(all, all...), []string{"A_TOKEN=from-env"}))
	require.Equal(t, []string{"from-env"}, SecretValues(nil, []string{"A_TOKEN=from-env"}))
	require.Equal(t, []string{
		"0123", "83", "from-address", "from-anchor", "from-below", "from-env", "from-flag", "from-hook", "from-list",
		"from-list-below", "from-options", "from-platform", "from command", "from key",
	}, sortedBy(c.Secrets([]string{"CI_TOKEN=from-env", "HOME=/root", "EMPTY_TOKEN="})))
}

// sortedBy sorts texts with a blank last.
func sortedBy(list []string) []string {
	slices.SortStableFunc(list, func(a, b string) int {
		return strings.Compare(strings.ReplaceAll(a, " ", "~"), strings.ReplaceAll(b, " ", "~"))
	})
	return list
}

// TestDiagnoseMasksInAllForms: resolved, merged and rendered.
func TestDiagnoseMasksInAllForms(t *testing.T) {
	text := wholeYAML("driver: {name: dokken, env: {A_TOKEN: correct-horse, B: 'x correct-horse'}, docker_host_url: 'tcp://u:battery@h:1'}\n" +
		"provisioner: {name: shell, attributes: {password: {deep: staple-it}}, note: see staple-it and from-env}")
	c := configOf(t, text)
	m := c.Masker([]string{"CI_TOKEN=from-env"})
	all, _ := c.Resolve(ResolveOptions{})
	resolved, err := c.Diagnose(all, DiagnoseOptions{Environ: []string{"CI_TOKEN=from-env"}})
	require.NoError(t, err)
	merged, err := c.MaskedJSON(m)
	require.NoError(t, err)
	for _, out := range []string{string(resolved), string(merged), m.MaskText(text)} {
		for _, secret := range []string{"correct-horse", "battery", "staple-it", "from-env"} {
			require.NotContains(t, out, secret)
		}
	}
	require.Contains(t, string(merged), `"suite":"default"`)
	require.Contains(t, m.MaskText(text), "driver: {name: dokken, env: {A_TOKEN: "+Masked)
}

// TestSecretsOfAFileThatIsNoYAML: what can be told by its lines is masked.
func TestSecretsOfAFileThatIsNoYAML(t *testing.T) {
	c := &Config{&kitchen.Config{Files: []File{{Present: true, Rendered: []byte("a: [\nDB_PASSWORD: hunter2-x\n")}}}}
	require.Equal(t, []string{"hunter2-x"}, c.Secrets(nil))
}
