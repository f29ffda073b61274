package yaml11

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// badSources are refused; testdata/errors.golden has the messages.
var badSources = []struct{ name, src string }{
	{"unclosed flow list", "a: [b,\nc: d\n"},
	{"unclosed quote", "a: \"x\nb: y\n"},
	{"tab indentation", "a:\n\t- b\n"},
	{"two values", "a: b: c\n"},
	{"missing colon", "a: 1\nb\nc: 2\n"},
	{"wrong indentation", "a:\n  b: 1\n c: 2\n"},
	{"list item out of line", "a:\n  - b\n - c\n"},
	{"symbol in flow", "a: [:sym]\n"},
	{"reserved character", "a: @b\n"},
	{"percent", "a: b\n%c\n"},
	{"unknown alias", "a: *b\n"},
	{"alias of itself", "a: &a {b: *a}\n"},
	{"ruby object", "a: !ruby/object:OpenStruct {b: 1}\n"},
	{"ruby range", "a: !ruby/range 1..3\n"},
	{"set", "a: !!set {b, c}\n"},
	{"unknown tag handle", "a: !e!x 1\n"},
	{"bad float", "a: .e+5\n"},
	{"bad binary number", "a: 0b_\n"},
	{"not a float", "a: !!float x\n"},
	{"several bad values", "a: *x\nb: *y\n"},
	{"unknown escape", "a: \"\\q\"\n"},
	{"short escape", "a: \"\\x4\"\n"},
	{"surrogate escape", "a: \"\\ud800\"\n"},
	{"text behind block indicator", "a: | b\n"},
	{"zero indentation", "a: |0\n"},
	{"latin1", "a: caf\xe9\n"},
	{"control character", "a: \x07\n"},
	{"directive alone", "%YAML 1.1\na: b\n"},
	{"wrong version", "%YAML 2.0\n---\na\n"},
	{"byte order mark", "\uFEFF---\na: b\n"},
	{"byte order mark alone", "\uFEFF"},
	{"byte order mark further down", "a: 1\n\uFEFF b\n"},
	{"no-break space", "a: 1\n\u00A0b\n"},
	{"zero-width space", "a: [1,\n\u200Bb: ]]\n"},
	{"UTF-16", "\xff\xfea\x00:\x00"},
	{"UTF-16 big-endian", "\xfe\xff\x00a"},
	{"document indicator in quotes", "a: 'b\n---\nc'\n"},
	{"colon in flow text", "[a:,b]\n"},
	{"empty anchor", "a: & b\n"},
	{"long line", "x: " + strings.Repeat("word ", 60) + "[ : @ ]: " + strings.Repeat("more ", 60) + "\n"},
}

func TestErrorMessages(t *testing.T) {
	var b strings.Builder
	for _, c := range badSources {
		v, _, err := Parse("kitchen.yml", []byte(c.src))
		require.Error(t, err, c.name)
		require.Nil(t, v)
		b.WriteString("== " + c.name + "\n" + err.Error() + "\n")
	}
	golden := filepath.Join("testdata", "errors.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

func TestInvisibleCharactersAreNamed(t *testing.T) {
	for _, test := range []struct {
		src string
		at  Pos
		msg string
	}{
		{"a: 1\n\uFEFFb: 2\n", Pos{"f.yml", 2, 1},
			"an invisible character, U+FEFF (byte order mark), is part of the text `?b`"},
		{"a:\n  \u00A0b: 2\n", Pos{"f.yml", 2, 3},
			"an invisible character, U+00A0 (no-break space), is part of the text `\u00A0b`"},
		{"a: x\u200By\n", Pos{"f.yml", 1, 5},
			"an invisible character, U+200B (zero-width space), is part of the text `x?y`"},
		{"a: 'x\u200By' # \u00A0\nb: \"\u00A0\"\nc: |\n  \u00A0\n", Pos{}, ""},
		{"a: naïve 日本\n", Pos{}, ""},
	} {
		_, warnings, err := Parse("f.yml", []byte(test.src))
		require.NoError(t, err)
		if test.msg == "" {
			require.Empty(t, warnings)
			continue
		}
		require.Len(t, warnings, 1)
		require.Equal(t, test.at, warnings[0].Pos)
		require.Equal(t, test.msg, warnings[0].Msg)
	}
}

func TestExcerptOutsideOfTheSource(t *testing.T) {
	require.Empty(t, Excerpt([]byte("a\nb"), Pos{Line: 9, Col: 1}))
	require.Empty(t, Excerpt([]byte("a"), Pos{}))
	require.Equal(t, "    3 | c\n      | ^", Excerpt([]byte("a\r\nb\u2028c\rd"), Pos{Line: 3, Col: 1}))
	require.Equal(t, "    2 | b\n      |  ^", Excerpt([]byte("a\nb"), Pos{Line: 2, Col: 7}))
}
