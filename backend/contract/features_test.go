package contract_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

func featureCases() []testCase {
	var all []testCase
	for _, f := range slices.Concat(identityFeatures(), processFeatures(), limitFeatures(), mountFeatures(),
		networkFeatures()) {
		all = append(all, testCase{"feature/" + f.name, f.test})
	}
	return append(all, testCase{"feature/init-systemd", testSystemd})
}

func identityFeatures() []feature {
	return []feature{
		{
			name: "env",
			want: asks(func(s *backend.ContainerSpec) { s.Env = map[string]string{"SET": "a=b c", "EMPTY": ""} }),
			seen: shows(`echo "$SET,${EMPTY-unset}"`, "a=b c,"),
		},
		{
			name: "hostname",
			want: asks(func(s *backend.ContainerSpec) { s.Hostname = "dokken" }),
			seen: shows("hostname", "dokken"),
		},
		{
			name:      "hostname-with-domain",
			want:      asks(func(s *backend.ContainerSpec) { s.Hostname, s.Domainname = "dokken", "example.test" }),
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				name, domain := s.look(t, c.ID, "hostname"), s.look(t, c.ID, "cat /proc/sys/kernel/domainname")
				if name != "dokken.example.test" && (name != "dokken" || domain != "example.test") {
					return fmt.Errorf("hostname %q, domain %q", name, domain)
				}
				return nil
			},
		},
		{
			name: "user",
			want: asks(func(s *backend.ContainerSpec) { s.User = "65534:1234" }),
			seen: shows("id -u; id -g", "65534\n1234"),
		},
		{
			name: "user-by-name",
			want: asks(func(s *backend.ContainerSpec) { s.User = "nobody" }),
			seen: shows("id -u", "65534"),
		},
		{
			name: "working-dir",
			want: asks(func(s *backend.ContainerSpec) { s.WorkDir = "/var/tmp" }),
			seen: shows("pwd", "/var/tmp"),
		},
		{
			name: "group-add",
			want: asks(func(s *backend.ContainerSpec) { s.GroupAdd = []string{"4242"} }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID, "id -G"); !slices.Contains(strings.Fields(got), "4242") {
					return fmt.Errorf("the groups are %s", got)
				}
				return nil
			},
		},
		{
			name: "labels",
			want: asks(func(s *backend.ContainerSpec) { s.Labels["example.odd"] = `a="b" {c} 'd', e` }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.inspect(t, c.ID).Labels["example.odd"]; got != `a="b" {c} 'd', e` {
					return fmt.Errorf("the label is %q", got)
				}
				return nil
			},
		},
		{
			name: "platform",
			want: func(_ *testing.T, s *suite) []edit {
				return []edit{func(cs *backend.ContainerSpec) { cs.Platform = s.busybox.Platform() }}
			},
			seen: shows("echo runs", "runs"),
		},
		{
			name: "tty",
			want: asks(func(s *backend.ContainerSpec) { s.Tty = true }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID, "readlink /proc/1/fd/0"); !strings.HasPrefix(got, "/dev/") ||
					got == "/dev/null" {
					return fmt.Errorf("PID 1's standard input is %s", got)
				}
				return nil
			},
		},
	}
}

