package kitchen

import (
	"github.com/galley-kitchen/galley/config/yaml11"
)

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
