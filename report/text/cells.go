package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// runeCells is how many columns terminals give a character. A wrong guess costs a misplaced column, no more, since the
// live block is drawn with line wrap off.
func runeCells(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// Cells is how many columns a printable text takes.
func Cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

// Cut shortens a printable text to at most so many columns; what is cut is marked.
func Cut(s string, columns int) string {
	if Cells(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	n := 0
	for i, r := range s {
		if n += runeCells(r); n > columns-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// Pad fills a text up to so many columns.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(columns-Cells(s), 0))
}

// Columns puts the cells of rows below each other, each row on a line. A column that is empty in all rows but the
// first, which has the headings, is left out.
func Columns(rows [][]string) []string {
	width := make([]int, len(rows[0]))
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != "" {
				width[i] = max(width[i], Cells(cell), Cells(rows[0][i]))
			}
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		for i, cell := range row {
			if width[i] > 0 {
				lines[n] += Pad(cell, width[i]+2)
			}
		}
		lines[n] = strings.TrimRight(lines[n], " ")
	}
	return lines
}
