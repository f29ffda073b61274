package keys

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// securityOptions are the keys that a security option may have.
func securityOptions() []string {
	return []string{
		"apparmor", "label", "mask", "no-new-privileges", "proc-opts", "seccomp", "systempaths", "unmask",
		"writable-cgroups",
	}
}

// security reads `security_opt`: a list of "key", "key=value" or "key:value".
func security(d *decoder, v *yaml11.Value) (spec.Security, bool) {
	var s spec.Security
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

func (d *decoder) securityOption(at *yaml11.Value, s *spec.Security, key, value string) bool {
	bad := func(hint string) bool {
		return d.errorAt(at, hint, "bad security option %s", describe(at))
	}
	switch key {
	case "no-new-privileges", "writable-cgroups":
		on, err := strconv.ParseBool(cmp.Or(value, "true"))
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
		return bad(cmp.Or(suggestion(key, securityOptions()), "the options are "+strings.Join(securityOptions(), ", ")))
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
		return setLabel(&s.SELinux, value) ||
			bad("write label=disable, label=nested, or label=type:…, level:…, user:…, role:… or filetype:…")
	}
	return true
}

func (d *decoder) seccomp(at *yaml11.Value, s *spec.Security, value string) bool {
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

// setLabel sets one label option, and reports whether there is such a one.
func setLabel(l *spec.SELinux, option string) bool {
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
