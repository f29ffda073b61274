package podman

import (
	"encoding/json"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/containers/common/libnetwork/types"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/golden"
)

// The engines that a specification is translated for.
func rootful() facts {
	return facts{
		measured: measured{controllers: []string{"memory", "cpu", "cpuset", "pids"}},
		version:  version{5, 4},
	}
}

func rootless() facts {
	f := rootful()
	f.rootless = true
	f.controllers = []string{"pids"}
	return f
}

func old() facts {
	f := rootful()
	f.version = version{4, 3}
	return f
}

// A dokken runner, with all that kitchen.yml usually asks for.
func runner() backend.ContainerSpec {
	return backend.ContainerSpec{
		Name: "abc-default-debian-12", Image: "sha256:0123", Platform: "linux/arm64/v8",
		Command: []string{"sh", "-c", "sleep 1"}, Env: map[string]string{"TEST_KITCHEN": "1", "CI": "true"},
		Hostname: "dokken", Domainname: "example.com", WorkDir: "/srv",
		Labels: backend.Labels{"dev.galley.role": "runner"},
		Init:   backend.InitReaper, StopSignal: "SIGTERM", Tty: true,
		VolumesFrom: []spec.VolumesFrom{{Container: "tool"}, {Container: "data", ReadOnly: true}},
		Mounts: []spec.Mount{
			{Type: spec.MountBind, Source: "/home/me/.galley/sandbox", Target: "/opt/kitchen", Own: true},
			{Type: spec.MountBind, Source: "/home/me/src", Target: "/src", ReadOnly: true, Consistency: "cached"},
			{Type: spec.MountBind, Source: "/home/me/shared", Target: "/shared", Relabel: spec.RelabelPrivate,
				Propagation: "rslave"},
			{Type: spec.MountBind, Source: "/home/me/base", Target: "/base", Overlay: true},
			{Type: spec.MountVolume, Target: "/data"},
			{Type: spec.MountVolume, Source: "cache", Target: "/var/cache", NoCopy: true, ReadOnly: true,
				FSOptions: []string{"nosuid"}},
			{Type: spec.MountTmpfs, Target: "/scratch", FSOptions: []string{"exec", "size=64m"}},
		},
		Network: backend.NetworkAttachment{
			Mode: spec.NetworkNamed, Name: "dokken", Aliases: []string{"dokken", "web"},
			IPv4: "10.9.8.7", IPv6: "fd00::7", MAC: "02:42:0a:09:08:07",
			Links: []spec.Link{{Container: "db", Alias: "db"}, {Container: "queue", Alias: "broker"}},
		},
		Ports: []spec.PortMapping{
			{ContainerPort: 80}, {HostIP: "127.0.0.1", HostPort: 8053, ContainerPort: 53, Protocol: "UDP"},
		},
		PublishAll: true,
		ExtraHosts: []spec.HostEntry{{Name: "db.example.com", Address: netip.MustParseAddr("10.0.0.9")},
			{Name: "host", Gateway: true}},
		DNS: backend.DNS{Servers: []string{"10.0.0.2"}, Search: []string{"example.com"},
			Options: []string{"ndots:2"}},
	}
}

