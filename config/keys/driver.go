package keys

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// driverKeys are the keys of `driver:` that fill no field of their own.
func driverKeys() []Key {
	return inSection(SectionDriver, []Key{
		{Name: "pull", Type: TypeString, Enum: []string{"missing", "always", "newer", "never"}, read: pullBoth},
		{Name: "run_command", Type: TypeCommand, read: runCommand},
		{Name: "run_options", Type: TypeAny, read: runOptions},
	})
}

// instructions reads Dockerfile lines: a list, or one text of several lines.
func instructions(d *decoder, v *yaml11.Value) ([]string, bool) {
	list, ok := texts(d, v)
	if !ok {
		return nil, false
	}
	out := list[:0:0]
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out, true
}

// runInstructions reads shell commands as RUN lines.
func runInstructions(d *decoder, v *yaml11.Value) ([]string, bool) {
	list, ok := instructions(d, v)
	for i, s := range list {
		list[i] = "RUN " + s
	}
	return list, ok
}

// buildContext reads a directory; true is the project.
func buildContext(d *decoder, v *yaml11.Value) (string, bool) {
	if v.Kind == yaml11.Bool {
		if v.Bool {
			return d.root, true
		}
		return "", true
	}
	return filePath(d, v)
}

// secretID matches the id of a build secret, which stands between commas in a Dockerfile.
var secretID = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// buildSecrets reads where the values of build secrets are, in the words that compose has for them.
func buildSecrets(d *decoder, v *yaml11.Value) (map[string]config.BuildSecret, bool) {
	const example = "write {npm: {environment: NPM_TOKEN}} or {npm: {file: ~/.npmrc}}"
	if v.Kind != yaml11.Map {
		return nil, d.wrongType(v)
	}
	secrets, good := map[string]config.BuildSecret{}, true
	for _, e := range entries(v) {
		var s config.BuildSecret
		ok := true
		switch {
		case !secretID().MatchString(e.Key):
			ok = d.errorAt(e.Value, "use letters, digits, dots and dashes", "%q cannot be the id of a secret", e.Key)
		case e.Value.Kind != yaml11.Map:
			ok = d.errorAt(e.Value, example, "%s: it is not said where the secret is", e.Key)
		}
		if !ok {
			good = false
			continue
		}
		for _, source := range entries(e.Value) {
			switch source.Key {
			case "file":
				s.File, ok = filePath(d, source.Value)
			case "environment":
				s.Environment, ok = text(d, source.Value)
			default:
				ok = d.errorAt(source.Value, suggestion(source.Key, []string{"file", "environment"}), "%s.%s: unknown key",
					e.Key, source.Key)
			}
			good = good && ok
		}
		if (s.File == "") == (s.Environment == "") && good {
			good = d.errorAt(e.Value, example, "%s: it needs one of file and environment", e.Key)
		}
		secrets[e.Key] = s
	}
	return secrets, good
}

// runCommand reads `run_command`: what the container runs in kitchen-docker, and what is built into its image in
// kitchen-docker_cli. One that starts sshd is there for kitchen-docker's ssh transport: the image has no sshd here, and
// needs none.
func runCommand(d *decoder, v *yaml11.Value) {
	dr := &d.inst.Driver
	if dr.Name == "docker_cli" {
		if built, ok := runInstructions(d, v); ok {
			dr.IntermediateInstructions = append(dr.IntermediateInstructions, built...)
		}
		return
	}
	if words, ok := command(d, v); ok && len(words) > 0 && path.Base(words[0]) != "sshd" {
		dr.Command = words
	}
}

// pullNewer reads `pull_*_image`: a boolean in the file, a policy in the instance.
func pullNewer(d *decoder, v *yaml11.Value) (config.PullPolicy, bool) {
	on, ok := boolean(d, v)
	if on {
		return config.PullNewer, ok
	}
	return config.PullMissing, ok
}

// whenOn reads a boolean that means a value when it is true, and nothing else.
func whenOn[T any](value T) func(*decoder, *yaml11.Value) (T, bool) {
	return func(d *decoder, v *yaml11.Value) (T, bool) {
		on, ok := boolean(d, v)
		return value, ok && on
	}
}

