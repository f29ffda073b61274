package glob

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		paths, want   bool
	}{
		{"*", "a/b", false, true}, {"*", "a/b", true, false}, {"*.rb", "a/b.rb", false, true},
		{"a/*.rb", "a/b.rb", true, true},
		{"a?c", "abc", true, true}, {"a?c", "a/c", true, false},
		{"[a-c]x", "bx", true, true}, {"[!a-c]x", "bx", true, false}, {"[^a]", "b", true, true},
		{"**/x", "x", true, true}, {"**/x", "a/b/x", true, true}, {"a/**/x", "a/x", true, true},
		{"a/**/*", "a/b/c", true, true}, {"a/**/*", "a", true, false},
		{`\*`, "*", true, true}, {`\*`, "a", true, false}, {"", "", true, true}, {"a", "", true, false},
		{"", "a", true, false},
		{"[", "[", true, false}, {"a/**", "a/b/c", true, false}, {"**", "a/b", true, false}, {"**", "a/b", false, true},
		{"{a}", "{a}", true, true}, {`\{a\}`, "{a}", false, true}, {"[a/]b", "/b", false, true},
		{"a**b", "a/b", false, true}, {"?", "é", true, true},
		{"a*b*c", "a/b/c", false, true}, {"a*b*c", "a-b-b-c", true, true}, {"a*b*c", "a-b-d", true, false},
		{"README.*", "README.md", true, true},
	} {
		got := MatchText(c.pattern, c.name)
		if c.paths {
			got = Match(c.pattern, c.name)
		}
		require.Equal(t, c.want, got, "%q %q %v", c.pattern, c.name, c.paths)
	}
}

func TestExpand(t *testing.T) {
	require.Equal(t, []string{"a.b", "a.c.x", "a.d.x"}, Expand("a.{b,{c,d}.x}"))
	require.Equal(t, []string{"a{b"}, Expand("a{b"))
	require.Len(t, Expand(strings.Repeat("{a,b}", 8)), 256)
	many := strings.Repeat("{a,b}", 60)
	require.Equal(t, []string{many}, Expand(many), "not 2^60 of them")
}

func TestFiles(t *testing.T) {
	root := t.TempDir()
	if filepath.Separator == '/' {
		root = filepath.Join(root, `{a,b}[c]*\?`)
	}
	for _, name := range []string{"a.rb", "b.py", "deep/er/c.rb", "deep/[d].rb"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	for pattern, want := range map[string][]string{
		"*.rb":              {"a.rb"},
		"**/*.rb":           {"a.rb", "deep/[d].rb", "deep/er/c.rb"},
		"*.{py,rb}":         {"b.py", "a.rb"},
		`deep/\[*.rb`:       {"deep/[d].rb"},
		"deep/../*.py":      {"b.py"},
		"none/*":            nil,
		"../*/deep/er/*.rb": {"deep/er/c.rb"},
		"a.rb":              nil, // no pattern
	} {
		if filepath.Separator != '/' && pattern == `deep/\[*.rb` {
			continue
		}
		found, err := Files(root, pattern)
		require.NoError(t, err)
		var rel []string
		for _, f := range found {
			r, err := filepath.Rel(root, f)
			require.NoError(t, err)
			rel = append(rel, filepath.ToSlash(r))
		}
		require.Equal(t, want, rel, pattern)
	}
	found, err := Files(filepath.Join(root, "gone"), "*")
	require.NoError(t, err)
	require.Empty(t, found)
	plain := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(plain, "a.rb"), nil, 0o644))
	found, err = Files(root, filepath.Join(plain, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(plain, "a.rb")}, found)
}
