package kitchen

import (
	"fmt"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// merger merges mappings as Test Kitchen's Hash#rmerge does.
type merger struct {
	diags *Diagnostics
	// copied counts the entries copied so far, as a measure of work and memory.
	copied int
}

// rmerge merges two mappings: mappings that both have are merged, anything else is replaced, lists too. The arguments
// are not changed, and what only one of them has is shared with the result. Each value keeps the position of the file
// that set it.
//
// A mapping cannot be overridden by another type: that is reported, and the
// mapping stays. path names the mapping in the report.
func (m *merger) rmerge(weak, strong *yaml11.Value, path string) *yaml11.Value {
	switch {
	case strong.Map.Len() == 0:
		return weak
	case weak.Map.Len() == 0:
		return strong
	}
	m.copied += weak.Map.Len() + strong.Map.Len()
	out := weak.Map.Copy()
	for _, e := range strong.Map.Entries() {
		old := weak.Map.Like(e)
		if old == nil || old.Value.Kind != yaml11.Map {
			out.Set(e)
			continue
		}
		sub := e.Key
		if path != "" {
			sub = path + "." + e.Key
		}
		if e.Value.Kind != yaml11.Map {
			m.conflict(sub, old.Value, e.Value)
			continue
		}
		e.Value = m.rmerge(old.Value, e.Value, sub)
		out.Set(e)
	}
	return yaml11.NewMap(out, strong.Pos)
}

// conflict reports a mapping overridden by another type.
func (m *merger) conflict(path string, old, new *yaml11.Value) {
	m.diags.ErrorAt(new.Pos, path,
		fmt.Sprintf("%s is %s here, which cannot override the mapping at %s", path, aKind(new), old.Pos),
		"write a mapping here too, or remove the one of the two that is not meant")
}

// aKind names the type of v with its article.
func aKind(v *yaml11.Value) string {
	switch v.Kind {
	case yaml11.Null:
		return "empty (null)"
	case yaml11.Int:
		return "an integer"
	}
	return "a " + v.Kind.String()
}

// emptyMap is a mapping without entries that stands at pos.
func emptyMap(pos yaml11.Pos) *yaml11.Value { return yaml11.NewMap(yaml11.NewMapping(0), pos) }

// single is a mapping of one entry; its key takes the place of the value.
func single(key string, v *yaml11.Value) *yaml11.Value {
	m := yaml11.NewMapping(1)
	m.SetString(key, v.Pos, v)
	return yaml11.NewMap(m, v.Pos)
}
