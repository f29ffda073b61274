package spec

import "strings"

// Security are the restrictions of a container's processes. Empty fields are the engine's own choice.
type Security struct {
	// NoNewPrivileges keeps programs from gaining rights, as setuid ones do.
	NoNewPrivileges bool
	// Seccomp is "unconfined", "builtin", the absolute path of a profile, or the profile itself in JSON.
	Seccomp string
	// AppArmor is the name of a profile or "unconfined".
	AppArmor string
	SELinux  SELinux
	// UnmaskAll uncovers the paths of /proc and /sys that an engine hides or mounts
	// read-only. Mask and Unmask name single ones.
	UnmaskAll    bool
	Mask, Unmask []string
	// ProcOptions are options of the mount of /proc, such as "hidepid=2".
	ProcOptions []string
	// WritableCgroups mounts the cgroups writable in an unprivileged container.
	WritableCgroups bool
}

// SELinux are the labels of a container's processes.
type SELinux struct {
	// Disabled takes the container out of SELinux' separation.
	Disabled                          bool
	User, Role, Type, Level, FileType string
	// Nested lets the container change labels inside.
	Nested bool
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
