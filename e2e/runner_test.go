//go:build linux

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// findings is where the documentation keeps what engines can do; -update renews it.
const findings = "../docs/engines.json"

var _ = flag.Bool("update", false, "write "+findings+" anew")

// driverKitchen is a kitchen.yml with an instance "default-NAME" for each section of
// platforms, which starts with "NAME:" and goes on with the lines of its driver.
func driverKitchen(platforms ...string) string {
	text := `
driver: {name: dokken, image: busybox, pull_platform_image: false}
provisioner: {name: shell, command: "true"}
verifier: {name: shell, command: "true"}
suites: [{name: default}]
platforms:
`
	for _, p := range platforms {
		name, driver, _ := strings.Cut(strings.TrimLeft(p, "\n"), ":\n")
		text += "  - name: " + name + "\n    driver:\n"
		for line := range strings.Lines(driver) {
			text += "      " + strings.TrimRight(line, "\n") + "\n"
		}
	}
	return text
}

// in runs a script in an instance's runner and returns what it printed. What cannot
// be seen there is no reason to stop: the comparison of the output tells it.
func (p *project) in(instance, script string) string {
	p.t.Helper()
	return p.galley("exec", instance, "-c", script).String()
}

// shows wants a script to print exactly these lines in an instance's runner.
func (p *project) shows(instance, script string, lines ...string) {
	p.t.Helper()
	require.Equal(p.t, lines, strings.Split(strings.TrimRight(p.in(instance, script), "\n"), "\n"), script)
}

// runner finds an instance's runner on the engine.
func (p *project) runner(instance string) backend.Container {
	p.t.Helper()
	list := p.runners()
	i := slices.IndexFunc(list, func(c backend.Container) bool { return c.Labels[label.Instance] == instance })
	require.GreaterOrEqual(p.t, i, 0, "no runner of %s", instance)
	c, err := p.backend().InspectContainer(p.t.Context(), list[i].ID)
	require.NoError(p.t, err)
	return c
}

// freePorts is the first of n ports in a row that no other program is likely to have: each
// engine's ports are in a network of its own.
func freePorts(n int) int { return 24000 + rand.IntN(7000/n)*n }

