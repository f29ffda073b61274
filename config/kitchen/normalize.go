package kitchen

import (
	"github.com/galley-kitchen/galley/config/yaml11"
)

// normalize gives `driver`, `provisioner` and `busser` their long form, at any depth of hashes but not inside of lists:
// a string becomes {name: …} (busser: {version: …}), null becomes {}. Test Kitchen does so to each file before it
// merges them.
func normalize(v *yaml11.Value) *yaml11.Value {
	if v.Kind != yaml11.Map {
		return v
	}
	return normalizer{}.mapping(v)
}

// normalizer remembers what it has done, so that values shared by aliases stay shared.
type normalizer map[*yaml11.Value]*yaml11.Value

func (n normalizer) mapping(v *yaml11.Value) *yaml11.Value {
	if done, ok := n[v]; ok {
		return done
	}
	out := yaml11.NewMapping(v.Map.Len())
	changed := false
	for _, e := range v.Map.Entries() {
		before := e.Value
		e.Value = n.entry(e)
		changed = changed || e.Value != before
		out.Set(e)
	}
	result := v
	if changed {
		result = yaml11.NewMap(out, v.Pos)
	}
	n[v] = result
	return result
}

func (n normalizer) entry(e yaml11.Entry) *yaml11.Value {
	if e.KeyKind == yaml11.String {
		switch e.Key {
		case "driver", "provisioner", "busser":
			switch e.Value.Kind {
			case yaml11.Null:
				return emptyMap(e.Value.Pos)
			case yaml11.String:
				if e.Key == "busser" {
					return single("version", e.Value)
				}
				return single("name", e.Value)
			}
		}
	}
	if e.Value.Kind == yaml11.Map {
		return n.mapping(e.Value)
	}
	return e.Value
}

// textKeys makes all keys strings: symbols lose their colon, and of :a and a the
// later wins. Keys of other types are errors, as they are in Test Kitchen.
type textKeys struct {
	diags *Diagnostics
	done  map[*yaml11.Value]*yaml11.Value
}

func newTextKeys(diags *Diagnostics) *textKeys {
	return &textKeys{diags: diags, done: map[*yaml11.Value]*yaml11.Value{}}
}

func (t *textKeys) value(v *yaml11.Value) *yaml11.Value {
	if v.Kind != yaml11.Map && v.Kind != yaml11.Seq {
		return v
	}
	if out, ok := t.done[v]; ok {
		return out
	}
	var out *yaml11.Value
	if v.Kind == yaml11.Map {
		out = t.mapping(v)
	} else {
		out = t.seq(v)
	}
	t.done[v] = out
	return out
}

func (t *textKeys) seq(v *yaml11.Value) *yaml11.Value {
	items := make([]*yaml11.Value, len(v.Seq))
	changed := false
	for i, it := range v.Seq {
		items[i] = t.value(it)
		changed = changed || items[i] != it
	}
	if !changed {
		return v
	}
	return yaml11.NewSeq(items, v.Pos)
}

func (t *textKeys) mapping(v *yaml11.Value) *yaml11.Value {
	out := yaml11.NewMapping(v.Map.Len())
	changed := false
	for _, e := range v.Map.Entries() {
		before := e
		switch e.KeyKind {
		case yaml11.String:
		case yaml11.Symbol:
			e.KeyKind = yaml11.String
		default:
			t.badKey(e)
		}
		e.Value = t.value(e.Value)
		changed = changed || e != before
		out.Set(e)
	}
	if !changed {
		return v
	}
	return yaml11.NewMap(out, v.Pos)
}

func (t *textKeys) badKey(e yaml11.Entry) {
	hint := "put the key in quotes"
	if e.KeyKind == yaml11.Seq || e.KeyKind == yaml11.Map {
		hint = "write a text as key"
	}
	kind := aKind(&yaml11.Value{Kind: e.KeyKind})
	t.diags.ErrorAt(e.KeyPos, e.Key, "the key `"+e.Key+"` is "+kind+", not text", hint)
}
