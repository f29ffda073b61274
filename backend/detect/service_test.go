//go:build !windows

package detect

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// podmanVersion is the environment variable that makes this test's own binary a `podman system service` of a version.
const podmanVersion = "GALLEY_TEST_PODMAN_VERSION"

func TestMain(m *testing.M) {
	if v := os.Getenv(podmanVersion); v != "" {
		fmt.Println(servePodman(v, os.Args[len(os.Args)-1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func servePodman(version, uri string) error {
	l, err := net.Listen("unix", strings.TrimPrefix(uri, "unix://"))
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Libpod-Api-Version", version)
		if strings.HasSuffix(req.URL.Path, "/events") {
			<-req.Context().Done()
		}
	}))
}

// serviceHost is a machine whose only engine is a Podman of a version, which nobody
// has started. Each start adds the environment that it got to the file.
func serviceHost(t *testing.T, version string) (h Host, started string) {
	self, err := os.Executable()
	require.NoError(t, err)
	program, started := filepath.Join(t.TempDir(), "podman"), filepath.Join(t.TempDir(), "started")
	script := fmt.Sprintf("#!/bin/sh\n{ echo start; env; } >>'%s'\n%s=%s exec '%s' \"$@\"\n", started, podmanVersion,
		version, self)
	require.NoError(t, os.WriteFile(program, []byte(script), 0o700))
	h = fakeHost(nil, map[string]string{"PATH": os.Getenv("PATH"), "HOME": "/home/user", "CI_TOKEN": "canary",
		"https_proxy": "http://proxy:3128"})
	h.LookPath = func(string) (string, error) { return program, nil }
	return h, started
}

// One service serves all engines of a run, and ends with the last. It gets what Podman
// needs of the environment and nothing else.
func TestPrivateServiceOnce(t *testing.T) {
	t.Setenv("CI_TOKEN_OF_THE_PROCESS", "canary")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	h, started := serviceHost(t, "4.3.1")
	var services Services
	var wg sync.WaitGroup
	var releases [3]func() error
	var endpoints [3]backend.Endpoint
	for i := range releases {
		wg.Go(func() {
			ep, release, err := services.open(t.Context(), h)
			if assert.NoError(t, err) {
				endpoints[i], releases[i] = ep, release
			}
		})
	}
	wg.Wait()
	require.Equal(t, endpoints[0], endpoints[1])
	require.Equal(t, endpoints[0], endpoints[2])
	socket := strings.TrimPrefix(endpoints[0].URI, "unix://")
	for i, release := range releases {
		_, err := os.Lstat(socket)
		require.NoError(t, err, "it ended before user %d", i)
		require.NoError(t, release())
		require.NoError(t, release(), "twice is not an error, and counts once")
	}
	require.NoFileExists(t, socket)
	env, err := os.ReadFile(started)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(env), "start\n"))
	require.Contains(t, string(env), "HOME=/home/user\n")
	require.Contains(t, string(env), "https_proxy=http://proxy:3128\n")
	require.NotContains(t, string(env), "canary")
}

func TestPrivateService(t *testing.T) {
	host, _ := serviceHost(t, "4.3.1")
	ep, stop, err := startService(t.Context(), host)
	require.NoError(t, err)
	require.Equal(t, backend.KindPodman, ep.Kind)
	require.Equal(t, "4.3.1", ep.EngineVersion)
	require.NoError(t, stop())
	require.NoError(t, stop(), "once more")
	require.NoFileExists(t, strings.TrimPrefix(ep.URI, "unix://"))
}

// The service's own settings lie where they outlive it, and the user's take their place.
func TestPrivateServiceSettings(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache) // macOS has its caches there
	vars := map[string]string{"PATH": "/bin"}
	file := ""
	for range 2 {
		env := serviceEnv(fakeHost(nil, vars))
		file = strings.TrimPrefix(env[len(env)-1], overrideVariable+"=")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, serviceOverride, string(text))
	}
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Contains(t, serviceEnv(fakeHost(nil, vars)), overrideVariable+"="+file)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, serviceOverride, string(text), "what is damaged is mended")

	require.NoError(t, os.Chmod(filepath.Dir(file), 0o777))
	require.Equal(t, []string{"PATH=/bin"}, serviceEnv(fakeHost(nil, vars)), "others may write there")
	vars[overrideVariable] = "/own.conf"
	require.Equal(t, []string{"PATH=/bin", overrideVariable + "=/own.conf"}, serviceEnv(fakeHost(nil, vars)))
}

// A Podman that is too old says so at once, and a user is not told to install what is there.
func TestPrivateServiceTooOld(t *testing.T) {
	h, _ := serviceHost(t, "3.4.4")
	_, _, err := startService(t.Context(), h)
	require.ErrorIs(t, err, backend.ErrUnsupported)
	c := Candidate{Source: "private podman service", Private: true}
	c.refuse(err)
	require.Equal(t, "this is Podman 3.4.4; galley needs 4.0 or newer", c.Reason)
	require.Equal(t, "Upgrade Podman on the engine's host.", remedy(h, Options{}, []Candidate{c}))
}
