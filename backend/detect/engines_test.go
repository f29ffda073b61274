package detect

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
)

// toy is an engine as docs/contributing/new-backend.md has it written: everything but the
// calls themselves, which it has from the engine in memory.
type toy struct{ backend.ContainerBackend }

func toyEngine() backend.Engine {
	return backend.Engine{
		Kind: "toy",
		Recognize: func(ep *backend.Endpoint, h http.Header) bool {
			ep.EngineVersion = h.Get("Toy-Version")
			return ep.EngineVersion != ""
		},
		Open: func(backend.Endpoint) (backend.ContainerBackend, error) { return toy{fake.New()}, nil },
	}
}

// TestNewEngine: an engine that is registered is found by its ping and is used, and takes
// nothing from those that were there before.
func TestNewEngine(t *testing.T) {
	dir := shortDir(t)
	toySock, dockerSock := filepath.Join(dir, "t"), filepath.Join(dir, "d")
	serve(t, toySock, map[string]string{"Toy-Version": "0.1"})
	serve(t, dockerSock, map[string]string{"Api-Version": "1.45"})
	find := func(path string, engines backend.Engines) (backend.Endpoint, error) {
		r, err := Find(t.Context(), fakeHost(nil, nil),
			Options{Host: "unix://" + path, HostSource: "--host", Engines: engines})
		return r.Chosen, err
	}
	engines := backend.Engines{toyEngine()}

	_, err := find(toySock, nil)
	require.ErrorIs(t, err, backend.ErrUnreachable, "it is no engine before it is registered")
	ep, err := find(toySock, engines)
	require.NoError(t, err)
	require.Equal(t, backend.Endpoint{URI: "unix://" + toySock, Kind: "toy", EngineVersion: "0.1"}, ep)
	be, err := engines.Open(ep)
	require.NoError(t, err)
	require.IsType(t, toy{}, be)
	c, err := be.CreateContainer(t.Context(), backend.ContainerSpec{Name: "one", Image: fake.Busybox})
	require.NoError(t, err)
	require.NoError(t, be.StartContainer(t.Context(), c.ID))
	require.NoError(t, be.RemoveContainer(t.Context(), c.ID))
	require.NoError(t, be.Close())

	ep, err = find(dockerSock, engines)
	require.NoError(t, err)
	require.Equal(t, backend.KindDocker, ep.Kind)
	_, err = engines.Open(ep)
	require.ErrorIs(t, err, backend.ErrUnsupported)
}
