package keys

import (
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

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

// runCommand reads kitchen-docker's command. One that starts sshd is there for
// kitchen-docker's ssh transport: the image has no sshd here, and needs none.
func runCommand(d *decoder, v *yaml11.Value) ([]string, bool) {
	words, ok := command(d, v)
	if !ok || len(words) == 0 || path.Base(words[0]) == "sshd" {
		return nil, false
	}
	return words, true
}

// builtCommands is a list of shell commands that are built into the image.
func builtCommands() field[[]string] {
	return further(joined(parsed(TypeStrings, "Driver.IntermediateInstructions", runInstructions)))
}

// runCommandKey is `run_command`: what the container runs in kitchen-docker, and
// what is built into its image in kitchen-docker_cli.
type runCommandKey struct {
	field[[]string]
	built field[[]string]
}

func runCommandField() runCommandKey {
	return runCommandKey{
		field: further(parsed(TypeCommand, "Driver.Command", runCommand)),
		built: builtCommands(),
	}
}

func (k runCommandKey) decode(d *decoder, v *yaml11.Value) {
	if d.inst.Driver.Name == "docker_cli" {
		k.built.decode(d, v)
		return
	}
	k.field.decode(d, v)
}

// pullBoth is `pull`, which overrules both of `pull_*_image`.
type pullBoth struct{}

func (pullBoth) typ() Type { return TypeString }

func (pullBoth) decode(d *decoder, v *yaml11.Value) {
	if s, ok := word(d, v); ok {
		d.pull = config.PullPolicy(s)
	}
}

func (pullBoth) reset(*config.Instance) {}

func (pullBoth) standard() any { return nil }

// What it came to is shown by pull_platform_image and pull_chef_image.
func (pullBoth) show(*config.Instance) (any, bool) { return nil, false }

// distribution is `platform`: an OCI platform in dokken, and the family of a distribution in kitchen-docker.
type distribution struct{}

func (distribution) typ() Type { return TypeString }

func (distribution) decode(d *decoder, v *yaml11.Value) {
	s, ok := text(d, v)
	switch {
	case !ok || s == "":
	case slices.Contains(distributions(), s):
		if d.inst.Driver.Name == driverDokken {
			d.warnAt(v, "leave it out",
				"%q is a distribution, not the platform of an image such as linux/amd64; it is passed over", s)
		}
	default:
		if p, ok := platformName(d, v); ok {
			d.inst.Driver.OCIPlatform = p
		}
	}
}

// distributions are the families that kitchen-docker knows.
func distributions() []string {
	return []string{
		"alma", "almalinux", "alpine", "amazon", "amazonlinux", "arch", "centos", "centosstream", "debian", "el", "fedora",
		"gentoo", "gentoo-paludis", "opensuse", "opensuse/leap", "opensuse/tumbleweed", "opensuseleap", "oracle",
		"oraclelinux",
		"photonos", "redhat", "rhel", "rocky", "rockylinux", "sles", "suse", "ubuntu", "windows",
	}
}

func (distribution) reset(*config.Instance) {}

func (distribution) standard() any { return nil }

func (distribution) show(i *config.Instance) (any, bool) { return plain(i.Driver.OCIPlatform), true }

// engineBinary is kitchen-docker's `binary`: podman asks for that engine.
type engineBinary struct{}

func (engineBinary) typ() Type { return TypeString }

func (engineBinary) decode(d *decoder, v *yaml11.Value) {
	if s, ok := text(d, v); ok && strings.Contains(path.Base(strings.ReplaceAll(s, `\`, "/")), enginePodman) {
		d.inst.Driver.Engine = enginePodman
	}
}

func (engineBinary) reset(*config.Instance) {}

func (engineBinary) standard() any { return nil }

func (engineBinary) show(i *config.Instance) (any, bool) { return plain(i.Driver.Engine), true }

// runOptions are flags of `docker run`; each that has a key means that key.
type runOptions struct{}

func (runOptions) typ() Type { return TypeAny }

func (runOptions) reset(*config.Instance) {}

func (runOptions) standard() any { return nil }

func (runOptions) show(*config.Instance) (any, bool) { return nil, false }

func (runOptions) decode(d *decoder, v *yaml11.Value) {
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
	switch name {
	case "e":
		name = "env"
	case "v":
		name = "volumes"
	case "p":
		name = "ports"
	case "P":
		name = "publish_all"
	case "u":
		name = "user"
	case "w":
		name = "working_dir"
	case "m":
		name = "memory_limit"
	case "t":
		name = "tty"
	case "h":
		name = "hostname"
	case "network":
		name = "network_mode"
	case "i", "d", "interactive", "detach", "rm", "name":
		return
	}
	k := theSchema().find(SectionDriver, name)
	if k == nil || k.value == nil || k.Inert != "" {
		d.warnAt(v, "", "galley has no key for the flag --%s of docker run; it is passed over", strings.ReplaceAll(name,
			"_", "-"))
		return
	}
	outer, spelt := d.key, d.spelt
	d.key = k
	k.value.decode(d, v)
	d.key, d.spelt = outer, spelt
}
