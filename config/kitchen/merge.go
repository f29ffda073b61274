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
			m.diags.ErrorAt(e.Value.Pos, sub, fmt.Sprintf("%s is %s here, which cannot override the mapping at %s", sub,
				aKind(e.Value), old.Value.Pos), "write a mapping here too, or remove the one of the two that is not meant")
			continue
		}
		e.Value = m.rmerge(old.Value, e.Value, sub)
		out.Set(e)
	}
	return yaml11.NewMap(out, strong.Pos)
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

// rewriter changes the entries of hashes, at any depth. What does not change is not copied, and what aliases share
// stays shared.
type rewriter struct {
	entry func(yaml11.Entry) yaml11.Entry
	// lists reports whether hashes inside of lists are changed too.
	lists bool
	done  map[*yaml11.Value]*yaml11.Value
}

func (r rewriter) value(v *yaml11.Value) *yaml11.Value {
	if v.Kind != yaml11.Map && (v.Kind != yaml11.Seq || !r.lists) {
		return v
	}
	if done, ok := r.done[v]; ok {
		return done
	}
	change := r.seq
	if v.Kind == yaml11.Map {
		change = r.mapping
	}
	out := change(v)
	r.done[v] = out
	return out
}

func (r rewriter) mapping(v *yaml11.Value) *yaml11.Value {
	out := yaml11.NewMapping(v.Map.Len())
	changed := false
	for _, before := range v.Map.Entries() {
		e := r.entry(before)
		e.Value = r.value(e.Value)
		changed = changed || e != before
		out.Set(e)
	}
	if !changed {
		return v
	}
	return yaml11.NewMap(out, v.Pos)
}

func (r rewriter) seq(v *yaml11.Value) *yaml11.Value {
	items := make([]*yaml11.Value, len(v.Seq))
	changed := false
	for i, it := range v.Seq {
		items[i] = r.value(it)
		changed = changed || items[i] != it
	}
	if !changed {
		return v
	}
	return yaml11.NewSeq(items, v.Pos)
}

// normalize gives `driver`, `provisioner` and `busser` their long form, at any depth of hashes but not inside of lists:
// a string becomes {name: …} (busser: {version: …}), null becomes {}. Test Kitchen does so to each file before it
// merges them.
func normalize(v *yaml11.Value) *yaml11.Value {
	return rewriter{entry: pluginLongForm, done: map[*yaml11.Value]*yaml11.Value{}}.value(v)
}

func pluginLongForm(e yaml11.Entry) yaml11.Entry {
	if e.KeyKind != yaml11.String || e.Key != "driver" && e.Key != "provisioner" && e.Key != "busser" {
		return e
	}
	switch {
	case e.Value.Kind == yaml11.Null:
		e.Value = emptyMap(e.Value.Pos)
	case e.Value.Kind == yaml11.String && e.Key == "busser":
		e.Value = single("version", e.Value)
	case e.Value.Kind == yaml11.String:
		e.Value = single("name", e.Value)
	}
	return e
}

// textKeys makes all keys strings: symbols lose their colon, and of :a and a the
// later wins. Keys of other types are errors, as they are in Test Kitchen.
func textKeys(v *yaml11.Value, diags *Diagnostics) *yaml11.Value {
	key := func(e yaml11.Entry) yaml11.Entry {
		switch e.KeyKind {
		case yaml11.String:
		case yaml11.Symbol:
			e.KeyKind = yaml11.String
		default:
			hint := "put the key in quotes"
			if e.KeyKind == yaml11.Seq || e.KeyKind == yaml11.Map {
				hint = "write a text as key"
			}
			kind := aKind(&yaml11.Value{Kind: e.KeyKind})
			diags.ErrorAt(e.KeyPos, e.Key, "the key `"+e.Key+"` is "+kind+", not text", hint)
		}
		return e
	}
	return rewriter{entry: key, lists: true, done: map[*yaml11.Value]*yaml11.Value{}}.value(v)
}