// A container with everything that has to do with privileges and limits.
func locked() backend.ContainerSpec {
	return backend.ContainerSpec{
		Name: "locked", Image: "sha256:0123", Entrypoint: []string{}, User: "1000:1000",
		Privileged: true, UserNS: spec.UserNS{Mode: spec.UserNSKeepID, UID: id(1000), GID: id(1000)},
		CgroupNS: spec.Namespace{Mode: spec.NamespacePrivate},
		IPC:      spec.Namespace{Mode: spec.NamespaceHost},
		PID:      spec.Namespace{Mode: spec.NamespaceContainer, Container: "other"},
		CapAdd:   []string{"net_admin", "CAP_SYS_PTRACE", "NET_ADMIN"}, CapDrop: []string{"all"},
		Security: spec.Security{
			SELinux: spec.SELinux{Disabled: true, Type: "container_t"}, AppArmor: "unconfined", Seccomp: "unconfined",
			NoNewPrivileges: true, UnmaskAll: true, Mask: []string{"/proc/a", "/proc/b"},
			ProcOptions: []string{"hidepid=2"},
		},
		Devices: []spec.Device{
			{HostPath: "/dev/fuse"}, {HostPath: "/dev/sda", ContainerPath: "/dev/xvda"},
			{HostPath: "/dev/kvm", Permissions: "rw"}, {HostPath: "vendor.com/class=name"},
		},
		GPUs: 2, GroupAdd: []string{"audio", "44"}, Ulimits: []spec.Ulimit{{Name: "nofile", Soft: 1024, Hard: 4096}},
		Sysctls: map[string]string{"net.ipv4.ip_forward": "1"}, ReadOnlyRoot: true,
		Resources: spec.Resources{
			Memory: 512 << 20, MemorySwap: -1, MemoryReservation: 256 << 20, ShmSize: 128 << 20,
			CPUs: 1.5, CPUShares: 512, CPUSet: "0-1", Pids: 100,
		},
	}
}

