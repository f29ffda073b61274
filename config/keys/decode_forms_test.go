package keys

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
)

// driverWith resolves the driver of a kitchen.yml with these lines under driver:.
func driverWith(t *testing.T, lines string) config.Driver {
	t.Helper()
	return resolveOne(t, driverYAML(lines)).Driver
}

func TestPorts(t *testing.T) {
	tcp := func(ip string, host, container int) spec.PortMapping {
		return spec.PortMapping{HostIP: ip, HostPort: host, ContainerPort: container, Protocol: "tcp"}
	}
	for _, c := range []struct {
		name, lines string
		want        []spec.PortMapping
	}{
		{"text", `ports: "80"`, []spec.PortMapping{tcp("", 0, 80)}},
		{"integer", `ports: 80`, []spec.PortMapping{tcp("", 0, 80)}},
		{"host port", `ports: ["8080:80"]`, []spec.PortMapping{tcp("", 8080, 80)}},
		{"forward", `forward: 80`, []spec.PortMapping{tcp("", 0, 80)}},
		{"protocol", `ports: ["127.0.0.1:5353:53/udp"]`,
			[]spec.PortMapping{{HostIP: "127.0.0.1", HostPort: 5353, ContainerPort: 53, Protocol: "udp"}}},
		{"address with a free port", `ports: ["127.0.0.1::80"]`, []spec.PortMapping{tcp("127.0.0.1", 0, 80)}},
		{"IPv6", `ports: ["[::1]:8080:80"]`, []spec.PortMapping{tcp("::1", 8080, 80)}},
		{"IPv6 with a free port", `ports: ["[2001:db8::1]::80"]`, []spec.PortMapping{tcp("2001:db8::1", 0, 80)}},
		{"range", `ports: ["8000-8002"]`, []spec.PortMapping{tcp("", 0, 8000), tcp("", 0, 8001), tcp("", 0, 8002)}},
		{"two ranges", `ports: ["9000-9001:8000-8001"]`, []spec.PortMapping{tcp("", 9000, 8000), tcp("", 9001, 8001)}},
		{"base 60", `ports: [22:22]`, []spec.PortMapping{tcp("", 22, 22)}},
		{"base 60 that is none", `ports: [8080:80]`, []spec.PortMapping{tcp("", 8080, 80)}},
		{"repeated", `ports: ["80:80", "80:80/tcp"]`, []spec.PortMapping{tcp("", 80, 80)}},
		{"engine's hash", `ports: {"80/tcp": [{HostPort: "8080", HostIp: 127.0.0.1}], "53/udp": }`,
			[]spec.PortMapping{tcp("127.0.0.1", 8080, 80),
				{HostIP: "", HostPort: 0, ContainerPort: 53, Protocol: "udp"}}},
		{"hash of numbers", `ports: {"80": 8080}`, []spec.PortMapping{tcp("", 8080, 80)}},
		{"hash of IPv6", `ports: {"80": {HostIp: "::1", HostPort: 8080}}`, []spec.PortMapping{tcp("::1", 8080, 80)}},
		{"compose", `ports: [{target: 80, published: 8080, protocol: udp, host_ip: 10.0.0.1}]`,
			[]spec.PortMapping{{HostIP: "10.0.0.1", HostPort: 8080, ContainerPort: 80, Protocol: "udp"}}},
		{"two keys", "ports: 80\nforward: 81", []spec.PortMapping{tcp("", 0, 80), tcp("", 0, 81)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, driverWith(t, c.lines).Ports)
		})
	}
}

func TestPortsWriteAsTheyAreRead(t *testing.T) {
	for _, s := range []string{"80/tcp", "8080:80/tcp", "127.0.0.1:8080:80/udp", "127.0.0.1::80/tcp",
		"[::1]:8080:80/sctp", "[::1]::80/tcp"} {
		got, err := parsePort(s)
		require.Nil(t, err, s)
		require.Len(t, got, 1)
		require.Equal(t, s, got[0].String())
	}
}

func FuzzPort(f *testing.F) {
	for _, s := range []string{"80", "8080:80", "[::1]:8080:80/udp", "9000-9002:8000-8002", "127.0.0.1::80", "-", "[",
		":::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parsePort(s)
		if err != nil {
			require.NotEmpty(t, err.why)
			require.NotEmpty(t, err.hint)
			return
		}
		require.NotEmpty(t, got)
		for _, p := range got {
			again, err := parsePort(p.String())
			require.Nil(t, err, p.String())
			require.Equal(t, []spec.PortMapping{p}, again)
		}
	})
}

