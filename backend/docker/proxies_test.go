package docker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestProxiesOfTheClient(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	got, _, err := withProxies(map[string]string{"A": "b"}, file, "unix:///x")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "b"}, got, "no file")
	require.NoError(t, os.WriteFile(file, []byte(`{"auths":{},"proxies":{
		"default":{"httpProxy":"http://proxy:1","noProxy":"a,b"},
		"tcp://far:2376":{"httpsProxy":"http://far:2","allProxy":"socks://far"}}}`), 0o600))
	got, _, err = withProxies(map[string]string{"http_proxy": "mine"}, file, "unix:///x")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"HTTP_PROXY": "http://proxy:1", "http_proxy": "mine", "NO_PROXY": "a,b", "no_proxy": "a,b",
	}, got)
	got, _, err = withProxies(nil, file, "tcp://far:2376")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"HTTPS_PROXY": "http://far:2", "https_proxy": "http://far:2", "ALL_PROXY": "socks://far",
		"all_proxy": "socks://far",
	}, got)
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, _, err = withProxies(nil, file, "")
	require.ErrorIs(t, err, backend.ErrInvalid)
	require.ErrorContains(t, err, file)
	got, _, err = withProxies(map[string]string{"A": "b"}, filepath.Join(file, ".docker", "config.json"), "")
	require.NoError(t, err, "a HOME that is no directory")
	require.Equal(t, map[string]string{"A": "b"}, got)
}