// Every key that says who and what PID 1 is, what it may do, and what it sees.
func TestDriverKeysOfProcess(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		device, inside := "/dev/full:/dev/empty:rw", "/dev/empty"
		if rootlessDocker(e) { // which has no other path inside: docs/engines.md
			device, inside = "/dev/full", "/dev/full"
		}
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(`
who:
env: [LISTED=a=b c, EMPTY=, FROM_CLIENT]
user: "65534:1234"
group_add: ["4242"]
working_dir: /var/tmp
hostname: web
domainname: example.test
labels: {example.odd: 'a="b" {c}'}
tty: true
init: true
`, `
own:
env: {HASHED: "yes", NUMBER: 1}
pid_one_command: sh -c 'trap "exit 0" TERM; echo "$0" > /said; while :; do sleep 1; done' "two words"
stop_signal: SIGUSR1
`, `
entry:
entrypoint: /bin/sh -c
pid_one_command: '"echo by the entrypoint > /said; exec sleep 86400"'
`, `
rights:
cap_add: [NET_ADMIN, CAP_SYS_ADMIN]
cap_drop: [chown]
security_opt: [no-new-privileges, seccomp=unconfined, label=disable]
devices: ["`+device+`", /dev/fuse]
ulimits: ["nofile=512:1024", {core: 0}]
sysctls: {net.ipv4.ip_unprivileged_port_start: 77}
shm_size: 32m
`, `
readonly:
read_only: true
tmpfs: ["/scratch:size=64k,exec", /tmp]
`, `
powerful:
privileged: true
`)})
		p.env = append(p.env, "FROM_CLIENT=the client's")
		r := p.ok("create", "-c", "3")

		p.shows("default-who", `echo "$LISTED,${EMPTY-unset},$FROM_CLIENT,$TEST_KITCHEN"; id -u; id -g; pwd; hostname`,
			"a=b c,,the client's,1", "65534", "1234", "/var/tmp", "web.example.test")
		require.Contains(t, strings.Fields(p.in("default-who", "id -G")), "4242")
		require.Equal(t, `a="b" {c}`, p.runner("default-who").Labels["example.odd"])
		require.NotContains(t, []string{"sh", "sleep"}, strings.TrimSpace(p.in("default-who", "cat /proc/1/comm")),
			"init: true puts a reaper there")
		require.Regexp(t, "^/dev/", p.in("default-who", "readlink /proc/1/fd/0"))

		p.shows("default-own", `echo "$HASHED$NUMBER"; cat /said`, "yes1", "two words")
		p.shows("default-entry", `cat /said`, "by the entrypoint")

		caps, err := strconv.ParseUint(strings.TrimSpace(p.in("default-rights",
			"awk '/CapEff/ { print $2 }' /proc/1/status")), 16, 64)
		require.NoError(t, err)
		require.Equal(t, []bool{true, true, false}, []bool{caps>>12&1 == 1, caps>>21&1 == 1, caps>>0&1 == 1},
			"NET_ADMIN, SYS_ADMIN, CHOWN: %x", caps)
		p.shows("default-rights", `awk '/NoNewPrivs|Seccomp:/ { print $1 $2 }' /proc/1/status
			echo x 2>&1 > `+inside+` | sed 's/.*: //'; test -c /dev/fuse && echo fuse
			awk '/open files/ { print $4, $5 } /core file/ { print $5, $6 }' /proc/1/limits
			cat /proc/sys/net/ipv4/ip_unprivileged_port_start; df -k /dev/shm | awk 'END { print $2 }'`,
			"NoNewPrivs:1", "Seccomp:0", "No space left on device", "fuse", "0 0", "512 1024", "77", "32768")

		p.shows("default-readonly", `touch /written 2> /dev/null || echo refused; touch /tmp/written /scratch/written && echo written
			awk '$2 == "/scratch" { print ($4 ~ /size=64k/) ($4 ~ /noexec/) }' /proc/mounts`, "refused", "written",
			"10")

		p.shows("default-powerful", "mkdir /mounted && mount -t tmpfs none /mounted && echo mounted", "mounted")
		if e.Rootless {
			require.Regexp(t, "privileged: rootless (Docker|Podman) gives the container no more than your own user may do",
				r.String())
		} else {
			require.NotContains(t, r.String(), "privileged: ")
		}
		if e.UserNSRemap {
			require.Contains(t, r.String(), "devices: one cannot have another path in a remapped user namespace")
		}
	})
}

// Memory, processors and processes are limited, or it is said that they cannot be.
func TestDriverKeysOfLimits(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(`
limited:
memory_limit: 64m
memory_swap: 128m
memory_reservation: 32m
cpus: 1.5
cpuset: "0"
pids_limit: 99
`)})
		r := p.ok("create")
		for _, limit := range []struct{ name, warning, files, want string }{
			{"memory", "memory: ", "memory.max memory/memory.limit_in_bytes", "67108864"},
			{"cpus", "cpus: ", "cpu.max cpu/cpu.cfs_quota_us", "150000"},
			{"cpuset", "cpuset: ", "cpuset.cpus cpuset/cpuset.cpus", "0"},
			{"pids", "pids: ", "pids.max pids/pids.max", "99"},
		} {
			got := strings.Fields(p.in("default-limited", "cd /sys/fs/cgroup && cat "+limit.files+" 2> /dev/null"))
			if len(got) == 0 || got[0] != limit.want {
				require.Regexp(t, "(?i)"+limit.name+".*(not available|not support|cannot|discarded|ignored)",
					r.String(),
					"%s is %q, and nothing was said", limit.name, got)
			}
		}
	})
}

