package mask

import (
	"testing"

	"github.com/stretchr/testify/require"
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
		"build_secrets", SecretKey(SecretKey("build_secrets", "npm_token"), "environment"),
	} {
		require.False(t, IsSecretName(name), name)
	}
}

func TestStringByValueAndForm(t *testing.T) {
	m := New("hunter2", "hunter2-and-more", "yes", "-----BEGIN X-----\nline-with-the-key\n-----END X-----")
	for text, want := range map[string]string{
		"plain":                              "plain",
		"a hunter2 b":                        "a " + Hidden + " b",
		"hunter2-and-more!":                  Hidden + "!",
		"yes":                                "yes",
		"see line-with-the-key here":         "see " + Hidden + " here",
		"https://me:pw@host/x":               "https://me:" + Hidden + "@host/x",
		"https://host:8080/x":                "https://host:8080/x",
		"ghp_0123456789abcdefghij0123456789": Hidden,
		"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx": Hidden + "\nx",
	} {
		require.Equal(t, want, m.String(text))
	}
}

func TestValueLeavesTheOriginal(t *testing.T) {
	in := map[string]any{"password": "abcdef", "list": []any{"hunter2", int64(5)}, "token": int64(12),
		"deep": map[string]any{"secret": []any{"x"}}, "none": nil}
	got := New("hunter2").Value("", in)
	require.Equal(t, map[string]any{
		"password": Hidden, "list": []any{Hidden, int64(5)}, "token": Hidden,
		"deep": map[string]any{"secret": []any{Hidden}}, "none": nil,
	}, got)
	require.Equal(t, "abcdef", in["password"])
}

func TestInEnviron(t *testing.T) {
	require.Equal(t, []string{"from-env"}, InEnviron([]string{"A_TOKEN=from-env", "HOME=/root", "EMPTY_TOKEN="}))
}

func TestInCredentials(t *testing.T) {
	for text, want := range map[string][]string{
		"registry=https://npm.example/\n//npm.example/:_authToken=npm_0123\nalways-auth=true\n":          {"npm_0123", "true"},
		"//npm.example/:_auth = dXNlcjpwdw==\r\n//npm.example/:_password=\"cHc=\"\n":                     {"cHc=", "dXNlcjpwdw=="},
		`{"auths": {"r.example": {"auth": "dXNlcjpwdw==", "identitytoken": "abc"}}}`:                     {"abc", "dXNlcjpwdw=="},
		"[pypi]\nusername = me\npassword: hunter2\nrepository: https://u:pw@pypi.example\n":              {"hunter2", "pw"},
		"machine a.example login me password hunter2\nmachine b.example\n login me\n  password\n  other": {"hunter2", "other"},
		"aws_secret_access_key = abc/def\ntoken:\n  name: x\n":                                           {"abc/def"},
		"# The password should be long.\npassword = \n":                                                  nil, "just-a-token": nil,
	} {
		require.ElementsMatch(t, want, InCredentials(text), text)
	}
}