func TestMounts(t *testing.T) {
	bind := func(source, target string, ro bool) spec.Mount {
		return spec.Mount{Type: spec.MountBind, Source: source, Target: target, ReadOnly: ro}
	}
	for _, c := range []struct {
		name, lines string
		want        []spec.Mount
	}{
		{"anonymous", `volumes: /data`, []spec.Mount{{Type: spec.MountVolume, Target: "/data"}}},
		{"anonymous with options", `volumes: /data:ro`,
			[]spec.Mount{{Type: spec.MountVolume, Target: "/data", ReadOnly: true}}},
		{"named", `volumes: ["cache:/data"]`, []spec.Mount{{Type: spec.MountVolume, Source: "cache", Target: "/data"}}},
		{"absolute", `volumes: ["/a:/b"]`, []spec.Mount{bind("/a", "/b", false)}},
		{"options", `volumes: ["/a:/b:ro,Z"]`,
			[]spec.Mount{{Type: spec.MountBind, Source: "/a", Target: "/b", ReadOnly: true,
				Relabel: spec.RelabelPrivate}}},
		{"relative", `volumes: ["./a:/b", "../c:/d", ".:/e", "x/y:/f"]`,
			[]spec.Mount{bind("/project/a", "/b", false), bind("/c", "/d", false), bind("/project", "/e", false),
				bind("/project/x/y", "/f", false)}},
		{"home", `volumes: ["~/a:/b"]`, []spec.Mount{bind("/home/tester/a", "/b", false)}},
		{"Windows", `volumes: ['C:\x:/y:ro', 'c:/x:/z']`,
			[]spec.Mount{bind(`C:\x`, "/y", true), bind("c:/x", "/z", false)}},
		{"Windows inside", `volumes: ['C:\x:C:\y']`, []spec.Mount{bind(`C:\x`, `C:\y`, false)}},
		{"hash of nothing", `volumes: {/data: {}}`, []spec.Mount{{Type: spec.MountVolume, Target: "/data"}}},
		{"hash", `volumes: {./a: "/b:ro"}`, []spec.Mount{bind("/project/a", "/b", true)}},
		{"long form", `volumes: [{type: bind, source: ./a, target: /b, read_only: true, bind: {propagation: rshared}}]`,
			[]spec.Mount{{Type: spec.MountBind, Source: "/project/a", Target: "/b", ReadOnly: true,
				Propagation: "rshared"}}},
		{"kitchen-docker's volume", `volume: ["/sys/fs/cgroup:/sys/fs/cgroup:rw"]`,
			[]spec.Mount{bind("/sys/fs/cgroup", "/sys/fs/cgroup", false)}},
		{"binds", `binds: ["/a:/b"]`, []spec.Mount{bind("/a", "/b", false)}},
		{"mount", `mount: "type=bind,source=./a,target=/b,readonly"`, []spec.Mount{bind("/project/a", "/b", true)}},
		{"mount of a volume", `mounts: ["src=cache,dst=/b,volume-nocopy=true"]`,
			[]spec.Mount{{Type: spec.MountVolume, Source: "cache", Target: "/b", NoCopy: true}}},
		{"mount of a part of a volume", `mounts: ["src=cache,dst=/b,volume-subpath=a/b", {source: c, target: /d, volume: {subpath: e}}]`,
			[]spec.Mount{{Type: spec.MountVolume, Source: "cache", Target: "/b", Subpath: "a/b"},
				{Type: spec.MountVolume, Source: "c", Target: "/d", Subpath: "e"}}},
		{"mount of an image", `mounts: [{type: image, source: "a:1", target: /b, image: {subpath: c}}, "type=image,src=a,dst=/c"]`,
			[]spec.Mount{{Type: spec.MountImage, Source: "a:1", Target: "/b", Subpath: "c"},
				{Type: spec.MountImage, Source: "a", Target: "/c"}}},
		{"mount of memory", `mounts: [{type: tmpfs, target: /b, tmpfs: {size: 64m}}]`,
			[]spec.Mount{{Type: spec.MountTmpfs, Target: "/b", FSOptions: []string{"size=64m"}}}},
		{"tmpfs list", `tmpfs: [/run, "/tmp:exec,size=64m"]`,
			[]spec.Mount{{Type: spec.MountTmpfs, Target: "/run"},
				{Type: spec.MountTmpfs, Target: "/tmp", FSOptions: []string{"exec", "size=64m"}}}},
		{"tmpfs hash", `tmpfs: {/run: "ro,noexec"}`,
			[]spec.Mount{{Type: spec.MountTmpfs, Target: "/run", ReadOnly: true, FSOptions: []string{"noexec"}}}},
		{"in the file's order, repeated ones once", "tmpfs: /run\nvolumes: [/b, /a]\nbinds: [/a]",
			[]spec.Mount{{Type: spec.MountTmpfs, Target: "/run"}, {Type: spec.MountVolume, Target: "/b"},
				{Type: spec.MountVolume, Target: "/a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, driverWith(t, c.lines).Mounts)
		})
	}
}

func FuzzVolume(f *testing.F) {
	for _, s := range []string{"/data", "a:/b:ro", `C:\x:/y`, "::", "./a:/b:z,nocopy", "~:/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts := splitMount(s)
		require.NotEmpty(t, parts)
		d := &decoder{root: "/project", home: "/home", diags: &kitchen.Diagnostics{}}
		if m, ok := d.volumeText(valueOf(s), s); ok {
			require.True(t, isAbsoluteTarget(m.Target), "%q", m.Target)
		} else {
			require.NotEmpty(t, d.diags.List)
		}
	})
}