// pullBoth reads `pull`, which overrules both of `pull_*_image`. Those show what it came to.
func pullBoth(d *decoder, v *yaml11.Value) {
	if s, ok := word(d, v); ok {
		d.pull = config.PullPolicy(s)
	}
}

// platform reads `platform`: an OCI platform in dokken, and in kitchen-docker the family of a distribution, which says
// nothing of an image.
func platform(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok || s == "" {
		return "", false
	}
	if !slices.Contains(distributions(), s) {
		return platformName(d, v)
	}
	if d.inst.Driver.Name == driverDokken {
		d.warnAt(v, "leave it out",
			"%q is a distribution, not the platform of an image such as linux/amd64; it is passed over", s)
	}
	return "", false
}

// distributions are the families that kitchen-docker knows.
func distributions() []string {
	return []string{
		"alma", "almalinux", "alpine", "amazon", "amazonlinux", "arch", "centos", "centosstream", "debian", "el", "fedora",
		"gentoo", "gentoo-paludis", "opensuse", "opensuse/leap", "opensuse/tumbleweed", "opensuseleap", "oracle",
		"oraclelinux", "photonos", "redhat", "rhel", "rocky", "rockylinux", "sles", "suse", "ubuntu", "windows",
	}
}

// engineBinary reads kitchen-docker's `binary`: podman asks for that engine.
func engineBinary(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	return enginePodman, ok && strings.Contains(path.Base(strings.ReplaceAll(s, `\`, "/")), enginePodman)
}

// runOptions reads flags of `docker run`; each that has a key means that key.
func runOptions(d *decoder, v *yaml11.Value) {
	key, spelt := d.key, d.spelt
	defer func() { d.key, d.spelt = key, spelt }()
	for _, it := range items(v) {
		switch it.Kind {
		case yaml11.Map:
			for _, e := range entries(it) {
				d.runOption(e.Key, e.Value)
			}
		case yaml11.String:
			words, err := splitWords(it.Str)
			if err != nil {
				d.errorAt(it, "close the quote", "%v", err)
				return
			}
			d.runFlags(it, words)
		default:
			d.expected(it, `flags of docker run, such as "--cap-add=SYS_ADMIN"`)
			return
		}
		d.key, d.spelt = key, spelt
	}
}

// runFlags reads "--flag=value", "--flag value" and "--flag".
func (d *decoder) runFlags(at *yaml11.Value, words []string) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if !strings.HasPrefix(w, "-") {
			d.warnAt(at, "write --flag=value", "%q belongs to no flag and is passed over", w)
			continue
		}
		name, value, given := strings.Cut(w, "=")
		v := yaml11.NewString(value, at.Pos)
		if !given {
			if i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
				i++
				v = yaml11.NewString(words[i], at.Pos)
			} else {
				v = yaml11.NewBool(true, at.Pos)
			}
		}
		d.runOption(name, v)
	}
}

// runOption decodes one flag as the key that it means.
func (d *decoder) runOption(flag string, v *yaml11.Value) {
	name := strings.ReplaceAll(strings.TrimLeft(flag, "-"), "-", "_")
	if slices.Contains([]string{"i", "d", "interactive", "detach", "rm", "name"}, name) {
		return // galley has its own way
	}
	short := map[string]string{"e": "env", "v": "volumes", "p": "ports", "P": "publish_all", "u": "user",
		"w": "working_dir", "m": "memory_limit", "t": "tty", "h": "hostname", "network": "network_mode"}
	k := d.schema.find(SectionDriver, cmp.Or(short[name], name))
	if k == nil || k.read == nil || k.Inert != "" {
		d.warnAt(v, "", "galley has no key for the flag --%s of docker run; it is passed over", strings.ReplaceAll(name,
			"_", "-"))
		return
	}
	outer, spelt := d.key, d.spelt
	d.key = k
	k.read(d, v)
	d.key, d.spelt = outer, spelt
}