func processFeatures() []feature {
	user := uint32(1000)
	host := func(set func(*backend.ContainerSpec, spec.Namespace)) edit {
		return func(s *backend.ContainerSpec) { set(s, spec.Namespace{Mode: spec.NamespaceHost}) }
	}
	hostIPC := host(func(s *backend.ContainerSpec, n spec.Namespace) { s.IPC = n })
	hostPID := host(func(s *backend.ContainerSpec, n spec.Namespace) { s.PID = n })
	hostCgroup := host(func(s *backend.ContainerSpec, n spec.Namespace) { s.CgroupNS = n })
	remapped := func(s *suite) bool { return s.remapsUsers }
	confined := func(s *suite) bool { return s.remapsUsers || s.rootless }
	shared := func(t *testing.T, s *suite) (backend.Container, edit) {
		other := s.start(t, func(cs *backend.ContainerSpec) { cs.IPC.Mode = spec.NamespaceShareable })
		return other, func(cs *backend.ContainerSpec) {
			cs.IPC = spec.Namespace{Mode: spec.NamespaceContainer, Container: s.inspect(t, other.ID).Name}
		}
	}
	return []feature{
		{
			name: "init",
			want: asks(func(s *backend.ContainerSpec) { s.Init = backend.InitReaper }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID, "cat /proc/1/comm"); got == "sleep" || got == "" {
					return fmt.Errorf("PID 1 is %q", got)
				}
				return nil
			},
		},
		{
			name: "privileged",
			want: asks(func(s *backend.ContainerSpec) { s.Privileged = true }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if err := hasCaps([]int{capSysAdmin, capNetAdmin}, nil)(t, s, c); err != nil {
					return err
				}
				return shows("mkdir /mounted && mount -t tmpfs none /mounted && echo mounted", "mounted")(t, s, c)
			},
		},
		{
			name: "cap-add",
			want: asks(func(s *backend.ContainerSpec) { s.CapAdd = []string{"NET_ADMIN", "CAP_SYS_ADMIN"} }),
			seen: hasCaps([]int{capNetAdmin, capSysAdmin}, nil),
		},
		{
			name: "cap-drop",
			want: asks(func(s *backend.ContainerSpec) { s.CapDrop = []string{"chown"} }),
			seen: hasCaps(nil, []int{capChown}),
		},
		{
			name: "cap-drop-all",
			want: asks(func(s *backend.ContainerSpec) { s.CapDrop, s.CapAdd = []string{"ALL"}, []string{"CHOWN"} }),
			seen: hasCaps([]int{capChown}, []int{capSysAdmin, capNetAdmin, 3, 5, 6, 7}),
		},
		{
			name: "security-opt-no-new-privileges",
			want: asks(func(s *backend.ContainerSpec) { s.Security.NoNewPrivileges = true }),
			seen: showsLine("cat /proc/1/status", "NoNewPrivs: 1"),
		},
		{
			name: "security-opt-seccomp-unconfined",
			want: asks(func(s *backend.ContainerSpec) { s.Security.Seccomp = "unconfined" }),
			seen: showsLine("cat /proc/1/status", "Seccomp: 0"),
		},
		{
			name: "security-opt-label-disable",
			want: asks(func(s *backend.ContainerSpec) { s.Security.SELinux.Disabled = true }),
			seen: shows("echo runs", "runs"),
		},
		{
			name:      "security-opt-systempaths-unconfined",
			want:      asks(func(s *backend.ContainerSpec) { s.Security.UnmaskAll = true }),
			mayRefuse: always,
			seen:      shows("grep -c ' /proc/sys' /proc/mounts", "0"),
		},
		{
			name: "ulimits",
			want: asks(func(s *backend.ContainerSpec) {
				s.Ulimits = []spec.Ulimit{{Name: "nofile", Soft: 512, Hard: 1024}, {Name: "core", Soft: 0, Hard: 0}}
			}),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				limits := func(kind string) []string {
					return strings.Fields(strings.TrimPrefix(s.look(t, c.ID, "grep 'Max "+kind+"' /proc/1/limits"),
						"Max "+kind))
				}
				files, core := limits("open files"), limits("core file size")
				if len(files) < 2 || len(core) < 2 || files[0] != "512" || files[1] != "1024" || core[1] != "0" {
					return fmt.Errorf("open files %v, core file size %v", files, core)
				}
				return nil
			},
		},
		{
			name: "sysctls",
			want: asks(func(s *backend.ContainerSpec) {
				s.Sysctls = map[string]string{"net.ipv4.ip_unprivileged_port_start": "77"}
			}),
			seen: shows("cat /proc/sys/net/ipv4/ip_unprivileged_port_start", "77"),
		},
		{
			name: "read-only",
			want: asks(func(s *backend.ContainerSpec) {
				s.ReadOnlyRoot = true
				s.Mounts = []spec.Mount{{Type: spec.MountTmpfs, Target: "/scratch"}}
			}),
			seen: shows("touch /written; touch /scratch/written; ls /written /scratch/written", "/scratch/written"),
		},
		{
			// In a user namespace runc takes the name inside for the name outside.
			name: "devices",
			want: asks(func(s *backend.ContainerSpec) {
				s.Devices = []spec.Device{{HostPath: "/dev/full", ContainerPath: "/dev/galley-full", Permissions: "rw"}}
			}),
			mayRefuse: confined,
			seen:      shows("test -c /dev/galley-full && head -c 2 /dev/galley-full | od -An -tx1", " 00 00"),
		},
		sameNamespace("ipc", func(t *testing.T, s *suite) (backend.Container, edit) {
			if _, err := os.Stat("/dev/mqueue"); s.rootless && err != nil {
				const reason = "this machine has no /dev/mqueue, which a rootless engine binds for it"
				s.record(t, "ipc-host", testbed.NotHere, reason)
				t.Skipf("%s: %v", reason, err)
			}
			return withHost(hostIPC)(t, s)
		}).named("ipc-host", remapped),
		sameNamespace("pid", withHost(hostPID)).named("pid-host", confined),
		sameNamespace("cgroup", withHost(hostCgroup)).named("cgroupns-host", remapped),
		sameNamespace("ipc", shared).named("ipc-container", nil),
		{
			name: "userns-default",
			want: asks(),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if root := s.uidMap(t, c.ID)[0]; (root.outside != 0) != (s.remapsUsers || s.rootless) {
					return fmt.Errorf("root is %d outside", root.outside)
				}
				return nil
			},
		},
		{
			name: "userns-host",
			want: userNS(spec.UserNS{Mode: spec.UserNSHost}),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if root := s.uidMap(t, c.ID)[0]; !s.rootless && root.outside != 0 {
					return fmt.Errorf("root is %d outside", root.outside)
				}
				return shows("id -u", "0")(t, s, c)
			},
		},
		{
			name:      "userns-keep-id",
			want:      userNS(spec.UserNS{Mode: spec.UserNSKeepID}),
			mayRefuse: always,
			seen:      shows("id -u", "0"),
		},
		{
			name:      "userns-keep-id-as-1000",
			want:      userNS(spec.UserNS{Mode: spec.UserNSKeepID, UID: &user, GID: &user}),
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				ranges := s.uidMap(t, c.ID)
				if !slices.ContainsFunc(ranges, func(r idRange) bool { return r.inside == 1000 && r.length == 1 }) {
					return fmt.Errorf("the map of user ids is %v", ranges)
				}
				return shows("id -u", "0")(t, s, c)
			},
		},
		{
			name:      "userns-auto",
			want:      userNS(spec.UserNS{Mode: spec.UserNSAuto, Size: 2000}),
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if ranges := s.uidMap(t, c.ID); ranges[0].outside == 0 || ranges[0].length != 2000 {
					return fmt.Errorf("the map of user ids is %v", ranges)
				}
				return nil
			},
		},
		{
			name:      "userns-nomap",
			want:      userNS(spec.UserNS{Mode: spec.UserNSNoMap}),
			mayRefuse: always,
			seen:      shows("id -u", "0"),
		},
		{
			name:      "userns-private",
			want:      userNS(spec.UserNS{Mode: spec.UserNSPrivate}),
			mayRefuse: func(s *suite) bool { return !s.remapsUsers },
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if root := s.uidMap(t, c.ID)[0]; root.outside == 0 && root.length > 1<<31 {
					return fmt.Errorf("it is the host's own user namespace")
				}
				return nil
			},
		},
	}
}

