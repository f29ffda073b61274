package yaml11

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/rubyfloat"
)

// Pos is a place in a file. Line and Col count from 1; Col counts characters.
type Pos struct {
	File string
	Line int
	Col  int
}

// IsZero reports whether p names no place at all, as for data that galley itself supplied.
func (p Pos) IsZero() bool { return p == Pos{} }

// String renders the position as file:line:col, or file alone when no line is known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Kind is the type of a value, or of a mapping key.
type Kind uint8

// The kinds of values. Symbol is Ruby's `:name`; it prints as a string.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Symbol
	Seq
	Map
)

var kindNames = [...]string{
	Null: "null", Bool: "boolean", Int: "integer", Float: "float",
	String: "string", Symbol: "symbol", Seq: "list", Map: "mapping",
}

// String names the kind as messages to users do: "null", "list", "mapping" …
func (k Kind) String() string { return kindNames[k] }

// Value is one node of the tree. It is immutable once built.
type Value struct {
	Kind Kind
	// Bool holds the value of a Bool.
	Bool bool
	// Pos is where the value starts. For an alias it is the place of the anchor.
	Pos Pos
	// Str is the text of a String or Symbol (without its colon). Of other
	// scalars that were parsed it is the text as written, such as "16.10".
	Str string
	// Int is the value of an Int that fits 64 bits, when Big is nil.
	Int int64
	// Big is the value of an Int that does not fit 64 bits.
	Big *big.Int
	// Float is the value of a Float.
	Float float64
	// Seq are the items of a Seq.
	Seq []*Value
	// Map are the entries of a Map; never nil when Kind is Map.
	Map *Mapping

	// size counts the nodes of the tree below, this one included, with every alias written out.
	size int
}

// NewString returns a String value.
func NewString(s string, pos Pos) *Value {
	return &Value{Kind: String, Str: s, Pos: pos, size: 1}
}

// NewBool returns a Bool value.
func NewBool(b bool, pos Pos) *Value {
	return &Value{Kind: Bool, Bool: b, Pos: pos, size: 1}
}

// NewNull returns a Null value.
func NewNull(pos Pos) *Value { return &Value{Kind: Null, Pos: pos, size: 1} }

// NewSeq returns a Seq of items. The slice is kept, not copied.
func NewSeq(items []*Value, pos Pos) *Value {
	v := &Value{Kind: Seq, Seq: items, Pos: pos, size: 1}
	for _, it := range items {
		v.size += it.size
	}
	return v
}

// NewMap returns a Map of m, which must not be changed afterwards.
func NewMap(m *Mapping, pos Pos) *Value {
	v := &Value{Kind: Map, Map: m, Pos: pos, size: 1}
	for _, e := range m.entries {
		v.size += 1 + e.Value.size
	}
	return v
}

// Any converts the value to plain Go: nil, bool, int64 or *big.Int, float64,
// string (also for symbols), []any and map[string]any.
func (v *Value) Any() any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Bool
	case Int:
		if v.Big != nil {
			return new(big.Int).Set(v.Big)
		}
		return v.Int
	case Float:
		return v.Float
	case String, Symbol:
		return v.Str
	case Seq:
		out := make([]any, len(v.Seq))
		for i, it := range v.Seq {
			out[i] = it.Any()
		}
		return out
	}
	out := make(map[string]any, v.Map.Len())
	for _, e := range v.Map.entries {
		out[e.Key] = e.Value.Any()
	}
	return out
}

// Text renders a scalar as Ruby's to_s does: null is empty, 1.10 is "1.1". It reports false for lists and mappings.
func (v *Value) Text() (string, bool) {
	switch v.Kind {
	case Null:
		return "", true
	case Bool:
		return strconv.FormatBool(v.Bool), true
	case Int:
		if v.Big != nil {
			return v.Big.String(), true
		}
		return strconv.FormatInt(v.Int, 10), true
	case Float:
		return rubyfloat.Format(v.Float), true
	case String, Symbol:
		return v.Str, true
	}
	return "", false
}

// Source is a scalar's text as written in the file, such as "16.10" for the
// number 16.1. It reports false for lists, mappings and values not parsed.
func (v *Value) Source() (string, bool) {
	switch v.Kind {
	case Bool, Int, Float:
		return v.Str, v.Str != ""
	case String, Symbol:
		return v.Str, true
	}
	return "", false
}

// MarshalJSON renders the value: floats always with a fraction or exponent, so that 1.0 and 1 differ; big integers in
// full; symbols as strings. JSON has no infinite floats and no NaN: these become the strings "@FLOAT:Infinity@",
// "@FLOAT:-Infinity@" and "@FLOAT:NaN@".
func (v *Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v *Value) appendJSON(b []byte) []byte {
	switch v.Kind {
	case Null:
		return append(b, "null"...)
	case Bool, Int:
		text, _ := v.Text()
		return append(b, text...)
	case Float:
		text := rubyfloat.Format(v.Float)
		if math.IsInf(v.Float, 0) || math.IsNaN(v.Float) {
			text = `"@FLOAT:` + text + `@"`
		}
		return append(b, text...)
	case Seq:
		b = append(b, '[')
		for i, it := range v.Seq {
			if i > 0 {
				b = append(b, ',')
			}
			b = it.appendJSON(b)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i, e := range v.Map.entries {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.Value.appendJSON(append(NewString(e.Key, e.KeyPos).appendJSON(b), ':'))
		}
		return append(b, '}')
	}
	text, _ := json.Marshal(strings.ToValidUTF8(v.Str, "\uFFFD")) // a text always has a form in JSON
	return append(b, text...)
}
