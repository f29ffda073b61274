package chef

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/glob"
)

// cookbookFilter chooses the files of a cookbook that a client uses: those of
// cookbook_files_glob, without what the cookbook's chefignore names.
type cookbookFilter struct {
	// all is the filter without globs.
	all bool
	// tops are the directories that are wanted whole, names the files at the top.
	tops, names map[string]bool
	patterns    []string
	ignored     []ignorePattern
}

// newCookbookFilter compiles the globs. The usual forms, "dir/**/*" and plain names, need no matching.
func newCookbookFilter(globs []string) cookbookFilter {
	f := cookbookFilter{all: len(globs) == 0, tops: map[string]bool{}, names: map[string]bool{}}
	for _, g := range globs {
		for _, p := range glob.Expand(strings.TrimPrefix(g, "/")) {
			dir, whole := strings.CutSuffix(p, "/**/*")
			switch {
			case whole && !strings.ContainsAny(dir, `*?[\/`):
				f.tops[dir] = true
			case !strings.ContainsAny(p, `*?[\`):
				f.names[p] = true
			default:
				f.patterns = append(f.patterns, p)
			}
		}
	}
	return f
}

// in is the filter for the cookbook in a directory.
func (f cookbookFilter) in(dirs ...string) (cookbookFilter, error) {
	f.ignored = nil
	for _, dir := range dirs {
		file := filepath.Join(dir, "chefignore")
		if st, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) || err == nil && st.IsDir() {
			continue // none, or something else of that name, which Chef passes over too
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return f, fmt.Errorf("read chefignore: %w", err)
		}
		for line := range strings.Lines(withoutBOM(data)) {
			// Only a whole line is a comment: "\#*" and ".#*" name the files of editors.
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				f.ignored = append(f.ignored, newIgnorePattern(line))
			}
		}
	}
	return f, nil
}

// skip reports what of a cookbook stays out of the sandbox.
func (f cookbookFilter) skip(rel string, dir bool) bool {
	if dir {
		return !f.mayHold(rel) || f.ignoresAllIn(rel)
	}
	return !f.wants(rel) || slices.ContainsFunc(f.ignored, func(p ignorePattern) bool { return p.match(rel) })
}

// mayHold reports whether a directory may have files that are wanted.
func (f cookbookFilter) mayHold(dir string) bool {
	top, _, _ := strings.Cut(dir, "/")
	if f.all || f.tops[top] {
		return true
	}
	for name := range f.names {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return slices.ContainsFunc(f.patterns, func(p string) bool {
		head, _, below := strings.Cut(p, "/")
		return below && glob.Match(head, top) || strings.HasPrefix(p, "**/")
	})
}

func (f cookbookFilter) wants(rel string) bool {
	top, _, below := strings.Cut(rel, "/")
	if f.all || f.names[rel] || below && f.tops[top] {
		return true
	}
	return slices.ContainsFunc(f.patterns, func(p string) bool { return glob.Match(p, rel) })
}

// ignoresAllIn reports whether a pattern takes all that a directory can hold. Chef
// matches files only, so that "*.com" leaves files/host-www.example.com/ alone.
func (f cookbookFilter) ignoresAllIn(dir string) bool {
	return slices.ContainsFunc(f.ignored, func(p ignorePattern) bool {
		return strings.HasSuffix(p.text, "*") && !strings.HasSuffix(p.text, `\*`) && p.match(dir+"/")
	})
}

// ignorePattern is a line of a chefignore, by Chef's own rule: a star crosses
// slashes, and a leading dot is only matched by a dot.
type ignorePattern struct {
	text string
	// Most lines have one star: then these are the parts around it.
	simple         bool
	prefix, suffix string
}

func newIgnorePattern(text string) ignorePattern {
	p := ignorePattern{text: text}
	if strings.Count(text, "*") == 1 && !strings.ContainsAny(text, `?[\`) {
		p.prefix, p.suffix, p.simple = strings.Cut(text, "*")
	}
	return p
}

func (p ignorePattern) match(rel string) bool {
	switch {
	case rel[0] == '.' && p.text[0] != '.':
		return false
	case p.simple:
		return len(rel) >= len(p.prefix)+len(p.suffix) && strings.HasPrefix(rel, p.prefix) && strings.HasSuffix(rel, p.suffix)
	default:
		return glob.MatchText(p.text, rel)
	}
}
