package yaml11

import (
	"strings"
	"unicode/utf8"
)

// folder joins the lines of a scalar: a single break becomes a blank, further
// breaks stay.
type folder struct {
	blanks []byte // between two words of one line
	first  []byte // the first break behind a word
	more   []byte // the breaks behind it
	broken bool   // whether a break was seen since the last word
}

// flush appends what separates two words to buf.
func (f *folder) flush(buf []byte) []byte {
	switch {
	case !f.broken:
		buf = append(buf, f.blanks...)
	case len(f.first) > 0 && f.first[0] == '\n':
		if len(f.more) == 0 {
			buf = append(buf, ' ')
		} else {
			buf = append(buf, f.more...)
		}
	default:
		buf = append(append(buf, f.first...), f.more...)
	}
	f.blanks, f.first, f.more, f.broken = f.blanks[:0], f.first[:0], f.more[:0], false
	return buf
}

// takeBreak moves over a line break and notes it.
func (f *folder) takeBreak(s *scanner) {
	if f.broken {
		f.more = s.takeBreak(f.more)
		return
	}
	f.blanks = f.blanks[:0]
	f.first = s.takeBreak(f.first)
	f.broken = true
}

// scanPlain reads an unquoted scalar, which may go on over several lines.
func (s *scanner) scanPlain() token {
	t := token{kind: tokScalar, start: s.mark, end: s.mark, plain: true}
	var buf []byte
	var f folder
	indent := s.indent + 1
	for !s.atDocumentIndicator('-') && !s.atDocumentIndicator('.') && !s.is('#') {
		for !s.blankBreakEndAt(0) {
			if s.flow > 0 && s.is(':') && strings.IndexByte(",?[]{}", s.byteAt(1)) >= 0 && s.byteAt(1) != 0 {
				s.fail(s.mark, "`:` was found in unquoted text inside [] or {}", "put the text in quotes, or a blank behind the `:`")
			}
			if s.is(':') && s.blankBreakEndAt(1) || s.flow > 0 && s.endsFlowPlain() {
				break
			}
			if f.broken || len(f.blanks) > 0 {
				buf = f.flush(buf)
			}
			buf = s.take(buf)
			t.end = s.mark
		}
		if !s.blankAt(0) && !s.breakAt(0) {
			break
		}
		for s.blankAt(0) || s.breakAt(0) {
			if s.breakAt(0) {
				f.takeBreak(s)
				continue
			}
			if f.broken && s.col < indent && s.is('\t') {
				s.fail(s.mark, "a tab was found in the indentation of a text that goes on over several lines",
					"replace the tab by blanks")
			}
			if f.broken {
				s.skip(1)
			} else {
				f.blanks = s.take(f.blanks)
			}
		}
		if s.flow == 0 && s.col < indent {
			break
		}
	}
	if f.broken {
		s.keyAllowed = true
	}
	t.value = string(buf)
	return t
}

// endsFlowPlain reports whether the character here ends an unquoted scalar
// inside [] or {}.
func (s *scanner) endsFlowPlain() bool {
	switch s.byteAt(0) {
	case ',', '[', ']', '{', '}':
		return true
	}
	return false
}

// scanQuoted reads a scalar in single or double quotes.
func (s *scanner) scanQuoted() token {
	t := token{kind: tokScalar, start: s.mark}
	quote := s.byteAt(0)
	s.skip(1)
	var buf []byte
	var f folder
	for {
		if s.atDocumentIndicator('-') || s.atDocumentIndicator('.') {
			s.failUnclosed(t.start, quote)
		}
		for !s.blankBreakEndAt(0) {
			switch {
			case quote == '\'' && s.is('\'') && s.byteAt(1) == '\'':
				buf = append(buf, '\'')
				s.skip(2)
				continue
			case quote == '"' && s.is('\\') && s.breakAt(1):
				s.skip(1)
				s.skipBreak()
				f.broken = true
			case quote == '"' && s.is('\\'):
				buf = s.scanEscape(buf)
				continue
			case !s.is(quote):
				buf = s.take(buf)
				continue
			}
			break
		}
		if s.is(quote) {
			break
		}
		if s.atEnd() {
			s.failUnclosed(t.start, quote)
		}
		for s.blankAt(0) || s.breakAt(0) {
			switch {
			case s.breakAt(0):
				f.takeBreak(s)
			case f.broken:
				s.skip(1)
			default:
				f.blanks = s.take(f.blanks)
			}
		}
		buf = f.flush(buf)
	}
	s.skip(1)
	t.end, t.value = s.mark, string(buf)
	return t
}

func (s *scanner) failUnclosed(start mark, quote byte) {
	s.fail(start, "a quoted text starts here and is never closed", "add the closing "+string(rune(quote)))
}

