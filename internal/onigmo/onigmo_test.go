package onigmo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		flags   Flags
		yes, no []string
	}{
		{`ubuntu-(?!20)`, 0, []string{"ubuntu-22.04"}, []string{"ubuntu-20.04"}},
		{`(?<=-)\d`, 0, []string{"a-1"}, []string{"a1"}},
		{`(u)b\1`, 0, []string{"ubuntu"}, []string{"ubx"}},
		{`(?<os>centos)-\k<os>`, 0, []string{"centos-centos"}, []string{"centos-7"}},
		{`\Aubuntu\z`, 0, []string{"ubuntu"}, []string{"xubuntu", "ubuntu\n"}},
		{`^b$`, 0, []string{"a\nb\nc", "b"}, []string{"ab"}},
		{`a.b`, 0, []string{"axb"}, []string{"a\nb"}},
		{`a.b`, DotAll, []string{"a\nb"}, []string{"ab"}},
		{`(?m:a.)b`, 0, []string{"a\nb"}, []string{"ab"}},
		{`DEBIAN`, IgnoreCase, []string{"debian"}, []string{"ubuntu"}},
		{`(?i)deb|UB`, 0, []string{"DEB", "ub"}, []string{"cent"}},
		{`x(?i)y|z`, 0, []string{"xY", "xZ"}, []string{"z", "X"}},
		{`(?-i:D)eb`, IgnoreCase, []string{"DEB"}, []string{"deb"}},
		{"a b # c\n c", Extended, []string{"abc"}, []string{"a b"}},
		{`[a b]\ c`, Extended, []string{"a c"}, []string{"ac"}},
		{`(?x: a b )c d`, 0, []string{"abc d"}, []string{"abcd"}},
		{`\h{2}\H`, 0, []string{"0fg"}, []string{"0gg"}},
		{`^\d\w\s$`, 0, []string{"1a "}, []string{"\u0661a ", "1é "}},
		{`^[\D]$`, 0, []string{"a", "é"}, []string{"1"}},
		{`^[^\d.]$`, 0, []string{"a"}, []string{"1", "."}},
		{`[[:upper:]][[:^digit:]]`, 0, []string{"Éa"}, []string{"ea", "E1"}},
		{`^\p{Alpha}\P{Digit}\p{^Space}$`, 0, []string{"äbc"}, []string{"1bc", "a1c", "ab "}},
		{`^[a-z&&[^aeiou]]+$`, 0, []string{"xyz"}, []string{"xaz"}},
		{`^[ab[c-e]]+$`, 0, []string{"abcde"}, []string{"f"}},
		{`^[^ab[c-e]]$`, 0, []string{"f"}, []string{"a", "d"}},
		{`^[]a]+$`, 0, []string{"]a"}, []string{"b"}},
		{`^[a\-z-]+$`, 0, []string{"a-z"}, []string{"b"}},
		{`u++buntu`, 0, []string{"ubuntu"}, []string{"bntu"}},
		{`^a?+a$`, 0, []string{"aa"}, []string{"a"}},
		{`^a*+a`, 0, nil, []string{"aaa"}},
		{`(?>cent)os`, 0, []string{"centos"}, nil},
		{`^a{,2}$`, 0, []string{"", "aa"}, []string{"aaa"}},
		{`^a{2}+$`, 0, []string{"aaaa"}, []string{"aaa"}},
		{`^a{x}$`, 0, []string{"a{x}"}, []string{"a"}},
		{`\u00e9\u{1F600}\x41\101\e`, 0, []string{"é😀AA\x1b"}, []string{"e"}},
		{`a\/b\.c\-`, 0, []string{"a/b.c-"}, []string{"a/bxc-"}},
		{`(?#comment)a`, 0, []string{"a"}, []string{"b"}},
		{`^\R$`, 0, []string{"\r\n", "\n"}, nil},
		{``, 0, []string{"", "x"}, nil},
		{`a\Kb`, 0, []string{"ab"}, []string{"b"}},
		{`(?a:b)`, 0, []string{"b"}, []string{"a"}},
		{`(x(?i)y|z)w`, 0, []string{"xYw", "xZw"}, []string{"zw", "XYw", "xYW"}},
		{`^$`, 0, []string{"", "a\n\nb"}, []string{"a\n", "a"}},
		{`a/b`, 0, []string{"a/b"}, []string{"ab"}},
		{`(a)(?<n>b)\k<n>`, 0, []string{"abb"}, []string{"aba"}},
	} {
		re, err := Compile(c.pattern, c.flags)
		require.NoError(t, err, c.pattern)
		for _, s := range c.yes {
			require.True(t, match(t, re, s), "/%s/ should match %q as %s", c.pattern, s, re)
		}
		for _, s := range c.no {
			require.False(t, match(t, re, s), "/%s/ should not match %q as %s", c.pattern, s, re)
		}
	}
}

func match(t *testing.T, re *Regexp, s string) bool {
	t.Helper()
	ok, err := re.MatchString(s)
	require.NoError(t, err)
	return ok
}

func TestBadPatterns(t *testing.T) {
	for _, pattern := range []string{`(`, `)`, `[`, `a**b(`, `*`, `\`, `[z-a]`, `[[:nope:]]`, `\p{Nope}`, `\x`, `(?z)`, `(?<n>`, `\u12`, `[a`, `\k<`, `(?`} {
		_, err := Compile(pattern, 0)
		require.Error(t, err, pattern)
		require.Contains(t, err.Error(), ": /"+pattern+"/")
	}
}

func TestUnsupportedPatterns(t *testing.T) {
	for _, pattern := range []string{`\g<a>`, `(a\Kb)`, `(?~a)`, `(?(1)a|b)`, `\C-a`} {
		_, err := Compile(pattern, 0)
		var unsupported *UnsupportedError
		require.ErrorAs(t, err, &unsupported, pattern)
		require.Contains(t, err.Error(), "is not supported")
	}
}

func FuzzCompile(f *testing.F) {
	for _, p := range []string{`a(?i)b|c`, `[a&&[^b]]`, `(?<n>x)\k<n>++`, `\p{^L}{,3}`, `[[:alpha:]-]`, `(?x) a # b`, `\u{41}`} {
		f.Add(p, uint8(0))
	}
	f.Fuzz(func(t *testing.T, pattern string, flags uint8) {
		re, err := Compile(pattern, Flags(flags)&(IgnoreCase|Extended|DotAll))
		if err == nil && re == nil {
			t.Fatal("neither an expression nor an error")
		}
	})
}
