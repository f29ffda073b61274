package yaml11

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStructures(t *testing.T) {
	type m = map[string]any
	type l = []any
	for name, c := range map[string]struct {
		src  string
		want any
	}{
		"empty":              {"", nil},
		"comment only":       {"# x\n", nil},
		"first document":     {"a: 1\n---\nb: 2\n", m{"a": int64(1)}},
		"second is not read": {"a: 1\n...\n---\n[", m{"a": int64(1)}},
		"directives":         {"%YAML 1.2\n%TAG !e! tag:x,2024:\n---\n!e!x yes\n", true},
		"indentless list":    {"a:\n- 1\n- 2\nb: 3\n", m{"a": l{int64(1), int64(2)}, "b": int64(3)}},
		"nested lists":       {"- - a\n  - b\n-\n  - c\n", l{l{"a", "b"}, l{"c"}}},
		"empty items":        {"-\n- a:\n  b:\n", l{nil, m{"a": nil, "b": nil}}},
		"explicit keys":      {"? a\n: b\n? c\n", m{"a": "b", "c": nil}},
		"flow": {"{a: [1, {b: c}, ], d, 'e': , \"f\":1}",
			m{"a": l{int64(1), m{"b": "c"}}, "d": nil, "e": nil, "f": int64(1)}},
		"flow pairs":       {"[a: 1, ? b : 2, c]", l{m{"a": int64(1)}, m{"b": int64(2)}, "c"}},
		"flow over lines":  {"[a, b,\n  c]", l{"a", "b", "c"}},
		"colons":           {"[z:w, http://h:1/p]", l{"z:w", "http://h:1/p"}},
		"plain over lines": {"a: x\n  y\n\n  z\n", m{"a": "x y\nz"}},
		"tabs":             {"a:\t1\nb:  \t 2\t\nc: x\ty\n", m{"a": int64(1), "b": int64(2), "c": "x\ty"}},
		"crlf":             {"a: |\r\n  x\r\n  y\r\nb: z", m{"a": "x\ny\n", "b": "z"}},
		"anchors": {"a: &x [1]\nb: *x\nc: &x 2\nd: *x\n",
			m{"a": l{int64(1)}, "b": l{int64(1)}, "c": int64(2), "d": int64(2)}},
		"alias as key": {"a: &k name\n*k : 1\n", m{"a": "name", "name": int64(1)}},
		"empty anchor": {"a: &x\nb: *x\n", m{"a": nil, "b": nil}},
		"merge first": {"b: &b {x: 1, y: 2}\nm:\n  <<: *b\n  x: 3\n",
			m{"b": m{"x": int64(1), "y": int64(2)}, "m": m{"x": int64(3), "y": int64(2)}}},
		"merge last": {"b: &b {x: 1}\nm:\n  x: 3\n  <<: *b\n",
			m{"b": m{"x": int64(1)}, "m": m{"x": int64(1)}}},
		"merge list":   {"m:\n  <<: [{x: 1}, {x: 2, y: 2}]\n", m{"m": m{"x": int64(1), "y": int64(2)}}},
		"merge quoted": {"m:\n  '<<': {x: 1}\n", m{"m": m{"x": int64(1)}}},
		"merge tagged": {"m:\n  !!str <<: {x: 1}\n", m{"m": m{"<<": m{"x": int64(1)}}}},
		"merge word":   {"m:\n  <<: word\n", m{"m": m{"<<": "word"}}},
		"merge null":   {"m:\n  <<:\n", m{"m": m{"<<": nil}}},
		"merge alias of list": {"l: &l [{x: 1}]\nm:\n  <<: *l\n",
			m{"l": l{m{"x": int64(1)}}, "m": m{"<<": l{m{"x": int64(1)}}}}},
		"omap":                 {"!!omap [a: 1, b: 2]", m{"a": int64(1), "b": int64(2)}},
		"duplicate key":        {"a: 1\na: 2\n", m{"a": int64(2)}},
		"question marks":       {"[http://h/p?q=1, a?]\n", l{"http://h/p?q=1", "a?"}},
		"escaped slash":        {`["a\/b", 'a\/b', a\/b, "\\/"]`, l{"a/b", `a\/b`, `a\/b`, `\/`}},
		"private use":          {"a: \"\uE0F2?\\n\"\n", m{"a": "\uE0F2?\n"}},
		"second with tabs":     {"---\na: 1\n---\n\tb\n", m{"a": int64(1)}},
		"text like a marker":   {"a: |\n  ---\n  ...\nb: 1\n", m{"a": "---\n...\n", "b": int64(1)}},
		"tag on mapping":       {"!custom {a: 1}", m{"a": int64(1)}},
		"document end comment": {"--- # c\na: 1 # d\n... # e\n", m{"a": int64(1)}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, plainGo(parse(t, c.src))) })
	}
}

