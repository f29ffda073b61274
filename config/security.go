package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// Security is `security_opt`.
type Security struct {
	// NoNewPrivileges keeps programs from gaining rights, as setuid ones do.
	NoNewPrivileges bool
	// Seccomp is "unconfined", "builtin", the absolute path of a profile, or the
	// profile itself in JSON; empty leaves it to the engine.
	Seccomp string
	// AppArmor is the name of a profile or "unconfined", or empty.
	AppArmor string
	// SELinux are the labels of the runner's processes.
	SELinux SELinux
	// UnmaskAll uncovers the paths of /proc and /sys that an engine hides or mounts
	// read-only (`systempaths=unconfined`). Mask and Unmask name single ones.
	UnmaskAll    bool
	Mask, Unmask []string
	// ProcOptions are options of the mount of /proc, such as "hidepid=2".
	ProcOptions []string
	// WritableCgroups mounts the cgroups writable in an unprivileged runner.
	WritableCgroups bool
}

// SELinux are the `label=` options of `security_opt`. Empty parts are the engine's.
type SELinux struct {
	// Disabled takes the runner out of SELinux' separation.
	Disabled                          bool
	User, Role, Type, Level, FileType string
	// Nested lets the runner change labels inside.
	Nested bool
}

// securityOptions are the keys that a security option may have.
func securityOptions() []string {
	return []string{
		"apparmor", "label", "mask", "no-new-privileges", "proc-opts", "seccomp", "systempaths", "unmask",
		"writable-cgroups",
	}
}

// security reads `security_opt`: a list of "key", "key=value" or "key:value".
func security(d *decoder, v *yaml11.Value) (Security, bool) {
	var s Security
	good := true
	for _, it := range items(v) {
		option := d.scalarOr(it)
		key, value := option, ""
		if at := strings.IndexAny(option, "=:"); at >= 0 {
			key, value = option[:at], option[at+1:]
		}
		good = d.securityOption(it, &s, key, value) && good
	}
	return s, good
}

func (d *decoder) securityOption(at *yaml11.Value, s *Security, key, value string) bool {
	bad := func(hint string) bool {
		d.errorAt(at, hint, "bad security option %s", describe(at))
		return false
	}
	on, err := strconv.ParseBool(value)
	switch key {
	case "no-new-privileges", "writable-cgroups":
		if value == "" {
			on, err = true, nil
		}
		if err != nil {
			return bad("write " + key + ", or " + key + "=false")
		}
		if key == "no-new-privileges" {
			s.NoNewPrivileges = on
		} else {
			s.WritableCgroups = on
		}
		return true
	case "systempaths":
		s.UnmaskAll = value == "unconfined"
		return s.UnmaskAll || bad("write systempaths=unconfined")
	}
	switch {
	case !slices.Contains(securityOptions(), key):
		hint := suggestion(key, securityOptions())
		if hint == "" {
			hint = "the options are " + strings.Join(securityOptions(), ", ")
		}
		return bad(hint)
	case value == "":
		return bad("write " + key + "=value")
	}
	switch key {
	case "apparmor":
		s.AppArmor = value
	case "mask":
		s.Mask = append(s.Mask, strings.Split(value, ":")...)
	case "proc-opts":
		s.ProcOptions = append(s.ProcOptions, strings.Split(value, ",")...)
	case "unmask":
		s.Unmask = append(s.Unmask, strings.Split(value, ":")...)
		if slices.ContainsFunc(s.Unmask, func(p string) bool { return strings.EqualFold(p, "all") }) {
			s.UnmaskAll, s.Unmask = true, nil
		}
	case "seccomp":
		return d.seccomp(at, s, value)
	case "label":
		return s.SELinux.set(value) ||
			bad("write label=disable, label=nested, or label=type:…, level:…, user:…, role:… or filetype:…")
	}
	return true
}

func (d *decoder) seccomp(at *yaml11.Value, s *Security, value string) bool {
	s.Seccomp = value
	switch {
	case value == "default":
		s.Seccomp = "builtin"
	case value == "unconfined", value == "builtin", strings.HasPrefix(strings.TrimSpace(value), "{"):
	default:
		file, ok := d.path(at, value)
		s.Seccomp = file
		return ok
	}
	return true
}

// set sets one label option, and reports whether there is such a one.
func (l *SELinux) set(option string) bool {
	name, value, _ := strings.Cut(option, ":")
	switch name {
	case "disable":
		l.Disabled = true
		return value == ""
	case "nested":
		l.Nested = true
		return value == ""
	}
	to := map[string]*string{"user": &l.User, "role": &l.Role, "type": &l.Type, "level": &l.Level,
		"filetype": &l.FileType}[name]
	if to == nil || value == "" {
		return false
	}
	*to = value
	return true
}

// Options are the label options as `security_opt` has them behind "label=".
func (l SELinux) Options() []string {
	var out []string
	if l.Disabled {
		out = append(out, "disable")
	}
	if l.Nested {
		out = append(out, "nested")
	}
	for _, o := range []struct{ name, value string }{
		{"user", l.User}, {"role", l.Role}, {"type", l.Type}, {"level", l.Level}, {"filetype", l.FileType},
	} {
		if o.value != "" {
			out = append(out, o.name+":"+o.value)
		}
	}
	return out
}

// Options are the options as `security_opt` has them.
func (s Security) Options() []string {
	var out []string
	for _, o := range s.SELinux.Options() {
		out = append(out, "label="+o)
	}
	for _, o := range []struct {
		on   bool
		text string
	}{
		{s.NoNewPrivileges, "no-new-privileges"},
		{s.Seccomp != "", "seccomp=" + s.Seccomp},
		{s.AppArmor != "", "apparmor=" + s.AppArmor},
		{s.UnmaskAll, "systempaths=unconfined"},
		{len(s.Mask) > 0, "mask=" + strings.Join(s.Mask, ":")},
		{len(s.Unmask) > 0, "unmask=" + strings.Join(s.Unmask, ":")},
		{len(s.ProcOptions) > 0, "proc-opts=" + strings.Join(s.ProcOptions, ",")},
		{s.WritableCgroups, "writable-cgroups"},
	} {
		if o.on {
			out = append(out, o.text)
		}
	}
	return out
}
