package keys

import (
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// items are the values of a list; one value alone is a list of one, and lists in
// lists are flattened, as Ruby's Array() and flatten have it.
func items(v *yaml11.Value) []*yaml11.Value {
	switch v.Kind {
	case yaml11.Null:
		return nil
	case yaml11.Seq:
		out := make([]*yaml11.Value, 0, len(v.Seq))
		for _, it := range v.Seq {
			if it.Kind == yaml11.Seq || it.Kind == yaml11.Null {
				out = append(out, items(it)...)
			} else {
				out = append(out, it)
			}
		}
		return out
	}
	return []*yaml11.Value{v}
}

// each reads every item of a list, so that all that is wrong is reported at once.
func each[T any](v *yaml11.Value, read func(*yaml11.Value) ([]T, bool)) ([]T, bool) {
	var out []T
	good := true
	for _, it := range items(v) {
		got, ok := read(it)
		good = good && ok
		out = append(out, got...)
	}
	return out, good
}

// listOf reads a list with the reader of one item.
func listOf[T any](read func(*decoder, *yaml11.Value) (T, bool)) func(*decoder, *yaml11.Value) ([]T, bool) {
	return func(d *decoder, v *yaml11.Value) ([]T, bool) {
		return each(v, func(it *yaml11.Value) ([]T, bool) { return oneOf(read(d, it)) })
	}
}

// oneOf makes a list of what a reader of one value returned.
func oneOf[T any](v T, ok bool) ([]T, bool) {
	if !ok {
		return nil, false
	}
	return []T{v}, true
}

// texts reads a list of strings; a lone string is a list of one.
func texts(d *decoder, v *yaml11.Value) ([]string, bool) {
	out, ok := each(v, func(it *yaml11.Value) ([]string, bool) {
		if !isScalar(it) {
			d.notInList(v, it)
			return nil, false
		}
		return []string{d.textOf(it)}, true
	})
	if out == nil {
		out = []string{}
	}
	return out, ok
}

// notInList reports an item that does not belong into a list of strings.
func (d *decoder) notInList(list, item *yaml11.Value) {
	hint := ""
	if item.Kind == yaml11.Map {
		if list == item {
			hint = "begin each entry with a dash: - value"
		} else {
			hint = `a colon followed by a blank makes a hash: put the entry in quotes`
		}
	}
	d.errorAt(item, hint, "expected %s, found %s", d.key.Type.expected(), describe(item))
}

// textMap reads a hash of strings, or a list of "key=value".
func textMap(d *decoder, v *yaml11.Value) (map[string]string, bool) {
	out := map[string]string{}
	good := true
	for _, it := range items(v) {
		name, value, given := strings.Cut(d.scalarOr(it), "=")
		switch {
		case it.Kind == yaml11.Map:
			for _, e := range entries(it) {
				if d.isText(e) {
					out[e.Key] = d.textOf(e.Value)
				} else {
					good = false
				}
			}
		case given && name != "":
			out[name] = value
		default:
			good = d.wrongType(it)
		}
	}
	return out, good
}

// isText reports whether the value of a hash is a string or null, and complains if not.
func (d *decoder) isText(e yaml11.Entry) bool {
	if isScalar(e.Value) || e.Value.Kind == yaml11.Null {
		return true
	}
	return d.errorAt(e.Value, "", "%s: expected a string, found %s", e.Key, describe(e.Value))
}

// hash reads a hash as it is; symbols lose their colon.
func hash(d *decoder, v *yaml11.Value) (config.Hash, bool) {
	return d.hashWith(v, func(name string) string { return name })
}

func (d *decoder) hashWith(v *yaml11.Value, symbol func(string) string) (config.Hash, bool) {
	switch {
	case v.Kind == yaml11.Map:
		return hashOfValue(v, symbol), true
	case v.Kind == yaml11.Seq && len(v.Seq) == 0:
		return config.Hash{}, true
	}
	hint := ""
	if v.Kind == yaml11.Seq {
		hint = "write `key: value` lines without dashes"
	}
	return nil, d.errorAt(v, hint, "expected %s, found %s", d.key.Type.expected(), describe(v))
}

// hashOfValue is a mapping as a config.Hash; symbol renders the symbols in it.
func hashOfValue(v *yaml11.Value, symbol func(string) string) config.Hash {
	h, _ := ordered(v, symbol).(config.Hash)
	return h
}

// ordered is a value in the terms of config.Hash.
func ordered(v *yaml11.Value, symbol func(string) string) any {
	switch v.Kind {
	case yaml11.Symbol:
		return symbol(v.Str)
	case yaml11.Seq:
		out := make([]any, len(v.Seq))
		for i, it := range v.Seq {
			out[i] = ordered(it, symbol)
		}
		return out
	case yaml11.Map:
		out := make(config.Hash, 0, v.Map.Len())
		for _, e := range entries(v) {
			out = append(out, config.Pair{Key: e.Key, Value: ordered(e.Value, symbol)})
		}
		return out
	}
	return v.Any()
}

// command reads a command line: a list of words, or a string that is split as a shell splits it.
func command(d *decoder, v *yaml11.Value) ([]string, bool) {
	if v.Kind == yaml11.Seq {
		return texts(d, v)
	}
	s, ok := text(d, v)
	if !ok {
		return nil, false
	}
	words, err := splitWords(s)
	if err != nil {
		return nil, d.errorAt(v, "close the quote, or write the command as a list of words", "%v", err)
	}
	return words, true
}
