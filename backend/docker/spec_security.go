package docker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// applySecurity translates all that has to do with privileges and namespaces.
func applySecurity(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	var warnings []string
	if s.Privileged && f.rootless {
		warnings = append(warnings, engine.RootlessPrivileged("Docker"))
	}
	h := c.HostConfig
	h.Privileged = s.Privileged
	h.CapAdd, h.CapDrop = engine.Capabilities(s.CapAdd), engine.Capabilities(s.CapDrop)
	h.ReadonlyRootfs = s.ReadOnlyRoot
	h.CgroupnsMode, h.IpcMode = container.CgroupnsMode(s.CgroupNS.String()), container.IpcMode(s.IPC.String())
	if s.PID.Mode != spec.NamespacePrivate {
		// Private is what Docker does, but has no word for.
		h.PidMode = container.PidMode(s.PID.String())
	}
	h.Devices, h.DeviceRequests = devices(s), gpus(s)
	var err error
	if h.UsernsMode, err = userNS(s, f); err != nil {
		return nil, err
	}
	if f.rootless && hasRenamedDevice(s) {
		return nil, unsupported(f, "a device that has another path in the container",
			"Give it the path that it has on the engine's host.")
	}
	if f.rootless && !f.atLeast(rootlessPID) && s.PID.Mode == spec.NamespaceHost {
		return nil, unsupported(f, "pid: host where it is rootless", "Leave it out, or use a Docker that runs as root.")
	}
	if f.remaps && hasRenamedDevice(s) && !h.UsernsMode.IsHost() {
		if s.UserNS.Mode == spec.UserNSPrivate {
			return nil, unsupported(f, "userns: private with a device that has another path in the container",
				"Leave one of them out.")
		}
		h.UsernsMode = container.UsernsMode(spec.UserNSHost)
		warnings = append(warnings, "devices: one cannot have another path in a remapped user namespace, "+
			"so the container gets the host's")
	}
	return warnings, applySecurityOptions(c, s, f)
}

// devices translates Devices.
func devices(s backend.ContainerSpec) []container.DeviceMapping {
	var list []container.DeviceMapping
	for _, d := range s.Devices {
		list = append(list, container.DeviceMapping{
			PathOnHost: d.HostPath, PathInContainer: cmp.Or(d.ContainerPath, d.HostPath),
			CgroupPermissions: cmp.Or(d.Permissions, "rwm"),
		})
	}
	return list
}

// hasRenamedDevice reports whether a device has another path in the container.
func hasRenamedDevice(s backend.ContainerSpec) bool {
	return slices.ContainsFunc(s.Devices, func(d spec.Device) bool {
		return d.ContainerPath != "" && d.ContainerPath != d.HostPath
	})
}

// gpus translates GPUs.
func gpus(s backend.ContainerSpec) []container.DeviceRequest {
	if s.GPUs == 0 {
		return nil
	}
	return []container.DeviceRequest{{Count: s.GPUs, Capabilities: [][]string{{"gpu"}}}}
}

// userNS translates UserNS. With userns-remap Docker wants the host's user namespace wherever the container is
// privileged or another namespace is the host's; without it, asking for that changes nothing.
func userNS(s backend.ContainerSpec, f facts) (container.UsernsMode, error) {
	const host = container.UsernsMode(spec.UserNSHost)
	needsHost := s.Privileged || s.Network.Mode == spec.NetworkHost ||
		s.PID.Mode == spec.NamespaceHost || s.IPC.Mode == spec.NamespaceHost
	switch s.UserNS.Mode {
	case "":
		if needsHost {
			return host, nil
		}
		return "", nil
	case spec.UserNSHost:
		return host, nil
	case spec.UserNSPrivate:
		if !f.remaps {
			return "", unsupported(f, "userns: private", "Start the engine with userns-remap, or leave the mode out.")
		}
		if needsHost {
			return "", unsupported(f,
				"userns: private in a container that is privileged or shares another namespace with the host",
				"Leave one of them out.")
		}
		return "", nil
	}
	return "", unsupported(f, "userns: "+s.UserNS.String(),
		"Only Podman has this mode. For Docker write host, or leave it out.")
}

// applySecurityOptions translates Security as `docker run` does: the API wants the text
// of a seccomp profile, and has fields of its own for system paths.
func applySecurityOptions(c *container.CreateRequest, s backend.ContainerSpec, f facts) error {
	h, o := c.HostConfig, s.Security
	for _, only := range []struct {
		key   string
		given []string
	}{{"mask", o.Mask}, {"unmask", o.Unmask}, {"proc-opts", o.ProcOptions}} {
		if len(only.given) > 0 {
			return unsupported(f, "security_opt "+only.key, "Leave it out for Docker, or write systempaths=unconfined.")
		}
	}
	if o.UnmaskAll {
		h.MaskedPaths, h.ReadonlyPaths = []string{}, []string{}
	}
	o.Seccomp, o.UnmaskAll = cmp.Or(f.seccomp, o.Seccomp), false
	h.SecurityOpt = o.Options()
	return nil
}

// readProfile reads the file of a seccomp profile; empty where there is none to read. Errors: backend.ErrInvalid.
func readProfile(name string) (string, error) {
	if name == "" || name == "unconfined" || name == "builtin" || strings.HasPrefix(strings.TrimSpace(name), "{") {
		return "", nil
	}
	text, err := os.ReadFile(name)
	var profile bytes.Buffer
	if err == nil {
		err = json.Compact(&profile, text)
	}
	if err != nil {
		return "", &backend.Error{Op: "security_opt seccomp=" + name, Kind: backend.ErrInvalid, Detail: err.Error(),
			Remedy: "Name a file with a seccomp profile in JSON, or write seccomp=unconfined.", Err: err}
	}
	return profile.String(), nil
}
