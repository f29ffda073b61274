package yaml11

import "unicode/utf8"

// mark is a place in the source: byte offset, count of characters before it,
// and line and column from 0.
type mark struct {
	off, char, line, col int
}

// cursor walks over the source. Behind the end it reads NUL bytes, which
// checkText has made sure do not occur before it.
type cursor struct {
	file string
	src  []byte
	mark
}

func (c *cursor) pos(m mark) Pos { return Pos{File: c.file, Line: m.line + 1, Col: m.col + 1} }

// byteAt is the byte i bytes ahead.
func (c *cursor) byteAt(i int) byte {
	if c.off+i < len(c.src) {
		return c.src[c.off+i]
	}
	return 0
}

func (c *cursor) is(b byte) bool { return c.byteAt(0) == b }

func (c *cursor) atEnd() bool { return c.off >= len(c.src) }

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

func (c *cursor) blankAt(i int) bool { return isBlank(c.byteAt(i)) }

// breakAt reports whether a line break starts i bytes ahead.
func (c *cursor) breakAt(i int) bool { return breakLen(c.src, c.off+i) > 0 }

// breakEndAt: a line break or the end of the file.
func (c *cursor) breakEndAt(i int) bool { return c.off+i >= len(c.src) || c.breakAt(i) }

// blankBreakEndAt: a blank, a line break or the end of the file.
func (c *cursor) blankBreakEndAt(i int) bool { return c.blankAt(i) || c.breakEndAt(i) }

// breakLen is the length of the line break at offset i, or 0. YAML 1.1 counts
// NEL, LS and PS as breaks too.
func breakLen(src []byte, i int) int {
	if i >= len(src) {
		return 0
	}
	switch src[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if i+1 < len(src) && src[i+1] == 0x85 {
			return 2
		}
	case 0xE2:
		if i+2 < len(src) && src[i+1] == 0x80 && (src[i+2] == 0xA8 || src[i+2] == 0xA9) {
			return 3
		}
	}
	return 0
}

// skip moves over n characters that are not line breaks.
func (c *cursor) skip(n int) {
	for range n {
		_, size := utf8.DecodeRune(c.src[c.off:])
		c.off += size
		c.char++
		c.col++
	}
}

// skipBreak moves over the line break that is here.
func (c *cursor) skipBreak() {
	n := breakLen(c.src, c.off)
	c.off += n
	c.char++
	if n == 2 && c.src[c.off-2] == '\r' {
		c.char++
	}
	c.line++
	c.col = 0
}

// take appends the character here to buf and moves over it.
func (c *cursor) take(buf []byte) []byte {
	from := c.off
	c.skip(1)
	return append(buf, c.src[from:c.off]...)
}

// takeBreak appends the line break here, normalised, to buf and moves over it.
// LS and PS are kept, all others become "\n".
func (c *cursor) takeBreak(buf []byte) []byte {
	n, from := breakLen(c.src, c.off), c.off
	c.skipBreak()
	if n == 3 {
		return append(buf, c.src[from:from+n]...)
	}
	return append(buf, '\n')
}

func (c *cursor) skipBlanks() {
	for c.blankAt(0) {
		c.skip(1)
	}
}

func (c *cursor) skipToBreak() {
	for !c.breakEndAt(0) {
		c.skip(1)
	}
}

// checkText reports the first byte that no YAML file may contain.
func checkText(file string, src []byte) *SyntaxError {
	c := cursor{file: file, src: src}
	for !c.atEnd() {
		if c.breakAt(0) {
			c.skipBreak()
			continue
		}
		r, size := utf8.DecodeRune(src[c.off:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &SyntaxError{Pos: c.pos(c.mark),
				Msg:  "a byte that is not UTF-8 was found",
				Hint: "save the file as UTF-8"}
		case r != '\t' && r < ' ', r >= 0x7F && r < 0xA0, r == 0xFFFE, r == 0xFFFF:
			return &SyntaxError{Pos: c.pos(c.mark),
				Msg:  "a control character was found",
				Hint: `remove it, or write it in double quotes as an escape such as "\x07"`}
		}
		c.skip(1)
	}
	return nil
}
