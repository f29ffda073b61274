package yaml11

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// parse reads src, which must be sound.
func parse(t *testing.T, src string) *Value {
	t.Helper()
	v, _, err := Parse("test.yml", []byte(src))
	require.NoError(t, err)
	return v
}

// symbol is how these tests write a symbol.
type symbol string

// plainGo is Any with symbols told apart from strings.
func plainGo(v *Value) any {
	switch v.Kind {
	case Symbol:
		return symbol(v.Str)
	case Seq:
		out := []any{}
		for _, it := range v.Seq {
			out = append(out, plainGo(it))
		}
		return out
	case Map:
		out := map[string]any{}
		for _, e := range v.Map.Entries() {
			out[e.Key] = plainGo(e.Value)
		}
		return out
	}
	return v.Any()
}

func TestScalars(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for src, want := range map[string]any{
		// null and booleans
		"~": nil, "null": nil, "nUll": nil, "": nil, "''": "",
		"yes": true, "yEs": true, "on": true, "oN": true, "tRUE": true,
		"no": false, "Off": false, "FALSE": false,
		"y": "y", "n": "n", "nil": "nil", "~~": "~~", "trues": "trues", `"yes"`: "yes",
		// integers
		"0": int64(0), "-1": int64(-1), "+1": int64(1), "0644": int64(420), "-017": int64(-15),
		"0x1F": int64(31), "-0xA": int64(-10), "0b101": int64(5), "1_000": int64(1000), "1,000": int64(1000),
		"1,2,3": int64(123), "2024_01_15": int64(20240115),
		"0o644": "0o644", "0X1F": "0X1F", "08": "08", "1__000": "1__000", "1_": "1_", "0b2": "0b2",
		"123456789012345678901234567890": huge,
		// floats
		"1.0": 1.0, "1.10": 1.1, ".5": 0.5, "5.": 5.0, "1.5e+3": 1500.0, "1.e+3": 1000.0, "1,000.5": 1000.5,
		"1.0e+400": math.Inf(1), ".inf": math.Inf(1), "-.INF": math.Inf(-1), "+.Inf": math.Inf(1),
		"1e3": "1e3", "1.5e3": "1.5e3", "12e03": "12e03", ".": ".", "-.": "-.", "1.2.3": "1.2.3",
		// sexagesimal
		"1:30": int64(5400), "22:22": int64(80520), "12:30:45": int64(45045), "-1:30": int64(-1800),
		"1:30.5": 5430.0, "1:2:3.5": 3723.5, "80:80": "80:80", "1:60": "1:60", "1:2:3:4": "1:2:3:4",
		// symbols
		":sym": symbol("sym"), `:"a b"`: symbol("a b"), ":'x'": symbol("x"), ":1": symbol("1"), `":sym"`: ":sym",
		// dates
		"2024-01-15": "2024-01-15", "2024-13-45": "2024-13-45", "2024-01-15 10:00:00": "2024-01-15 10:00:00",
		// tags
		"! 12": int64(12), `! "12"`: int64(12), "!!str 12": "12", `!!int "0644"`: int64(420), `!!float "1e3"`: 1000.0,
		"!!float 2": 2.0, `!!bool "yes"`: true, `!!bool "maybe"`: "maybe", "!!binary aGVsbG8=": "hello",
		"!env HOME": "HOME",
		"!!null ''": nil, "!ruby/symbol x": symbol("x"), "!!str": "",
		// quotes and escapes
		`"a\x41\u00e9\U0001F600\e\0\/\_\N\t"`: "aA\u00e9\U0001F600\x1b\x00/\u00a0\u0085\t", `'it''s \n'`: `it's \n`,
		`"a\` + "\n" + `  b"`: "ab",
		// block scalars
		"|\n  a\n   b\n\n  c\n": "a\n b\n\nc\n", ">\n  a\n  b\n\n  c\n": "a b\nc\n", "|-\n  a\n": "a",
		"|+\n  a\n\n": "a\n\n",
		"|1\n  x\n":   " x\n", "|\n  x\n  y": "x\ny",
	} {
		t.Run(fmt.Sprintf("%q", src), func(t *testing.T) {
			v := parse(t, "- "+src)
			require.Len(t, v.Seq, 1)
			require.Equal(t, want, plainGo(v.Seq[0]))
		})
	}
	require.True(t, math.IsNaN(parse(t, ".NaN").Float))
}

func TestTextAsRubyPrintsIt(t *testing.T) {
	for src, want := range map[string]string{
		"1.10": "1.1", "7.0": "7.0", "1.0e+16": "1.0e+16", "1.0e+15": "1.0e+15", "0.0001": "0.0001",
		"0.00001": "1.0e-05",
		"-0.0":    "-0.0", ".inf": "Infinity", "-.inf": "-Infinity", ".nan": "NaN", "1.0e+20": "1.0e+20",
		"1.25e-7": "1.25e-07",
		"0644":    "420", "yes": "true", "off": "false", "~": "", ":a": "a",
	} {
		text, ok := parse(t, src).Text()
		require.True(t, ok)
		require.Equal(t, want, text, src)
	}
	_, ok := parse(t, "[a]").Text()
	require.False(t, ok)
}

func TestSourceIsTheTextAsWritten(t *testing.T) {
	for src, want := range map[string]string{"16.10": "16.10", "0644": "0644", "yEs": "yEs", "1_0": "1_0", "'q'": "q"} {
		text, ok := parse(t, src).Source()
		require.True(t, ok)
		require.Equal(t, want, text)
	}
	_, ok := parse(t, "~").Source()
	require.False(t, ok)
}

func TestDatesWarn(t *testing.T) {
	for _, src := range []string{"2024-01-15", "2024-1-5", "2024-00-10", "2024-02-30", "2024-01-15T10:00:00Z",
		"2024-01-15 10:00:00 +1:00"} {
		v, warnings, err := Parse("d.yml", []byte("at: "+src))
		require.NoError(t, err)
		require.Equal(t, src, v.Map.Get("at").Str)
		require.Len(t, warnings, 1)
		require.Equal(t, Pos{"d.yml", 1, 5}, warnings[0].Pos)
	}
}

func TestJSON(t *testing.T) {
	v := parse(t, "{a: 1, b: 1.0, c: .inf, d: .nan, e: [~, yes, ':s'], f: 123456789012345678901, g: \"\\u00e9<\"}")
	b, err := v.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `{"a":1,"b":1.0,"c":"@FLOAT:Infinity@","d":"@FLOAT:NaN@","e":[null,true,":s"],"f":123456789012345678901,"g":"é\u003c"}`, string(b))
}
