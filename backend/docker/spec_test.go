package docker

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/golden"
)

// The engines that a specification is translated for.
func rootful() facts {
	f := facts{engine: "Docker 26.1.5", api: "1.45"}
	f.CgroupVersion = 2
	f.cpuLimit = true
	return f
}

func old() facts {
	f := rootful()
	f.engine, f.api = "Docker 20.10.24", "1.41"
	return f
}

func rootless() facts {
	f := rootful()
	f.rootless, f.cpuLimit = true, false
	return f
}

func remapped() facts {
	f := rootful()
	f.remaps = true
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
			{Type: spec.MountBind, Source: "/home/me/odd:name", Target: "/odd", Own: true},
			{Type: spec.MountBind, Source: "/home/me/src", Target: "/src", ReadOnly: true, Consistency: "cached"},
			{Type: spec.MountBind, Source: "/home/me/shared", Target: "/shared", Relabel: spec.RelabelPrivate,
				Propagation: "rslave"},
			{Type: spec.MountBind, Source: "/home/me/flat", Target: "/flat", NonRecursive: true, ReadOnly: true,
				Propagation: "rshared"},
			{Type: spec.MountVolume, Target: "/data"},
			{Type: spec.MountVolume, Source: "cache", Target: "/var/cache", NoCopy: true, ReadOnly: true},
			{Type: spec.MountVolume, Source: "labelled", Target: "/labelled", Relabel: spec.RelabelShared,
				NoCopy: true},
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
		Privileged: true, CgroupNS: spec.Namespace{Mode: spec.NamespacePrivate},
		IPC:    spec.Namespace{Mode: spec.NamespaceHost},
		PID:    spec.Namespace{Mode: spec.NamespaceContainer, Container: "other"},
		CapAdd: []string{"net_admin", "CAP_SYS_PTRACE", "NET_ADMIN"}, CapDrop: []string{"all"},
		Security: spec.Security{
			SELinux: spec.SELinux{Disabled: true, Type: "container_t"}, AppArmor: "unconfined", Seccomp: "profile.json",
			NoNewPrivileges: true, UnmaskAll: true,
		},
		Devices: []spec.Device{
			{HostPath: "/dev/fuse"}, {HostPath: "/dev/sda", ContainerPath: "/dev/xvda"},
			{HostPath: "/dev/kvm", Permissions: "rw"},
		},
		GPUs: 2, GroupAdd: []string{"audio", "44"}, Ulimits: []spec.Ulimit{{Name: "nofile", Soft: 1024, Hard: 4096}},
		Sysctls: map[string]string{"net.ipv4.ip_forward": "1"}, ReadOnlyRoot: true,
		Resources: spec.Resources{
			Memory: 512 << 20, MemorySwap: -1, MemoryReservation: 256 << 20, ShmSize: 128 << 20,
			CPUs: 1.5, CPUShares: 512, CPUSet: "0-1", Pids: 100,
		},
	}
}

func systemd() backend.ContainerSpec {
	return backend.ContainerSpec{Image: "sha256:0123", Command: []string{"/lib/systemd/systemd"},
		Init: backend.InitSystemd}
}

