package lifecycle

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
)

// pidOne keeps a runner alive, ends at once when asked to, and reaps what is left
// to it. `trap` with a signal's short name and `wait` work in every shell.
const pidOne = `trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done`

// runnerSpec says what an instance's runner must be like. It is a pure function:
// all that galley makes of `driver:` is decided here.
func runnerSpec(p Project, i config.Instance, image string, tools []backend.Tool, dirs sandboxes,
	getenv func(string) string) backend.ContainerSpec {
	d := i.Driver
	s := backend.ContainerSpec{
		Name:       containerName(p, i.Name),
		Image:      image,
		Platform:   d.OCIPlatform,
		Entrypoint: d.Entrypoint,
		Command:    d.Command,
		Env:        runnerEnv(d, getenv),
		Hostname:   d.Hostname,
		Domainname: d.Domainname,
		User:       d.User,
		WorkDir:    d.WorkingDir,
		StopSignal: d.StopSignal,
		Labels:     maps.Clone(backend.Labels(d.Labels)),
		Init:       initKind(d),
		Privileged: d.Privileged,
		UserNS: backend.UserNS{Mode: backend.UserNSMode(d.UserNS.Mode), UID: d.UserNS.UID, GID: d.UserNS.GID,
			Size: d.UserNS.Size},
		CgroupNS:     namespace(d.CgroupNS),
		IPC:          namespace(d.IPC),
		PID:          namespace(d.PID),
		CapAdd:       d.CapAdd,
		CapDrop:      d.CapDrop,
		Security:     security(d.Security),
		GPUs:         d.GPUs,
		GroupAdd:     d.GroupAdd,
		Sysctls:      d.Sysctls,
		ReadOnlyRoot: d.ReadOnlyRootfs,
		Tty:          d.Tty,
		PublishAll:   d.PublishAll,
		// The proxies themselves are not known here, and so are no change of the runner.
		ClientProxies: d.ClientProxies,
		Tools:         tools,
		Network:       networkAttachment(i),
		DNS:           backend.DNS{Servers: d.DNS, Search: d.DNSSearch, Options: d.DNSOptions},
		Resources: backend.Resources{
			Memory: d.Memory, MemorySwap: d.MemorySwap, MemoryReservation: d.MemoryReservation, ShmSize: d.ShmSize,
			CPUs: d.CPUs, CPUShares: d.CPUShares, CPUSet: d.CPUSet, Pids: d.PidsLimit,
		},
	}
	if s.Network.Mode == backend.NetworkContainer && !d.HostnameSet {
		s.Hostname = "" // the other container's, and kitchen.yml asks for none
	}
	// The command comes after the image's own entrypoint, or the one that is set.
	if s.Command == nil && (len(s.Entrypoint) == 0 || !isSystemd(s.Entrypoint[0])) {
		s.Command = defaultPIDOne(s.Init)
	}
	for _, x := range d.Devices {
		s.Devices = append(s.Devices, backend.Device(x))
	}
	for _, x := range d.Ulimits {
		s.Ulimits = append(s.Ulimits, backend.Ulimit(x))
	}
	for _, x := range d.Ports {
		s.Ports = append(s.Ports, backend.PortMapping(x))
	}
	for _, x := range d.ExtraHosts {
		s.ExtraHosts = append(s.ExtraHosts, backend.HostEntry(x))
	}
	for _, x := range d.VolumesFrom {
		s.VolumesFrom = append(s.VolumesFrom, backend.VolumesFrom(x))
	}
	for _, sb := range dirs.all() {
		if sb.Local != "" {
			s.Mounts = append(s.Mounts, backend.Mount{Type: backend.MountBind, Source: sb.Local, Target: sb.Remote, Own: true})
		} else {
			s.Mounts = append(s.Mounts, backend.Mount{Type: backend.MountVolume, Target: sb.Remote})
		}
	}
	for _, m := range d.Mounts {
		s.Mounts = append(s.Mounts, backend.Mount{
			Type: backend.MountType(m.Type), Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly,
			Relabel: backend.Relabel(m.Relabel), Propagation: m.Propagation, Consistency: m.Consistency,
			NoCopy: m.NoCopy, NonRecursive: m.NonRecursive, Overlay: m.Overlay, ChangeOwner: m.ChangeOwner, IDMap: m.IDMap,
			FSOptions: m.FSOptions,
		})
	}
	return s
}

func namespace(n config.Namespace) backend.Namespace {
	return backend.Namespace{Mode: backend.NamespaceMode(n.Mode), Container: n.Container}
}

func security(s config.Security) backend.Security {
	return backend.Security{
		NoNewPrivileges: s.NoNewPrivileges, Seccomp: s.Seccomp, AppArmor: s.AppArmor, SELinux: backend.SELinux(s.SELinux),
		UnmaskAll: s.UnmaskAll, Mask: s.Mask, Unmask: s.Unmask, ProcOptions: s.ProcOptions,
		WritableCgroups: s.WritableCgroups,
	}
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
	a := backend.NetworkAttachment{IPv4: d.IPAddress, IPv6: d.IP6Address, MAC: d.MacAddress}
	for _, l := range d.Links {
		a.Links = append(a.Links, backend.Link(l))
	}
	a.Mode, a.Name = backend.NetworkMode(d.Network.Mode), d.Network.Name
	if d.Network.Mode != config.NetworkNamed {
		a.Aliases = d.HostnameAliases
		return a
	}
	// The default host name is the same for all instances and would answer for
	// any of them; the instance's own name answers for one.
	a.Aliases = append(a.Aliases, names.Label("", i.Name))
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

// qualify puts driver.docker_registry in front of an image name that names no
// registry itself.
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
