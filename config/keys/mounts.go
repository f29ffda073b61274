package keys

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// mountOptions are the words that may follow the second colon of a volume.
func mountOptions() []string {
	return slices.Concat([]string{
		"ro", "rw", "readonly", "z", "Z", "U", "O", "idmap", "nocopy", "copy", "bind", "rbind",
		"cached", "delegated", "consistent",
	}, propagations(), fsOptions())
}

func propagations() []string {
	return []string{"shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable"}
}

func fsOptions() []string {
	return []string{"exec", "noexec", "suid", "nosuid", "dev", "nodev", "relatime", "noatime"}
}

// setMountOption applies a word that may follow the second colon of a volume, and reports whether there is such a word.
func setMountOption(m *spec.Mount, word string) bool {
	switch word {
	case "rw", "copy", "rbind", "":
	case "ro", "readonly":
		m.ReadOnly = true
	case string(spec.RelabelShared), string(spec.RelabelPrivate):
		m.Relabel = spec.Relabel(word)
	case "U":
		m.ChangeOwner = true
	case "O":
		m.Overlay = true
	case "idmap":
		m.IDMap = true
	case "nocopy":
		m.NoCopy = true
	case "bind":
		m.NonRecursive = true
	case "cached", "delegated", "consistent":
		m.Consistency = word
	default:
		if slices.Contains(propagations(), word) {
			m.Propagation = word
			return true
		}
		if !slices.Contains(fsOptions(), word) {
			return false
		}
		m.FSOptions = append(m.FSOptions, word)
	}
	return true
}

// setMountOptions applies words with commas between, and returns the first unknown one.
func setMountOptions(m *spec.Mount, words string) (unknown string) {
	for _, word := range strings.Split(words, ",") {
		if !setMountOption(m, word) {
			return word
		}
	}
	return ""
}

// setFSOptions applies words of which those that mean nothing else are options of the file system.
func setFSOptions(m *spec.Mount, words string) {
	for _, word := range strings.Split(words, ",") {
		if !setMountOption(m, word) {
			m.FSOptions = append(m.FSOptions, word)
		}
	}
}

// volumes reads `volumes`: a list of "target", "source:target[:options]" or
// hashes, or a hash of either target to nothing or source to target.
func volumes(d *decoder, v *yaml11.Value) ([]spec.Mount, bool) {
	return each(v, d.volumeItem)
}

