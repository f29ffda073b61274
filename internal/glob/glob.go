// Package glob matches names with the patterns that Ruby's File.fnmatch and Dir.glob know: ?, *, ** for directories,
// sets such as [a-z] and [^0-9], a backslash before a character that means itself, and alternatives in braces.
package glob

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Match reports whether a path with slashes fits the pattern. Only "**/" stands for several directories; no other
// wildcard matches a slash (File::FNM_PATHNAME). It knows no braces: see Expand.
func Match(pattern, path string) bool {
	if pattern == "**" || strings.HasSuffix(pattern, "/**") {
		pattern = pattern[:len(pattern)-1] // the library takes it for all that is below
	}
	return doublestar.MatchUnvalidated(literalBraces.Replace(pattern), path)
}

// MatchText reports whether a text fits the pattern. A star also matches slashes, as File.fnmatch without flags has it.
func MatchText(pattern, text string) bool {
	const noSlash = "\x00" // which a star of the library matches
	pattern, text = strings.ReplaceAll(pattern, "/", noSlash), strings.ReplaceAll(text, "/", noSlash)
	return doublestar.MatchUnvalidated(literalBraces.Replace(pattern), text)
}

// literalBraces has braces mean themselves, which the library reads as alternatives.
var literalBraces = strings.NewReplacer(`\\`, `\\`, `\{`, `\{`, `\}`, `\}`, "{", `\{`, "}", `\}`)

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

// Files lists the files on this machine that fit a pattern, sorted within each alternative. One that is no absolute
// path begins at dir, in whose name no sign is a wildcard. A pattern whose fixed directory does not exist fits none,
// and so does one without a wildcard.
func Files(dir, pattern string) ([]string, error) {
	var list []string
	for _, p := range Expand(filepath.ToSlash(pattern)) {
		if !strings.ContainsAny(p, `*?[`) {
			continue
		}
		base, p := dir, path.Clean(p)
		if filepath.IsAbs(filepath.FromSlash(p)) {
			base, p = doublestar.SplitPattern(p)
		}
		for strings.HasPrefix(p, "../") {
			base, p = filepath.Dir(base), p[len("../"):]
		}
		found, err := doublestar.Glob(os.DirFS(base), literalBraces.Replace(p), doublestar.WithFilesOnly(),
			doublestar.WithNoFollow(),
			doublestar.WithFailOnIOErrors())
		if err != nil {
			return nil, err
		}
		slices.Sort(found)
		for _, f := range found {
			list = append(list, filepath.Join(base, filepath.FromSlash(f)))
		}
	}
	return list, nil
}
