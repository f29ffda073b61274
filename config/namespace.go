package config

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// NamespaceMode is how a runner's namespace of one kind is made.
type NamespaceMode string

// The modes of namespaces. The empty one is the engine's default.
const (
	NamespaceHost      NamespaceMode = "host"
	NamespacePrivate   NamespaceMode = "private"
	NamespaceShareable NamespaceMode = "shareable"
	// NamespaceNone is Docker's IPC namespace without /dev/shm.
	NamespaceNone NamespaceMode = "none"
	// NamespaceContainer joins the namespace of the container named.
	NamespaceContainer NamespaceMode = "container"
)

// Namespace is `cgroupns_mode`, `ipc` or `pid`.
type Namespace struct {
	Mode NamespaceMode
	// Container is the name of another container, for NamespaceContainer.
	Container string
}

// String renders the namespace as kitchen.yml would have it.
func (n Namespace) String() string { return withName(string(n.Mode), n.Container) }

func withName(mode, name string) string {
	if name == "" {
		return mode
	}
	return mode + ":" + name
}

// namespaceField is a key of a namespace that has some of the modes.
func namespaceField(path string, modes ...NamespaceMode) field[Namespace] {
	return field[Namespace]{form: TypeString, at: at[Namespace](path), parse: func(d *decoder,
		v *yaml11.Value) (Namespace, bool) {
		mode, name, named := strings.Cut(d.scalarOr(v), ":")
		n := Namespace{NamespaceMode(mode), name}
		if mode == "" && !named {
			return n, true
		}
		if !slices.Contains(modes, n.Mode) || named != (n.Mode == NamespaceContainer) || named && name == "" {
			words := make([]string, len(modes))
			for i, m := range modes {
				words[i] = string(m)
				if m == NamespaceContainer {
					words[i] += ":NAME"
				}
			}
			d.errorAt(v, suggestion(mode, words), "expected %s, found %s", strings.Join(words, ", "), describe(v))
			return Namespace{}, false
		}
		return n, true
	}}
}

// UserNSMode is how a runner's user namespace is made.
type UserNSMode string

// The modes of user namespaces. The empty one is the engine's default.
const (
	UserNSHost    UserNSMode = "host"
	UserNSPrivate UserNSMode = "private"
	UserNSKeepID  UserNSMode = "keep-id"
	UserNSAuto    UserNSMode = "auto"
	UserNSNoMap   UserNSMode = "nomap"
)

// UserNS is `userns_mode`.
type UserNS struct {
	Mode UserNSMode
	// UID and GID are what the user's own ids are inside, for UserNSKeepID; nil for
	// the same as outside.
	UID, GID *uint32
	// Size is how many ids there are, for UserNSAuto and UserNSKeepID; 0 leaves it to
	// the engine.
	Size uint32
}

// String renders the namespace as kitchen.yml would have it.
func (u UserNS) String() string {
	var options []string
	for _, o := range []struct {
		name  string
		value *uint32
	}{{"uid", u.UID}, {"gid", u.GID}, {"size", &u.Size}} {
		if o.value != nil && (o.name != "size" || *o.value != 0) {
			options = append(options, o.name+"="+strconv.FormatUint(uint64(*o.value), 10))
		}
	}
	return withName(string(u.Mode), strings.Join(options, ","))
}

// userNS reads "host", "keep-id:uid=1000,gid=1000", "auto:size=1024" …
func userNS(d *decoder, v *yaml11.Value) (UserNS, bool) {
	mode, options, _ := strings.Cut(d.scalarOr(v), ":")
	u := UserNS{Mode: UserNSMode(mode)}
	modes := []string{"host", "private", "keep-id", "auto", "nomap"}
	if mode != "" && !slices.Contains(modes, mode) {
		d.errorAt(v, suggestion(mode, modes), "expected one of %s, found %s", strings.Join(modes, ", "), describe(v))
		return UserNS{}, false
	}
	for _, o := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		name, value, _ := strings.Cut(o, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		id := uint32(n)
		switch {
		case err != nil:
		case name == "uid" && u.Mode == UserNSKeepID:
			u.UID = &id
			continue
		case name == "gid" && u.Mode == UserNSKeepID:
			u.GID = &id
			continue
		case name == "size" && (u.Mode == UserNSKeepID || u.Mode == UserNSAuto):
			u.Size = id
			continue
		}
		d.errorAt(v, "keep-id takes uid=, gid= and size=, auto takes size=, each with a number",
			"bad option %q of the user namespace %s", o, mode)
		return UserNS{}, false
	}
	return u, true
}

