package config

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// MarshalPlain renders a value such as Chef.Attributes as indented JSON with a
// newline at the end. A float stays one: of `version: 7.0` a recipe is to make
// "7.0", as it does when Ruby writes the JSON.
//
// Errors: that of encoding/json for floats that JSON does not have.
func MarshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(withFractions(v)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// withFractions is the same value with its floats as Ruby writes them.
func withFractions(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return v
		}
		return json.RawMessage(yaml11.FormatFloat(v))
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

// FormatFloat prints a number as Ruby does, always with a fraction.
func FormatFloat(f float64) string { return yaml11.FormatFloat(f) }