// userNS asks for a user namespace.
func userNS(u spec.UserNS) func(*testing.T, *suite) []edit {
	return asks(func(s *backend.ContainerSpec) { s.UserNS = u })
}

func resources(set func(*spec.Resources)) func(*testing.T, *suite) []edit {
	return asks(func(s *backend.ContainerSpec) { set(&s.Resources) })
}

const mebibyte = 1 << 20

// limitFeatures: what a limit is called depends on the version of cgroups.
func limitFeatures() []feature {
	const dir = "/sys/fs/cgroup/"
	bytes := strconv.Itoa(64 * mebibyte)
	return []feature{
		{
			name: "memory",
			want: resources(func(r *spec.Resources) { r.Memory = 64 * mebibyte }),
			seen: showsOneOf(map[string]string{dir + "memory.max": bytes, dir + "memory/memory.limit_in_bytes": bytes}),
		},
		{
			name: "memory-swap",
			want: resources(func(r *spec.Resources) { r.Memory, r.MemorySwap = 64*mebibyte, 128*mebibyte }),
			seen: showsOneOf(map[string]string{dir + "memory.swap.max": bytes,
				dir + "memory/memory.memsw.limit_in_bytes": strconv.Itoa(128 * mebibyte)}),
		},
		{
			name: "memory-reservation",
			want: resources(func(r *spec.Resources) { r.MemoryReservation = 64 * mebibyte }),
			seen: showsOneOf(map[string]string{dir + "memory.low": bytes,
				dir + "memory/memory.soft_limit_in_bytes": bytes}),
		},
		{
			name: "cpus",
			want: resources(func(r *spec.Resources) { r.CPUs = 1.5 }),
			seen: showsOneOf(map[string]string{dir + "cpu.max": "150000 100000",
				dir + "cpu/cpu.cfs_quota_us": "150000"}),
		},
		{
			name: "cpu-shares",
			want: resources(func(r *spec.Resources) { r.CPUShares = 512 }),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if shares := s.look(t, c.ID, "cat "+dir+"cpu/cpu.shares 2> /dev/null"); shares != "" &&
					shares != "512" {
					return fmt.Errorf("the shares are %s", shares)
				} else if shares != "" {
					return nil
				}
				// Each runtime has a formula of its own for the weight, 100 being normal.
				weight := s.look(t, c.ID, "cat "+dir+"cpu.weight 2> /dev/null")
				if weight == "" || weight == "100" {
					return fmt.Errorf("the weight is %q", weight)
				}
				return nil
			},
		},
		{
			name: "cpuset",
			want: resources(func(r *spec.Resources) { r.CPUSet = "0" }),
			seen: showsOneOf(map[string]string{dir + "cpuset.cpus": "0", dir + "cpuset/cpuset.cpus": "0"}),
		},
		{
			name: "pids-limit",
			want: resources(func(r *spec.Resources) { r.Pids = 99 }),
			seen: showsOneOf(map[string]string{dir + "pids.max": "99", dir + "pids/pids.max": "99"}),
		},
		{
			name: "shm-size",
			want: resources(func(r *spec.Resources) { r.ShmSize = 32 * mebibyte }),
			seen: shows("df -k /dev/shm | awk 'END { print $2 }'", "32768"),
		},
	}
}