func TestContainerConfig(t *testing.T) {
	profiled := with(rootful(), func(f *facts) { f.seccomp = `{"defaultAction":"SCMP_ACT_ALLOW"}` })
	tests := []struct {
		name     string
		spec     backend.ContainerSpec
		facts    facts
		warnings []string
	}{
		{name: "minimal", spec: backend.ContainerSpec{Image: "sha256:0123"}, facts: rootful()},
		{name: "runner", spec: runner(), facts: rootful()},
		{name: "runner-old", spec: runner(), facts: old()},
		{name: "runner-labelled", spec: runner(), facts: with(rootful(), func(f *facts) { f.labels = true })},
		{name: "locked", spec: locked(), facts: profiled},
		{name: "locked-rootless", spec: change(locked(), func(s *backend.ContainerSpec) {
			s.Devices = nil
		}), facts: rootless(), warnings: []string{
			"privileged: rootless Docker gives the container no more than your own user may do; " +
				"devices, kernel modules and system-wide settings stay out of its reach",
			"cpus: this engine cannot limit it, because its cgroup controller cpu is not available",
		}},
		{name: "systemd", spec: systemd(), facts: rootful()},
		{name: "systemd-remapped", spec: systemd(), facts: remapped(), warnings: []string{
			"systemd: it cannot write its control group from a remapped user namespace, so the container gets the host's",
		}},
		{name: "systemd-privileged", spec: change(systemd(), func(s *backend.ContainerSpec) { s.Privileged = true }),
			facts: remapped()},
		{name: "systemd-own-mounts", spec: change(systemd(), func(s *backend.ContainerSpec) {
			s.Env, s.StopSignal = map[string]string{"container": "oci"}, "SIGRTMIN+4"
			s.Mounts = []spec.Mount{
				{Type: spec.MountTmpfs, Target: "/run"},
				{Type: spec.MountBind, Source: "/sys/fs/cgroup", Target: "/sys/fs/cgroup"},
			}
		}), facts: rootful()},
		{name: "userns-private", spec: backend.ContainerSpec{Image: "sha256:0123",
			UserNS: spec.UserNS{Mode: spec.UserNSPrivate}}, facts: remapped()},
		{name: "userns-host", spec: backend.ContainerSpec{Image: "sha256:0123",
			UserNS: spec.UserNS{Mode: spec.UserNSHost}}, facts: rootful()},
		{name: "device-remapped", spec: backend.ContainerSpec{
			Image: "sha256:0123", Devices: []spec.Device{{HostPath: "/dev/full", ContainerPath: "/dev/empty"}},
		}, facts: remapped(), warnings: []string{
			"devices: one cannot have another path in a remapped user namespace, so the container gets the host's",
		}},
		{name: "gpus-all", spec: backend.ContainerSpec{Image: "sha256:0123", GPUs: -1,
			PID: spec.Namespace{Mode: spec.NamespacePrivate}}, facts: rootful()},
		{
			name: "host-network", facts: rootful(), spec: backend.ContainerSpec{
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
			name: "container-network", facts: rootful(), spec: backend.ContainerSpec{
				Image: "sha256:0123", Hostname: "dokken",
				Network:    backend.NetworkAttachment{Mode: spec.NetworkContainer, Name: "other"},
				PublishAll: true, DNS: backend.DNS{Servers: []string{"10.0.0.2"}},
			},
			warnings: []string{
				"hostname: they are those of container other, whose network is shared",
				"ports: they are those of container other, whose network is shared",
				"dns: they are those of container other, whose network is shared",
			},
		},
		{name: "bridge-network", facts: rootful(), spec: backend.ContainerSpec{
			Image: "sha256:0123", Ports: []spec.PortMapping{{ContainerPort: 80}},
			Network: backend.NetworkAttachment{Mode: spec.NetworkBridge,
				Links: []spec.Link{{Container: "db", Alias: "database"}}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, warnings, err := containerConfig(test.spec, test.facts)
			require.NoError(t, err)
			require.Equal(t, test.warnings, warnings)
			got, err := json.MarshalIndent(config, "", "  ")
			require.NoError(t, err)
			golden.Equal(t, filepath.Join("testdata", test.name+".json"), append(got, '\n'))
		})
	}
}

func with(f facts, change func(*facts)) facts {
	change(&f)
	return f
}

func change(s backend.ContainerSpec, edit func(*backend.ContainerSpec)) backend.ContainerSpec {
	edit(&s)
	return s
}

func TestContainerConfigRefusals(t *testing.T) {
	mounted := func(m spec.Mount) backend.ContainerSpec {
		m.Target = "/x"
		return backend.ContainerSpec{Mounts: []spec.Mount{m}}
	}
	attached := func(n backend.NetworkAttachment) backend.ContainerSpec { return backend.ContainerSpec{Network: n} }
	tests := []struct {
		name  string
		spec  backend.ContainerSpec
		facts facts
		want  error
	}{
		{"keep-id", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSKeepID, UID: new(uint32)}}, rootful(),
			backend.ErrUnsupported},
		{"auto", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSAuto}}, rootful(), backend.ErrUnsupported},
		{"nomap", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSNoMap}}, rootful(),
			backend.ErrUnsupported},
		{"private without remapping", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSPrivate}}, rootful(),
			backend.ErrUnsupported},
		{"private and privileged", backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSPrivate},
			Privileged: true}, remapped(), backend.ErrUnsupported},
		{"private and another path of a device", backend.ContainerSpec{
			UserNS:  spec.UserNS{Mode: spec.UserNSPrivate},
			Devices: []spec.Device{{HostPath: "/dev/full", ContainerPath: "/dev/empty"}},
		}, remapped(), backend.ErrUnsupported},
		{"no such userns", backend.ContainerSpec{UserNS: spec.UserNS{Mode: "mine"}}, rootful(), backend.ErrInvalid},
		{"keep-groups", backend.ContainerSpec{GroupAdd: []string{"keep-groups"}}, rootful(), backend.ErrUnsupported},
		{"mask", backend.ContainerSpec{Security: spec.Security{Mask: []string{"/proc/a"}}}, rootful(),
			backend.ErrUnsupported},
		{"systemd without root on cgroup 1", systemd(), with(rootless(), func(f *facts) { f.CgroupVersion = 1 }),
			backend.ErrUnsupported},
		{"systemd in a private cgroup namespace",
			change(systemd(), func(s *backend.ContainerSpec) { s.CgroupNS.Mode = spec.NamespacePrivate }),
			rootful(), backend.ErrUnsupported},
		{"systemd in a private user namespace",
			change(systemd(), func(s *backend.ContainerSpec) { s.UserNS.Mode = spec.UserNSPrivate }),
			remapped(), backend.ErrUnsupported},
		{"ownership of a bind", mounted(spec.Mount{Type: spec.MountBind, Source: "/s", ChangeOwner: true}), rootful(),
			backend.ErrUnsupported},
		{"bind without copy", mounted(spec.Mount{Type: spec.MountBind, Source: "/s", NoCopy: true}), rootful(),
			backend.ErrUnsupported},
		{"tmpfs by ownership", mounted(spec.Mount{Type: spec.MountTmpfs, ChangeOwner: true}), rootful(),
			backend.ErrUnsupported},
		{"unbindable", mounted(spec.Mount{Type: spec.MountBind, Source: "/s", Propagation: "runbindable"}), rootful(),
			backend.ErrUnsupported},
		{"volume with exec", mounted(spec.Mount{Type: spec.MountVolume, FSOptions: []string{"exec"}}), rootful(),
			backend.ErrUnsupported},
		{"relabel /usr", mounted(spec.Mount{Type: spec.MountBind, Source: "/usr/", Relabel: spec.RelabelShared}),
			rootful(), backend.ErrInvalid},
		{"no such kind of mount", mounted(spec.Mount{Type: "npipe", Source: "x"}), rootful(), backend.ErrInvalid},
		{"image on an old engine", mounted(spec.Mount{Type: spec.MountImage, Source: "busybox"}), rootful(), backend.ErrUnsupported},
		{"address on the bridge", attached(backend.NetworkAttachment{Mode: spec.NetworkBridge, IPv4: "10.0.0.9"}),
			rootful(), backend.ErrInvalid},
		{"links on the host", attached(backend.NetworkAttachment{Mode: spec.NetworkHost,
			Links: []spec.Link{{Container: "db", Alias: "db"}}}), rootful(), backend.ErrUnsupported},
		{"no such network mode", attached(backend.NetworkAttachment{Mode: "pasta"}), rootful(), backend.ErrInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := containerConfig(test.spec, test.facts)
			require.ErrorIs(t, err, test.want)
			var refusal *backend.Error
			if errors.Is(test.want, backend.ErrUnsupported) {
				require.ErrorAs(t, err, &refusal)
				require.Contains(t, refusal.Detail, test.facts.engine+" cannot do ")
				require.NotEmpty(t, refusal.Remedy)
			}
		})
	}
}

