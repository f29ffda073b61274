package lifecycle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

func TestTransitions(t *testing.T) {
	for _, tc := range []struct {
		last, desired Phase
		want          []Phase
	}{
		{"", PhaseCreate, []Phase{PhaseCreate}},
		{"", PhaseVerify, []Phase{PhaseCreate, PhaseConverge, PhaseSetup, PhaseVerify}},
		{PhaseCreate, PhaseCreate, []Phase{PhaseCreate}},
		{PhaseCreate, PhaseSetup, []Phase{PhaseConverge, PhaseSetup}},
		{PhaseVerify, PhaseConverge, []Phase{PhaseConverge}},
		{PhaseVerify, PhaseVerify, []Phase{PhaseVerify}},
		{PhaseVerify, PhaseDestroy, []Phase{PhaseDestroy}},
		{"", PhaseDestroy, []Phase{PhaseDestroy}},
	} {
		require.Equal(t, tc.want, transitions(tc.last, tc.desired), "%q to %q", tc.last, tc.desired)
	}
}

func TestNames(t *testing.T) {
	p := Project{ID: "0123456789"}
	require.Equal(t, "galley-0123456789-default-ubuntu-2404", containerName(p, "default-ubuntu-2404"))
	long := containerName(p, strings.Repeat("x", 300))
	require.NotEqual(t, long, containerName(p, strings.Repeat("x", 301)))
}

func TestQualify(t *testing.T) {
	for _, tc := range []struct{ registry, image, want string }{
		{"", "a/b", "a/b"},
		{"r.example.com", "debian:12", "r.example.com/debian:12"},
		{"r.example.com", "chef/chef", "r.example.com/chef/chef"},
		{"r.example.com", "other.example.com/x", "other.example.com/x"},
		{"r.example.com", "localhost/x", "localhost/x"},
		{"r.example.com", "localhost:5000/x", "localhost:5000/x"},
		{"r.example.com", "sha256:0123", "sha256:0123"},
	} {
		require.Equal(t, tc.want, qualify(tc.registry, tc.image))
	}
}

func TestNetworkAttachment(t *testing.T) {
	i := config.Instance{Name: "default-debian"}
	i.Driver = config.Driver{Network: spec.Network{Mode: spec.NetworkNamed, Name: "dokken"}, Hostname: "dokken"}
	require.Equal(t, []string{"default-debian"}, networkAttachment(i).Aliases,
		"the default host name answers for no instance")
	i.Driver.Hostname, i.Driver.HostnameSet, i.Driver.HostnameAliases = "web", true, []string{"www", "web"}
	require.Equal(t, []string{"default-debian", "web", "www"}, networkAttachment(i).Aliases)
	for _, n := range []spec.Network{
		{Mode: spec.NetworkHost}, {Mode: spec.NetworkNone}, {Mode: spec.NetworkBridge},
		{Mode: spec.NetworkContainer, Name: "db"}, {Mode: spec.NetworkNamed, Name: "mine"}, {},
	} {
		i.Driver.Network = n
		a := networkAttachment(i)
		require.Equal(t, n, spec.Network{Mode: a.Mode, Name: a.Name})
	}
}

func TestInitKind(t *testing.T) {
	for _, tc := range []struct {
		d    config.Driver
		want int
	}{
		{config.Driver{}, 0},
		{config.Driver{Init: true}, 1},
		{config.Driver{Command: []string{"/usr/lib/systemd/systemd"}}, 2},
		{config.Driver{Command: []string{"/sbin/init"}, Init: true}, 2},
		{config.Driver{Command: []string{"/sbin/init"}, InitSystem: config.InitNone}, 0},
		{config.Driver{Command: []string{"/start.sh"}, InitSystem: config.InitSystemd}, 2},
	} {
		require.Equal(t, tc.want, int(initKind(tc.d)), "%+v", tc.d)
	}
}

func TestChangedFields(t *testing.T) {
	old := map[string]string{"Image": "1", "CapAdd": "2", "Mounts": "3"}
	now := map[string]string{"Image": "9", "CapAdd": "2", "ExtraHosts": "4"}
	require.Equal(t, []string{"extra hosts", "image", "volumes"}, changedFields(old, now))
}

// Whose root owns what in a sandbox decides who has to be able to write there.
func TestNeedsOpenSandbox(t *testing.T) {
	for _, c := range []struct {
		driver         config.Driver
		remapped, want bool
	}{
		{},
		{driver: config.Driver{User: "root"}}, {driver: config.Driver{User: "0:0"}},
		{driver: config.Driver{User: "app"}, want: true}, {driver: config.Driver{User: "1000"}, want: true},
		{driver: config.Driver{CapDrop: []string{"all"}}, want: true},
		{driver: config.Driver{CapDrop: []string{"CAP_DAC_OVERRIDE"}}, want: true},
		{driver: config.Driver{CapDrop: []string{"NET_RAW"}}},
		{remapped: true, want: true}, {driver: config.Driver{Privileged: true}, remapped: true},
		{driver: config.Driver{UserNS: spec.UserNS{Mode: spec.UserNSHost}}, remapped: true},
		{driver: config.Driver{UserNS: spec.UserNS{Mode: spec.UserNSAuto}}, want: true},
		{driver: config.Driver{UserNS: spec.UserNS{Mode: spec.UserNSKeepID}}, want: true},
	} {
		require.Equal(t, c.want, needsOpenSandbox(c.driver, c.remapped), "%+v", c)
	}
}