// Every form in which a volume, a bind or a tmpfs can be written; what is named stays,
// and what is not goes with its runner.
func TestDriverKeysOfStorage(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		named := fmt.Sprintf("galley-e2e-%s-%d", e.Name, rand.Uint32())
		p := newProject(t, e, map[string]string{
			"dir/file": "of the project\n", ".home/file": "of the home directory\n", "colon:dir/file": "with a colon\n",
		})
		platforms := []string{`
store:
volumes:
  - /anonymous
  - ` + named + `:/named
  - ./dir:/relative
  - ./dir:/bare:ro
  - ` + p.dir + `/dir:/absolute:ro,rslave
  - ~:/home-dir:ro
  - {source: "./colon:dir", target: /colon, type: bind}
binds: ["./dir:/bound:ro"]
tmpfs: {/mem: "size=64k,mode=700", /mem2: ""}
mounts:
  - type=bind,source=./dir,target=/long,readonly
  - {type: volume, source: ` + named + `, target: /again, read_only: true}
  - {type: tmpfs, target: /mem3}
`, `
hashed:
volumes: {/anonymous: {}, /data: {}}
`}
		p.write("kitchen.yml", driverKitchen(platforms...))
		p.ok("create", "-c")
		p.shows("default-store", `cat /relative/file /absolute/file /home-dir/file /bound/file /long/file /colon/file
			for d in /bare /absolute /home-dir /bound /long /again; do touch $d/x 2> /dev/null && echo $d can be written; done
			echo kept > /named/file; cat /again/file; touch /anonymous/x && echo anonymous
			awk '$2 == "/mem" { print $3, ($4 ~ /size=64k/) ($4 ~ /mode=700/) } $2 ~ /^.mem[23]$/ { print $3 }' /proc/mounts | sort`,
			"of the project", "of the project", "of the home directory", "of the project", "of the project",
			"with a colon",
			"kept", "anonymous", "tmpfs", "tmpfs", "tmpfs 11")
		p.shows("default-hashed", "touch /anonymous/x /data/x && grep -c ' /anonymous \\| /data ' /proc/mounts", "2")
		anonymous := slices.DeleteFunc(append(e.Inspect(t, p.runner("default-store").ID).Volumes,
			e.Inspect(t, p.runner("default-hashed").ID).Volumes...),
			func(v string) bool { return v == named })
		require.GreaterOrEqual(t, len(anonymous), 3)

		// Another runner sees the volumes of the first one.
		other := p.runner("default-store").Name
		p.write("kitchen.yml", driverKitchen(append(platforms, "\nuser:\nvolumes_from: [\""+other+":ro\"]\n")...))
		p.ok("create", "user")
		p.shows("default-user", "cat /named/file; touch /named/y 2> /dev/null || echo refused", "kept", "refused")
		p.ok("destroy", "-c")
		require.Empty(t, p.runners())
		left := e.Volumes(t)
		require.Contains(t, left, named)
		for _, v := range anonymous {
			require.NotContains(t, left, v)
		}
		require.NoError(t, e.RemoveVolume(t.Context(), named))
	})
}

