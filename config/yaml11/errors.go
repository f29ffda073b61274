package yaml11

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Problem is an error or a warning about a place in a file.
type Problem struct {
	Pos Pos
	// Key is the key that a warning is about, or "".
	Key string
	// Msg says what was found and what was expected.
	Msg string
	// Hint says how to mend it; it may be empty.
	Hint string
	// Excerpt is the source line with a caret under the place of an error.
	Excerpt string
}

// Errors are the reasons why a file cannot be read as YAML, at least one.
type Errors []Problem

// Error renders "file:line:col: message; hint" and the excerpt below, for each error.
func (errs Errors) Error() string {
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Pos.String() + ": " + e.Msg
		if e.Hint != "" {
			lines[i] += "; " + e.Hint
		}
		if e.Excerpt != "" {
			lines[i] += "\n" + e.Excerpt
		}
	}
	return strings.Join(lines, "\n")
}

// excerptWidth is the most characters of a source line that an excerpt shows.
const excerptWidth = 100

// Excerpt returns the line of src at pos with a caret below the column, or ""
// when src has no such line. Long lines are cut around the column.
func Excerpt(src []byte, pos Pos) string {
	if pos.Line < 1 {
		return ""
	}
	lines := splitLines(string(src), pos.Line+1)
	if pos.Line > len(lines) {
		return ""
	}
	line := []rune(strings.ToValidUTF8(lines[pos.Line-1], "\uFFFD"))
	col := min(max(pos.Col, 1), len(line)+1)
	from := max(0, col-excerptWidth/2)
	to := min(len(line), from+excerptWidth)
	pad := strings.Map(func(r rune) rune {
		if r != '\t' {
			return ' '
		}
		return r
	}, string(line[from:col-1]))
	gutter := fmt.Sprintf("%5d | ", pos.Line)
	return gutter + visible(string(line[from:to])) + "\n" + strings.Repeat(" ", len(gutter)-2) + "| " + pad + "^"
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
