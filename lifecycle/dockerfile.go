package lifecycle

import (
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

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
	for line := range strings.Lines(strings.ReplaceAll(dockerfile, "\\\n", " ")) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		n := 1 // the first word that is no flag
		for n < len(words)-1 && strings.HasPrefix(words[n], "--") {
			n++
		}
		switch strings.ToUpper(words[0]) {
		case "FROM":
			add(words[n])
			if n+2 < len(words) && strings.EqualFold(words[n+1], "AS") {
				stages = append(stages, strings.ToLower(words[n+2]))
			}
		case "COPY", "ADD", "RUN":
			for _, flag := range words[1:n] {
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
var platformArgs = []string{"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH",
	"BUILDVARIANT"}

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
	lines := strings.Split(strings.ReplaceAll(dockerfile, "\\\n", " "), "\n")
	for n := 0; n < len(lines); n++ {
		words := strings.Fields(lines[n])
		if len(words) < 2 {
			continue
		}
		instruction := strings.ToUpper(words[0])
		if instruction == "ARG" {
			for _, w := range words[1:] {
				if name, _, _ := strings.Cut(w, "="); slices.Contains(platformArgs, name) {
					add(backend.BuildFeature("ARG " + name))
				}
			}
		}
		if !slices.Contains([]string{"RUN", "COPY", "ADD"}, instruction) {
			continue
		}
		owned := instruction == "RUN"
		for _, w := range words[1:] {
			if !strings.HasPrefix(w, "--") {
				break
			}
			owned = owned || strings.HasPrefix(w, "--chown=") || strings.HasPrefix(w, "--from=")
			if f := flagFeature(instruction, w); f != "" {
				add(f)
			}
		}
		copies = copies || !owned
		for _, w := range words[1:] {
			m := heredoc().FindStringSubmatch(w)
			if m == nil {
				continue
			}
			// What has no end is no such text: the shell's own business.
			end := slices.IndexFunc(lines[n+1:], func(l string) bool { return strings.TrimLeft(l, "\t") == m[1] })
			if end >= 0 {
				add(backend.BuildHeredoc)
				n += end + 1
			}
		}
	}
	if copies && len(list) > 0 {
		add(backend.BuildCopy)
	}
	return list
}
