//go:build linux

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// What docs/ci.md and packaging/ci have for CI systems has their form: YAML, inputs that are declared, scripts that are
// there.
func TestCIRecipes(t *testing.T) {
	t.Parallel()
	input := regexp.MustCompile(`inputs\.([a-z-]+)`)
	declared := func(text string, inputs map[string]any) {
		t.Helper()
		for _, m := range input.FindAllStringSubmatch(text, -1) {
			require.Contains(t, inputs, m[1])
		}
		for name := range inputs {
			require.Contains(t, text, "inputs."+name, "an input without use")
		}
	}
	var action struct {
		Inputs map[string]any
		Runs   struct {
			Using string
			Steps []struct{ Shell, Run, Uses string }
		}
	}
	text := readYAML(t, "../action.yml", &action)
	require.Equal(t, "composite", action.Runs.Using)
	declared(text, action.Inputs)
	scripts := 0
	for _, s := range action.Runs.Steps {
		for _, m := range regexp.MustCompile(`\$GITHUB_ACTION_PATH/([^"]+)`).FindAllStringSubmatch(s.Run, -1) {
			st, err := os.Stat(filepath.Join("..", m[1]))
			require.NoError(t, err)
			require.NotZero(t, st.Mode()&0o111, "%s cannot be executed", m[1])
			require.Equal(t, "bash", s.Shell)
			scripts++
		}
	}
	require.Equal(t, 2, scripts)

	var header struct {
		Spec struct{ Inputs map[string]any }
	}
	text = readYAML(t, "../packaging/ci/gitlab.yml", &header)
	declared(text, header.Spec.Inputs)

	page, err := os.ReadFile("../docs/ci.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	require.Len(t, blocks, 3)
	for _, b := range blocks {
		require.NoError(t, yaml.Unmarshal(b[1], &map[string]any{}), "%s", b[1])
	}
}

// readYAML reads the documents of a file, the first into v, and returns the text.
func readYAML(t *testing.T, path string, v any) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	d := yaml.NewDecoder(bytes.NewReader(text))
	require.NoError(t, d.Decode(v))
	for _, rest := range strings.Split(string(text), "\n---\n")[1:] {
		require.NoError(t, yaml.Unmarshal([]byte(rest), &map[string]any{}))
	}
	return string(text)
}

// The action's scripts: a release is installed when its checksum is right, and the command line is run as it was
// written.
func TestCIInstall(t *testing.T) {
	t.Parallel()
	if os.Getenv("GALLEY_TEST_ENGINES") == "none" {
		t.Skip("GALLEY_TEST_ENGINES=none: it belongs to the long tests")
	}
	galley, err := built()
	require.NoError(t, err)
	dir := t.TempDir()
	release := filepath.Join(dir, "download", "v1.2.3")
	require.NoError(t, os.MkdirAll(release, 0o755))
	archive := fmt.Sprintf("galley_1.2.3_linux_%s.tar.gz", runtime.GOARCH)
	out, err := exec.Command("tar", "-C", filepath.Dir(galley), "-czf", filepath.Join(release, archive), "galley").CombinedOutput()
	require.NoError(t, err, "%s", out)
	content, err := os.ReadFile(filepath.Join(release, archive))
	require.NoError(t, err)
	sums := filepath.Join(release, "SHA256SUMS")
	write := func(path, text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o755)) }
	bin := filepath.Join(dir, "bin")
	run := func(script string, env ...string) (string, error) {
		cmd := exec.Command(script, bin)
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	install := func() (string, error) {
		return run("../packaging/ci/install.sh", "GALLEY_VERSION=v1.2.3", "GALLEY_BASE=file://"+dir,
			"GITHUB_PATH="+filepath.Join(dir, "path"), "GITHUB_OUTPUT="+filepath.Join(dir, "output"))
	}

	write(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte("other")), archive))
	said, err := install()
	require.Error(t, err)
	require.Contains(t, said, "and SHA256SUMS says")
	require.NoFileExists(t, filepath.Join(bin, "galley"))
	write(sums, "")
	said, err = install()
	require.Error(t, err)
	require.Contains(t, said, "has no line for "+archive)

	write(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), archive))
	said, err = install()
	require.NoError(t, err, said)
	path, err := os.ReadFile(filepath.Join(dir, "path"))
	require.NoError(t, err)
	require.Equal(t, bin+"\n", string(path))
	output, err := os.ReadFile(filepath.Join(dir, "output"))
	require.NoError(t, err)
	require.Regexp(t, `^version=\d`, string(output))

	write(filepath.Join(bin, "galley"), "#!/bin/sh\nprintf '<%s>' \"$@\" $GALLEY_ENGINE $GALLEY_REPORT\n")
	said, err = run("../packaging/ci/run.sh", "PATH="+bin+":"+os.Getenv("PATH"), `GALLEY_ARGS=exec -c "uname -r"`,
		"GALLEY_WANTED_ENGINE=podman", "GALLEY_JUNIT=out.xml")
	require.NoError(t, err, said)
	require.Equal(t, "<exec><-c><uname -r><podman><junit=out.xml>", said)
}
