package keys

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// compare decodes `compare:`.
func (r *resolver) compare(block *yaml11.Value) config.Compare {
	return r.mapping(SectionCompare, block, "write the patterns as `compare: {ignore: [...]}`").Compare
}

// ComparedKinds are the kinds of what `galley compare` compares.
func ComparedKinds() []string {
	return []string{"file", "user", "group", "package", "service", "port", "mount", "env", "sysctl", "limit", "converge"}
}

// ignored reads what may differ: a path, or a kind and a pattern.
func ignored(d *decoder, v *yaml11.Value) ([]config.Ignored, bool) {
	lines, ok := texts(d, v)
	var list []config.Ignored
	for _, line := range lines {
		kind, pattern, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, "/") {
			kind, pattern = "file", line
		}
		pattern = strings.TrimSpace(pattern)
		if pattern == "" || !slices.Contains(ComparedKinds(), kind) {
			return nil, d.errorAt(v, "write a path, or a kind and a pattern: `env APP_*`; the kinds are "+
				strings.Join(ComparedKinds(), ", "), "%q says not what to ignore", line)
		}
		list = append(list, config.Ignored{Kind: kind, Pattern: pattern})
	}
	return list, ok
}
