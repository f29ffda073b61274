package podman

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// securityConfig is the part of a container's configuration that says what it may do.
type securityConfig struct {
	Privileged      bool       `json:"privileged,omitempty"`
	UserNS          *namespace `json:"userns,omitempty"`
	IDMappings      *idMapping `json:"idmappings,omitempty"`
	CgroupNS        *namespace `json:"cgroupns,omitempty"`
	IPCNS           *namespace `json:"ipcns,omitempty"`
	PIDNS           *namespace `json:"pidns,omitempty"`
	UTSNS           *namespace `json:"utsns,omitempty"`
	CapAdd          []string   `json:"cap_add,omitempty"`
	CapDrop         []string   `json:"cap_drop,omitempty"`
	SELinux         []string   `json:"selinux_opts,omitempty"`
	AppArmor        string     `json:"apparmor_profile,omitempty"`
	Seccomp         string     `json:"seccomp_profile_path,omitempty"`
	NoNewPrivileges bool       `json:"no_new_privileges,omitempty"`
	Mask            []string   `json:"mask,omitempty"`
	Unmask          []string   `json:"unmask,omitempty"`
	ProcOptions     []string   `json:"procfs_opts,omitempty"`
	ReadOnlyRoot    bool       `json:"read_only_filesystem,omitempty"`
	Devices         []device   `json:"devices,omitempty"`
}

// device names a device, as "host[:container[:permissions]]", or one that the Container Device Interface describes.
type device struct {
	Path string `json:"path"`
}

// idMapping asks for a range of ids; userns alone does not.
type idMapping struct {
	Auto        bool        `json:"AutoUserNs"`
	AutoOptions autoMapping `json:"AutoUserNsOpts"`
}

// autoMapping says how many ids; 0 is as many as the image needs.
type autoMapping struct {
	Size uint32
}

// applySecurity translates all that has to do with privileges and namespaces.
func applySecurity(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	var warnings []string
	if s.Privileged && f.rootless {
		warnings = append(warnings, engine.RootlessPrivileged("Podman"))
	}
	c.Privileged = s.Privileged
	c.CapAdd, c.CapDrop = engine.Capabilities(s.CapAdd), engine.Capabilities(s.CapDrop)
	c.ReadOnlyRoot = s.ReadOnlyRoot
	c.CgroupNS, c.IPCNS, c.PIDNS = namespaceFrom(s.CgroupNS), namespaceFrom(s.IPC), namespaceFrom(s.PID)
	if s.Hostname != "" {
		// The server's default may be the host's, which has a name already.
		c.UTSNS = &namespace{Mode: string(spec.NamespacePrivate)}
	}
	c.Devices = devices(s)
	if err := applyUserNS(c, s.UserNS, f); err != nil {
		return nil, err
	}
	return warnings, applySecurityOptions(c, s, f)
}

// devices translates Devices and GPUs.
func devices(s backend.ContainerSpec) []device {
	var list []device
	for _, d := range s.Devices {
		path := d.HostPath
		if d.ContainerPath != "" || d.Permissions != "" {
			path += ":" + cmp.Or(d.ContainerPath, d.HostPath)
		}
		if d.Permissions != "" {
			path += ":" + d.Permissions
		}
		list = append(list, device{path})
	}
	if s.GPUs < 0 {
		list = append(list, device{"nvidia.com/gpu=all"})
	}
	for n := range max(s.GPUs, 0) {
		list = append(list, device{"nvidia.com/gpu=" + strconv.Itoa(n)})
	}
	return list
}

// isOwnUserNS reports whether a user namespace is about the ids of the engine's own user.
func isOwnUserNS(u spec.UserNS) bool {
	return u.Mode == spec.UserNSKeepID || u.Mode == spec.UserNSNoMap
}

// applyUserNS translates UserNS.
func applyUserNS(c *createConfig, u spec.UserNS, f facts) error {
	switch u.Mode {
	case "":
	case spec.UserNSHost:
		c.UserNS = &namespace{Mode: "host"}
	case spec.UserNSKeepID:
		c.UserNS = &namespace{Mode: "keep-id", Value: u.Options()}
		return checkKeepID(u, f)
	case spec.UserNSNoMap:
		c.UserNS = &namespace{Mode: "no-map"}
		if !f.rootless {
			return unsupported(f, "userns: nomap as root", "Run Podman as an ordinary user.")
		}
	case spec.UserNSAuto, spec.UserNSPrivate:
		// Podman's own "private" wants a table of ids; auto makes one.
		c.UserNS = &namespace{Mode: "auto", Value: u.Options()}
		c.IDMappings = &idMapping{Auto: true, AutoOptions: autoMapping{u.Size}}
	}
	return nil
}

// checkKeepID refuses what Podman cannot do as root: before 4.6 keep-id at all,
// and to choose the ids, which it does not even say.
func checkKeepID(u spec.UserNS, f facts) error {
	feature := "userns: " + u.String() + " as root"
	switch {
	case f.rootless:
		return nil
	case !f.version.atLeast(rootfulKeepID):
		return unsupported(f, feature, "Run Podman as an ordinary user, or upgrade it to 4.6 or newer.")
	case u.Options() != "":
		return unsupported(f, feature, "Run Podman as an ordinary user, or write keep-id alone.")
	}
	return nil
}

// applySecurityOptions translates Security, for which Podman has a field each.
func applySecurityOptions(c *createConfig, s backend.ContainerSpec, f facts) error {
	o := s.Security
	if o.WritableCgroups {
		return unsupported(f, "security_opt writable-cgroups", "Leave it out for Podman.")
	}
	c.SELinux, c.AppArmor, c.NoNewPrivileges = o.SELinux.Options(), o.AppArmor, o.NoNewPrivileges
	c.Mask, c.Unmask, c.ProcOptions = o.Mask, o.Unmask, o.ProcOptions
	if o.UnmaskAll {
		c.Unmask = []string{"ALL"}
	}
	var err error
	c.Seccomp, err = seccomp(o.Seccomp, f)
	return err
}

// seccomp translates a profile: Podman wants the path of a file on its host.
func seccomp(profile string, f facts) (string, error) {
	switch {
	case profile == "builtin":
		return "", nil
	case strings.HasPrefix(strings.TrimSpace(profile), "{"):
		return "", unsupported(f, "a seccomp profile that is written out",
			"Put the profile into a file on the engine's host and write seccomp=/path/to/file.")
	}
	return profile, nil
}