func TestDriverValues(t *testing.T) {
	host := func(name, address string) spec.HostEntry {
		return spec.HostEntry{Name: name, Address: netip.MustParseAddr(address)}
	}
	for _, c := range []struct {
		name, lines string
		want        any
		got         func(config.Driver) any
	}{
		{"env list", `env: [A=1, "B=x=y", FROM_CLIENT, ABSENT, C=]`,
			map[string]string{"A": "1", "B": "x=y", "FROM_CLIENT": "client value", "C": ""},
			func(d config.Driver) any { return d.Env }},
		{"env hash", `env: {A: 1, B: yes, C: 1.50, FROM_CLIENT: , ABSENT: }`,
			map[string]string{"A": "1", "B": "true", "C": "1.50", "FROM_CLIENT": "client value"},
			func(d config.Driver) any { return d.Env }},
		{"env_variables joins env", "env: [A=1, B=1]\nenv_variables: {B: 2}", map[string]string{"A": "1", "B": "2"},
			func(d config.Driver) any { return d.Env }},
		{"proxies", "http_proxy: http://p\nenv: [HTTP_PROXY=own]",
			map[string]string{"http_proxy": "http://p", "HTTP_PROXY": "own"}, func(d config.Driver) any { return d.Env }},
		{"memory in bytes", `memory_limit: 1048576`, int64(1 << 20), func(d config.Driver) any { return d.Memory }},
		{"memory with a unit", `memory: 512m`, int64(512 << 20), func(d config.Driver) any { return d.Memory }},
		{"memory with a fraction", `memory: 1.5g`, int64(3 << 29), func(d config.Driver) any { return d.Memory }},
		{"unlimited swap", `memory_swap: -1`, int64(-1), func(d config.Driver) any { return d.MemorySwap }},
		{"cpus", `cpus: "1.5"`, 1.5, func(d config.Driver) any { return d.CPUs }},
		{"shares", `cpu: 512`, int64(512), func(d config.Driver) any { return d.CPUShares }},
		{"all gpus", `gpus: all`, -1, func(d config.Driver) any { return d.GPUs }},
		{"two gpus", `gpus: "2"`, 2, func(d config.Driver) any { return d.GPUs }},
		{"devices", `devices: [/dev/a, "/dev/a:/dev/b", "/dev/a:rw", "/dev/a:/dev/b:rwm"]`,
			[]spec.Device{{HostPath: "/dev/a", ContainerPath: "/dev/a", Permissions: ""},
				{HostPath: "/dev/a", ContainerPath: "/dev/b", Permissions: ""},
				{HostPath: "/dev/a", ContainerPath: "/dev/a", Permissions: "rw"},
				{HostPath: "/dev/a", ContainerPath: "/dev/b", Permissions: "rwm"}},
			func(d config.Driver) any { return d.Devices }},
		{"device hash", `devices: [{path_on_host: /dev/a, path_in_container: /dev/b, cgroup_permissions: r}]`,
			[]spec.Device{{HostPath: "/dev/a", ContainerPath: "/dev/b", Permissions: "r"}},
			func(d config.Driver) any { return d.Devices }},
		{"ulimit text", `ulimits: nofile=1:2`, []spec.Ulimit{{Name: "nofile", Soft: 1, Hard: 2}},
			func(d config.Driver) any { return d.Ulimits }},
		{"ulimit hash", `ulimits: {nofile: 1024, core: -1, nproc: {soft: 1, hard: 2}}`,
			[]spec.Ulimit{{Name: "nofile", Soft: 1024, Hard: 1024}, {Name: "core", Soft: -1, Hard: -1},
				{Name: "nproc", Soft: 1, Hard: 2}}, func(d config.Driver) any { return d.Ulimits }},
		{"ulimit list of hashes", `ulimits: [{name: nofile, soft: 1, hard: 2}, {Name: core, Soft: 0, Hard: 0}]`,
			[]spec.Ulimit{{Name: "nofile", Soft: 1, Hard: 2}, {Name: "core", Soft: 0, Hard: 0}},
			func(d config.Driver) any { return d.Ulimits }},
		{"sysctls list", `sysctls: [net.core.somaxconn=1024]`, map[string]string{"net.core.somaxconn": "1024"},
			func(d config.Driver) any { return d.Sysctls }},
		{"sysctls hash", `sysctls: {net.core.somaxconn: 1024}`, map[string]string{"net.core.somaxconn": "1024"},
			func(d config.Driver) any { return d.Sysctls }},
		{"labels list", `labels: [a=b, c]`, map[string]string{"a": "b", "c": ""},
			func(d config.Driver) any { return d.Labels }},
		{"labels hash", `labels: {a: 1}`, map[string]string{"a": "1"}, func(d config.Driver) any { return d.Labels }},
		{"hosts", `extra_hosts: ["db:10.0.0.2", "h=::1", "g:host-gateway"]`,
			[]spec.HostEntry{host("db", "10.0.0.2"), host("h", "::1"), {Name: "g", Gateway: true}},
			func(d config.Driver) any { return d.ExtraHosts }},
		{"hosts with IPv6 behind a colon", `add_host: "h:2001:db8::1"`, []spec.HostEntry{host("h", "2001:db8::1")},
			func(d config.Driver) any { return d.ExtraHosts }},
		{"hosts hash", `extra_hosts: {db: [10.0.0.2, 10.0.0.3]}`,
			[]spec.HostEntry{host("db", "10.0.0.2"), host("db", "10.0.0.3")},
			func(d config.Driver) any { return d.ExtraHosts }},
		{"volumes from", `volumes_from: [a, "b:ro"]`,
			[]spec.VolumesFrom{{Container: "a", ReadOnly: false}, {Container: "b", ReadOnly: true}},
			func(d config.Driver) any { return d.VolumesFrom }},
		{"links", `links: [db:database, web]`,
			[]spec.Link{{Container: "db", Alias: "database"}, {Container: "web", Alias: "web"}},
			func(d config.Driver) any { return d.Links }},
		{"cap_add of one", `cap_add: SYS_ADMIN`, []string{"SYS_ADMIN"}, func(d config.Driver) any { return d.CapAdd }},
		{"command", `pid_one_command: sh -c "trap exit 0; sleep 1" 'a b' c\ d`,
			[]string{"sh", "-c", "trap exit 0; sleep 1", "a b", "c d"}, func(d config.Driver) any { return d.Command }},
		{"command list", `run_command: [/sbin/init, --log]`, []string{"/sbin/init", "--log"},
			func(d config.Driver) any { return d.Command }},
		{"sshd", `run_command: /usr/sbin/sshd -D -o UseDNS=no`, []string(nil), func(d config.Driver) any { return d.Command }},
		{"entrypoint unset", `privileged: true`, []string(nil), func(d config.Driver) any { return d.Entrypoint }},
		{"entrypoint", `entrypoint: /entry point`, []string{"/entry", "point"},
			func(d config.Driver) any { return d.Entrypoint }},
		{"instructions", "intermediate_instructions: RUN a\nprovision_command: [b, c]",
			[]string{"RUN a", "RUN b", "RUN c"}, func(d config.Driver) any { return d.IntermediateInstructions }},
		{"build context", `build_context: true`, "/project", func(d config.Driver) any { return d.BuildContext }},
		{"build context directory", `build_context: docker`, "/project/docker",
			func(d config.Driver) any { return d.BuildContext }},
		{"version as text", `chef_version: 16.10`, "chef/chef:16.10", func(d config.Driver) any { return d.ToolImage }},
		{"version of a float", `chef_version: 16.0`, "chef/chef:16.0", func(d config.Driver) any { return d.ToolImage }},
		{"version with an anchor", `chef_version: &v 16.10`, "chef/chef:16.10",
			func(d config.Driver) any { return d.ToolImage }},
		{"version in flow", `{chef_version: 16.10}`, "chef/chef:16.10", func(d config.Driver) any { return d.ToolImage }},
		{"version of an image with a tag", "chef_image: localhost:5000/chef:17\nchef_version: 18",
			"localhost:5000/chef:17", func(d config.Driver) any { return d.ToolImage }},
		{"version of an image with a digest", "chef_image: chef/chef@sha256:abc\nchef_version: 18",
			"chef/chef@sha256:abc", func(d config.Driver) any { return d.ToolImage }},
		{"version of an image with a port", "chef_image: localhost:5000/chef\nchef_version: 18",
			"localhost:5000/chef:18", func(d config.Driver) any { return d.ToolImage }},
		{"stable", `chef_version: stable`, "chef/chef:latest", func(d config.Driver) any { return d.ToolImage }},
		{"cgroupns_host", `cgroupns_host: true`, spec.Namespace{Mode: spec.NamespaceHost},
			func(d config.Driver) any { return d.CgroupNS }},
		{"cgroupns_host off", "cgroupns_mode: private\ncgroupns_host: false",
			spec.Namespace{Mode: spec.NamespacePrivate}, func(d config.Driver) any { return d.CgroupNS }},
		{"userns_host", `userns_host: true`, spec.UserNS{Mode: spec.UserNSHost},
			func(d config.Driver) any { return d.UserNS }},
		{"instance_name", "hostname_aliases: [a]\ninstance_name: b", []string{"a", "b"},
			func(d config.Driver) any { return d.HostnameAliases }},
		{"podman by binary", `binary: /usr/bin/podman`, "podman", func(d config.Driver) any { return d.Engine }},
		{"run_options text", `run_options: --cgroupns=host --tmpfs=/run --volume=/a:/b:rw -e A=1`,
			spec.Namespace{Mode: spec.NamespaceHost}, func(d config.Driver) any { return d.CgroupNS }},
		{"run_options hash", `run_options: {tmpfs: [/tmp, /run]}`,
			[]spec.Mount{{Type: spec.MountTmpfs, Target: "/tmp"}, {Type: spec.MountTmpfs, Target: "/run"}},
			func(d config.Driver) any { return d.Mounts }},
		{"run_options with a blank", `run_options: [--cap-add SYS_ADMIN, --privileged]`, true,
			func(d config.Driver) any { return d.Privileged && d.CapAdd[0] == "SYS_ADMIN" }},
		{"null is unset", `hostname: ~`, "dokken", func(d config.Driver) any { return d.Hostname }},
		{"hostname set", `hostname: dokken`, true, func(d config.Driver) any { return d.HostnameSet }},
		{"socket", `socket: unix:///run/x.sock`, "unix:///run/x.sock", func(d config.Driver) any { return d.Host }},
		{"init_system", `init_system: systemd`, config.InitSystemd, func(d config.Driver) any { return d.InitSystem }},
		{"OCI platform", `platform: linux/arm64/v8`, "linux/arm64/v8", func(d config.Driver) any { return d.OCIPlatform }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := c.lines
			if lines[0] == '{' {
				lines = "<<: " + lines
			}
			require.Equal(t, c.want, c.got(driverWith(t, lines)))
		})
	}
}

