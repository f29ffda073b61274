//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// ciImageVar asks for TestCIImage, which installs Debian's packages in an image: a minute, the first time.
const ciImageVar = "GALLEY_TEST_CI_IMAGE"

// The image of packaging/ci-image runs kitchens with its own Podman, in a container of Docker that has no socket: as
// root with all privileges, and as a user with none but those that docs/ci.md names.
func TestCIImage(t *testing.T) {
	if os.Getenv(ciImageVar) == "" {
		t.Skip("it takes long: " + ciImageVar + "=1 runs it")
	}
	testbed.RunOn(t, testbed.Docker, func(t *testing.T, e testbed.Engine) {
		base := os.Getenv("BASE")
		if base == "" {
			base = e.Load(t, "debian")[0].Tag
		}
		build := exec.Command("../packaging/ci-image/build.sh", "localhost/galley-ci-test:latest")
		script, err := filepath.Abs("engines.sh")
		require.NoError(t, err)
		build.Env = append(os.Environ(), "BASE="+base, "BUILDER="+script+" exec "+e.Name+" -- docker build --network host")
		out, err := build.CombinedOutput()
		require.NoError(t, err, "%s", out)

		dir := e.TempDir(t)
		kitchens := readDirectory(t, "../examples/services")
		for name, text := range kitchens {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		}
		image, err := exec.Command("./engines.sh", "image", "busybox").Output()
		require.NoError(t, err)
		text, err := os.ReadFile(strings.Fields(string(image))[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "busybox.tar"), text, 0o644))
		jobs := map[string][]string{
			"root, privileged": {"--privileged"},
			"user, privileged": {"--user", "galley", "--privileged"},
			"user": {"--user", "galley", "--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined",
				"--device", "/dev/net/tun"},
		}
		if os.Getenv("BASE") == "" { // newer ones make no network there
			jobs["user, /proc masked"] = []string{"--user", "galley", "--security-opt", "seccomp=unconfined",
				"--device", "/dev/net/tun", "--env", "CONTAINERS_CONF=/etc/containers/masked-proc.conf"}
		}
		for name, options := range jobs {
			t.Run(name, func(t *testing.T) {
				args := append([]string{"docker", "run", "--rm", "-v", dir + ":/in:ro"}, options...)
				args = append(args, "localhost/galley-ci-test:latest", "sh", "-ec",
					"podman load --quiet -i /in/busybox.tar && cp /in/kitchen.yml . && galley test -c 2 && podman info")
				said := e.Exec(t, args...)
				require.Contains(t, said, "Engine: podman")
				t.Log(said)
			})
		}
	})
}