// Ports of all forms, seen from the engine's own network.
func TestDriverKeysOfPorts(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		port := freePorts(8)
		platform := fmt.Sprintf(`
ports:
pid_one_command: httpd -f -p 8080 -h /www
volumes: ["./www:/www:ro"]
ports:
  - 8080
  - "%d:8080"
  - "127.0.0.1:%d:8080"
  - "[::1]:%d:8080"
  - "%d-%d:8080-8081"
  - "%d:5353/udp"
`, port, port+1, port+2, port+3, port+4, port+5)
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(platform), "www/index.html": "served\n"})
		r := p.ok("create")
		bound := e.Inspect(t, p.runner("default-ports").ID).Ports
		for _, want := range []spec.PortMapping{
			{HostPort: port, ContainerPort: 8080, Protocol: "tcp"},
			{HostIP: "127.0.0.1", HostPort: port + 1, ContainerPort: 8080, Protocol: "tcp"},
			{HostIP: "::1", HostPort: port + 2, ContainerPort: 8080, Protocol: "tcp"},
			{HostPort: port + 3, ContainerPort: 8080, Protocol: "tcp"},
			{HostPort: port + 4, ContainerPort: 8081, Protocol: "tcp"},
			{HostPort: port + 5, ContainerPort: 5353, Protocol: "udp"},
		} {
			require.True(t, slices.ContainsFunc(bound, func(b spec.PortMapping) bool {
				return b.HostPort == want.HostPort && b.ContainerPort == want.ContainerPort &&
					b.Protocol == want.Protocol &&
					(want.HostIP == "" || b.HostIP == want.HostIP)
			}), "%v is not among %v", want, bound)
		}
		chosen := slices.IndexFunc(bound, func(b spec.PortMapping) bool {
			return b.ContainerPort == 8080 && (b.HostPort < port || b.HostPort > port+7) && b.HostPort != 0
		})
		require.GreaterOrEqual(t, chosen, 0, "a port without a host port gets one: %v", bound)
		addresses := []string{
			fmt.Sprintf("127.0.0.1:%d", bound[chosen].HostPort), fmt.Sprintf("127.0.0.1:%d", port),
			fmt.Sprintf("127.0.0.1:%d", port+1), fmt.Sprintf("127.0.0.1:%d", port+3),
		}
		ledger := testbed.NewLedger(t, e.Name, findings)
		if e.Kind == testbed.Podman && !e.Rootless {
			const warning = "ports: Podman as root passes connections to an IPv6 address on only to containers on a network with IPv6, and none to ::1"
			require.Contains(t, r.String(), warning)
			ledger.Record("ports-ipv6-loopback", testbed.Weaker, warning)
		} else {
			ledger.Record("ports-ipv6-loopback", testbed.Works, "")
			addresses = append(addresses, fmt.Sprintf("[::1]:%d", port+2))
		}
		for _, address := range addresses {
			require.Equal(t, "served\n",
				e.Exec(t, "curl", "-gsS", "-m", "20", "--retry", "20", "--retry-connrefused", "http://"+address+"/"),
				address)
		}

		// A port that is taken is told as that.
		p.write("kitchen.yml", driverKitchen(platform,
			fmt.Sprintf("\nsecond:\nports: [\"127.0.0.1:%d:80\"]\n", port+1)))
		r = p.galley("create", "second")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "Choose another host port, or leave it out to get a free one.")
	})
}

