package lifecycle

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// instruction is one of a Dockerfile, with its words, of which those behind the first that begin with -- are flags.
type instruction struct {
	name         string // in capital letters
	words, flags []string
	// text reports whether a text up to a line with its name follows.
	text bool
}

// takeTexts are the instructions that a text can follow.
var takeTexts = []string{"RUN", "COPY", "ADD"}

// comment matches a line of a Dockerfile that is one, also between the lines of an instruction.
var comment = lazyregexp.New(`(?m)^[ \t]*#.*\n?`)

// instructions are those of a Dockerfile that have more than a name, without comments and the texts that follow them.
func instructions(dockerfile string) (list []instruction) {
	lines := strings.Split(strings.ReplaceAll(comment().ReplaceAllString(dockerfile, ""), "\\\n", " "), "\n")
	for n := 0; n < len(lines); n++ {
		words := strings.Fields(lines[n])
		if len(words) < 2 {
			continue
		}
		i := instruction{name: strings.ToUpper(words[0]), words: words}
		for end := 1; end < len(words)-1 && strings.HasPrefix(words[end], "--"); end++ {
			i.flags = words[1 : end+1]
		}
		for _, w := range words[1:] {
			m := heredoc().FindStringSubmatch(w)
			if m == nil || !slices.Contains(takeTexts, i.name) {
				continue
			}
			// What has no end is no such text: the shell's own business.
			end := slices.IndexFunc(lines[n+1:], func(l string) bool { return strings.TrimLeft(l, "\t") == m[1] })
			if end >= 0 {
				i.text = true
				n += end + 1
			}
		}
		list = append(list, i)
	}
	return list
}

// baseImages are the images that a Dockerfile takes something from by name: `FROM image`, `COPY --from=image`, `RUN
// --mount=from=image`. They may want credentials. IDs do not, and of names that hold a variable only the builder knows
// what they stand for.
func baseImages(dockerfile string) []string {
	var refs, stages []string
	add := func(ref string) {
		_, notNumber := strconv.Atoi(ref)
		switch {
		case ref == "", ref == "scratch", notNumber == nil, strings.HasPrefix(ref, "sha256:"), strings.Contains(ref, "$"):
		case slices.Contains(stages, strings.ToLower(ref)), slices.Contains(refs, ref):
		default:
			refs = append(refs, ref)
		}
	}
	for _, i := range instructions(dockerfile) {
		switch n := len(i.flags) + 1; i.name {
		case "FROM":
			add(i.words[n])
			if n+2 < len(i.words) && strings.EqualFold(i.words[n+1], "AS") {
				stages = append(stages, strings.ToLower(i.words[n+2]))
			}
		case "COPY", "ADD", "RUN":
			for _, flag := range i.flags {
				if m := flagFrom().FindStringSubmatch(flag); m != nil {
					add(m[1])
				}
			}
		}
	}
	return refs
}

// flagFrom matches the flags --from=IMAGE and --mount=type=bind,from=IMAGE.
var flagFrom = lazyregexp.New(`^--(?:mount=(?:.*,)?)?from=([^,]*)`)

// heredoc matches the word that begins a text up to a line with its name.
var heredoc = lazyregexp.New(`^\d*<<-?["']?([A-Za-z_][A-Za-z0-9_]*)["']?$`)

// commonFlags are the flags of instructions that every builder knows. Others count as features.
var commonFlags = []string{"--from", "--chown"}

// platformArgs are the arguments that newer builders give to `ARG NAME`.
var platformArgs = []string{"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM",
	"BUILDOS", "BUILDARCH", "BUILDVARIANT"}

// mountType matches the type of RUN --mount=….
var mountType = lazyregexp.New(`(?:=|,)type=([^,]*)`)

// flagFeature is the feature that a flag of an instruction asks for, or "".
func flagFeature(instruction, flag string) backend.BuildFeature {
	name, _, _ := strings.Cut(flag, "=")
	feature := backend.BuildFeature(instruction + " " + name)
	switch m := mountType().FindStringSubmatch(flag); {
	case slices.Contains(commonFlags, name):
		return ""
	case feature == backend.BuildMount && m != nil && m[1] == "secret":
		return backend.BuildSecret
	case feature == backend.BuildMount && m != nil && m[1] == "ssh":
		return backend.BuildSSH
	}
	return feature
}

// buildFeatures are what a Dockerfile has that not every builder knows, each once.
func buildFeatures(dockerfile string) (list []backend.BuildFeature) {
	add := func(f backend.BuildFeature) {
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	copies := false
	for _, i := range instructions(dockerfile) {
		if i.name == "ARG" {
			for _, w := range i.words[1:] {
				if name, _, _ := strings.Cut(w, "="); slices.Contains(platformArgs, name) {
					add(backend.BuildFeature("ARG " + name))
				}
			}
		}
		if !slices.Contains(takeTexts, i.name) {
			continue
		}
		owned := i.name == "RUN"
		for _, flag := range i.flags {
			owned = owned || strings.HasPrefix(flag, "--chown=") || strings.HasPrefix(flag, "--from=")
			if f := flagFeature(i.name, flag); f != "" {
				add(f)
			}
		}
		copies = copies || !owned
		if i.text {
			add(backend.BuildHeredoc)
		}
	}
	if copies && len(list) > 0 {
		add(backend.BuildCopy)
	}
	return list
}

// secretMounts are the ids of the secrets that a Dockerfile mounts, and whether it needs each.
func secretMounts(dockerfile string) map[string]bool {
	needed := map[string]bool{}
	for _, i := range instructions(dockerfile) {
		for _, flag := range i.flags {
			mount, ok := strings.CutPrefix(flag, "--mount=")
			options := map[string]string{}
			for option := range strings.SplitSeq(mount, ",") {
				key, value, _ := strings.Cut(option, "=")
				options[strings.ToLower(key)] = value
			}
			if !ok || i.name != "RUN" || options["type"] != "secret" {
				continue
			}
			id := cmp.Or(options["source"], options["src"], options["id"])
			if target := cmp.Or(options["target"], options["dst"], options["destination"]); id == "" && target != "" {
				id = path.Base(target)
			}
			if id != "" { // else the builder refuses it
				needed[id] = needed[id] || options["required"] != "false"
			}
		}
	}
	return needed
}
