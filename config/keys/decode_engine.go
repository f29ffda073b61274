package keys

import (
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// envName is a name that stands without a value in a list of variables.
var envName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// environment reads variables: a hash, or a list of "NAME=value" and of hashes. A
// NAME alone takes the value of the client's environment, if it has one.
func environment(d *decoder, v *yaml11.Value) (map[string]string, bool) {
	out := map[string]string{}
	good := true
	for _, it := range items(v) {
		switch it.Kind {
		case yaml11.Map:
			for _, e := range entries(it) {
				good = d.isText(e) && d.setVariable(out, e.Value, e.Key, d.textOf(e.Value), e.Value.Kind != yaml11.Null) && good
			}
		case yaml11.String:
			name, value, given := strings.Cut(it.Str, "=")
			good = d.setVariable(out, it, name, value, given) && good
		default:
			good = d.wrongType(it)
		}
	}
	return out, good
}

func (d *decoder) setVariable(out map[string]string, at *yaml11.Value, name, value string, given bool) bool {
	valid := name != "" && !strings.ContainsAny(name, "= \t\n\x00")
	if !given {
		valid = envName().MatchString(name)
	}
	if !valid {
		// What follows a colon or a blank may be a secret: show the name alone.
		if end := strings.IndexAny(name, ": \t"); end >= 0 {
			name = name[:end]
		}
		return d.errorAt(at, `write NAME=value, or a hash such as {NAME: value}`,
			"bad variable: %q is followed by no equals sign, or is not a name", name)
	}
	if given {
		out[name] = value
	} else if s, ok := d.env(name); ok {
		out[name] = s
	}
	return true
}

// device reads "/dev/a", "/dev/a:/dev/b", "/dev/a:rwm" or "/dev/a:/dev/b:rwm".
func device(d *decoder, v *yaml11.Value) (spec.Device, bool) {
	var parts []string
	switch v.Kind {
	case yaml11.String:
		parts = strings.Split(v.Str, ":")
	case yaml11.Map:
		for _, field := range []*yaml11.Value{
			either(v, "path_on_host", "PathOnHost"), either(v, "path_in_container", "PathInContainer"),
			either(v, "cgroup_permissions", "CgroupPermissions"),
		} {
			if s := d.scalarOr(field); s != "" {
				parts = append(parts, s)
			}
		}
	}
	dev, ok := deviceOf(parts)
	if !ok {
		d.errorAt(v, `write "/dev/host", "/dev/host:/dev/inside" or "/dev/host:/dev/inside:rwm"`, "bad device: %s",
			describe(v))
	}
	return dev, ok
}

func deviceOf(parts []string) (spec.Device, bool) {
	if len(parts) == 0 || len(parts) > 3 || !strings.HasPrefix(parts[0], "/") {
		return spec.Device{}, false
	}
	dev := spec.Device{HostPath: parts[0], ContainerPath: parts[0]}
	for i, p := range parts[1:] {
		switch {
		case i == 0 && strings.HasPrefix(p, "/"):
			dev.ContainerPath = p
		case i == len(parts)-2 && p != "" && strings.Trim(p, "rwm") == "":
			dev.Permissions = p
		default:
			return spec.Device{}, false
		}
	}
	return dev, true
}

// gpus reads `gpus`: "all" or a number.
func gpus(d *decoder, v *yaml11.Value) (int, bool) {
	switch {
	case v.Kind == yaml11.String && v.Str == "all", v.Kind == yaml11.Bool && v.Bool:
		return -1, true
	case v.Kind == yaml11.Bool:
		return 0, true
	case v.Kind == yaml11.String && strings.Contains(v.Str, "="):
		return 0, d.errorAt(v, `write "all" or a number`, "GPUs cannot be chosen by device, found %s", describe(v))
	}
	n, err := strconv.Atoi(strings.TrimSpace(d.scalarOr(v)))
	if err != nil || n < -1 {
		return 0, d.wrongType(v)
	}
	return n, true
}

// scalarOr is the text of a scalar, or "" for a list or hash.
func (d *decoder) scalarOr(v *yaml11.Value) string {
	if !isScalar(v) {
		return ""
	}
	return d.textOf(v)
}

func ulimitNames() []string {
	return []string{"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
		"rss", "rtprio", "rttime", "sigpending", "stack"}
}

// ulimits reads "nofile=1024:2048", {nofile: 1024}, {nofile: {soft, hard}} or [{name, soft, hard}].
func ulimits(d *decoder, v *yaml11.Value) ([]spec.Ulimit, bool) {
	return each(v, func(it *yaml11.Value) ([]spec.Ulimit, bool) {
		switch {
		case it.Kind == yaml11.String:
			name, limits, _ := strings.Cut(it.Str, "=")
			return oneOf(d.ulimit(it, name, limits))
		case it.Kind != yaml11.Map:
			return nil, d.wrongType(it)
		}
		if name := either(it, "name", "Name"); name.Kind != yaml11.Null {
			return oneOf(d.ulimit(it, d.scalarOr(name), d.softHard(it)))
		}
		var out []spec.Ulimit
		good := true
		for _, e := range entries(it) {
			limits := d.scalarOr(e.Value)
			if e.Value.Kind == yaml11.Map {
				limits = d.softHard(e.Value)
			}
			u, ok := d.ulimit(e.Value, e.Key, limits)
			good = good && ok
			out = append(out, u)
		}
		return out, good
	})
}

// either is the first of the named entries that the hash has, or null.
func either(v *yaml11.Value, names ...string) *yaml11.Value {
	for _, n := range names {
		if got := v.Map.Get(n); got != nil {
			return got
		}
	}
	return yaml11.NewNull(v.Pos)
}

// softHard is "soft:hard" of a hash of both.
func (d *decoder) softHard(v *yaml11.Value) string {
	soft, hard := d.scalarOr(either(v, "soft", "Soft")), d.scalarOr(either(v, "hard", "Hard"))
	if hard == "" {
		return soft
	}
	return soft + ":" + hard
}

func (d *decoder) ulimit(at *yaml11.Value, name, limits string) (spec.Ulimit, bool) {
	if !slices.Contains(ulimitNames(), name) {
		return spec.Ulimit{}, d.errorAt(at, suggestion(name, ulimitNames()), "unknown ulimit %q", name)
	}
	soft, hard, both := strings.Cut(limits, ":")
	if !both {
		hard = soft
	}
	s, err1 := ulimitNumber(soft)
	h, err2 := ulimitNumber(hard)
	if err1 != nil || err2 != nil {
		return spec.Ulimit{}, d.errorAt(at, `write "nofile=1024" or "nofile=1024:2048"; -1 is unlimited`,
			"bad ulimit %s: expected one or two numbers, found %q", name, limits)
	}
	if h != -1 && (s > h || s == -1) {
		return spec.Ulimit{}, d.errorAt(at, "write the smaller number first",
			"bad ulimit %s: the soft limit %d is above the hard limit %d", name, s, h)
	}
	return spec.Ulimit{Name: name, Soft: s, Hard: h}, true
}

func ulimitNumber(s string) (int64, error) {
	if s == "unlimited" || s == "-1" {
		return -1, nil
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err
}

// imageID matches an image's ID without its algorithm.
var imageID = lazyregexp.New(`^[0-9a-f]{64}$`)

// image reads the name of an image, or its ID.
func image(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if imageID().MatchString(s) {
		s = "sha256:" + s
	}
	return s, ok
}

// maxHostname is how long the name of a host may be in Linux.
const maxHostname = 64

// hostname reads the name of a host.
func hostname(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	switch {
	case !ok:
		return "", false
	case len(s) > maxHostname:
		return "", d.errorAt(v, "shorten it", "the name of a host has at most %d bytes, this one has %d", maxHostname, len(s))
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`/\:@`, r) }):
		return "", d.errorAt(v, "use letters, digits, dashes and dots", "bad name of a host: %s", describe(v))
	}
	return s, true
}