func mountFeatures() []feature {
	var lower string // the directory below an overlay
	return []feature{
		{
			name: "tmpfs",
			want: asks(mounts(spec.Mount{Type: spec.MountTmpfs, Target: "/scratch"})),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID,
					"grep ' /scratch tmpfs ' /proc/mounts; touch /scratch/file && echo written"); !strings.HasSuffix(got, "written") || !strings.Contains(got, "tmpfs") {
					return fmt.Errorf("%q", got)
				}
				return nil
			},
		},
		{
			name: "tmpfs-options",
			want: asks(mounts(spec.Mount{Type: spec.MountTmpfs, Target: "/scratch",
				FSOptions: []string{"size=64k", "exec", "mode=700"}})),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				got := s.look(t, c.ID, "grep ' /scratch tmpfs ' /proc/mounts")
				if !strings.Contains(got, "size=64k") || !strings.Contains(got, "mode=700") ||
					strings.Contains(got, "noexec") {
					return fmt.Errorf("%q", got)
				}
				return nil
			},
		},
		{
			name: "volume-nocopy",
			want: asks(mounts(spec.Mount{Type: spec.MountVolume, Target: "/var", NoCopy: true})),
			seen: shows("ls /var", ""),
		},
		{
			name: "volume-subpath",
			want: func(t *testing.T, s *suite) []edit {
				name := s.unique("subpath")
				s.removeVolumeLater(t, name)
				whole := spec.Mount{Type: spec.MountVolume, Source: name, Target: "/data"}
				s.run(t, s.start(t, mounts(whole)).ID, "sh", "-c", "mkdir /data/part && echo of it > /data/part/file")
				whole.Subpath = "part"
				return []edit{mounts(whole)}
			},
			mayRefuse: always,
			seen:      shows("cat /data/file", "of it"),
		},
		{
			name: "image",
			want: func(_ *testing.T, s *suite) []edit {
				return []edit{mounts(spec.Mount{Type: spec.MountImage, Source: s.busybox.ID, Target: "/image"})}
			},
			mayRefuse: always,
			seen:      shows("test -x /image/bin/busybox && ! touch /image/mine 2> /dev/null && echo read-only", "read-only"),
		},
		{
			name: "image-subpath",
			want: func(_ *testing.T, s *suite) []edit {
				return []edit{mounts(spec.Mount{Type: spec.MountImage, Source: s.busybox.ID, Target: "/image", Subpath: "bin"})}
			},
			mayRefuse: always,
			seen:      shows("test -x /image/busybox && echo there", "there"),
		},
		{
			name: "bind-overlay",
			want: func(t *testing.T, _ *suite) []edit {
				lower = sharedDir(t)
				require.NoError(t, os.WriteFile(filepath.Join(lower, "file"), []byte("there\n"), 0o644))
				return []edit{mounts(spec.Mount{Type: spec.MountBind, Source: lower, Target: "/bound", Overlay: true})}
			},
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				err := shows("cat /bound/file && echo mine > /bound/other && cat /bound/other", "there\nmine")(t, s, c)
				require.NoFileExists(t, filepath.Join(lower, "other"))
				return err
			},
		},
		{
			name: "bind-relabel-shared",
			want: func(t *testing.T, _ *suite) []edit {
				return []edit{mounts(spec.Mount{Type: spec.MountBind, Source: sharedDir(t), Target: "/bound",
					Relabel: spec.RelabelShared})}
			},
			seen: shows("touch /bound/file && echo written", "written"),
		},
		{
			name: "bind-cached",
			want: func(t *testing.T, _ *suite) []edit {
				return []edit{mounts(spec.Mount{Type: spec.MountBind, Source: sharedDir(t), Target: "/bound",
					Consistency: "cached"})}
			},
			seen: shows("touch /bound/file && echo written", "written"),
		},
		{
			name: "bind-rslave",
			want: func(t *testing.T, _ *suite) []edit {
				return []edit{mounts(spec.Mount{Type: spec.MountBind, Source: sharedDir(t), Target: "/bound",
					Propagation: "rslave"})}
			},
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID, "grep ' /bound ' /proc/self/mountinfo"); !strings.Contains(got, "master:") {
					return fmt.Errorf("%q", got)
				}
				return nil
			},
		},
	}
}