var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r",
	'e': "\x1b", ' ': " ", '"': `"`, '/': "/", '\\': `\`,
	'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// scanEscape reads a backslash sequence of a double-quoted scalar.
func (s *scanner) scanEscape(buf []byte) []byte {
	start, code := s.mark, s.byteAt(1)
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[code]
	if digits == 0 {
		text, ok := escapes[code]
		if !ok {
			s.fail(start, "an unknown escape was found in double quotes", `write \\ for a backslash, or use single quotes`)
		}
		s.skip(2)
		return append(buf, text...)
	}
	s.skip(2)
	var r uint32
	for range digits {
		d, ok := hexDigit(s.byteAt(0))
		if !ok {
			s.fail(start, "an escape with too few hexadecimal digits was found", `\x takes 2 digits, \u 4 and \U 8`)
		}
		r = r<<4 | uint32(d)
		s.skip(1)
	}
	if r > utf8.MaxRune || r >= 0xD800 && r <= 0xDFFF {
		s.fail(start, "an escape names a character that does not exist", "use a code up to \\U0010FFFF that is no surrogate")
	}
	return utf8.AppendRune(buf, rune(r))
}

func hexDigit(b byte) (byte, bool) {
	switch {
	case b >= '0' && b <= '9':
		return b - '0', true
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10, true
	case b >= 'A' && b <= 'F':
		return b - 'A' + 10, true
	}
	return 0, false
}

// scanBlockScalar reads a scalar behind `|` or `>`.
func (s *scanner) scanBlockScalar() token {
	t := token{kind: tokScalar, start: s.mark}
	literal := s.is('|')
	s.skip(1)
	chomp, increment := s.scanBlockHeader()

	indent := 0
	if increment > 0 {
		indent = max(s.indent, 0) + increment
	}
	var buf, first, more []byte
	indent, more = s.scanBlockBreaks(indent, more)
	t.end = s.mark
	wasBlank := false // whether the last line started with a blank
	for s.col == indent && !s.atEnd() {
		blank := s.blankAt(0)
		if !literal && len(first) > 0 && first[0] == '\n' && !wasBlank && !blank {
			if len(more) == 0 {
				buf = append(buf, ' ')
			}
		} else {
			buf = append(buf, first...)
		}
		buf = append(buf, more...)
		first, more = first[:0], more[:0]
		wasBlank = blank
		from := s.off
		s.skipToBreak()
		buf = append(buf, s.src[from:s.off]...)
		t.end = s.mark
		if s.breakAt(0) {
			first = s.takeBreak(first)
		}
		indent, more = s.scanBlockBreaks(indent, more)
	}
	if chomp != '-' {
		buf = append(buf, first...)
	}
	if chomp == '+' {
		buf = append(buf, more...)
	}
	t.value = string(buf)
	return t
}

// scanBlockHeader reads the indicators behind `|` or `>`, in either order, and
// the rest of the line. chomp is '-', '+' or 0, increment 1 to 9 or 0.
func (s *scanner) scanBlockHeader() (chomp byte, increment int) {
	for range 2 {
		switch b := s.byteAt(0); {
		case chomp == 0 && (b == '-' || b == '+'):
			chomp = b
			s.skip(1)
		case increment == 0 && b >= '0' && b <= '9':
			if b == '0' {
				s.fail(s.mark, "an indentation of 0 was found behind `|` or `>`", "write a number from 1 to 9, or none")
			}
			increment = int(b - '0')
			s.skip(1)
		}
	}
	s.skipBlanks()
	if s.is('#') {
		s.skipToBreak()
	}
	if !s.breakEndAt(0) {
		s.fail(s.mark, "text was found on the line of `|` or `>`", "start the text on the next line, or put it in quotes")
	}
	if s.breakAt(0) {
		s.skipBreak()
	}
	return chomp, increment
}

// scanBlockBreaks moves over blank lines and the indentation of the next line.
// An indent of 0 is measured from the first line that has text.
func (s *scanner) scanBlockBreaks(indent int, breaks []byte) (int, []byte) {
	deepest := 0
	for {
		for (indent == 0 || s.col < indent) && s.is(' ') {
			s.skip(1)
		}
		deepest = max(deepest, s.col)
		if (indent == 0 || s.col < indent) && s.is('\t') {
			s.fail(s.mark, "a tab was found in the indentation of a block of text", "replace the tab by blanks")
		}
		if !s.breakAt(0) {
			break
		}
		breaks = s.takeBreak(breaks)
	}
	if indent == 0 {
		indent = max(deepest, s.indent+1, 1)
	}
	return indent, breaks
}