func TestContainerConfig(t *testing.T) {
	tests := []struct {
		name     string
		cs       backend.ContainerSpec
		facts    facts
		warnings []string
	}{
		{name: "minimal", cs: backend.ContainerSpec{Image: "sha256:0123"}},
		{
			name: "runner", cs: runner(), facts: with(rootful(),
				func(f *facts) { f.linked = map[string]string{"queue": "10.9.8.9"} }),
			warnings: []string{"links: Podman has no links; broker stands for the address that queue has now, 10.9.8.9"},
		},
		{name: "locked", cs: with(locked(),
			func(s *backend.ContainerSpec) { s.UserNS = spec.UserNS{Mode: spec.UserNSKeepID} }), facts: rootful()},
		{name: "locked-rootless", cs: locked(), facts: rootless(), warnings: []string{
			"privileged: rootless Podman gives the container no more than your own user may do; " +
				"devices, kernel modules and system-wide settings stay out of its reach",
			"memory: this engine cannot limit it, because its cgroup controller memory is not available",
			"cpus: this engine cannot limit it, because its cgroup controller cpu is not available",
			"cpuset: this engine cannot limit it, because its cgroup controller cpuset is not available",
		}},
		{name: "systemd", cs: backend.ContainerSpec{
			Image: "sha256:0123", Command: []string{"/lib/systemd/systemd"}, Init: backend.InitSystemd,
			StopSignal: "SIGRTMIN+3",
			CgroupNS:   spec.Namespace{Mode: spec.NamespacePrivate},
		}},
		{name: "keep-id-image-user", facts: with(rootless(), func(f *facts) { f.imageUser = "app" }),
			cs: backend.ContainerSpec{
				Image: "sha256:0123", UserNS: spec.UserNS{Mode: spec.UserNSKeepID},
			}},
		{name: "nomap-root", facts: rootless(),
			cs: backend.ContainerSpec{Image: "sha256:0123", UserNS: spec.UserNS{Mode: spec.UserNSNoMap}}},
		{name: "userns-private", cs: backend.ContainerSpec{Image: "sha256:0123",
			UserNS: spec.UserNS{Mode: spec.UserNSPrivate}}},
		{name: "userns-auto", cs: backend.ContainerSpec{Image: "sha256:0123",
			UserNS: spec.UserNS{Mode: spec.UserNSAuto, Size: 4096}}},
		{name: "userns-host", cs: backend.ContainerSpec{Image: "sha256:0123",
			UserNS: spec.UserNS{Mode: spec.UserNSHost}}},
		{name: "keep-groups", cs: backend.ContainerSpec{Image: "sha256:0123", GroupAdd: []string{"keep-groups"},
			GPUs: -1}},
		{
			name: "host-network", cs: backend.ContainerSpec{
				Image: "sha256:0123", Network: backend.NetworkAttachment{Mode: spec.NetworkHost,
					Aliases: []string{"web"}},
				Ports: []spec.PortMapping{{ContainerPort: 80}},
			},
			warnings: []string{
				"aliases: other containers find them only on a network with a name of its own",
				"ports: nothing is published with network_mode host",
			},
		},
		{
			name: "container-network", cs: backend.ContainerSpec{
				Image: "sha256:0123", Hostname: "dokken", PublishAll: true,
				Network: backend.NetworkAttachment{Mode: spec.NetworkContainer, Name: "other",
					Links: []spec.Link{{Container: "db", Alias: "database"}}},
				DNS: backend.DNS{Servers: []string{"10.0.0.2"}},
			},
			warnings: []string{
				"links: they are those of container other, whose network is shared",
				"ports: they are those of container other, whose network is shared",
				"dns: they are those of container other, whose network is shared",
			},
		},
		{name: "bridge-network", cs: backend.ContainerSpec{
			Image: "sha256:0123", Network: backend.NetworkAttachment{Mode: spec.NetworkBridge},
			Ports: []spec.PortMapping{{ContainerPort: 80}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, warnings, err := containerConfig(test.cs, test.facts)
			require.NoError(t, err)
			require.Equal(t, test.warnings, warnings)
			got, err := json.MarshalIndent(config, "", "  ")
			require.NoError(t, err)
			golden.Equal(t, filepath.Join("testdata", test.name+".json"), append(got, '\n'))
		})
	}
}

func id(n uint32) *uint32 { return &n }

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func TestContainerConfigRefusals(t *testing.T) {
	bind := func(m spec.Mount) backend.ContainerSpec {
		m.Type, m.Target = spec.MountBind, "/x"
		return backend.ContainerSpec{Mounts: []spec.Mount{m}}
	}
	attached := func(n backend.NetworkAttachment) backend.ContainerSpec { return backend.ContainerSpec{Network: n} }
	tests := []struct {
		name  string
		cs    backend.ContainerSpec
		facts facts
		want  error
	}{
		{"keep-id as root before 4.6", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSKeepID}}, old(),
			backend.ErrUnsupported},
		{"keep-id of chosen ids as root",
			backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSKeepID, UID: id(1000)}}, rootful(),
			backend.ErrUnsupported},
		{"nomap as root", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSNoMap}}, rootful(),
			backend.ErrUnsupported},
		{"userns of no engine", backend.ContainerSpec{UserNS: spec.UserNS{Mode: "martian"}}, rootful(),
			backend.ErrInvalid},
		{"host-gateway before 4.7", backend.ContainerSpec{ExtraHosts: []spec.HostEntry{{Name: "h", Gateway: true}}},
			old(), backend.ErrUnsupported},
		{"seccomp profile written out", backend.ContainerSpec{Security: spec.Security{Seccomp: `{"defaultAction":"SCMP_ACT_ALLOW"}`}}, rootful(), backend.ErrUnsupported},
		{"security option of Docker's", backend.ContainerSpec{Security: spec.Security{WritableCgroups: true}},
			rootful(), backend.ErrUnsupported},
		{"signal", backend.ContainerSpec{StopSignal: "SIGTEA"}, rootful(), backend.ErrInvalid},
		{"platform", backend.ContainerSpec{Platform: "arm64"}, rootful(), backend.ErrInvalid},
		{"groups", backend.ContainerSpec{GroupAdd: []string{"keep-groups", "audio"}}, rootful(), backend.ErrInvalid},
		{"relabel of /usr", bind(spec.Mount{Source: "/usr", Relabel: spec.RelabelShared}), rootful(),
			backend.ErrInvalid},
		{"kind of mount", backend.ContainerSpec{Mounts: []spec.Mount{{Type: "nfs", Target: "/x"}}}, rootful(),
			backend.ErrInvalid},
		{"name server", backend.ContainerSpec{DNS: backend.DNS{Servers: []string{"dns.example.com"}}}, rootful(),
			backend.ErrInvalid},
		{"network mode", attached(backend.NetworkAttachment{Mode: "martian"}), rootful(), backend.ErrInvalid},
		{"address on the default bridge",
			attached(backend.NetworkAttachment{Mode: spec.NetworkBridge, IPv4: "10.0.0.1"}), rootful(),
			backend.ErrInvalid},
		{"address", attached(backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: "n", IPv4: "10.0.0"}), rootful(),
			backend.ErrInvalid},
		{"MAC address", attached(backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: "n", MAC: "02:42"}),
			rootful(), backend.ErrInvalid},
		{"port below 0", backend.ContainerSpec{Ports: []spec.PortMapping{{HostPort: -1, ContainerPort: 80}}}, rootful(),
			backend.ErrInvalid},
		{"port above the last", backend.ContainerSpec{Ports: []spec.PortMapping{{ContainerPort: 1 << 16}}}, rootful(),
			backend.ErrInvalid},
		{"ulimit below -1", backend.ContainerSpec{Ulimits: []spec.Ulimit{{Name: "core", Soft: -2, Hard: -1}}}, rootful(),
			backend.ErrInvalid},
		{"cpu shares below 0", backend.ContainerSpec{Resources: spec.Resources{CPUShares: -1}}, rootful(),
			backend.ErrInvalid},
		{"link without an address", attached(backend.NetworkAttachment{Links: []spec.Link{{Container: "db",
			Alias: "database"}}}), rootful(), backend.ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := containerConfig(test.cs, test.facts)
			require.ErrorIs(t, err, test.want)
		})
	}
}