// TestNeedsMeasure: the plain path must not cost a call more.
func TestNeedsMeasure(t *testing.T) {
	require.False(t, needsMeasure(change(runner(), func(s *backend.ContainerSpec) { s.Network.MAC = "" })))
	require.True(t, needsMeasure(runner()), "where a MAC address goes depends on the version of the API")
	require.True(t, needsMeasure(systemd()))
	require.True(t, needsMeasure(locked()))
	require.True(t, needsMeasure(backend.ContainerSpec{UserNS: spec.UserNS{Mode: spec.UserNSPrivate}}))
	require.True(t, needsMeasure(backend.ContainerSpec{Resources: spec.Resources{CPUs: 0.5}}))
}

func TestReadProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "profile.json")
	require.NoError(t, os.WriteFile(file, []byte("{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\"\n}\n"), 0o600))
	for name, want := range map[string]string{
		file: `{"defaultAction":"SCMP_ACT_ALLOW"}`, "": "", "unconfined": "", "builtin": "", ` {"inline":true}`: "",
	} {
		profile, err := readProfile(name)
		require.NoError(t, err)
		require.Equal(t, want, profile, name)
	}
	_, err := readProfile(file + ".missing")
	require.ErrorIs(t, err, backend.ErrInvalid)
	require.NoError(t, os.WriteFile(file, []byte("no JSON"), 0o600))
	_, err = readProfile(file)
	require.ErrorIs(t, err, backend.ErrInvalid)
}

func TestHasColon(t *testing.T) {
	for path, want := range map[string]bool{"/a/b": false, "/a:b": true, `C:\a`: false, "C:/a": false, `C:\a:b`: true,
		"": false} {
		require.Equal(t, want, hasColon(path), path)
	}
}
