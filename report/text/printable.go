package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
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

// Lines is Line for each line of a text.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = Line(l)
	}
	return strings.Join(lines, "\n")
}

// plainText is the fast path: nearly all output is printable ASCII.
func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
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

// stripEscapes removes escape sequences as ECMA-48 cuts them: CSI up to its final byte, strings (OSC, DCS, SOS, PM,
// APC) up to their terminator, and the two-character sequences. A sequence that the line cuts off is removed as well.
// With colors, those that set colours and styles stay, and no other ESC does.
func stripEscapes(s string, colors bool) string {
	if !strings.ContainsAny(s, "\x1b\u009b\u009d\u0090\u0098\u009e\u009f") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		rest := s[size:]
		switch {
		case r == 0x1b:
			s = afterEscape(rest)
			if sequence := rest[:len(rest)-len(s)]; colors && setsStyle(sequence) {
				b.WriteString("\x1b" + sequence)
			}
		case r == 0x9b:
			s = afterCSI(rest)
		case stringIntroducer(r):
			s = afterString(rest)
		default:
			b.WriteString(s[:size])
			s = rest
		}
	}
	return b.String()
}

// maxStyle is how long a sequence that sets a style may be.
const maxStyle = 40

// setsStyle reports whether what stands behind an ESC is a whole SGR sequence, such as "[1;31m".
func setsStyle(s string) bool {
	params, ok := strings.CutPrefix(s, "[")
	params, whole := strings.CutSuffix(params, "m")
	return ok && whole && len(s) <= maxStyle && strings.Trim(params, "0123456789;:") == ""
}

func stringIntroducer(r rune) bool {
	return r == 0x90 || r == 0x98 || r == 0x9d || r == 0x9e || r == 0x9f
}

// afterEscape is what follows the sequence that ESC began.
func afterEscape(s string) string {
	if s == "" {
		return ""
	}
	switch c := s[0]; {
	case c == '[':
		return afterCSI(s[1:])
	case c == ']', c == 'P', c == 'X', c == '^', c == '_':
		return afterString(s[1:])
	case c >= 0x20 && c <= 0x2f: // intermediates, then one final byte
		i := 0
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
			i++
		}
		if i < len(s) {
			i++
		}
		return s[i:]
	case c >= 0x30 && c <= 0x7e:
		return s[1:]
	default: // not a sequence: only the ESC goes
		return s
	}
}

func afterCSI(s string) string {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x40 && c <= 0x7e:
			return s[i+1:]
		case c < 0x20 || c > 0x3f: // broken off: what follows is text
			return s[i:]
		}
	}
	return ""
}

// afterString is what follows BEL or ST.
func afterString(s string) string {
	for i, r := range s {
		switch {
		case r == 0x07:
			return s[i+1:]
		case r == 0x9c:
			return s[i+utf8.RuneLen(r):]
		case r == 0x1b && strings.HasPrefix(s[i+1:], "\\"):
			return s[i+2:]
		}
	}
	return ""
}
