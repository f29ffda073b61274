package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What docs/contributing/tour.md names is there, and it names every directory with Go code of the program.
func TestTour(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "contributing", "tour.md"))
	require.NoError(t, err)
	var named []string
	for _, m := range regexp.MustCompile("`([a-zA-Z][a-zA-Z0-9_./*<>{},-]*)`").FindAllStringSubmatch(string(text), -1) {
		named = append(named, alternatives(strings.ReplaceAll(m[1], "<verb>", "*"))...)
	}
	var paths []string
	rooms := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin") {
			return fs.SkipDir
		}
		name, err := filepath.Rel(root, file)
		name = filepath.ToSlash(name)
		paths = append(paths, name)
		if path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.Contains(name, "testdata/") {
			rooms[path.Dir(name)] = true
		}
		return err
	}))
	for _, name := range named {
		isPath := strings.Contains(name, "/") || slices.Contains([]string{".go", ".md", ".yml"}, path.Ext(name))
		if isPath && !strings.HasPrefix(name, "bin/") &&
			!slices.ContainsFunc(paths, func(p string) bool { return endsIn(p, name) }) {
			t.Errorf("tour.md names %s, which is not there", name)
		}
	}
	for room := range rooms {
		if !within(room, "e2e") && !within(room, "docs") && !within(room, "packaging") &&
			!slices.ContainsFunc(named, func(name string) bool { return endsIn(room, name) }) {
			t.Errorf("tour.md does not name %s", room)
		}
	}
}

// alternatives are the names that "internal/{a,b}" stands for.
func alternatives(name string) []string {
	before, rest, ok := strings.Cut(name, "{")
	if !ok {
		return []string{name}
	}
	inside, after, _ := strings.Cut(rest, "}")
	var all []string
	for _, one := range strings.Split(inside, ",") {
		all = append(all, before+one+after)
	}
	return all
}

// endsIn reports whether the last parts of a path are those of a pattern.
func endsIn(name, pattern string) bool {
	parts, n := strings.Split(name, "/"), strings.Count(pattern, "/")+1
	if len(parts) < n {
		return false
	}
	ok, err := path.Match(pattern, strings.Join(parts[len(parts)-n:], "/"))
	return ok && err == nil
}