func TestPullPolicies(t *testing.T) {
	for _, c := range []struct {
		lines          string
		platform, tool config.PullPolicy
	}{
		{"", config.PullMissing, config.PullMissing},
		{"pull_platform_image: true", config.PullNewer, config.PullMissing},
		{"pull_platform_image: false\npull_chef_image: true", config.PullMissing, config.PullNewer},
		{"pull: always\npull_platform_image: false", config.PullAlways, config.PullAlways},
		{"pull_chef_image: true\npull: never", config.PullNever, config.PullNever},
	} {
		d := driverWith(t, c.lines)
		require.Equal(t, c.platform, d.PullPlatform, c.lines)
		require.Equal(t, c.tool, d.PullTool, c.lines)
	}
}

func TestImageOfPlatform(t *testing.T) {
	for platform, want := range map[string]string{
		"ubuntu-22.04": "ubuntu:22.04", "ubuntu": "ubuntu", "centos-stream-9": "centos:stream",
		"debian-12-chef": "debian:12",
	} {
		require.Equal(t, want, imageOf(platform))
	}
}

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		``:                          nil,
		`  a   b `:                  {"a", "b"},
		`a 'b c' "d e"`:             {"a", "b c", "d e"},
		`a'b'"c"`:                   {"abc"},
		`"\$x \\ \n"`:               {`$x \ \n`},
		`a\ b`:                      {"a b"},
		`''`:                        {""},
		`sh -c 'a; b && c > d | e'`: {"sh", "-c", "a; b && c > d | e"},
	} {
		got, err := splitWords(line)
		require.NoError(t, err)
		require.Equal(t, want, got, line)
		again, err := splitWords(joinWords(got))
		require.NoError(t, err)
		require.Equal(t, want, again, line)
	}
	for _, line := range []string{`'a`, `"a`, `a "b\"`} {
		_, err := splitWords(line)
		require.ErrorIs(t, err, errQuote, line)
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`sh -c "trap exit 0 SIGTERM; while :; do sleep 1; done"`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitWords(line)
		if err != nil {
			return
		}
		again, err := splitWords(joinWords(words))
		require.NoError(t, err)
		require.Equal(t, words, again)
	})
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30": 30 * time.Second, "0.5": 500 * time.Millisecond, "90s": 90 * time.Second, "5m": 5 * time.Minute,
	} {
		i := resolveOne(t, "driver: dokken\nprovisioner: {name: dokken, wait_for_retry: "+text+
			"}\nverifier: {name: dummy}\nplatforms: [{name: a}]\nsuites: [{name: b}]\n")
		require.Equal(t, want, i.Provisioner.WaitForRetry)
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	_, diags := resolveText(t, driverYAML("pids_limit: -2\ncpu: 99999999999999999999\ncpus: -1\nmemory: -5"))
	require.Len(t, diags, 4)
	for _, d := range diags {
		require.Equal(t, kitchen.SeverityError, d.Severity)
	}
}

