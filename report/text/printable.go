// Package text makes foreign text safe to show, and writes durations and sections for people: what the reports share of
// the form of text.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// Line makes a line of command output safe to show: complete terminal escape sequences are removed, other control
// characters and the characters that reverse the reading direction are spelled out, invalid UTF-8 is replaced. Of a
// line that overwrites itself with carriage returns, what stays visible is kept. Tabs stay.
func Line(s string) string { return harmless(s, false) }

// Flat is Line for a text of known width: tabs are blanks.
func Flat(s string) string { return strings.ReplaceAll(Line(s), "\t", "    ") }

// Colored is Line for a terminal that shows colours: the sequences that set colours and styles (SGR) stay, and what
// they set ends with the line.
func Colored(s string) string {
	s = harmless(s, true)
	if strings.Contains(s, "\x1b") {
		s += "\x1b[0m"
	}
	return s
}

// Clean makes foreign text safe to show on a terminal or in the log of a CI system, line by line: no escape sequence,
// no workflow command of that system (see [FoldFor]).
func Clean(text string, ci Fold) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = ci.Defuse(Line(l))
	}
	return strings.Join(lines, "\n")
}

func harmless(s string, colors bool) string {
	s = strings.TrimRight(s, "\r\n")
	if plainText(s) {
		return s
	}
	s = stripEscapes(s, colors)
	if i := strings.LastIndexByte(strings.TrimRight(s, "\r"), '\r'); i >= 0 {
		s = s[i+1:]
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == '\t', r == 0x1b && colors:
			b.WriteRune(r)
		case r == '\r':
		case r == '\n':
			b.WriteString("\\n")
		case r < 0x20:
			b.WriteByte('^')
			b.WriteRune(r + '@')
		case r == 0x7f:
			b.WriteString("^?")
		case r >= 0x80 && r < 0xa0, Misleading(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Name makes the name of a file safe to show. One that is not plain text is quoted as Go quotes.
func Name(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || Misleading(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Lines is Line for each line of a text.
func Lines(s string) string { return Clean(s, FoldNone) }

// First is the first line of a text that is not empty.
func First(s string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(s, "\r\n"), "\n")
	return first
}

// plainText is the fast path: nearly all output is printable ASCII.
func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Misleading reports line and paragraph separators and bidirectional controls, with which a line can be made to read as
// another one.
func Misleading(r rune) bool {
	return r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0xfeff
}

// escapeSequence is a sequence as ECMA-48 cuts it, or the beginning of one that the line cuts off: CSI up to its final
// byte, strings (OSC, DCS, SOS, PM, APC) up to their terminator, what has intermediates, and two characters. An ESC
// before anything else stands alone. Where a CSI is broken off, what follows is text.
var escapeSequence = lazyregexp.New(`(?s)(?:\x1b\[|\x{9b})[\x20-\x3f]*[\x40-\x7e]?` +
	`|(?:\x1b[\]PX^_]|[\x{90}\x{98}\x{9d}\x{9e}\x{9f}]).*?(?:\x07|\x{9c}|\x1b\\|$)` +
	`|\x1b(?:[\x20-\x2f]+.?|[\x30-\x7e])?`)

// style is a sequence that sets colours and styles (SGR), such as "\x1b[1;31m", and no longer than anybody needs.
var style = lazyregexp.New(`^\x1b\[[0-9;:]{0,38}m$`)

// stripEscapes removes escape sequences. With colors, those that set colours and styles stay, and no other ESC does.
func stripEscapes(s string, colors bool) string {
	return escapeSequence().ReplaceAllStringFunc(s, func(sequence string) string {
		if colors && style().MatchString(sequence) {
			return sequence
		}
		return ""
	})
}
