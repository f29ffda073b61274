package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// TestSecretBuildArgs: no value that is a secret becomes a build argument.
func TestSecretBuildArgs(t *testing.T) {
	for name, c := range map[string]struct {
		arg, value, instructions string
		refused                  bool
	}{
		"a plain one":                  {"VERSION", "1.2", "ARG VERSION", false},
		"secret by name":               {"BUILD_PASSWORD", "x", "ARG BUILD_PASSWORD", true},
		"secret by name, not declared": {"NPM_TOKEN", "x", "RUN true", true},
		"secret by name, empty":        {"NPM_TOKEN", "", "ARG NPM_TOKEN", false},
		"where a secret is":            {"TOKEN_FILE", "/x", "ARG TOKEN_FILE", false},
		"a password in an address":     {"INDEX", "https://me:pw@pypi.test/", "ARG INDEX", true},
		"a proxy with a password":      {"HTTPS_PROXY", "http://me:pw@proxy:1", "RUN true", false},
		"a proxy that ARG puts in there": {"https_proxy", "http://me:pw@proxy:1", "run true\n  arg  A=1 https_proxy=2",
			true},
		"a well-known token": {"A", "ghp_0123456789012345678901234567890123456", "ARG A", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := secretBuildArgs(config.Driver{
				BuildArgs: map[string]string{c.arg: c.value}, IntermediateInstructions: []string{c.instructions},
			})
			if !c.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "driver.build_args: "+c.arg)
			if len(c.value) > 1 {
				require.NotContains(t, err.Error(), c.value)
			}
		})
	}
}

// TestSecretInHistory: a secret that got into the instructions by its value is told.
func TestSecretInHistory(t *testing.T) {
	environ := []string{"API_TOKEN=long-enough", "OTHER_PASSWORD=root"}
	in := func(instruction, arg string) bool {
		return secretInHistory(config.Instance{Driver: config.Driver{
			IntermediateInstructions: []string{instruction}, BuildArgs: map[string]string{"A": arg},
		}}, environ)
	}
	require.False(t, in("RUN chown root /x", "root"))
	require.True(t, in("ENV A=long-enough", ""))
	require.True(t, in("ARG A", "long-enough"))
	require.True(t, in("RUN pip install -i https://me:pw@pypi.test/ x", ""))
}

// TestBuildSecrets: values come from where kitchen.yml says, are hidden, and one that is not there is an error.
func TestBuildSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("in a file\n"), 0o600))
	var hidden []string
	s := supplies{subject: &subject{run: &Run{o: Options{Environ: []string{"WORD=from the environment", "EMPTY="},
		Hide: func(values ...string) { hidden = append(hidden, values...) }}}}}
	got, err := s.buildSecrets(buildRequest{
		dockerfile: "RUN --mount=type=secret,id=a,required=true --mount=target=/b,id=b,type=secret true",
		secrets: map[string]config.BuildSecret{"a": {Environment: "WORD"}, "b": {File: file},
			"not mounted": {Environment: "EMPTY"}}})
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"a": []byte("from the environment"), "b": []byte("in a file\n")}, got)
	require.Equal(t, []string{"from the environment", "in a file"}, hidden)

	for want, from := range map[string]config.BuildSecret{
		"driver.build_secrets.a: the environment has no EMPTY": {Environment: "EMPTY"},
		"driver.build_secrets.a: open ":                        {File: file + "x"},
		"driver.build_secrets.a: read ":                        {File: filepath.Dir(file)},
	} {
		_, err = s.buildSecrets(buildRequest{dockerfile: "RUN --mount=type=secret,id=$ID true", secrets: map[string]config.BuildSecret{"a": from}})
		require.ErrorContains(t, err, want)
	}
	_, err = s.buildSecrets(buildRequest{dockerfile: "RUN --mount=type=secret,id=npm true"})
	require.ErrorContains(t, err, `driver.build_secrets has no "npm"`)
	got, err = s.buildSecrets(buildRequest{dockerfile: "RUN --mount=type=secret,id=npm,required=false true"})
	require.NoError(t, err)
	require.Empty(t, got)

	// What a file gives to the name of a secret is hidden too.
	require.NoError(t, os.WriteFile(file, []byte("//npm.example/:_authToken=npm_0123\n"), 0o600))
	hidden = nil
	_, err = s.buildSecrets(buildRequest{dockerfile: "RUN --mount=type=secret,id=npm true",
		secrets: map[string]config.BuildSecret{"npm": {File: file}}})
	require.NoError(t, err)
	require.Equal(t, []string{"npm_0123", "//npm.example/:_authToken=npm_0123"}, hidden)
}
