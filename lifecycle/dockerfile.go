package lifecycle

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
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
				if m := flagFrom.FindStringSubmatch(flag); m != nil {
					add(m[1])
				}
			}
		}
	}
	return refs
}

// flagFrom matches the flags --from=IMAGE and --mount=type=bind,from=IMAGE.
var flagFrom = regexp.MustCompile(`^--(?:mount=(?:.*,)?)?from=([^,]*)`)
