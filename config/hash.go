package config

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/galley-kitchen/galley/internal/rubyfloat"
)

// Hash is a hash of kitchen.yml in the order of the files and of the merge, in which tools see it. Values are nil,
// bool, int64 or *big.Int, float64, string, []any and Hash.
type Hash []Pair

// Pair is a key of a Hash with its value.
type Pair struct {
	Key   string
	Value any
}

// With returns a copy in which a key has a value: in its place, or at the end.
func (h Hash) With(key string, value any) Hash {
	out := slices.Clone(h)
	if i := slices.IndexFunc(out, func(p Pair) bool { return p.Key == key }); i >= 0 {
		out[i].Value = value
		return out
	}
	return append(out, Pair{key, value})
}

// Without returns a copy that lacks a key.
func (h Hash) Without(key string) Hash {
	return slices.DeleteFunc(slices.Clone(h), func(p Pair) bool { return p.Key == key })
}

// MarshalJSON renders the hash in its order, and floats as Ruby writes them.
func (h Hash) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range h {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := encode(p.Key, "")
		if err != nil {
			return nil, err
		}
		value, err := encode(p.Value, "")
		if err != nil {
			return nil, err
		}
		b.Write(slices.Concat(bytes.TrimSpace(key), []byte(":"), bytes.TrimSpace(value)))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalPlain renders a value such as Chef.Attributes as indented JSON with a newline at the end. A float stays one:
// of `version: 7.0` a recipe is to make "7.0", as it does when Ruby writes the JSON.
//
// Errors: that of encoding/json for floats that JSON does not have.
func MarshalPlain(v any) ([]byte, error) { return encode(v, "  ") }

func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(withFractions(v)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// withFractions is the same value with its floats as Ruby writes them. A Hash sees to its own.
func withFractions(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return v
		}
		return json.RawMessage(rubyfloat.Format(v))
	case []any:
		out := make([]any, len(v))
		for i, it := range v {
			out[i] = withFractions(it)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, it := range v {
			out[k] = withFractions(it)
		}
		return out
	}
	return v
}
