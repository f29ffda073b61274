package runner

import "strings"

// Quote makes one word of a POSIX shell's line of any text.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteAll makes words of texts, with blanks between.
func QuoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// QuotePattern quotes a path for a shell but leaves its stars to it.
func QuotePattern(pattern string) string {
	pieces := strings.Split(pattern, "*")
	for i, p := range pieces {
		if p != "" {
			pieces[i] = Quote(p)
		}
	}
	return strings.Join(pieces, "*")
}