// joined runs a container on a network of its own, changed by edits.
func joined(edits ...edit) func(*testing.T, *suite) []edit {
	return func(t *testing.T, s *suite) []edit {
		return append([]edit{on(s.network(t).Name)}, edits...)
	}
}

// mode sets a network mode that needs no name.
func mode(m spec.NetworkMode) edit {
	return func(s *backend.ContainerSpec) { s.Network = backend.NetworkAttachment{Mode: m} }
}

func networkFeatures() []feature {
	remapped := func(s *suite) bool { return s.remapsUsers }
	withContainer := func(t *testing.T, s *suite) (backend.Container, edit) {
		other := s.start(t)
		return other, func(cs *backend.ContainerSpec) {
			cs.Network = backend.NetworkAttachment{Mode: spec.NetworkContainer, Name: s.inspect(t, other.ID).Name}
		}
	}
	// A port or an address that is to be seen, made known to seen by want.
	var fixed string
	return []feature{
		{
			name: "network-mode-none",
			want: asks(mode(spec.NetworkNone)),
			seen: shows("ls /sys/class/net", "lo"),
		},
		{
			name: "network-mode-bridge",
			want: asks(mode(spec.NetworkBridge)),
			seen: showsInterface,
		},
		{
			name: "network-mode-default",
			want: asks(mode("")),
			seen: showsInterface,
		},
		sameNamespace("net", withHost(mode(spec.NetworkHost))).named("network-mode-host", remapped),
		sameNamespace("net", withContainer).named("network-mode-container", nil),
		{
			name: "extra-hosts",
			want: joined(func(s *backend.ContainerSpec) {
				s.ExtraHosts = []spec.HostEntry{
					{Name: "db.example.test", Address: netip.MustParseAddr("192.0.2.7")},
					{Name: "six.example.test", Address: netip.MustParseAddr("2001:db8::7")},
				}
			}),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if err := showsLine("cat /etc/hosts", "192.0.2.7 db.example.test")(t, s, c); err != nil {
					return err
				}
				return showsLine("cat /etc/hosts", "2001:db8::7 six.example.test")(t, s, c)
			},
		},
		{
			name: "extra-hosts-host-gateway",
			want: joined(func(s *backend.ContainerSpec) {
				s.ExtraHosts = []spec.HostEntry{{Name: "outside", Gateway: true}}
			}),
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				got := s.look(t, c.ID, "grep outside /etc/hosts")
				if got == "" || strings.Contains(got, "host-gateway") {
					return fmt.Errorf("/etc/hosts has %q", got)
				}
				return nil
			},
		},
		{
			name: "dns",
			want: asks(mode(spec.NetworkBridge), func(s *backend.ContainerSpec) {
				s.DNS = backend.DNS{Servers: []string{"192.0.2.53"}, Search: []string{"example.test"},
					Options: []string{"ndots:3"}}
			}),
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				for _, line := range []string{"nameserver 192.0.2.53", "search example.test", "options ndots:3"} {
					if err := showsLine("cat /etc/resolv.conf", line)(t, s, c); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			name: "links",
			want: func(t *testing.T, s *suite) []edit {
				n := s.network(t).Name
				other := s.inspect(t, s.start(t, on(n)).ID)
				return []edit{on(n), func(cs *backend.ContainerSpec) {
					cs.Network.Links = []spec.Link{{Container: other.Name, Alias: "database"}}
				}}
			},
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				// An engine may write it to a file that nslookup does not read.
				if s.try(t, c.ID, "nslookup", "database") != 0 &&
					s.try(t, c.ID, "grep", "database", "/etc/hosts") != 0 {
					return fmt.Errorf("the link's name does not resolve")
				}
				return nil
			},
		},
		{
			name: "mac-address",
			want: joined(func(s *backend.ContainerSpec) { s.Network.MAC = "02:42:c0:00:02:07" }),
			seen: shows("cat /sys/class/net/eth0/address", "02:42:c0:00:02:07"),
		},
		{
			name: "ipv4-address",
			want: func(t *testing.T, s *suite) []edit {
				n := s.network(t).Name
				neighbour := s.outside.Inspect(t, s.start(t, on(n)).ID).IPAddress
				fixed = neighbour[:strings.LastIndex(neighbour, ".")] + ".77"
				return []edit{on(n), func(cs *backend.ContainerSpec) { cs.Network.IPv4 = fixed }}
			},
			mayRefuse: always,
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.outside.Inspect(t, c.ID).IPAddress; got != fixed {
					return fmt.Errorf("the address is %s, not %s", got, fixed)
				}
				return nil
			},
		},
		{
			name: "ipv6",
			want: func(t *testing.T, s *suite) []edit {
				name := s.unique("n6")
				s.removeNetworkLater(t, name)
				n, err := s.b.EnsureNetwork(s.ctx(t), backend.NetworkSpec{Name: name, Labels: s.labels(), IPv6: true})
				require.NoError(t, err)
				require.True(t, n.IPv6)
				return []edit{on(name)}
			},
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				if got := s.look(t, c.ID, "cat /proc/net/if_inet6"); !strings.Contains(got, "\nfd") &&
					!strings.HasPrefix(got, "fd") {
					return fmt.Errorf("its IPv6 addresses are %q", got)
				}
				return nil
			},
		},
		{
			name: "publish-all",
			want: func(t *testing.T, s *suite) []edit {
				img := s.build(t, s.labels(),
					map[string]string{"Dockerfile": "FROM " + s.image + "\nEXPOSE 8080/tcp 5353/udp\n"})
				return []edit{on(s.network(t).Name), image(img.ID), command("sleep", "3600"),
					func(cs *backend.ContainerSpec) { cs.PublishAll = true }}
			},
			seen: func(t *testing.T, s *suite, c backend.Container) error {
				ports := s.outside.Inspect(t, c.ID).Ports
				for _, want := range []spec.PortMapping{{ContainerPort: 8080, Protocol: "tcp"},
					{ContainerPort: 5353, Protocol: "udp"}} {
					if !slices.ContainsFunc(ports, func(p spec.PortMapping) bool {
						return p.ContainerPort == want.ContainerPort && p.Protocol == want.Protocol && p.HostPort != 0
					}) {
						return fmt.Errorf("the ports are %v", ports)
					}
				}
				return nil
			},
		},
	}
}

