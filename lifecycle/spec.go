package lifecycle

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// pidOne keeps a runner alive, ends at once when asked to, and reaps what is left
// to it. `trap` with a signal's short name and `wait` work in every shell.
const pidOne = `trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done`

// runnerSpec says what an instance's runner must be like. It is a pure function:
// all that galley makes of `driver:` is decided here.
func runnerSpec(p Project, i config.Instance, image string, tools []backend.Tool, dirs []sandbox.Dir,
	getenv func(string) string) backend.ContainerSpec {
	d := i.Driver
	s := backend.ContainerSpec{
		Name:         containerName(p, i.Name),
		Image:        image,
		Platform:     d.OCIPlatform,
		Entrypoint:   d.Entrypoint,
		Command:      d.Command,
		Env:          runnerEnv(d, getenv),
		Hostname:     d.Hostname,
		Domainname:   d.Domainname,
		User:         d.User,
		WorkDir:      d.WorkingDir,
		StopSignal:   d.StopSignal,
		Labels:       maps.Clone(backend.Labels(d.Labels)),
		Init:         initKind(d),
		Privileged:   d.Privileged,
		UserNS:       d.UserNS,
		CgroupNS:     d.CgroupNS,
		IPC:          d.IPC,
		PID:          d.PID,
		CapAdd:       d.CapAdd,
		CapDrop:      d.CapDrop,
		Security:     d.Security,
		GPUs:         d.GPUs,
		GroupAdd:     d.GroupAdd,
		Devices:      d.Devices,
		Ulimits:      d.Ulimits,
		Ports:        d.Ports,
		ExtraHosts:   d.ExtraHosts,
		VolumesFrom:  d.VolumesFrom,
		Sysctls:      d.Sysctls,
		ReadOnlyRoot: d.ReadOnlyRootfs,
		Tty:          d.Tty,
		PublishAll:   d.PublishAll,
		// The proxies themselves are not known here, and so are no change of the runner.
		ClientProxies: d.ClientProxies,
		Tools:         tools,
		Network:       networkAttachment(i),
		DNS:           backend.DNS{Servers: d.DNS, Search: d.DNSSearch, Options: d.DNSOptions},
		Resources: spec.Resources{
			Memory: d.Memory, MemorySwap: d.MemorySwap, MemoryReservation: d.MemoryReservation, ShmSize: d.ShmSize,
			CPUs: d.CPUs, CPUShares: d.CPUShares, CPUSet: d.CPUSet, Pids: d.PidsLimit,
		},
	}
	s.Networks = serviceAttachment(p, i, s.Network.Aliases)
	if i.Node != nil {
		joinGroup(p, i, &s)
	}
	if s.Network.Mode == spec.NetworkContainer && !d.HostnameSet {
		s.Hostname = "" // the other container's, and kitchen.yml asks for none
	}
	// The command comes after the image's own entrypoint, or the one that is set.
	if s.Command == nil && (len(s.Entrypoint) == 0 || !isSystemd(s.Entrypoint[0])) {
		s.Command = defaultPIDOne(s.Init)
	}
	for _, sb := range dirs {
		s.Mounts = append(s.Mounts, spec.Mount{Type: spec.MountBind, Source: sb.Local, Target: sb.Remote, Own: true})
	}
	s.Mounts = append(s.Mounts, d.Mounts...)
	return s
}

// runnerEnv is `env` with what Test Kitchen adds to it.
func runnerEnv(d config.Driver, getenv func(string) string) map[string]string {
	env := map[string]string{"TEST_KITCHEN": "1"}
	if ci := getenv("CI"); ci != "" {
		env["CI"] = ci
	}
	maps.Copy(env, d.Env)
	return env
}

// defaultPIDOne is what runs when kitchen.yml names no command.
func defaultPIDOne(kind backend.Init) []string {
	if kind == backend.InitSystemd {
		return []string{"/sbin/init"} // every distribution has it there
	}
	return []string{"sh", "-c", pidOne}
}

// isSystemd reports whether a program means systemd when it is PID 1.
func isSystemd(program string) bool {
	switch program {
	case "/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init":
		return true
	}
	return path.Base(program) == "systemd"
}

func initKind(d config.Driver) backend.Init {
	switch d.InitSystem {
	case config.InitSystemd:
		return backend.InitSystemd
	case config.InitNone:
	default:
		if line := slices.Concat(d.Entrypoint, d.Command); len(line) > 0 && isSystemd(line[0]) {
			return backend.InitSystemd
		}
	}
	if d.Init {
		return backend.InitReaper
	}
	return backend.InitNone
}

// defaultNetwork is the network that galley makes when it is not there; any other
// one named in kitchen.yml is the user's own affair.
const defaultNetwork = "dokken"

func networkAttachment(i config.Instance) backend.NetworkAttachment {
	d := i.Driver
	a := backend.NetworkAttachment{
		Mode: d.Network.Mode, Name: d.Network.Name, Links: d.Links, IPv4: d.IPAddress, IPv6: d.IP6Address, MAC: d.MacAddress,
	}
	if d.Network.Mode != spec.NetworkNamed {
		a.Aliases = d.HostnameAliases
		return a
	}
	// The default host name is the same for all instances and would answer for
	// any of them; the instance's own name answers for one.
	a.Aliases = append(a.Aliases, names.Label("", i.PlainName()))
	if d.HostnameSet {
		a.Aliases = append(a.Aliases, d.Hostname)
	}
	for _, alias := range d.HostnameAliases {
		if !slices.Contains(a.Aliases, alias) {
			a.Aliases = append(a.Aliases, alias)
		}
	}
	return a
}

// qualify puts driver.docker_registry in front of an image name that names no registry itself.
func qualify(registry, image string) string {
	if registry == "" || strings.HasPrefix(image, "sha256:") {
		return image
	}
	first, _, slash := strings.Cut(image, "/")
	if slash && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return image
	}
	return path.Join(registry, image)
}
