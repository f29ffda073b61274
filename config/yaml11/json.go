package yaml11

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/rubyfloat"
)

// MarshalJSON renders the value: floats always with a fraction or exponent, so that 1.0 and 1 differ; big integers in
// full; symbols as strings. JSON has no infinite floats and no NaN: these become the strings "@FLOAT:Infinity@",
// "@FLOAT:-Infinity@" and "@FLOAT:NaN@".
func (v *Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil) }

func (v *Value) appendJSON(b []byte) ([]byte, error) {
	switch v.Kind {
	case Null:
		return append(b, "null"...), nil
	case Bool:
		return strconv.AppendBool(b, v.Bool), nil
	case Int:
		text, _ := v.Text()
		return append(b, text...), nil
	case Float:
		text := rubyfloat.Format(v.Float)
		if math.IsInf(v.Float, 0) || math.IsNaN(v.Float) {
			text = `"@FLOAT:` + text + `@"`
		}
		return append(b, text...), nil
	case Seq:
		return v.appendSeqJSON(b)
	case Map:
		return v.appendMapJSON(b)
	}
	return appendStringJSON(b, v.Str)
}

func (v *Value) appendSeqJSON(b []byte) ([]byte, error) {
	b = append(b, '[')
	for i, it := range v.Seq {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = it.appendJSON(b); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func (v *Value) appendMapJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, e := range v.Map.entries {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendStringJSON(b, e.Key); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = e.Value.appendJSON(b); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendStringJSON(b []byte, s string) ([]byte, error) {
	text, err := json.Marshal(strings.ToValidUTF8(s, "\uFFFD"))
	return append(b, text...), err
}
