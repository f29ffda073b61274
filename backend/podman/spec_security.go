package podman

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// securityConfig is the part of a container's configuration that says what it may
// do.
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

// device names a device, as "host[:container[:permissions]]", or one that the
// Container Device Interface describes.
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
	if s.Privileged && f.Rootless {
		warnings = append(warnings, "privileged: rootless Podman gives the container no more than your own user may do; "+
			"devices, kernel modules and system-wide settings stay out of its reach")
	}
	c.Privileged = s.Privileged
	c.CapAdd, c.CapDrop = engine.Capabilities(s.CapAdd), engine.Capabilities(s.CapDrop)
	c.ReadOnlyRoot = s.ReadOnlyRoot
	c.CgroupNS, c.IPCNS, c.PIDNS = namespaceFrom(string(s.CgroupNS)), namespaceFrom(string(s.IPC)), namespaceFrom(string(s.PID))
	if s.Hostname != "" {
		// The server's default may be the host's, which has a name already.
		c.UTSNS = namespaceFrom(string(backend.NamespacePrivate))
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

// splitUserNS takes the options off a mode: "keep-id:uid=1000".
func splitUserNS(mode backend.UserNS) (name backend.UserNS, options string) {
	head, options, _ := strings.Cut(string(mode), ":")
	return backend.UserNS(head), options
}

// isOwnUserNS tells whether a mode is about the ids of the engine's own user.
func isOwnUserNS(mode backend.UserNS) bool {
	name, _ := splitUserNS(mode)
	return name == backend.UserNSKeepID || name == backend.UserNSNoMap
}

// applyUserNS translates UserNS.
func applyUserNS(c *createConfig, mode backend.UserNS, f facts) error {
	name, options := splitUserNS(mode)
	switch name {
	case backend.UserNSDefault:
	case backend.UserNSHost:
		c.UserNS = &namespace{Mode: "host"}
	case backend.UserNSKeepID:
		c.UserNS = &namespace{Mode: "keep-id", Value: options}
		return checkKeepID(mode, options, f)
	case backend.UserNSNoMap:
		c.UserNS = &namespace{Mode: "no-map"}
		if !f.Rootless {
			return unsupported(f, "userns: "+string(mode)+" as root", "Run Podman as an ordinary user.")
		}
	case backend.UserNSAuto, backend.UserNSPrivate:
		// Podman's own "private" wants a table of ids; auto makes one.
		size, err := autoSize(mode, options)
		if err != nil {
			return err
		}
		c.UserNS = &namespace{Mode: "auto", Value: options}
		c.IDMappings = &idMapping{Auto: true, AutoOptions: autoMapping{size}}
	case "container":
		c.UserNS = &namespace{Mode: "container", Value: options}
	default:
		return badUserNS(mode, "there is no such mode")
	}
	return nil
}

// checkKeepID refuses what Podman cannot do as root: before 4.6 keep-id at all,
// and to choose the ids, which it does not even say.
func checkKeepID(mode backend.UserNS, options string, f facts) error {
	switch {
	case f.Rootless:
		return nil
	case !f.version.atLeast(rootfulKeepID):
		return unsupported(f, "userns: "+string(mode)+" as root", "Run Podman as an ordinary user, or upgrade it to 4.6 or newer.")
	case options != "":
		return unsupported(f, "userns: "+string(mode)+" as root", "Run Podman as an ordinary user, or write keep-id alone.")
	}
	return nil
}

// autoSize reads the option of auto, "size=65536".
func autoSize(mode backend.UserNS, options string) (uint32, error) {
	if options == "" {
		return 0, nil
	}
	text, found := strings.CutPrefix(options, "size=")
	size, err := strconv.ParseUint(text, 10, 32)
	if !found || err != nil {
		return 0, badUserNS(mode, "the only option is size, a number of ids")
	}
	return uint32(size), nil
}

func badUserNS(mode backend.UserNS, detail string) error {
	return &backend.Error{Op: "userns " + string(mode), Kind: backend.ErrInvalid, Detail: detail,
		Remedy: "Write host, keep-id, auto, auto:size=65536, nomap or private."}
}

// applySecurityOptions translates SecurityOpt, for which Podman has a field each.
func applySecurityOptions(c *createConfig, s backend.ContainerSpec, f facts) error {
	options, err := engine.SecurityOptions(s.SecurityOpt)
	if err != nil {
		return err
	}
	for _, o := range options {
		switch o.Key {
		case "label":
			c.SELinux = append(c.SELinux, o.Value)
		case "apparmor":
			c.AppArmor = o.Value
		case "seccomp":
			if c.Seccomp, err = seccomp(o.Value, f); err != nil {
				return err
			}
		case "no-new-privileges":
			c.NoNewPrivileges = o.Value != "false"
		case "systempaths":
			if o.Value != "unconfined" {
				return invalidOption(o, "the only value is unconfined")
			}
			c.Unmask = append(c.Unmask, "ALL")
		case "mask":
			c.Mask = append(c.Mask, strings.Split(o.Value, ":")...)
		case "unmask":
			c.Unmask = append(c.Unmask, strings.Split(o.Value, ":")...)
		case "proc-opts":
			c.ProcOptions = strings.Split(o.Value, ",")
		default:
			return unsupported(f, "security_opt "+o.Key, "Leave it out for Podman.")
		}
	}
	c.Unmask = slices.Compact(c.Unmask)
	return nil
}

// seccomp translates a profile: Podman wants the path of a file on its host.
func seccomp(profile string, f facts) (string, error) {
	switch {
	case profile == "builtin", profile == "default":
		return "", nil
	case strings.HasPrefix(strings.TrimSpace(profile), "{"):
		return "", unsupported(f, "a seccomp profile that is written out",
			"Put the profile into a file on the engine's host and write seccomp=/path/to/file.")
	}
	return profile, nil
}

func invalidOption(o engine.SecurityOption, detail string) error {
	return &backend.Error{Op: fmt.Sprintf("security_opt %s=%s", o.Key, o.Value), Kind: backend.ErrInvalid, Detail: detail}
}
