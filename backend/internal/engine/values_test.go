package engine

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func TestCapabilities(t *testing.T) {
	require.Equal(t, []string{"ALL", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"},
		Capabilities([]string{"sys_ptrace", "CAP_NET_ADMIN", "net_admin", " all "}))
	require.Empty(t, Capabilities(nil))
}

func TestEnv(t *testing.T) {
	env := map[string]string{"B": "2=2", "A": "", "C": "x y"}
	require.Equal(t, []string{"A=", "B=2=2", "C=x y"}, EnvList(env))
}

func TestProtocol(t *testing.T) {
	for in, want := range map[string]string{"": "tcp", "TCP": "tcp", "Udp": "udp", "sctp": "sctp"} {
		require.Equal(t, want, Protocol(in))
	}
}

func TestLabelFilter(t *testing.T) {
	require.Equal(t, []string{"a=1=2", "b"}, LabelFilter(backend.Labels{"b": "", "a": "1=2"}))
}

func TestParsePlatform(t *testing.T) {
	for in, want := range map[string]*ocispec.Platform{
		"":               nil,
		"linux/amd64":    {OS: "linux", Architecture: "amd64"},
		"linux/arm64/v8": {OS: "linux", Architecture: "arm64", Variant: "v8"},
	} {
		got, err := ParsePlatform(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"linux", "linux/", "/amd64", "a/b/c/d", "linux//v8"} {
		_, err := ParsePlatform(in)
		require.ErrorIs(t, err, backend.ErrInvalid, in)
	}
}

func TestCheckPlatform(t *testing.T) {
	image := backend.Image{OS: "linux", Arch: "arm64", Variant: "v8"}
	for platform, want := range map[string]error{
		"": nil, "linux/arm64": nil, "linux/arm64/v8": nil,
		"linux/arm64/v9": backend.ErrWrongPlatform, "linux/amd64": backend.ErrWrongPlatform,
		"windows/arm64": backend.ErrWrongPlatform,
		"arm64":         backend.ErrInvalid,
	} {
		require.ErrorIs(t, CheckPlatform("pull x", platform, image), want, platform)
	}
}

func TestULA(t *testing.T) {
	local := netip.MustParsePrefix("fd00::/8")
	seen := map[netip.Prefix]bool{}
	for _, name := range []string{"dokken", "galley"} {
		for attempt := range 5 {
			p := ULA(name, attempt)
			require.Equal(t, p, ULA(name, attempt), "stable")
			require.Equal(t, 64, p.Bits())
			require.True(t, local.Contains(p.Addr()))
			require.Equal(t, p.Masked(), p)
			require.False(t, seen[p])
			seen[p] = true
		}
	}
}

// A subnet that galley chose gives way to others, whoever chose that for IPv4, and one that was chosen does not.
func TestCreateNetwork(t *testing.T) {
	taken := &backend.Error{Kind: backend.ErrConflict}
	asked := func(s backend.NetworkSpec) (subnets []string) {
		_, err := CreateNetwork(s, func(s backend.NetworkSpec) (backend.Network, error) {
			subnets = append(subnets, s.IPv6Subnet)
			return backend.Network{}, taken
		}, func(conflict error) (backend.Network, error) { return backend.Network{}, conflict })
		require.ErrorIs(t, err, taken)
		return subnets
	}
	var derived []string
	for try := range subnetTries {
		derived = append(derived, ULA("n", try).String())
	}
	require.Equal(t, derived, asked(backend.NetworkSpec{Name: "n", IPv6: true}))
	require.Equal(t, derived, asked(backend.NetworkSpec{Name: "n", IPv6: true, Subnet: "10.5.0.0/24"}))
	require.Equal(t, []string{"fd00::/64"}, asked(backend.NetworkSpec{Name: "n", IPv6: true, IPv6Subnet: "fd00::/64"}))
	require.Equal(t, []string{""}, asked(backend.NetworkSpec{Name: "n", Subnet: "10.5.0.0/24"}))
}

func TestRegistryAuth(t *testing.T) {
	header, err := RegistryAuth(nil)
	require.NoError(t, err)
	require.Empty(t, header, "an anonymous pull")

	for registry, address := range map[string]string{"r.example:5000": "r.example:5000",
		"docker.io": "https://index.docker.io/v1/"} {
		header, err = RegistryAuth(&backend.Credentials{Registry: registry, Username: "me", Password: "a?>b"})
		require.NoError(t, err)
		text, err := base64.URLEncoding.DecodeString(header)
		require.NoError(t, err)
		var sent map[string]string
		require.NoError(t, json.Unmarshal(text, &sent))
		require.Equal(t, map[string]string{"username": "me", "password": "a?>b", "serveraddress": address}, sent)
	}
}

func TestRegistryConfig(t *testing.T) {
	header, err := RegistryConfig(nil)
	require.NoError(t, err)
	require.Empty(t, header)

	header, err = RegistryConfig([]backend.Credentials{{Registry: "a", IdentityToken: "t"},
		{Registry: "b", Username: "u", Password: "p"}})
	require.NoError(t, err)
	text, err := base64.URLEncoding.DecodeString(header)
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"identitytoken":"t","serveraddress":"a"},"b":{"username":"u","password":"p","serveraddress":"b"}}`, string(text))
}

func TestRelabelled(t *testing.T) {
	t.Setenv("HOME", "/somewhere/me")
	for source, want := range map[string]error{
		"/": backend.ErrInvalid, "/usr/": backend.ErrInvalid, "/etc/../usr": backend.ErrInvalid,
		"/somewhere/me":         backend.ErrInvalid,
		"/somewhere/me/project": nil, "/srv/data": nil,
	} {
		_, err := Relabelled(spec.Mount{Source: source, Own: true}, true)
		require.ErrorIs(t, err, want, source)
		_, err = Relabelled(spec.Mount{Source: source}, true)
		require.NoError(t, err, source)
	}
}
