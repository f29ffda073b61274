package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// The types of mounts.
const (
	mountBind   = "bind"
	mountVolume = "volume"
	mountTmpfs  = "tmpfs"
)

// mountOptions are the words that may follow the second colon of a volume.
func mountOptions() []string {
	return []string{
		"ro", "rw", "z", "Z", "U", "nocopy", "copy", "O", "idmap", "exec", "noexec", "suid", "nosuid", "dev", "nodev",
		"shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable",
		"bind", "rbind", "cached", "delegated", "consistent", "readonly", "relatime", "noatime",
	}
}

// String renders the mount as kitchen.yml would have it.
func (m Mount) String() string {
	words := slices.Clone(m.Options)
	if m.ReadOnly {
		words = append([]string{"ro"}, words...)
	}
	s := m.Target
	if m.Source != "" {
		s = m.Source + ":" + s
	}
	if len(words) > 0 {
		s += ":" + strings.Join(words, ",")
	}
	if m.Type == mountTmpfs {
		s = "tmpfs:" + s
	}
	return s
}

// volumes reads `volumes`: a list of "target", "source:target[:options]" or
// hashes, or a hash of either target to nothing or source to target.
func volumes(d *decoder, v *yaml11.Value) ([]Mount, bool) {
	return each(v, d.volumeItem)
}

