//go:build !windows

package detect

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// podmanVersion is the environment variable that makes this test's own binary a
// `podman system service` of a version.
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
// has started.
func serviceHost(t *testing.T, version string) Host {
	t.Setenv(podmanVersion, version)
	h := fakeHost(nil, nil)
	h.LookPath = func(string) (string, error) { return os.Executable() }
	return h
}

func TestPrivateService(t *testing.T) {
	ep, stop, err := startService(t.Context(), serviceHost(t, "4.3.1"))
	require.NoError(t, err)
	require.Equal(t, backend.KindPodman, ep.Kind)
	require.Equal(t, "4.3.1", ep.EngineVersion)
	require.NoError(t, stop())
	require.NoError(t, stop(), "once more")
	require.NoFileExists(t, strings.TrimPrefix(ep.URI, "unix://"))
}

// A Podman that is too old says so at once, and nobody is told to install the one
// that he has.
func TestPrivateServiceTooOld(t *testing.T) {
	h := serviceHost(t, "3.4.4")
	_, _, err := startService(t.Context(), h)
	require.ErrorIs(t, err, backend.ErrUnsupported)
	c := Candidate{Source: "private podman service", Private: true}
	c.refuse(err)
	require.Equal(t, "this is Podman 3.4.4; galley needs 4.0 or newer", c.Reason)
	require.Equal(t, "Upgrade Podman on the engine's host.", remedy(h, Options{}, []Candidate{c}))
}
