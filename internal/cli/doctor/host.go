package doctor

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/fault"
)

// host is what remedies need to know of this machine.
type host struct {
	// root is where the files of the system are: "/".
	root string
	user string
	uid  int
	// here is set when the engine is reached by a socket of this machine, and rootless when that is the user's own.
	here, rootless bool
	kind           backend.Kind
	desktop        bool
}

func thisHost(e backend.Endpoint) host {
	path, here := strings.CutPrefix(e.URI, "unix://")
	h := host{root: "/", uid: os.Getuid(), here: here, kind: e.Kind,
		desktop: runtime.GOOS != "linux" || strings.Contains(path, "/.docker/")}
	if u, err := user.Current(); err == nil {
		h.user = u.Username
	}
	h.rootless = here && !h.desktop && h.uid != 0 &&
		(e.Ephemeral || strings.HasPrefix(path, fmt.Sprintf("/run/user/%d/", h.uid)))
	return h
}

func (h host) read(path string) string {
	data, _ := os.ReadFile(filepath.Join(h.root, path)) // what cannot be read tells nothing
	return string(data)
}

func (h host) exists(path string) bool {
	_, err := os.Stat(filepath.Join(h.root, path))
	return err == nil
}

// container is why containers may not run here.
func (h host) container() string {
	var list []string
	if h.rootless {
		for _, file := range []string{"subuid", "subgid"} {
			if !h.mapped(file) {
				list = append(list, fmt.Sprintf("/etc/%s gives %s no numbers: sudo usermod --add-subuids 100000-165535 "+
					"--add-subgids 100000-165535 %s, and then podman system migrate", file, h.user, h.user))
			}
		}
	}
	if h.selinux() {
		list = append(list, "SELinux is enforcing: `sudo ausearch -m avc -ts recent` says what it denied")
	}
	return strings.Join(append(list, "Try the engine's own client, which says more: "+string(h.kind)+" run"), "\n")
}

func (h host) mapped(file string) bool {
	for line := range strings.Lines(h.read("etc/" + file)) {
		name, _, _ := strings.Cut(line, ":")
		if name == h.user || name == fmt.Sprint(h.uid) {
			return true
		}
	}
	return false
}

func (h host) selinux() bool {
	return h.here && strings.HasPrefix(h.read("sys/fs/selinux/enforce"), "1")
}

// bind is why a directory of this machine may not be seen in a container.
func (h host) bind() string {
	switch {
	case !h.here:
		return "The engine is on another machine: galley uploads the files in place of it"
	case h.desktop:
		return "Share the directory of temporary files: Settings, Resources, File sharing; till then galley uploads the files"
	case h.selinux():
		return "SELinux is enforcing: mount your own directories with :z; galley uploads its files where it cannot label them"
	}
	return "The engine sees other files than this machine, as in a container: galley uploads its files in place of it"
}

// names is why containers may not find each other.
func (h host) names() string {
	if h.kind == backend.KindPodman {
		return "Podman needs netavark and aardvark-dns: install both (packages netavark and aardvark-dns)"
	}
	return "A firewall may drop what goes between containers: let through the interfaces docker0 and br-*"
}

// port is why a published port may not answer.
func (h host) port() string {
	switch {
	case !h.here:
		return "The engine is on another machine, where the port is published"
	case h.rootless:
		return "Rootless networks need pasta (package passt) or slirp4netns; ports below the number in " +
			"/proc/sys/net/ipv4/ip_unprivileged_port_start need sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
	}
	return "A firewall, or a network namespace of the engine's own, may be between this machine and the port"
}

// netem is why a network may not be made slow.
func (h host) netem() string {
	if h.desktop {
		return "The virtual machine's kernel has no sch_netem: a kitchen cannot delay what its network sends. " +
			"Update Docker Desktop (or WSL: wsl --update), or use an engine on Linux"
	}
	return fault.LoadNetem
}

// settings are findings of this machine that no container shows.
func (h host) settings() []Finding {
	if !h.rootless {
		return nil
	}
	var list []Finding
	add := func(check string, good bool, detail, remedy string) {
		if good {
			list = append(list, Finding{Check: check, Verdict: OK})
			return
		}
		list = append(list, Finding{check, Limited, 0, detail, remedy})
	}
	add("sub-ids", h.mapped("subuid") && h.mapped("subgid"), "/etc/subuid or /etc/subgid gives "+h.user+" no numbers",
		"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "+h.user+", and then podman system migrate")
	if !h.exists("run/systemd/system") {
		return list
	}
	add("linger", h.exists("var/lib/systemd/linger/"+h.user),
		"runners end when you log out", "loginctl enable-linger "+h.user)
	controllers := strings.Fields(h.read(fmt.Sprintf(
		"sys/fs/cgroup/user.slice/user-%d.slice/user@%d.service/cgroup.controllers", h.uid, h.uid)))
	has := map[string]bool{}
	for _, c := range controllers {
		has[c] = true
	}
	add("delegation", has["cpu"] && has["memory"] && has["pids"],
		"cgroup controllers of yours: "+strings.Join(controllers, " "),
		"Put Delegate=cpu cpuset io memory pids below [Service] into "+
			"/etc/systemd/system/user@.service.d/delegate.conf, then sudo systemctl daemon-reload, and log in anew; "+
			"without it limits of memory and processors do not hold")
	return list
}