// The plain path asks the engine for nothing. Rootless Podman has a program that passes connections on, where root
// leaves it to the kernel.
func TestIPv6PortsAreWeakerForRoot(t *testing.T) {
	cs := backend.ContainerSpec{Image: "sha256:0123",
		Ports: []spec.PortMapping{{HostIP: "::1", HostPort: 8080, ContainerPort: 80}}}
	for _, rootless := range []bool{false, true} {
		f := facts{}
		f.rootless = rootless
		c, warnings, err := containerConfig(cs, f)
		require.NoError(t, err)
		require.Equal(t, []types.PortMapping{{HostIP: "::1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}},
			c.PortMappings)
		require.Equal(t, !rootless, len(warnings) == 1, "%q", warnings)
	}
}

// Without a limit the number is the largest one: the server takes no other.
func TestUnlimited(t *testing.T) {
	c, _, err := containerConfig(
		backend.ContainerSpec{Ulimits: []spec.Ulimit{{Name: "core", Soft: -1, Hard: -1}}}, facts{})
	require.NoError(t, err)
	text, err := json.Marshal(c.Rlimits)
	require.NoError(t, err)
	require.JSONEq(t, `[{"type":"core","soft":18446744073709551615,"hard":18446744073709551615}]`, string(text))
}

func TestNeeds(t *testing.T) {
	tests := []struct {
		name                        string
		cs                          backend.ContainerSpec
		measure, version, imageUser bool
	}{
		{name: "plain", cs: backend.ContainerSpec{
			User: "1000", Init: backend.InitSystemd, CapAdd: []string{"ALL"}, Resources: spec.Resources{ShmSize: 1},
			ExtraHosts: []spec.HostEntry{{Name: "h", Address: netip.MustParseAddr("10.0.0.1")}},
			UserNS:     spec.UserNS{Mode: spec.UserNSHost},
		}},
		{name: "privileged", cs: backend.ContainerSpec{Privileged: true}, measure: true},
		{name: "IPv6 port", cs: backend.ContainerSpec{Ports: []spec.PortMapping{{HostIP: "::1", ContainerPort: 80}}},
			measure: true},
		{name: "limited", cs: backend.ContainerSpec{Resources: spec.Resources{Pids: 1}}, measure: true},
		{name: "host-gateway", cs: backend.ContainerSpec{ExtraHosts: []spec.HostEntry{{Gateway: true}}}, version: true},
		{name: "keep-id", cs: backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSKeepID, UID: id(1)}},
			measure: true, version: true, imageUser: true},
		{name: "keep-id, user", cs: backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSKeepID}, User: "1"},
			measure: true, version: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.measure, needsMeasure(test.cs))
			require.Equal(t, test.version, needsVersion(test.cs))
			require.Equal(t, test.imageUser, needsImageUser(test.cs))
		})
	}
}
