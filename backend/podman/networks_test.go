package podman

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

func TestNetworkConfig(t *testing.T) {
	plain, err := networkConfigFrom(backend.NetworkSpec{Name: "n", Labels: backend.Labels{"a": "b"}})
	require.NoError(t, err)
	text, err := json.Marshal(plain)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"n","driver":"bridge","dns_enabled":true,"ipv6_enabled":false,"labels":{"a":"b"}}`,
		string(text))

	chosen, err := networkConfigFrom(backend.NetworkSpec{Name: "n", IPv6: true, IPv6Subnet: "fd00:1::5/64"})
	require.NoError(t, err)
	require.Equal(t, []subnet{{"fd00:1::/64"}}, chosen.Subnets)

	for _, bad := range []string{"fd00::", "10.0.0.0/8", "any"} {
		_, err := networkConfigFrom(backend.NetworkSpec{Name: "n", IPv6: true, IPv6Subnet: bad})
		require.ErrorIs(t, err, backend.ErrInvalid, bad)
	}
}

// TestEnsureNetworkSubnetTaken: a derived subnet gives way, one that was asked for does not.
func TestEnsureNetworkSubnetTaken(t *testing.T) {
	var asked []string
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var config networkConfig
		require.NoError(t, json.NewDecoder(r.Body).Decode(&config))
		asked = append(asked, config.Subnets[0].Subnet)
		w.WriteHeader(http.StatusInternalServerError)
		_, err := io.WriteString(w, `{"message":"subnet `+config.Subnets[0].Subnet+
			` is already used on the host or by another config"}`)
		require.NoError(t, err)
	})
	_, err := b.EnsureNetwork(t.Context(), backend.NetworkSpec{Name: "n", IPv6: true})
	require.ErrorIs(t, err, backend.ErrConflict)
	var want []string
	for try := range 5 {
		want = append(want, engine.ULA("n", try).String())
	}
	require.Equal(t, want, asked)

	asked = nil
	_, err = b.EnsureNetwork(t.Context(), backend.NetworkSpec{Name: "n", IPv6: true, IPv6Subnet: "fd00::/64"})
	require.ErrorIs(t, err, backend.ErrConflict)
	require.Equal(t, []string{"fd00::/64"}, asked)
}

// TestRemoveNetworkReported: some versions tell of a network in use in a list, with status 200.
func TestRemoveNetworkReported(t *testing.T) {
	answer := `[{"Name":"n","Err":{}}]`
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, answer)
		require.NoError(t, err)
	})
	require.ErrorIs(t, b.RemoveNetwork(t.Context(), "n"), backend.ErrConflict)
	answer = `[{"Name":"n","Err":null}]`
	require.NoError(t, b.RemoveNetwork(t.Context(), "n"))
}
