package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// TestDigestHasNoCollisions: inputs that look alike when they are written one after another are not the same.
func TestDigestHasNoCollisions(t *testing.T) {
	f := func(path, data string) sandbox.File { return sandbox.File{Path: path, Data: []byte(data)} }
	type input struct {
		words []string
		files []sandbox.File
	}
	inputs := map[string]input{
		"nothing": {}, "an empty word": {words: []string{""}}, "two empty words": {words: []string{"", ""}},
		"ab c": {words: []string{"ab", "c"}}, "a bc": {words: []string{"a", "bc"}},
		"a b c":  {words: []string{"a", "b", "c"}},
		"quoted": {words: []string{`a" "b`}}, "a b": {words: []string{"a", "b"}},
		"with NUL":              {words: []string{"a\x00b"}},
		"a word that is a file": {words: []string{"a", "file"}}, "empty": {files: []sandbox.File{f("a", "")}},
		"data moved to the name": {files: []sandbox.File{f("ab", "")}}, "data": {files: []sandbox.File{f("a", "b")}},
		"two files":                       {files: []sandbox.File{f("a", "1"), f("b", "2")}},
		"the other order of data":         {files: []sandbox.File{f("a", "2"), f("b", "1")}},
		"one file with a head of another": {files: []sandbox.File{f("a", "1\"b\" 0\n644\n2")}},
		"framed by hand": {files: []sandbox.File{f("a",
			"1\x00\x00\x00\x00\x00\x00\x00\x01b\x00\x00\x00\x00\x00\x00\x00\x04file2")}},
		"another mode":         {files: []sandbox.File{{Path: "a", Data: []byte("b"), Mode: 0o755}}},
		"a directory":          {files: []sandbox.File{{Path: "a", Dir: true}}},
		"a private directory":  {files: []sandbox.File{{Path: "a", Dir: true, Mode: 0o700}}},
		"a link":               {files: []sandbox.File{{Path: "a", Link: "b"}}},
		"a link to a name":     {files: []sandbox.File{{Path: "a", Link: "bc"}}},
		"no text":              {files: []sandbox.File{f("\xff", "b")}},
		"other no text":        {files: []sandbox.File{f("\xfe", "b")}},
		"a replacement":        {files: []sandbox.File{f("\ufffd", "b")}},
		"a name with a break":  {files: []sandbox.File{f("a\n", "b")}},
		"a word and the files": {words: []string{"x"}, files: []sandbox.File{f("a", "b")}},
	}
	seen := map[string]string{}
	for name, in := range inputs {
		d, err := Digest(in.words, in.files)
		require.NoError(t, err)
		require.Empty(t, seen[d], "%s and %s", name, seen[d])
		seen[d] = name
	}
	// A source counts as what is in it.
	dir := t.TempDir()
	p := filepath.Join(dir, "source")
	require.NoError(t, os.WriteFile(p, []byte("b"), 0o644))
	source := []sandbox.File{{Path: "a", Source: p}}
	d, err := Digest(nil, source)
	require.NoError(t, err)
	require.Equal(t, "data", seen[d])
	require.NoError(t, os.Chmod(p, 0o755))
	d, err = Digest(nil, source)
	require.NoError(t, err)
	require.Equal(t, "another mode", seen[d])
	_, err = Digest(nil, []sandbox.File{{Path: "gone", Source: filepath.Join(dir, "none")}})
	require.ErrorContains(t, err, "gone: ")
	require.Len(t, strings.TrimSpace(d), 64)
}