func (d *decoder) volumeItem(it *yaml11.Value) ([]Mount, bool) {
	if it.Kind != yaml11.Map {
		if it.Kind != yaml11.String {
			d.wrongType(it)
			return nil, false
		}
		return oneOf(d.volumeText(it, it.Str))
	}
	if it.Map.Get("target") != nil || it.Map.Get("type") != nil {
		return oneOf(d.mountHash(it))
	}
	var out []Mount
	for _, e := range entries(it) {
		spec := e.Key
		switch {
		case e.Value.Kind == yaml11.String:
			spec += ":" + e.Value.Str
		case e.Value.Kind == yaml11.Map && e.Value.Map.Len() == 0, e.Value.Kind == yaml11.Null:
		default:
			d.errorAt(e.Value, `write "`+e.Key+`:/path/inside"`, "%s: expected a path in the container, found %s", e.Key, describe(e.Value))
			return nil, false
		}
		m, ok := d.volumeText(e.Value, spec)
		if !ok {
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}

// volumeText reads "target" or "source:target[:options]".
func (d *decoder) volumeText(v *yaml11.Value, s string) (Mount, bool) {
	parts := splitMount(s)
	bad := func(hint, why string) (Mount, bool) {
		d.errorAt(v, hint, "bad volume %q: %s", s, why)
		return Mount{}, false
	}
	m := Mount{Type: mountVolume, Target: parts[0]}
	switch {
	case len(parts) == 2 && !isAbsoluteTarget(parts[1]) && d.areMountOptions(parts[1]):
		if e := m.setOptions(parts[1]); e != "" {
			return bad(suggestion(e, mountOptions()), fmt.Sprintf("unknown option %q", e))
		}
	case len(parts) == 2 || len(parts) == 3:
		if parts[0] == "" {
			return bad("write a path, or the name of a volume, before the first colon", "it has no source")
		}
		m.Source, m.Target = parts[0], parts[1]
		if looksLikePath(parts[0]) {
			source, ok := d.path(v, parts[0])
			if !ok {
				return Mount{}, false
			}
			m.Type, m.Source = mountBind, source
		}
		if len(parts) == 3 {
			if e := m.setOptions(parts[2]); e != "" {
				return bad(suggestion(e, mountOptions()), fmt.Sprintf("unknown option %q", e))
			}
		}
	case len(parts) > 3:
		return bad(`write source:target or source:target:ro`, "it has too many colons")
	}
	if !isAbsoluteTarget(m.Target) {
		return bad("begin the path inside the container with a slash", fmt.Sprintf("the path in the container, %q, is not absolute", m.Target))
	}
	return m, true
}

// areMountOptions tells "/path:ro" from "name:relative".
func (d *decoder) areMountOptions(s string) bool {
	var m Mount
	return m.setOptions(s) == ""
}

// setOptions sets the words of a volume's last part, and returns the first one
// that is none.
func (m *Mount) setOptions(s string) string {
	known := mountOptions()
	for _, o := range strings.Split(s, ",") {
		switch {
		case o == "ro" || o == "readonly":
			m.ReadOnly = true
		case o == "rw" || o == "":
		case slices.Contains(known, o):
			m.Options = append(m.Options, o)
		default:
			return o
		}
	}
	return ""
}

// mountTexts reads `mounts`: a list of "type=bind,source=…,target=…" or of hashes.
func mountTexts(d *decoder, v *yaml11.Value) ([]Mount, bool) {
	return each(v, func(it *yaml11.Value) ([]Mount, bool) {
		switch it.Kind {
		case yaml11.Map:
			return oneOf(d.mountHash(it))
		case yaml11.String:
			return oneOf(d.mountText(it))
		}
		d.wrongType(it)
		return nil, false
	})
}

func (d *decoder) mountText(v *yaml11.Value) (Mount, bool) {
	var b mountBuilder
	for _, w := range strings.Split(v.Str, ",") {
		k, val, given := strings.Cut(w, "=")
		if !given {
			val = "true"
		}
		if !b.set(d, v, strings.TrimSpace(k), strings.TrimSpace(val)) {
			return Mount{}, false
		}
	}
	return b.build(d, v)
}

// mountHash reads {type, source, target, read_only, options}.
func (d *decoder) mountHash(v *yaml11.Value) (Mount, bool) {
	var b mountBuilder
	for _, e := range entries(v) {
		key := strings.ToLower(e.Key)
		if key == "options" {
			words, ok := texts(d, e.Value)
			if !ok {
				return Mount{}, false
			}
			for _, w := range words {
				b.options = append(b.options, strings.Split(w, ",")...)
			}
			continue
		}
		if e.Value.Kind == yaml11.Map {
			// tmpfs: {size: 64m}, bind: {propagation: shared} and volume:
			// {nocopy: true}, as Compose has them.
			for _, sub := range entries(e.Value) {
				s, ok := text(d, sub.Value)
				if !ok || !b.set(d, sub.Value, sub.Key, s) {
					return Mount{}, false
				}
			}
			continue
		}
		s, ok := text(d, e.Value)
		if !ok || !b.set(d, e.Value, key, s) {
			return Mount{}, false
		}
	}
	return b.build(d, v)
}

// mountBuilder collects the fields of one mount.
type mountBuilder struct {
	m       Mount
	options []string
}

func mountFields() []string {
	return []string{"type", "source", "src", "target", "dst", "destination", "readonly", "ro", "read_only", "options", "tmpfs-size", "tmpfs-mode", "bind-propagation", "volume-nocopy", "relabel"}
}

// set sets one field by the name that docker's --mount or Compose gives it.
func (b *mountBuilder) set(d *decoder, v *yaml11.Value, key, val string) bool {
	switch key {
	case "type":
		if val != mountBind && val != mountVolume && val != mountTmpfs {
			d.errorAt(v, suggestion(val, []string{mountBind, mountVolume, mountTmpfs}), "bad mount type %q: expected bind, volume or tmpfs", val)
			return false
		}
		b.m.Type = val
	case "source", "src":
		b.m.Source = val
	case "target", "dst", "destination":
		b.m.Target = val
	case "readonly", "ro", "read_only":
		b.m.ReadOnly = val == "true" || val == "1"
	case "tmpfs-size", "size":
		b.options = append(b.options, "size="+val)
	case "tmpfs-mode", "mode":
		b.options = append(b.options, "mode="+val)
	case "bind-propagation", "propagation":
		b.options = append(b.options, val)
	case "volume-nocopy", "nocopy":
		if val == "true" || val == "1" {
			b.options = append(b.options, "nocopy")
		}
	case "relabel", "selinux":
		switch val {
		case "shared", "z":
			b.options = append(b.options, "z")
		case "private", "Z":
			b.options = append(b.options, "Z")
		}
	default:
		d.errorAt(v, suggestion(key, mountFields()), "unknown field %q of a mount", key)
		return false
	}
	return true
}

func (b *mountBuilder) build(d *decoder, v *yaml11.Value) (Mount, bool) {
	m := b.m
	m.Options = append(m.Options, b.options...)
	if m.Type == "" {
		m.Type = mountVolume
		if looksLikePath(m.Source) {
			m.Type = mountBind
		}
	}
	if !isAbsoluteTarget(m.Target) {
		d.errorAt(v, `write target=/path`, "bad mount: the path in the container, %q, is not absolute", m.Target)
		return Mount{}, false
	}
	if m.Type == mountBind {
		if m.Source == "" {
			d.errorAt(v, `write source=./path`, "bad mount: a bind needs a source")
			return Mount{}, false
		}
		source, ok := d.path(v, m.Source)
		if !ok {
			return Mount{}, false
		}
		m.Source = source
	}
	return m, true
}

// tmpfs reads `tmpfs`: a list of "path[:options]", or a hash of path to options.
func tmpfs(d *decoder, v *yaml11.Value) ([]Mount, bool) {
	return each(v, func(it *yaml11.Value) ([]Mount, bool) {
		switch it.Kind {
		case yaml11.Map:
			var out []Mount
			for _, e := range entries(it) {
				if !d.isText(e) {
					return nil, false
				}
				m, ok := d.tmpfsAt(e.Value, e.Key, d.textOf(e.Value))
				if !ok {
					return nil, false
				}
				out = append(out, m)
			}
			return out, true
		case yaml11.String:
			target, options, _ := strings.Cut(it.Str, ":")
			return oneOf(d.tmpfsAt(it, target, options))
		}
		d.wrongType(it)
		return nil, false
	})
}

// tmpfsAt is one file system in memory.
func (d *decoder) tmpfsAt(at *yaml11.Value, target, options string) (Mount, bool) {
	if !isAbsoluteTarget(target) {
		d.errorAt(at, "begin the path with a slash", "bad tmpfs %q: the path is not absolute", target)
		return Mount{}, false
	}
	m := Mount{Type: mountTmpfs, Target: target}
	for _, o := range strings.Split(options, ",") {
		switch o {
		case "ro":
			m.ReadOnly = true
		case "rw", "":
		default:
			m.Options = append(m.Options, o)
		}
	}
	return m, true
}

// volumesFrom reads `volumes_from`: "container" or "container:ro".
func volumesFrom(d *decoder, v *yaml11.Value) ([]VolumesFrom, bool) {
	return each(v, func(it *yaml11.Value) ([]VolumesFrom, bool) {
		name, mode, given := strings.Cut(d.scalarOr(it), ":")
		if name == "" || given && mode != "ro" && mode != "rw" {
			d.errorAt(it, `write "name" or "name:ro"`, "bad entry: %s", describe(it))
			return nil, false
		}
		return []VolumesFrom{{Container: name, ReadOnly: mode == "ro"}}, true
	})
}
