package yaml11

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError says why a file cannot be read as YAML.
type SyntaxError struct {
	Pos Pos
	// Msg says what was found and what was expected.
	Msg string
	// Hint says how to mend it; it may be empty.
	Hint string
	// Excerpt is the source line with a caret under the place.
	Excerpt string
}

// Error renders "file:line:col: message; hint" and the excerpt below.
func (e *SyntaxError) Error() string {
	s := e.Pos.String() + ": " + e.Msg
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	return s
}

// Warning is something that Parse read, yet which probably is not meant so.
type Warning struct {
	Pos Pos
	// Related is a second place that the warning is about, or zero.
	Related Pos
	Key     string
	Msg     string
	Hint    string
}

// excerptWidth is the most characters of a source line that an excerpt shows.
const excerptWidth = 100

// Excerpt returns the line of src at pos with a caret below the column, or ""
// when src has no such line. Long lines are cut around the column.
func Excerpt(src []byte, pos Pos) string {
	if pos.Line < 1 {
		return ""
	}
	rest := src
	for range pos.Line - 1 {
		n := lineEnd(rest)
		if n < 0 {
			return ""
		}
		rest = rest[n:]
	}
	if n := lineEnd(rest); n >= 0 {
		rest = rest[:n]
	}
	line := []rune(strings.ToValidUTF8(strings.TrimRight(string(rest), "\r\n"), "\uFFFD"))
	col := min(max(pos.Col, 1), len(line)+1)
	from := max(0, col-excerptWidth/2)
	to := min(len(line), from+excerptWidth)
	var pad strings.Builder
	shown := []rune(visible(string(line[from:to])))
	for i, r := range line[from:to] {
		if from+i < col-1 {
			if r == '\t' {
				pad.WriteByte('\t')
			} else {
				pad.WriteByte(' ')
			}
		}
	}
	gutter := fmt.Sprintf("%5d | ", pos.Line)
	return gutter + string(shown) + "\n" + strings.Repeat(" ", len(gutter)-2) + "| " + pad.String() + "^"
}

// visible is s with a question mark for what would not be seen.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == utf8.RuneError || unicode.Is(unicode.Cf, r) {
			return '?'
		}
		return r
	}, s)
}

// lineEnd is the offset behind the first line break of b, or -1.
func lineEnd(b []byte) int {
	for i := 0; i < len(b); {
		if n := breakLen(b, i); n > 0 {
			return i + n
		}
		i++
	}
	return -1
}
