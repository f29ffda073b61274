package engine

import (
	"fmt"
	"math"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

// What a container's specification means on every engine.

// maxHostname is the longest host name that Linux takes, with its domain.
const maxHostname = 64

// CheckSpec refuses what no engine can make of a specification. Engines tell some of it in the words of the runtime,
// and only when the container is started. Errors: backend.ErrInvalid.
func CheckSpec(s backend.ContainerSpec) error {
	invalid := func(op, detail, remedy string) error {
		return &backend.Error{Op: op, Kind: backend.ErrInvalid, Detail: detail, Remedy: remedy}
	}
	if name := Hostname(s); len(name) > maxHostname {
		return invalid("hostname "+name,
			fmt.Sprintf("it has %d letters, and Linux takes no more than %d, the domain included", len(name), maxHostname),
			"Choose a shorter hostname.")
	}
	for _, further := range s.Networks {
		if s.Network.Mode != spec.NetworkNamed || further.Mode != spec.NetworkNamed {
			return invalid("network "+further.Name, "only a container on a network with a name can be on a further one", "")
		}
	}
	for _, m := range s.Mounts {
		switch m.Type {
		case spec.MountBind, spec.MountVolume, spec.MountImage, spec.MountTmpfs:
		default:
			return invalid("mount "+m.Target, "there is no kind of mount called "+string(m.Type),
				"Write bind, volume, image or tmpfs.")
		}
	}
	for _, p := range s.Ports {
		if min(p.HostPort, p.ContainerPort) < 0 || max(p.HostPort, p.ContainerPort) > math.MaxUint16 {
			return invalid(fmt.Sprintf("port %d:%d", p.HostPort, p.ContainerPort), "ports go from 0 to 65535", "")
		}
	}
	for _, u := range s.Ulimits {
		if min(u.Soft, u.Hard) < -1 {
			return invalid("ulimit "+u.String(), "below 0 there is only -1, which is unlimited", "")
		}
	}
	if s.Resources.CPUShares < 0 {
		return invalid(fmt.Sprintf("cpu shares %d", s.Resources.CPUShares), "they cannot be below 0", "")
	}
	switch s.UserNS.Mode {
	case "", spec.UserNSHost, spec.UserNSKeepID, spec.UserNSAuto, spec.UserNSNoMap, spec.UserNSPrivate:
	default:
		return invalid("userns "+string(s.UserNS.Mode), "there is no such mode",
			"Write host, keep-id, auto, nomap or private.")
	}
	n := s.Network
	switch n.Mode {
	case "", spec.NetworkBridge, spec.NetworkHost, spec.NetworkNone:
		if hasAddress(n) {
			return invalid("network_mode "+string(n.Mode), "a fixed address needs a network of its own",
				"Name a network in network_mode, or leave the address out.")
		}
	case spec.NetworkNamed, spec.NetworkContainer:
	default:
		return invalid("network_mode "+string(n.Mode), "there is no such mode", "")
	}
	return nil
}

// Translate makes an engine's form of a specification, part by part, and tells what is weaker than it was asked for.
// Errors: those of CheckSpec and of the parts.
func Translate[C, F any](
	c *C, s backend.ContainerSpec, f F, parts ...func(*C, backend.ContainerSpec, F) ([]string, error),
) (warnings []string, err error) {
	if err := CheckSpec(s); err != nil {
		return nil, err
	}
	for _, part := range parts {
		w, err := part(c, s, f)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, w...)
	}
	return warnings, nil
}

func hasAddress(n backend.NetworkAttachment) bool { return n.IPv4 != "" || n.IPv6 != "" || n.MAC != "" }

// Hostname is a container's host name with the domain in it. Podman knows no other place for
// that, and Docker's cannot be written from a remapped user namespace.
func Hostname(s backend.ContainerSpec) string {
	if s.Domainname == "" || s.Hostname == "" {
		return s.Hostname
	}
	return s.Hostname + "." + s.Domainname
}

// VolumesFrom are the other containers whose volumes a container gets, as both engines' APIs have them.
func VolumesFrom(s backend.ContainerSpec) []string {
	var list []string
	for _, from := range s.VolumesFrom {
		name := from.Container
		if from.ReadOnly {
			name += ":ro"
		}
		list = append(list, name)
	}
	return list
}

// Publishes reports whether ports can be published on a container's network.
func Publishes(n backend.NetworkAttachment) bool {
	return n.Mode != spec.NetworkHost && n.Mode != spec.NetworkNone
}

// NetworkWarnings tells what a container's kind of network leaves without effect.
func NetworkWarnings(s backend.ContainerSpec) []string {
	var warnings []string
	n := s.Network
	if n.Mode != spec.NetworkNamed && len(n.Aliases) > 0 {
		warnings = append(warnings, "aliases: other containers find them only on a network with a name of its own")
	}
	if !Publishes(n) && (len(s.Ports) > 0 || s.PublishAll) {
		warnings = append(warnings, "ports: nothing is published with network_mode "+string(n.Mode))
	}
	return warnings
}

// SharedNetworkWarnings tells what a container cannot have of its own, since it belongs to
// the network of another one. hostname reports whether its name is among that.
func SharedNetworkWarnings(s backend.ContainerSpec, hostname bool) []string {
	n := s.Network
	var warnings []string
	for _, part := range []struct {
		feature string
		given   bool
	}{
		{"hostname", hostname && (s.Hostname != "" || s.Domainname != "")},
		{"aliases", len(n.Aliases) > 0},
		{"links", len(n.Links) > 0},
		{"addresses", hasAddress(n)},
		{"ports", len(s.Ports) > 0 || s.PublishAll},
		{"extra_hosts", len(s.ExtraHosts) > 0},
		{"dns", len(s.DNS.Servers)+len(s.DNS.Search)+len(s.DNS.Options) > 0},
	} {
		if part.given {
			warnings = append(warnings, part.feature+": they are those of container "+n.Name+", whose network is shared")
		}
	}
	return warnings
}

// NoController is the warning for a limit that takes a cgroup controller which is not there.
func NoController(limit, controller string) string {
	return limit + ": this engine cannot limit it, because its cgroup controller " + controller + " is not available"
}

// RootlessPrivileged is the warning for a privileged container of an engine without root.
func RootlessPrivileged(engine string) string {
	return "privileged: rootless " + engine + " gives the container no more than your own user may do; " +
		"devices, kernel modules and system-wide settings stay out of its reach"
}
