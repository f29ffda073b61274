package yaml11

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/rubyfloat"
)

// MarshalJSON renders the value: floats always with a fraction or exponent, so that 1.0 and 1 differ; big integers in
// full; symbols as strings. JSON has no infinite floats and no NaN: these become the strings "@FLOAT:Infinity@",
// "@FLOAT:-Infinity@" and "@FLOAT:NaN@".
func (v *Value) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case Null, Bool:
		return json.Marshal(v.Any())
	case Int:
		text, _ := v.Text()
		return []byte(text), nil
	case Float:
		text := rubyfloat.Format(v.Float)
		if math.IsInf(v.Float, 0) || math.IsNaN(v.Float) {
			text = `"@FLOAT:` + text + `@"`
		}
		return []byte(text), nil
	case Seq:
		return join('[', ']', v.Seq, (*Value).MarshalJSON)
	case Map:
		return join('{', '}', v.Map.entries, func(e Entry) ([]byte, error) {
			key, err := NewString(e.Key, e.KeyPos).MarshalJSON()
			if err != nil {
				return nil, err
			}
			value, err := e.Value.MarshalJSON()
			return slices.Concat(key, []byte(":"), value), err
		})
	}
	return json.Marshal(strings.ToValidUTF8(v.Str, "\uFFFD"))
}

// join renders parts with commas between and brackets around.
func join[T any](open, closing byte, parts []T, render func(T) ([]byte, error)) ([]byte, error) {
	out := []byte{open}
	for i, part := range parts {
		text, err := render(part)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, text...)
	}
	return append(out, closing), nil
}