// NetworkMode is how a runner is connected.
type NetworkMode string

// The modes of networks.
const (
	NetworkBridge NetworkMode = "bridge"
	NetworkHost   NetworkMode = "host"
	NetworkNone   NetworkMode = "none"
	// NetworkContainer shares the network of the container named.
	NetworkContainer NetworkMode = "container"
	// NetworkNamed is the network of that name.
	NetworkNamed NetworkMode = "named"
)

// Network is `network_mode`. The zero value is the engine's default.
type Network struct {
	Mode NetworkMode
	// Name is that of the network or the container, for the modes that have one.
	Name string
}

// String renders the network as kitchen.yml would have it.
func (n Network) String() string {
	if n.Mode == NetworkNamed {
		return n.Name
	}
	return withName(string(n.Mode), n.Name)
}

// network reads "host", "container:NAME" or the name of a network.
func network(d *decoder, v *yaml11.Value) (Network, bool) {
	s, ok := text(d, v)
	if !ok {
		return Network{}, false
	}
	mode, name, named := strings.Cut(s, ":")
	switch m := NetworkMode(mode); {
	case !named && (m == "" || m == NetworkHost || m == NetworkNone || m == NetworkBridge):
		return Network{Mode: m}, true
	case named && m == NetworkContainer && name != "":
		return Network{m, name}, true
	case !named && m != NetworkContainer:
		return Network{NetworkNamed, s}, true
	}
	d.errorAt(v, "write none, host, bridge, container:NAME, or the name of a network", "bad network %s", describe(v))
	return Network{}, false
}

// Link is an entry of `links`: another container, and the name to reach it by.
type Link struct{ Container, Alias string }

// String renders the link as kitchen.yml would have it.
func (l Link) String() string { return l.Container + ":" + l.Alias }

// links reads "container" and "container:alias".
func links(d *decoder, v *yaml11.Value) ([]Link, bool) {
	return each(v, func(it *yaml11.Value) ([]Link, bool) {
		name, alias, named := strings.Cut(strings.TrimPrefix(d.scalarOr(it), "/"), ":")
		if !named {
			alias = name
		}
		if name == "" || alias == "" || strings.ContainsAny(alias, ":/ ") {
			d.errorAt(it, `write "container" or "container:alias"`, "bad link %s", describe(it))
			return nil, false
		}
		return []Link{{name, alias}}, true
	})
}

// ExtraHost is an entry of `extra_hosts`.
type ExtraHost struct {
	Name string
	// Address is not valid when Gateway is set.
	Address netip.Addr
	// Gateway stands for the engine's host (`host-gateway`).
	Gateway bool
}

// String renders the entry as "name:address".
func (h ExtraHost) String() string {
	if h.Gateway {
		return h.Name + ":" + hostGateway
	}
	return h.Name + ":" + h.Address.String()
}

const hostGateway = "host-gateway"

// extraHosts reads "name:address", "name=address", {name: address} or
// {name: [addresses]}.
func extraHosts(d *decoder, v *yaml11.Value) ([]ExtraHost, bool) {
	return each(v, func(it *yaml11.Value) ([]ExtraHost, bool) {
		switch it.Kind {
		case yaml11.String:
			name, ip, ok := strings.Cut(it.Str, "=")
			if !ok {
				name, ip, _ = strings.Cut(it.Str, ":")
			}
			return oneOf(d.extraHost(it, name, ip))
		case yaml11.Map:
			var out []ExtraHost
			good := true
			for _, e := range entries(it) {
				for _, ip := range items(e.Value) {
					h, ok := d.extraHost(ip, e.Key, d.scalarOr(ip))
					good = good && ok
					out = append(out, h)
				}
			}
			return out, good
		}
		d.wrongType(it)
		return nil, false
	})
}

func (d *decoder) extraHost(at *yaml11.Value, name, ip string) (ExtraHost, bool) {
	name, ip = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(ip), "[]")
	if ip == hostGateway && name != "" {
		return ExtraHost{Name: name, Gateway: true}, true
	}
	address, err := netip.ParseAddr(ip)
	if name == "" || err != nil {
		d.errorAt(at, `write "name:address", for example "db:10.0.0.2" or "host.docker.internal:host-gateway"`,
			"bad host %q: %q is not an IP address", name, ip)
		return ExtraHost{}, false
	}
	return ExtraHost{Name: name, Address: address}, true
}