// showsInterface: there is an interface besides the loopback.
func showsInterface(t *testing.T, s *suite, c backend.Container) error {
	t.Helper()
	if got := strings.Fields(s.look(t, c.ID, "ls /sys/class/net")); len(got) < 2 {
		return fmt.Errorf("its interfaces are %v", got)
	}
	return nil
}

// testSystemd boots systemd as PID 1. "degraded" counts: which units a distribution
// has that fail in a container is not the engine's affair.
func testSystemd(t *testing.T, s *suite) {
	feature{
		name: "init-systemd",
		want: func(t *testing.T, s *suite) []edit {
			img, err := s.b.InspectImage(s.ctx(t), s.systemd)
			require.NoError(t, err)
			return []edit{image(img.ID),
				func(cs *backend.ContainerSpec) { cs.Command, cs.Init = nil, backend.InitSystemd }}
		},
		mayRefuse: func(s *suite) bool { return !s.info.NativeSystemd },
		seen: func(t *testing.T, s *suite, c backend.Container) error {
			var state string
			s.await(t, func() bool {
				state = s.look(t, c.ID, "systemctl is-system-running")
				return state == "running" || state == "degraded"
			}, "systemd has booted")
			t.Logf("%s: systemd is %s", s.name, state)
			return nil
		},
	}.test(t, s)
}
