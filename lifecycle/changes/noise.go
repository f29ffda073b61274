package changes

import (
	"path"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/glob"
	"github.com/galley-kitchen/galley/lifecycle/rig"
)

// noise is a kind of change that says nothing of what a converge made.
type noise struct {
	reason string
	// places are directories and files, with all that is in them, and names are patterns of the last part of a path.
	places, names []string
}

// noises are in the order in which they are tried.
var noises = []noise{
	{reason: "temporary files", places: []string{"/tmp", "/var/tmp", "/run", "/var/run"}},
	{reason: "package caches", places: []string{
		"/var/cache/apt", "/var/cache/debconf", "/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/zypp",
		"/var/cache/apk", "/var/cache/pacman", "/var/lib/apt/lists", "/var/lib/dnf", "/var/lib/yum", "/root/.cache",
		"/var/cache/ldconfig", "/var/cache/man",
	}},
	{reason: "logs", places: []string{"/var/log"}},
	{reason: "caches", places: []string{"/etc/ld.so.cache"}, names: []string{"__pycache__", "*.pyc"}},
	{reason: "what systemd keeps", places: []string{"/var/lib/systemd/backlight", "/var/lib/systemd/catalog",
		"/var/lib/systemd/coredump", "/var/lib/systemd/linger", "/var/lib/systemd/random-seed", "/var/lib/systemd/rfkill",
		"/var/lib/systemd/timers"}},
	{reason: "identity, locks and shell histories", places: []string{"/etc/machine-id", "/var/lib/dbus/machine-id",
		"/etc/.pwd.lock", "/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/triggers/Lock",
		"/var/lib/rpm/.rpm.lock", "/lib/apk/db/lock", "/usr/lib/apk/db/lock", "/var/lock"}, names: []string{".*_history"}},
	{reason: "backups that tools make", places: []string{"/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-",
		"/etc/subuid-", "/etc/subgid-", "/var/lib/dpkg/status-old", "/var/lib/dpkg/diversions-old",
		"/var/lib/dpkg/statoverride-old"}},
}

// noiseOf says why a path is noise, or nothing.
func noiseOf(p string, mounted []string) string {
	if rig.In(mounted, p) {
		return "mount points"
	}
	if rig.MadeByEngine(p) {
		return "what engines make"
	}
	for _, n := range noises {
		if rig.In(n.places, p) {
			return n.reason
		}
		for at := p; at != "/"; at = path.Dir(at) {
			if slices.ContainsFunc(n.names, func(pattern string) bool { return glob.Match(pattern, path.Base(at)) }) {
				return n.reason
			}
		}
	}
	return ""
}

// markNoise marks what is noise in a sorted list. A directory that was added for nothing but noise is some too.
func markNoise(list []Change, mounted []string) {
	for n := range list {
		list[n].Noise = noiseOf(list[n].Path, mounted)
	}
	// useful has the directories with something in them that is no noise. From the end, what is in a directory comes
	// before it.
	useful := map[string]bool{}
	for n := len(list) - 1; n >= 0; n-- {
		c := &list[n]
		holds := n+1 < len(list) && within(list[n+1].Path, c.Path)
		if c.Noise == "" && c.Kind == backend.ChangeAdded && holds && !useful[c.Path] {
			c.Noise = list[n+1].Noise
		}
		if c.Noise == "" {
			useful[path.Dir(c.Path)] = true
		}
	}
}
