package rubyre

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCompile compares with what Ruby 3.1 answers.
func TestCompile(t *testing.T) {
	for _, c := range []struct {
		pattern, options, text string
		want                   bool
	}{
		{`^(?!sysctl-|package-07).+`, "", "package-08", true},
		{`^(?!sysctl-|package-07).+`, "", "package-07", false},
		{`u++buntu`, "", "ubuntu", true},
		{`a++a`, "", "aaa", false},
		{`(ab)++b`, "", "ababb", true},
		{`(?>cent)os`, "", "centos", true},
		{`\h{2}\.04`, "", "22.04", true},
		{`^[[:upper:]]`, "", "ubuntu", false},
		{`[\h-]+$`, "", "ab-f", true},
		{`(?<os>centos)-(\d)`, "", "centos-7", true},
		{`(u)b\1`, "", "ubu", true},
		{`UBUNTU -20`, "ix", "ubuntu-20", true},
		{`\d`, "", "٣", false},
		{`\W`, "", "é", true},
		{`a{,2}b`, "", "b", true},
		{`^b$`, "", "a\nb\nc", true},
	} {
		re, err := Compile(c.pattern, c.options)
		require.NoError(t, err, c.pattern)
		got, err := re.MatchString(c.text)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "/%s/ =~ %q", c.pattern, c.text)
	}
}

// TestUnsupported: what only Ruby's engine has is an error, never something else.
func TestUnsupported(t *testing.T) {
	for _, pattern := range []string{`a\Kb`, `[a&&b]`, `[a[b]]`, `[[:nope:]]`, `(?~a)`, `(?(1)a)`, `(a`, `[a`, `a\`,
		`[\H]`, `\u{1F600}`} {
		_, err := Compile(pattern, "")
		require.Error(t, err, pattern)
	}
}

func TestMatchingHasATimeLimit(t *testing.T) {
	re, err := Compile(`(a+)+b`, "")
	require.NoError(t, err)
	_, err = re.MatchString("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	require.Error(t, err)
}
