package keys

import (
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// errQuote is a quote that is never closed.
var errQuote = errors.New("a quote is opened and not closed")

// shellWord matches a piece of a command line: bare, in single or double quotes, behind
// a backslash, or a quote that is never closed; then the blank that ends a word.
var shellWord = lazyregexp.New(`(?s)\s*(?:([^\s\\'"]+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.?)|(\S))(\s|$)?`)

// escapedInQuotes matches what a backslash protects in double quotes.
var escapedInQuotes = lazyregexp.New("\\\\([$`\"\\\\\n])")

// splitWords splits a command line as Ruby's Shellwords does, which dokken uses:
// quotes and backslashes as in a shell, yet no operators, variables or globs.
func splitWords(line string) ([]string, error) {
	var words []string
	word := ""
	for _, at := range shellWord().FindAllStringSubmatchIndex(line, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return line[at[2*n]:at[2*n+1]]
		}
		if group(5) != "" {
			return nil, errQuote
		}
		word += group(1) + group(2) + escapedInQuotes().ReplaceAllString(group(3), "$1") + group(4)
		if at[12] >= 0 {
			words, word = append(words, word), ""
		}
	}
	return words, nil
}

// joinWords is the reverse of splitWords: a line that a POSIX shell splits into
// exactly these words.
func joinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quoteWord(w)
	}
	return strings.Join(quoted, " ")
}

func quoteWord(w string) string {
	if w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// suggestion is the hint "did you mean …?", or "" when nothing is near.
func suggestion(word string, candidates []string) string {
	if n := suggest.Nearest(word, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}