// Networks: names, addresses, resolvers, modes.
func TestDriverKeysOfNetwork(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		network := fmt.Sprintf("galley-e2e-%s-%d", e.Name, rand.Uint32())
		third := rand.IntN(250)
		e.Exec(t, e.Kind, "network", "create", "--subnet", fmt.Sprintf("10.123.%d.0/24", third),
			"--ipv6", "--subnet", fmt.Sprintf("fd00:123:%d::/64", third), network)
		t.Cleanup(func() { // after the project is destroyed
			out, err := e.Command(context.Background(), e.Kind, "network", "rm", network).CombinedOutput()
			require.NoError(t, err, string(out))
		})
		p := newProject(t, e, nil)
		web := `
web:
network_mode: ` + network + `
hostname: web
hostname_aliases: [www, intranet]
mac_address: 02:42:c0:00:02:07
extra_hosts: ["db.example.test:192.0.2.7", "six.example.test:2001:db8::7"]
`
		modes := []string{web, `
resolver:
network_mode: bridge
dns: [192.0.2.53]
dns_search: [example.test]
dns_options: ["ndots:3"]
`, `
none:
network_mode: none
`, `
host:
network_mode: host
`, `
bridge:
network_mode: bridge
`}
		p.write("kitchen.yml", driverKitchen(modes...))
		p.ok("create", "-c", "3")
		first := p.runners()
		p.shows("default-web", `hostname; cat /sys/class/net/eth0/address; tr '\t' ' ' < /etc/hosts | grep example.test | tr -s ' ' | sort; grep -c '^fd' /proc/net/if_inet6`,
			"web", "02:42:c0:00:02:07", "192.0.2.7 db.example.test", "2001:db8::7 six.example.test", "1")
		p.shows("default-resolver", "grep '^[a-z]' /etc/resolv.conf | sort", "nameserver 192.0.2.53", "options ndots:3",
			"search example.test")
		p.shows("default-none", "ls /sys/class/net", "lo")
		hosts := strings.TrimSpace(e.Exec(t, "readlink", "/proc/self/ns/net"))
		if !e.Rootless || e.Kind == testbed.Podman {
			p.shows("default-host", "readlink /proc/self/ns/net", hosts)
		}
		require.Greater(t, len(strings.Fields(p.in("default-bridge", "ls /sys/class/net"))), 1)

		fixed := fmt.Sprintf("10.123.%d.77", third)
		webRunner := p.runner("default-web").Name
		p.write("kitchen.yml", driverKitchen(append(modes, `
client:
network_mode: `+network+`
ip_address: `+fixed+`
ip6_address: `+fmt.Sprintf("fd00:123:%d::77", third)+`
links: ["`+webRunner+`:database"]
`, `
sidecar:
network_mode: container:`+webRunner+`
ipc: shareable
`)...))
		p.ok("create", "-c")
		for _, c := range first {
			require.Equal(t, c.ID, p.runner(c.Labels[label.Instance]).ID, "the second create left the others alone")
		}
		for _, name := range []string{"web", "www", "intranet", "default-web", webRunner} {
			require.NotContains(t, p.in("default-client", "nslookup "+name+" > /dev/null || echo unknown"), "unknown",
				name)
		}
		// Podman has no links: there the alias is in a file that nslookup does not read.
		require.NotContains(t, p.in("default-client",
			"nslookup database > /dev/null || grep database /etc/hosts > /dev/null || echo unknown"), "unknown")
		p.shows("default-client", "grep -c '^fd000123.*00000077 ' /proc/net/if_inet6", "1")
		require.Equal(t, fixed, e.Inspect(t, p.runner("default-client").ID).IPAddress)
		require.Equal(t, p.in("default-web", "readlink /proc/self/ns/net"),
			p.in("default-sidecar", "readlink /proc/self/ns/net"))
		p.ok("destroy", "sidecar") // before the container that it lives in, on which Podman insists
	})
}

// Namespaces that are shared with the host, with another container, or with none.
func TestDriverKeysOfNamespaces(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		platforms := []string{`
alone:
ipc: shareable
pid: private
`, `
host:
` + pidHost(e) + `
userns_mode: host
` + ipcHost(e) + `
`, `
cgroup:
cgroupns_mode: private
`, `
hostgroup:
cgroupns_host: true
userns_host: true
`}
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(platforms...)})
		p.ok("create", "-c", "3")
		engine := func(kind string) string { return strings.TrimSpace(e.Exec(t, "readlink", "/proc/self/ns/"+kind)) }
		ns := func(instance, kind string) string {
			return strings.TrimSpace(p.in(instance, "readlink /proc/self/ns/"+kind))
		}
		require.NotEqual(t, ns("default-alone", "pid"), ns("default-host", "pid"))
		require.NotEqual(t, ns("default-alone", "cgroup"), ns("default-hostgroup", "cgroup"))
		require.NotEqual(t, ns("default-cgroup", "cgroup"), ns("default-hostgroup", "cgroup"))
		if !e.Rootless {
			require.Equal(t, engine("user"), ns("default-host", "user"))
		}
		if ipcHost(e) != "" {
			require.Equal(t, engine("ipc"), ns("default-host", "ipc"))
		}
		alone := p.runner("default-alone").Name
		p.write("kitchen.yml", driverKitchen(append(platforms,
			"\nwith:\nipc: container:"+alone+"\npid: container:"+alone+"\n")...))
		p.ok("create", "with")
		for _, kind := range []string{"ipc", "pid"} {
			require.Equal(t, ns("default-alone", kind), ns("default-with", kind))
		}
		p.ok("destroy", "with") // before the container that it lives in, on which Podman insists
	})
}

