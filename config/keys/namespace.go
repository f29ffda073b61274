package keys

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// namespaceOf reads a namespace that has some of the modes.
func namespaceOf(modes ...spec.NamespaceMode) func(*decoder, *yaml11.Value) (spec.Namespace, bool) {
	return func(d *decoder, v *yaml11.Value) (spec.Namespace, bool) {
		mode, name, named := strings.Cut(d.scalarOr(v), ":")
		n := spec.Namespace{Mode: spec.NamespaceMode(mode), Container: name}
		if mode == "" && !named {
			return n, true
		}
		if !slices.Contains(modes, n.Mode) || named != (n.Mode == spec.NamespaceContainer) || named && name == "" {
			words := make([]string, len(modes))
			for i, m := range modes {
				words[i] = string(m)
				if m == spec.NamespaceContainer {
					words[i] += ":NAME"
				}
			}
			return spec.Namespace{}, d.errorAt(v, suggestion(mode, words), "expected %s, found %s",
				strings.Join(words, ", "), describe(v))
		}
		return n, true
	}
}

// userNS reads "host", "keep-id:uid=1000,gid=1000", "auto:size=1024" …
func userNS(d *decoder, v *yaml11.Value) (spec.UserNS, bool) {
	mode, options, _ := strings.Cut(d.scalarOr(v), ":")
	u := spec.UserNS{Mode: spec.UserNSMode(mode)}
	modes := []string{"host", "private", "keep-id", "auto", "nomap"}
	if mode != "" && !slices.Contains(modes, mode) {
		return spec.UserNS{}, d.notOneOf(modes, v, mode)
	}
	for _, o := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		name, value, _ := strings.Cut(o, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		id := uint32(n)
		switch {
		case err != nil:
		case name == "uid" && u.Mode == spec.UserNSKeepID:
			u.UID = &id
			continue
		case name == "gid" && u.Mode == spec.UserNSKeepID:
			u.GID = &id
			continue
		case name == "size" && (u.Mode == spec.UserNSKeepID || u.Mode == spec.UserNSAuto):
			u.Size = id
			continue
		}
		return spec.UserNS{}, d.errorAt(v, "keep-id takes uid=, gid= and size=, auto takes size=, each with a number",
			"bad option %q of the user namespace %s", o, mode)
	}
	return u, true
}

// network reads "host", "container:NAME" or the name of a network.
func network(d *decoder, v *yaml11.Value) (spec.Network, bool) {
	s, ok := text(d, v)
	if !ok {
		return spec.Network{}, false
	}
	mode, name, named := strings.Cut(s, ":")
	switch m := spec.NetworkMode(mode); {
	case !named && (m == "" || m == spec.NetworkHost || m == spec.NetworkNone || m == spec.NetworkBridge):
		return spec.Network{Mode: m}, true
	case named && m == spec.NetworkContainer && name != "":
		return spec.Network{Mode: m, Name: name}, true
	case !named && m != spec.NetworkContainer:
		return spec.Network{Mode: spec.NetworkNamed, Name: s}, true
	}
	return spec.Network{}, d.errorAt(v, "write none, host, bridge, container:NAME, or the name of a network",
		"bad network %s", describe(v))
}

// link reads "container" or "container:alias".
func link(d *decoder, v *yaml11.Value) (spec.Link, bool) {
	name, alias, named := strings.Cut(strings.TrimPrefix(d.scalarOr(v), "/"), ":")
	if !named {
		alias = name
	}
	if name == "" || alias == "" || strings.ContainsAny(alias, ":/ ") {
		return spec.Link{}, d.errorAt(v, `write "container" or "container:alias"`, "bad link %s", describe(v))
	}
	return spec.Link{Container: name, Alias: alias}, true
}

// extraHosts reads "name:address", "name=address", {name: address} or {name: [addresses]}.
func extraHosts(d *decoder, v *yaml11.Value) ([]spec.HostEntry, bool) {
	return each(v, func(it *yaml11.Value) ([]spec.HostEntry, bool) {
		switch it.Kind {
		case yaml11.String:
			name, ip, ok := strings.Cut(it.Str, "=")
			if !ok {
				name, ip, _ = strings.Cut(it.Str, ":")
			}
			return oneOf(d.extraHost(it, name, ip))
		case yaml11.Map:
			var out []spec.HostEntry
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
		return nil, d.wrongType(it)
	})
}

func (d *decoder) extraHost(at *yaml11.Value, name, ip string) (spec.HostEntry, bool) {
	name, ip = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(ip), "[]")
	if ip == spec.HostGateway && name != "" {
		return spec.HostEntry{Name: name, Gateway: true}, true
	}
	address, err := netip.ParseAddr(ip)
	if name == "" || err != nil {
		return spec.HostEntry{}, d.errorAt(at,
			`write "name:address", for example "db:10.0.0.2" or "host.docker.internal:host-gateway"`,
			"bad host %q: %q is not an IP address", name, ip)
	}
	return spec.HostEntry{Name: name, Address: address}, true
}
