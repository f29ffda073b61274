package cmdutil

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/mask"
)

func TestClean(t *testing.T) {
	for _, name := range []string{"GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION"} {
		t.Setenv(name, "")
	}
	f := &Factory{Secrets: mask.New("hunter2-hunter2")}
	for in, want := range map[string]string{
		"plain":                               "plain",
		"\x1b]0;title\x07red \x1b[31mred\x1b": "red red",
		"two\nlines\x08":                      "two\nlines^H",
		"a hunter2-hunter2 b":                 "a ******** b",
		"ssh://me:hunter22@host/x":            "ssh://me:********@host/x",
		"\u202etxt.exe":                       `\u202etxt.exe`,
		"::set-output name=a::b":              "::set-output name=a::b",
	} {
		require.Equal(t, want, f.Clean(in))
	}
	require.Equal(t, `a\nb c`, f.cleanLine("a\nb\tc"))
	t.Setenv("GITHUB_ACTIONS", "true")
	require.NotContains(t, "\n"+f.Clean("a\n::set-output name=a::b"), "\n::")
	t.Setenv("GITHUB_ACTIONS", "")
	t.Setenv("TF_BUILD", "True")
	require.NotContains(t, f.Clean("##vso[task.setvariable]x"), "##vso[")
}

// Lines come out whole however they are cut, and one that never ends does not fill the memory.
func TestLines(t *testing.T) {
	const text = "one\n\ntwo \xff\nlast"
	for size := 1; size <= len(text); size++ {
		var b bytes.Buffer
		l := &Lines{W: &b, Form: func(s string) string { return "> " + s }}
		for rest := text; rest != ""; {
			n, err := l.Write([]byte(rest[:min(size, len(rest))]))
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.NoError(t, l.Flush())
		require.NoError(t, l.Flush())
		require.Equal(t, "> one\n> \n> two \xff\n> last\n", b.String())
	}
	var b bytes.Buffer
	l := &Lines{W: &b, Form: func(s string) string { return s }}
	long := strings.Repeat("x", 3*longestLine+5)
	n, err := fmt.Fprint(l, long)
	require.NoError(t, err)
	require.Equal(t, len(long), n)
	require.NoError(t, l.Flush())
	require.Equal(t, long, strings.ReplaceAll(b.String(), "\n", ""))
	require.LessOrEqual(t, cap(l.rest), 2*longestLine)

	l = &Lines{W: failing{}, Form: func(s string) string { return s }}
	_, err = l.Write([]byte("a\nb\n"))
	require.ErrorIs(t, err, errFull)
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
