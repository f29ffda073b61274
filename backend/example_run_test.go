package backend_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// The examples run on every engine of the test bed, which they find as that of a user.
func TestExamplesRun(t *testing.T) {
	for _, e := range testbed.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			e.Load(t, "busybox", "tool")
			t.Setenv("DOCKER_HOST", e.Host)
			require.Contains(t, printed(t, Example_open), "cgroup version ")
			require.Contains(t, printed(t, Example_reasons), "chosen DOCKER_HOST "+e.Host)
			require.Contains(t, printed(t, Example_tool), "exit code 0\n")
			require.Contains(t, printed(t, Example_build), "built linux/")

			r := testbed.StartRegistry(t)
			name := "/galley/example-" + e.Name + ":latest"
			e.Exec(t, e.Kind, "tag", "docker.io/library/busybox:latest", r.Address+name)
			e.Exec(t, e.Kind, "push", "--quiet", r.Address+name)
			e.Exec(t, e.Kind, "rmi", r.Address+name)
			home := t.TempDir()
			login := base64.StdEncoding.EncodeToString([]byte(r.User + ":" + r.Password))
			require.NoError(t, os.Mkdir(filepath.Join(home, ".docker"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(home, ".docker/config.json"),
				fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}}`, r.AuthAddress, login), 0o600))
			t.Setenv("HOME", home)
			t.Setenv("IMAGE", r.AuthAddress+name)
			require.Contains(t, printed(t, Example_pull), "pulled linux/")
			e.Exec(t, e.Kind, "rmi", r.AuthAddress+name)
		})
	}
}

// printed returns what an example prints.
func printed(t *testing.T, example func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	old := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = old }()
	example()
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return string(text)
}
