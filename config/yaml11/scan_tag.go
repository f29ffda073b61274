package yaml11

import (
	"strings"
	"unicode/utf8"
)

// isWord reports whether b may stand in anchors, tag handles and directives.
func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-'
}

// scanWord moves over word characters and returns them.
func (s *scanner) scanWord() string {
	from := s.off
	for isWord(s.byteAt(0)) {
		s.skip(1)
	}
	return string(s.src[from:s.off])
}

// scanAnchor reads `&name` or `*name`.
func (s *scanner) scanAnchor() token {
	t := token{kind: tokAnchor, start: s.mark}
	if s.is('*') {
		t.kind = tokAlias
	}
	s.skip(1)
	t.value = s.scanWord()
	if t.value == "" || !s.blankBreakEndAt(0) && strings.IndexByte("?:,]}%@`", s.byteAt(0)) < 0 {
		s.fail(t.start, "`&` or `*` was found without a name of letters, digits, `-` and `_` behind it",
			"put the text in quotes if no anchor or alias is meant")
	}
	t.end = s.mark
	return t
}

// scanTag reads `!`, `!name`, `!!name`, `!handle!name` or `!<uri>`.
func (s *scanner) scanTag() token {
	t := token{kind: tokTag, start: s.mark}
	if s.byteAt(1) == '<' {
		s.skip(2)
		t.suffix = s.scanTagURI("", ",[]", t.start)
		if !s.is('>') {
			s.fail(t.start, "a tag `!<` is never closed", "add the closing `>`")
		}
		s.skip(1)
	} else {
		t.value = s.scanTagHandle()
		if len(t.value) > 1 && strings.HasSuffix(t.value, "!") {
			t.suffix = s.scanTagURI("", "", t.start)
		} else {
			t.suffix = s.scanTagURI(t.value, "", t.start)
			t.value = "!"
			if t.suffix == "" { // a lone `!`
				t.value, t.suffix = "", "!"
			}
		}
	}
	if (s.flow == 0 || !s.is(',')) && !s.blankBreakEndAt(0) {
		s.fail(t.start, "a tag is not followed by a blank", "put the text in quotes if no tag is meant")
	}
	t.end = s.mark
	return t
}

// scanTagHandle reads `!`, or `!word` with or without a closing `!`.
func (s *scanner) scanTagHandle() string {
	if !s.is('!') {
		s.fail(s.mark, "a tag handle must start with `!`", "write `!name!`")
	}
	from := s.off
	s.skip(1)
	s.scanWord()
	if s.is('!') {
		s.skip(1)
	}
	return string(s.src[from:s.off])
}

// scanTagURI reads the rest of a tag. head is what was read of it as a handle,
// more are characters allowed besides the usual.
func (s *scanner) scanTagURI(head, more string, start mark) string {
	var buf []byte
	if len(head) > 1 {
		buf = append(buf, head[1:]...)
	}
	for b := s.byteAt(0); isWord(b) || b != 0 && (strings.IndexByte(";/?:@&=+$.!~*'()%", b) >= 0 || strings.IndexByte(more, b) >= 0); b = s.byteAt(0) {
		if b == '%' {
			buf = append(buf, s.scanURIEscape(start)...)
			continue
		}
		buf = s.take(buf)
	}
	if len(buf) == 0 && head == "" {
		s.fail(start, "a tag without a name was found", "put the text in quotes if no tag is meant")
	}
	return string(buf)
}

// scanURIEscape reads one character written as %XX bytes.
func (s *scanner) scanURIEscape(start mark) []byte {
	var buf []byte
	for want := 1; len(buf) < want; {
		hi, ok1 := hexDigit(s.byteAt(1))
		lo, ok2 := hexDigit(s.byteAt(2))
		if !s.is('%') || !ok1 || !ok2 {
			s.fail(start, "a `%` in a tag is not followed by two hexadecimal digits", "write it as %25")
		}
		b := hi<<4 | lo
		if len(buf) == 0 {
			want = uriCharLength(b)
		}
		buf = append(buf, b)
		s.skip(3)
	}
	if !utf8.Valid(buf) {
		s.fail(start, "the %XX of a tag are not UTF-8", "remove them")
	}
	return buf
}

// uriCharLength is the number of bytes of a UTF-8 character that starts with b.
func uriCharLength(b byte) int {
	switch {
	case b >= 0xF0:
		return 4
	case b >= 0xE0:
		return 3
	case b >= 0xC0:
		return 2
	}
	return 1
}

// scanDirective reads a line `%YAML 1.1` or `%TAG !x! prefix`.
func (s *scanner) scanDirective() token {
	t := token{start: s.mark}
	s.skip(1)
	switch name := s.scanWord(); {
	case !s.blankBreakEndAt(0):
		s.failDirective(t.start)
	case name == "YAML":
		t.kind = tokVersion
		s.skipBlanks()
		t.value = s.scanVersion(t.start)
	case name == "TAG":
		t.kind = tokTagDirective
		s.skipBlanks()
		t.value = s.scanTagHandle()
		if t.value != "!" && !strings.HasSuffix(t.value, "!") || !s.blankAt(0) {
			s.failDirective(t.start)
		}
		s.skipBlanks()
		t.suffix = s.scanTagURI("", ",[]", t.start)
		if !s.blankBreakEndAt(0) {
			s.failDirective(t.start)
		}
	default:
		s.failDirective(t.start)
	}
	t.end = s.mark
	s.skipBlanks()
	if s.is('#') {
		s.skipToBreak()
	}
	if !s.breakEndAt(0) {
		s.failDirective(t.start)
	}
	if s.breakAt(0) {
		s.skipBreak()
	}
	return t
}

func (s *scanner) failDirective(m mark) {
	s.fail(m, "a line that starts with `%` is neither `%YAML 1.1` nor `%TAG !name! prefix`",
		"indent the line or put it in quotes if no directive is meant")
}

// maxVersionDigits is libyaml's limit of digits in a version number.
const maxVersionDigits = 9

func (s *scanner) scanVersion(start mark) string {
	from := s.off
	for part := range 2 {
		digits := 0
		for b := s.byteAt(0); b >= '0' && b <= '9'; b = s.byteAt(0) {
			s.skip(1)
			digits++
		}
		if digits == 0 || digits > maxVersionDigits || part == 0 && !s.is('.') {
			s.failDirective(start)
		}
		if part == 0 {
			s.skip(1)
		}
	}
	return string(s.src[from:s.off])
}