// rootlessDocker reports whether an engine is a Docker of a plain user's.
func rootlessDocker(e testbed.Engine) bool { return e.Rootless && e.Kind == testbed.Docker }

// pidHost is the key where galley does not refuse it, as docs/engines.md has it.
func pidHost(e testbed.Engine) string {
	if rootlessDocker(e) {
		return ""
	}
	return "pid: host"
}

// ipcHost is the key where this machine allows it: rootless Podman mounts the host's
// /dev/mqueue then, and says "statfs /dev/mqueue: no such file or directory".
func ipcHost(e testbed.Engine) string {
	if _, err := os.Stat("/dev/mqueue"); e.Rootless && err != nil {
		return ""
	}
	return "ipc: host"
}

// User namespaces: done, or refused with the remedy before anything is created.
func TestDriverKeysOfUserNamespaces(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		for _, mode := range []string{"keep-id", "auto", "auto:size=1024", "nomap", "private"} {
			p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen("\nuserns:\nuserns_mode: \"" + mode +
				"\"\n")})
			r := p.galley("create")
			if why := refusesUserNS(e, mode); why != "" {
				require.Equal(t, 20, r.code, "%s: %s", mode, r)
				require.Contains(t, r.String(), why)
				require.Empty(t, p.runners(), mode)
				continue
			}
			require.Zero(t, r.code, "%s: %s", mode, r)
			ids := strings.Fields(p.in("default-userns", "id -u; cat /proc/self/uid_map"))
			require.Equal(t, "0", ids[0], "commands run as root in %s", mode)
			if mode != "keep-id" || e.Rootless { // root keeps the ids that it has, which are all
				require.NotEqual(t, []string{"0", "0", "4294967295"}, ids[1:], mode)
			}
			p.ok("destroy")
		}
	})
}

// refusesUserNS is the remedy with which an engine refuses a user namespace, or empty.
func refusesUserNS(e testbed.Engine, mode string) string {
	name, _, _ := strings.Cut(mode, ":")
	switch {
	case e.Kind == testbed.Docker && name == "private" && e.UserNSRemap:
		return ""
	case e.Kind == testbed.Docker && name == "private":
		return "Start the engine with userns-remap"
	case e.Kind == testbed.Docker:
		return "Only Podman has this mode. For Docker write host, or leave it out."
	case name == "nomap" && !e.Rootless:
		return "Run Podman as an ordinary user."
	case name == "keep-id" && e.Name == "podman4":
		return "Run Podman as an ordinary user, or upgrade it to 4.6 or newer."
	}
	return ""
}

// galley's own network has IPv6 when asked for, with a subnet that is the same on every machine.
func TestDriverKeysOfIPv6(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		be := connect(t, e)
		if err := be.RemoveNetwork(t.Context(), "dokken"); errors.Is(err, backend.ErrConflict) {
			t.Skip("other runners use the network dokken of this engine, so that it cannot be made anew: ", err)
		} else {
			require.NoError(t, err)
		}
		t.Cleanup(func() { // the next test makes it anew, without IPv6
			require.NoError(t, connect(t, e).RemoveNetwork(context.Background(), "dokken"))
		})
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen("\none:\nipv6: true\n",
			"\ntwo:\nipv6: true\n")})
		r := p.ok("create", "-c")
		require.NotContains(t, r.String(), "ipv6: ")
		address := func(instance string) string {
			return strings.TrimSpace(p.in(instance, "awk '$6 == \"eth0\" && /^fd/ { print $1 }' /proc/net/if_inet6"))
		}
		one, two := address("default-one"), address("default-two")
		require.Len(t, one, 32)
		require.Len(t, two, 32)
		require.Equal(t, []string{"fda3f394a8b76ab5", "fda3f394a8b76ab5"}, []string{one[:16], two[:16]})
	})
}
