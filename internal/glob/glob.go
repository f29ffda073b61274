// Package glob matches names with the patterns that Ruby's File.fnmatch and Dir.glob
// know: ?, *, ** for directories, sets such as [a-z] and [^0-9], a backslash before a
// character that means itself, and alternatives in braces.
package glob

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Match reports whether a path with slashes fits the pattern. Only "**/" stands for
// several directories; no other wildcard matches a slash (File::FNM_PATHNAME). It
// knows no braces: see Expand.
func Match(pattern, path string) bool { return match(pattern, path, true) }

// MatchText reports whether a text fits the pattern. A star also matches slashes, as
// File.fnmatch without flags has it.
func MatchText(pattern, text string) bool { return match(pattern, text, false) }

func match(pattern, name string, paths bool) bool {
	for pattern != "" {
		switch {
		case paths && strings.HasPrefix(pattern, "**/"):
			rest := pattern[3:]
			for {
				if match(rest, name, paths) {
					return true
				}
				i := strings.IndexByte(name, '/')
				if i < 0 {
					return false
				}
				name = name[i+1:]
			}
		case pattern[0] == '*':
			pattern = strings.TrimLeft(pattern, "*")
			for i := 0; ; i++ {
				if match(pattern, name[i:], paths) {
					return true
				}
				if i == len(name) || paths && name[i] == '/' {
					return false
				}
			}
		}
		ok, restOfPattern, restOfName := matchOne(pattern, name, paths)
		if !ok {
			return false
		}
		pattern, name = restOfPattern, restOfName
	}
	return name == ""
}

// matchOne matches one character with the head of a pattern, which is not a star.
func matchOne(pattern, name string, paths bool) (ok bool, restOfPattern, restOfName string) {
	if name == "" || paths && name[0] == '/' && pattern[0] != '/' {
		return false, "", ""
	}
	switch pattern[0] {
	case '?':
		return true, pattern[1:], name[1:]
	case '[':
		if set, after, found := strings.Cut(pattern[1:], "]"); found && set != "" {
			return inSet(set, name[0]), after, name[1:]
		}
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	}
	return pattern[0] == name[0], pattern[1:], name[1:]
}

// inSet reports whether c is in a set such as "a-z_" or "^0-9".
func inSet(set string, c byte) bool {
	not := set[0] == '^' || set[0] == '!'
	if not {
		set = set[1:]
	}
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= c && c <= set[i+2] {
				return !not
			}
			i += 2
			continue
		}
		if set[i] == c {
			return !not
		}
	}
	return not
}

// maxBraces bounds the groups of alternatives that Expand writes out, of which each
// multiplies the patterns. Braces of a pattern with more of them mean themselves.
const maxBraces = 8

// Expand writes a pattern's alternatives out: "a.{b,c}" gives "a.b" and "a.c". A
// brace that is never closed means itself.
func Expand(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 || strings.Count(pattern, "{") > maxBraces {
		return []string{pattern}
	}
	depth, start := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 1 {
				parts = append(parts, pattern[start:i])
				start = i + 1
			}
		}
		if depth > 0 {
			continue
		}
		parts = append(parts, pattern[start:i])
		var all []string
		for _, p := range parts {
			all = append(all, Expand(pattern[:open]+p+pattern[i+1:])...)
		}
		return all
	}
	return []string{pattern}
}

// Files lists the files on this machine that fit a pattern, which is an absolute path,
// sorted within each alternative. A pattern whose fixed directory does not exist fits
// none.
func Files(pattern string) ([]string, error) {
	var list []string
	for _, p := range Expand(filepath.ToSlash(pattern)) {
		found, err := files(p)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func files(pattern string) ([]string, error) {
	wildcard := strings.IndexAny(pattern, `*?[`)
	if wildcard < 0 {
		return nil, nil
	}
	top := filepath.FromSlash(pattern[:strings.LastIndex(pattern[:wildcard], "/")+1])
	if st, err := os.Stat(top); err != nil || !st.IsDir() {
		return nil, nil //nolint:nilerr // then nothing in it fits
	}
	var list []string
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && Match(pattern, filepath.ToSlash(p)) {
			list = append(list, p)
		}
		return err
	})
	return list, err
}
