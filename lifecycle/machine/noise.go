package machine

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/glob"
)

// Rule says which differences are not worth a line, and why. A pattern is for the whole name of a fact, and a star
// stands for slashes too; for files, what lies in a directory that fits is left out as well.
type Rule struct {
	Kind     Kind
	Patterns []string
	Reason   string
}

// Rules are what is known to differ between machines that are alike. What a converge leaves in temporary files, logs
// and caches is left out before: see the noises of package changes.
func Rules() []Rule {
	return []Rule{
		{File, []string{"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid"},
			"files of users and groups"}, // which are told by themselves; the salts of passwords are random
		{File, []string{"/var/lib/dpkg", "/var/lib/rpm", "/usr/lib/sysimage/rpm", "/lib/apk", "/usr/lib/apk", "/var/lib/apt",
			"/etc/apk/world"}, "files of package managers"}, // packages are told by themselves
		{File, []string{"/etc/ssh/ssh_host_*", "/etc/ssl/certs/ssl-cert-snakeoil.pem",
			"/etc/ssl/private/ssl-cert-snakeoil.key", "/var/lib/systemd/random-seed", "/var/lib/dbus/machine-id",
			"/etc/machine-id"}, "random keys and IDs"},
		{File, []string{"/root/.chef", "/etc/chef/*.pem", "/etc/cinc/*.pem", "/etc/chef/ohai", "/etc/cinc/ohai", "/var/chef",
			"/var/cinc", "/opt/kitchen"}, "what the tool itself keeps"},
		{Env, []string{"HOSTNAME", "container", "TERM", "PWD", "OLDPWD", "SHLVL", "_", "HOME", "GALLEY_EXEC"},
			"what engines and galley set"},
		{Mount, []string{"/", "/proc", "/proc/*", "/sys", "/sys/*", "/dev", "/dev/*", "/run", "/run/*", "/etc/hosts",
			"/etc/hostname", "/etc/resolv.conf", "/var/run/.containerenv", "/tmp", "/var/log/journal"},
			"what engines mount"},
		{Mount, []string{"/opt/kitchen", "/opt/verifier", "/opt/chef", "/opt/cinc", "/opt/galley*"}, "what galley mounts"},
		{Port, []string{"* 127.0.0.11:*"}, "the name server of the engine"},
		{Sysctl, []string{"kernel.domainname", "*_mem", "*.max_*_orphans", "*.stable_secret", "*fastopen_key", "user.max_*"},
			"what depends on the engine's host"},
	}
}

// rulesFor are all rules for two machines, with those of kitchen.yml.
func rulesFor(a, b Machine) []Rule {
	rules := Rules()
	for _, i := range slices.Concat(a.Ignored, b.Ignored) {
		pattern := strings.TrimSuffix(strings.TrimSuffix(i.Pattern, "/**"), "/")
		rules = append(rules, Rule{Kind: Kind(i.Kind), Patterns: []string{pattern}, Reason: "ignored by kitchen.yml"})
	}
	return rules
}

// noiseOf says why a fact is not worth a line, or nothing.
func noiseOf(rules []Rule, kind Kind, name string) string {
	for _, r := range rules {
		if r.Kind == kind && slices.ContainsFunc(r.Patterns, func(p string) bool {
			return glob.MatchText(p, name) || kind == File && glob.MatchText(p+"/*", name)
		}) {
			return r.Reason
		}
	}
	return ""
}