func TestPositions(t *testing.T) {
	v := parse(t, "---\nä: [1,\n  {b: x}]\nc:\n- |\n  t\n-\nd: &a q\ne: *a\n")
	at := func(line, col int) Pos { return Pos{"test.yml", line, col} }
	e := v.Map.Entries()
	require.Equal(t, at(2, 1), v.Pos)
	require.Equal(t, at(2, 1), e[0].KeyPos)
	require.Equal(t, at(2, 4), e[0].Value.Pos)
	require.Equal(t, at(2, 5), e[0].Value.Seq[0].Pos)
	require.Equal(t, at(3, 3), e[0].Value.Seq[1].Pos)
	require.Equal(t, at(3, 4), e[0].Value.Seq[1].Map.Entry("b").KeyPos)
	require.Equal(t, at(5, 1), e[1].Value.Pos)
	require.Equal(t, at(5, 3), e[1].Value.Seq[0].Pos)
	require.Equal(t, at(7, 2), e[1].Value.Seq[1].Pos, "an empty item stands behind its dash")
	require.Equal(t, at(8, 4), e[2].Value.Pos)
	require.Equal(t, at(8, 4), e[3].Value.Pos, "an alias stands where its anchor is")
	require.Equal(t, at(9, 1), e[3].KeyPos)
}

func TestKeysOfOneTextButSeveralTypesDiffer(t *testing.T) {
	v := parse(t, "a: 1\n:a: 2\n'80': 3\n80: 4\non: 5\n[x]: 6\n")
	var kinds []Kind
	for _, e := range v.Map.Entries() {
		kinds = append(kinds, e.KeyKind)
	}
	require.Equal(t, []Kind{String, Symbol, String, Int, Bool, Seq}, kinds)
	require.Equal(t, int64(1), v.Map.Get("a").Int)
	require.Nil(t, v.Map.Get("on"))
}

func TestDuplicateKeysWarn(t *testing.T) {
	_, warnings, err := Parse("w.yml", []byte("a: 1\nb: 2\na: 3\nbase: &b {x: 1}\nm:\n  x: 2\n  <<: *b\nn:\n  <<: *b\n  x: 2\n"))
	require.NoError(t, err)
	require.Len(t, warnings, 2)
	require.Equal(t, Problem{Pos: Pos{"w.yml", 3, 1}, Key: "a",
		Msg:  `the key "a" is set twice; the value in line 1 is ignored (first set at w.yml:1:1)`,
		Hint: "remove one of the two"}, warnings[0])
	require.Equal(t, Pos{"w.yml", 7, 3}, warnings[1].Pos)
	require.Contains(t, warnings[1].Msg, "`<<` replaces \"x\"")
}

func TestMappingIsAnOrderedSet(t *testing.T) {
	m := NewMapping(0)
	for i := range 40 {
		m.SetString(string(rune('A'+i)), Pos{}, NewBool(true, Pos{}))
	}
	require.NotNil(t, m.Set(Entry{Key: "B", KeyKind: String, Value: NewBool(false, Pos{})}))
	c := m.Copy()
	c.SetString("new", Pos{}, NewNull(Pos{}))
	require.Equal(t, 40, m.Len())
	require.Equal(t, 41, c.Len())
	require.Nil(t, m.Get("new"))
	require.False(t, m.Get("B").Bool)
	require.Equal(t, "B", m.Entries()[1].Key)
	w := c.Without("A", "new")
	require.Equal(t, 39, w.Len())
	require.Equal(t, "B", w.Entries()[0].Key)
	require.Nil(t, w.Get("A"))
}
