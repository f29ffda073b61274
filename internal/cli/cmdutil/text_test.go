package cmdutil

import (
	"bytes"
	"errors"
	"strings"
	"sync"
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

// Lines come out whole, as the form makes them, and what cannot be written is an error.
func TestLines(t *testing.T) {
	var b bytes.Buffer
	l := Lines(&b, new(sync.Mutex), func(s string) string { return "> " + s })
	_, err := l.Write([]byte("one\n\ntwo \xff\nlast"))
	require.NoError(t, err)
	require.NoError(t, l.Flush())
	require.Equal(t, "> one\n> \n> two \xff\n> last\n", b.String())

	l = Lines(failing{}, new(sync.Mutex), strings.ToUpper)
	_, err = l.Write([]byte("a\nb\n"))
	require.ErrorIs(t, err, errFull)
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