func TestPathsWithoutHome(t *testing.T) {
	c := configOf(t, driverYAML("volumes: ['~/a:/b', '~:/c']\ncreds_file: ~/creds.json"))
	_, diags := Resolve(c, ResolveOptions{})
	require.Len(t, diags, 3)
	for _, d := range diags {
		require.Contains(t, d.Msg, "home directory")
	}
}

// What runs in the container of kitchen-docker, kitchen-docker_cli builds into the image.
func TestRunCommandOfDockerCLI(t *testing.T) {
	text := driverYAML("run_command: [a b, c]\nprovision_command: d\ncommand: /sbin/init")
	got, diags := Resolve(configOf(t, strings.Replace(text, "name: dokken", "name: docker_cli", 1)), ResolveOptions{})
	require.Empty(t, diags)
	require.Equal(t, []string{"RUN a b", "RUN c", "RUN d"}, got[0].Driver.IntermediateInstructions)
	require.Equal(t, []string{"/sbin/init"}, got[0].Driver.Command)
}

// kitchen-ansible reads extra_vars and tags of a suite's attributes as well.
func TestAttributesOfAnsible(t *testing.T) {
	p := resolveOne(t, `
driver: {name: dokken}
provisioner: {name: ansible_playbook, extra_vars: {a: 1, b: 2}, tags: [x], attributes: {tags: y}}
verifier: {name: shell}
platforms: [{name: ubuntu-22.04}]
suites: [{name: default, attributes: {extra_vars: {a: 3}, other: 4}}]
`).Provisioner
	require.Equal(t, config.Hash{{Key: "a", Value: int64(3)}}, p.Ansible.ExtraVars)
	require.Equal(t, []string{"x"}, p.Ansible.Tags)
}

func TestVerbosityOfAnsible(t *testing.T) {
	for text, want := range map[string]int{"3": 3, ":info": 1, "warn": 2, ":debug": 3, "trace": 4} {
		got := resolveOne(t, strings.Replace(driverYAML(""), "provisioner: dokken",
			"provisioner:\n  name: ansible\n  ansible_verbosity: "+text, 1))
		require.Equal(t, want, got.Provisioner.Ansible.Verbosity, text)
	}
}