// trimmed reads a text without the blanks around it.
func trimmed(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	return strings.TrimSpace(s), ok
}

// labelPrefix is the prefix of galley's own labels.
const labelPrefix = "dev.galley."

// labels reads labels, which may not take the names of galley's own.
func labels(d *decoder, v *yaml11.Value) (out map[string]string, ok bool) {
	if v.Kind == yaml11.Map {
		out, ok = textMap(d, v)
	} else {
		// A label may lack a value: "name" is name with an empty one.
		var list []string
		list, ok = texts(d, v)
		out = make(map[string]string, len(list))
		for _, s := range list {
			name, value, _ := strings.Cut(s, "=")
			out[name] = value
		}
	}
	for name := range out {
		if strings.HasPrefix(name, labelPrefix) {
			return nil, d.errorAt(v, "choose another prefix",
				"the label %s: names that begin with %s are galley's own", name, labelPrefix)
		}
		if name == "" {
			return nil, d.errorAt(v, "write name=value", "a label without a name")
		}
	}
	return out, ok
}

// ociPlatform matches os/arch[/variant].
var ociPlatform = lazyregexp.New(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

// platformName reads an OCI platform such as linux/arm64.
func platformName(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok || s == "" || ociPlatform().MatchString(s) {
		return s, ok
	}
	return "", d.errorAt(v, "write linux/amd64 or linux/arm64", "expected os/architecture, found %s", describe(v))
}
