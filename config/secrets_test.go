package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsSecretName(t *testing.T) {
	for _, name := range []string{
		"password", "DB_PASSWORD", "passwd", "api_token", "GITHUB_TOKEN", "secret", "client-secret", "AWS_SECRET_ACCESS_KEY",
		"apiKey", "private_key", "chef_license_key", "CREDENTIALS", "passphrase", "db_pass", "key", "pwd", "DB_PWD",
	} {
		require.True(t, IsSecretName(name), name)
	}
	for _, name := range []string{
		"name", "encrypted_data_bag_secret_key_path", "creds_file", "public_key", "ssh_key", "keyboard", "token_url", "chef_license",
		"image", "monkey", "bypass", "secret_name", "passenger", "pathname", "PWD", "OLDPWD",
	} {
		require.False(t, IsSecretName(name), name)
	}
}

func TestMasker(t *testing.T) {
	m := NewMasker([]string{"hunter2", "hunter2-and-more", "yes", "-----BEGIN X-----\nline-with-the-key\n-----END X-----"})
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
	in := map[string]any{"password": "abcdef", "list": []any{"hunter2", int64(5)}, "token": int64(12), "deep": map[string]any{"secret": []any{"x"}}, "none": nil}
	got := NewMasker([]string{"hunter2"}).MaskValue("", in)
	require.Equal(t, map[string]any{
		"password": Masked, "list": []any{Masked, int64(5)}, "token": Masked, "deep": map[string]any{"secret": []any{Masked}}, "none": nil,
	}, got)
	require.Equal(t, "abcdef", in["password"])
}

func TestMaskExcerpt(t *testing.T) {
	require.Equal(t, "    3 |   password: "+Masked+"\n      |   ^", maskExcerpt("    3 |   password: abc\n      |   ^"))
	require.Equal(t, "    3 |   - \"API_TOKEN="+Masked+"\n      |   ^", maskExcerpt("    3 |   - \"API_TOKEN=abc\"\n      |   ^"))
	require.Equal(t, "    3 |   {a: b, token: "+Masked+"\n      |   ^", maskExcerpt("    3 |   {a: b, token: abc}\n      |   ^"))
	require.Equal(t, "    3 |   image: abc\n      |   ^", maskExcerpt("    3 |   image: abc\n      |   ^"))
}