func (d *decoder) volumeItem(it *yaml11.Value) ([]spec.Mount, bool) {
	if it.Kind != yaml11.Map {
		if it.Kind == yaml11.Symbol {
			// `- <%= ENV['DIR'] %>:/data` without DIR.
			d.warnAt(it, "write a source before the colon, or leave the colon out",
				"nothing stands before the colon, so %s is a volume without a name", it.Str)
		} else if it.Kind != yaml11.String {
			return nil, d.wrongType(it)
		}
		return oneOf(d.volumeText(it, it.Str))
	}
	if it.Map.Get("target") != nil || it.Map.Get("type") != nil {
		return oneOf(d.mountHash(it))
	}
	var out []spec.Mount
	for _, e := range entries(it) {
		written := e.Key
		switch {
		case e.Value.Kind == yaml11.String:
			written += ":" + e.Value.Str
		case e.Value.Kind == yaml11.Map && e.Value.Map.Len() == 0, e.Value.Kind == yaml11.Null:
		default:
			return nil, d.errorAt(e.Value, `write "`+e.Key+`:/path/inside"`, "%s: expected a path in the container, found %s",
				e.Key, describe(e.Value))
		}
		m, ok := d.volumeText(e.Value, written)
		if !ok {
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}

// volumeText reads "target" or "source:target[:options]".
func (d *decoder) volumeText(v *yaml11.Value, s string) (spec.Mount, bool) {
	parts := splitMount(s)
	bad := func(hint, why string) (spec.Mount, bool) {
		return spec.Mount{}, d.errorAt(v, hint, "bad volume %q: %s", s, why)
	}
	m := spec.Mount{Type: spec.MountVolume, Target: parts[0]}
	switch {
	case len(parts) == 2 && !isAbsoluteTarget(parts[1]) && setMountOptions(&m, parts[1]) == "":
		// "/path:ro", and not "name:relative"
	case len(parts) == 2 || len(parts) == 3:
		if parts[0] == "" {
			return bad("write a path, or the name of a volume, before the first colon", "it has no source")
		}
		m.Source, m.Target = parts[0], parts[1]
		if looksLikePath(parts[0]) {
			source, ok := d.path(v, parts[0])
			if !ok {
				return spec.Mount{}, false
			}
			m.Type, m.Source = spec.MountBind, source
		}
		if len(parts) == 3 {
			if e := setMountOptions(&m, parts[2]); e != "" {
				return bad(suggestion(e, mountOptions()), fmt.Sprintf("unknown option %q", e))
			}
		}
	case len(parts) > 3:
		return bad(`write source:target or source:target:ro`, "it has too many colons")
	}
	if !isAbsoluteTarget(m.Target) {
		return bad("begin the path inside the container with a slash",
			fmt.Sprintf("the path in the container, %q, is not absolute", m.Target))
	}
	return m, true
}

// mount reads an entry of `mounts`: "type=bind,source=…,target=…" or a hash.
func mount(d *decoder, v *yaml11.Value) (spec.Mount, bool) {
	switch v.Kind {
	case yaml11.Map:
		return d.mountHash(v)
	case yaml11.String:
	default:
		return spec.Mount{}, d.wrongType(v)
	}
	var m spec.Mount
	for _, w := range strings.Split(v.Str, ",") {
		k, val, given := strings.Cut(w, "=")
		if !given {
			val = "true"
		}
		if !d.setMountField(&m, v, strings.TrimSpace(k), strings.TrimSpace(val)) {
			return spec.Mount{}, false
		}
	}
	return d.finishMount(m, v)
}

// mountHash reads {type, source, target, read_only, options}.
func (d *decoder) mountHash(v *yaml11.Value) (spec.Mount, bool) {
	var m spec.Mount
	for _, e := range entries(v) {
		key := strings.ToLower(e.Key)
		if key == "options" {
			words, ok := texts(d, e.Value)
			if !ok {
				return spec.Mount{}, false
			}
			setFSOptions(&m, strings.Join(words, ","))
			continue
		}
		if e.Value.Kind == yaml11.Map {
			// tmpfs: {size: 64m}, bind: {propagation: shared} and volume: {nocopy: true}, as Compose has them.
			for _, sub := range entries(e.Value) {
				s, ok := text(d, sub.Value)
				if !ok || !d.setMountField(&m, sub.Value, sub.Key, s) {
					return spec.Mount{}, false
				}
			}
			continue
		}
		s, ok := text(d, e.Value)
		if !ok || !d.setMountField(&m, e.Value, key, s) {
			return spec.Mount{}, false
		}
	}
	return d.finishMount(m, v)
}

func mountFields() []string {
	return []string{
		"type", "source", "src", "target", "dst", "destination", "readonly", "ro", "read_only", "options",
		"tmpfs-size", "tmpfs-mode", "bind-propagation", "volume-nocopy", "volume-subpath", "image-subpath", "relabel",
	}
}

// setMountField sets one field by the name that docker's --mount or Compose gives it.
func (d *decoder) setMountField(m *spec.Mount, v *yaml11.Value, key, val string) bool {
	on := val == "true" || val == "1"
	bad := func(wanted ...string) bool {
		return d.errorAt(v, suggestion(val, wanted), "bad %s %q of a mount: expected one of %s", key, val,
			strings.Join(wanted, ", "))
	}
	switch key {
	case "type":
		m.Type = spec.MountType(val)
		if types := []string{string(spec.MountBind), string(spec.MountVolume), string(spec.MountImage),
			string(spec.MountTmpfs)}; !slices.Contains(types, val) {
			return bad(types...)
		}
	case "source", "src":
		m.Source = val
	case "target", "dst", "destination":
		m.Target = val
	case "readonly", "ro", "read_only":
		m.ReadOnly = on
	case "tmpfs-size", "size":
		m.FSOptions = append(m.FSOptions, "size="+val)
	case "tmpfs-mode", "mode":
		m.FSOptions = append(m.FSOptions, "mode="+val)
	case "bind-propagation", "propagation":
		m.Propagation = val
		if !slices.Contains(propagations(), val) {
			return bad(propagations()...)
		}
	case "volume-nocopy", "nocopy":
		m.NoCopy = on
	case "volume-subpath", "image-subpath", "subpath":
		if m.Subpath = val; !filepath.IsLocal(filepath.FromSlash(val)) {
			return d.errorAt(v, "write a path below its top, such as subpath=data/db", "bad %s %q of a mount: "+
				"it leads out of what is mounted", key, val)
		}
	case "relabel", "selinux":
		switch val {
		case "shared", "z":
			m.Relabel = spec.RelabelShared
		case "private", "Z":
			m.Relabel = spec.RelabelPrivate
		default:
			return bad("shared", "private", "z", "Z")
		}
	default:
		return d.errorAt(v, suggestion(key, mountFields()), "unknown field %q of a mount", key)
	}
	return true
}

// finishMount checks a mount of which all fields are set, and gives it its type when it has none.
func (d *decoder) finishMount(m spec.Mount, v *yaml11.Value) (spec.Mount, bool) {
	if m.Type == "" {
		m.Type = spec.MountVolume
		if looksLikePath(m.Source) {
			m.Type = spec.MountBind
		}
	}
	if !isAbsoluteTarget(m.Target) {
		return spec.Mount{}, d.errorAt(v, `write target=/path`,
			"bad mount: the path in the container, %q, is not absolute", m.Target)
	}
	ofName := m.Type == spec.MountVolume || m.Type == spec.MountImage
	if m.Subpath != "" && (!ofName || m.Source == "") {
		return spec.Mount{}, d.errorAt(v, "name the volume: source=NAME",
			"bad mount: a subpath is of a volume with a name, or of an image")
	}
	if m.Type == spec.MountImage && m.Source == "" {
		return spec.Mount{}, d.errorAt(v, "write source=IMAGE", "bad mount: it names no image")
	}
	if m.Type == spec.MountBind {
		if m.Source == "" {
			return spec.Mount{}, d.errorAt(v, `write source=./path`, "bad mount: a bind needs a source")
		}
		source, ok := d.path(v, m.Source)
		if !ok {
			return spec.Mount{}, false
		}
		m.Source = source
	}
	return m, true
}

// tmpfs reads `tmpfs`: a list of "path[:options]", or a hash of path to options.
func tmpfs(d *decoder, v *yaml11.Value) ([]spec.Mount, bool) {
	return each(v, func(it *yaml11.Value) ([]spec.Mount, bool) {
		switch it.Kind {
		case yaml11.Map:
			var out []spec.Mount
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
		return nil, d.wrongType(it)
	})
}

// tmpfsAt is one file system in memory.
func (d *decoder) tmpfsAt(at *yaml11.Value, target, options string) (spec.Mount, bool) {
	if !isAbsoluteTarget(target) {
		return spec.Mount{}, d.errorAt(at, "begin the path with a slash", "bad tmpfs %q: the path is not absolute", target)
	}
	m := spec.Mount{Type: spec.MountTmpfs, Target: target}
	setFSOptions(&m, options)
	return m, true
}

// volumesFrom reads an entry of `volumes_from`: "container" or "container:ro".
func volumesFrom(d *decoder, v *yaml11.Value) (spec.VolumesFrom, bool) {
	name, mode, given := strings.Cut(d.scalarOr(v), ":")
	if name == "" || given && mode != "ro" && mode != "rw" {
		return spec.VolumesFrom{}, d.errorAt(v, `write "name" or "name:ro"`, "bad entry: %s", describe(v))
	}
	return spec.VolumesFrom{Container: name, ReadOnly: mode == "ro"}, true
}

// isDrivePath reports whether p begins with a Windows drive: C:\ or C:/. The
// answer does not depend on the machine galley runs on.
func isDrivePath(p string) bool {
	isLetter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	return len(p) >= 3 && p[1] == ':' && (p[2] == '\\' || p[2] == '/') && isLetter(p[0])
}

// isAbsoluteTarget reports whether p is absolute inside a container, of Linux or of Windows.
func isAbsoluteTarget(p string) bool {
	return strings.HasPrefix(p, "/") || isDrivePath(p)
}

// looksLikePath reports whether p is a path of the client rather than the name of a volume.
func looksLikePath(p string) bool {
	return p == "." || p == ".." || p == "~" || isDrivePath(p) || strings.ContainsAny(p, `/\`)
}

// splitMount splits "source:target:options" at its colons, leaving those of Windows drives alone.
func splitMount(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ':' && !(i == start+1 && isDrivePath(s[start:])) {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
