package yaml11

import "bytes"

// scanner turns the source into tokens, as libyaml 0.2.5 cuts them. Indentation
// becomes block start and end tokens. A key shows only by the `:` behind it, so
// the places where a key may have started are remembered, and the key token is
// put in afterwards.
//
// Errors leave the scanner by panic(*SyntaxError); Parse recovers them.
type scanner struct {
	cursor
	limits Limits

	queue []token // tokens scanned and not yet taken: queue[head:]
	head  int
	taken int // number of tokens taken so far

	indent  int // column of the current block, -1 outside of any
	indents []int
	flow    int // depth of [] and {}

	keyAllowed bool // whether a key may start here
	// keys are the possible keys, at most one a flow level, oldest first.
	keys []possibleKey

	done bool // the end token was queued
}

// possibleKey is a token that is a key if `:` follows on its line.
type possibleKey struct {
	flow     int
	number   int // of the token, counted from the start of the file
	required bool
	mark     mark
}

// maxKeyLength is how far behind its key a `:` may stand, in characters.
const maxKeyLength = 1024

func newScanner(file string, src []byte, limits Limits) *scanner {
	return &scanner{
		cursor:     cursor{file: file, src: src},
		limits:     limits,
		indent:     -1,
		keyAllowed: true,
	}
}

// fail ends the scan with an error at m.
func (s *scanner) fail(m mark, msg, hint string) {
	panic(&SyntaxError{Pos: s.pos(m), Msg: msg, Hint: hint})
}

// peek returns the next token without taking it.
func (s *scanner) peek() *token {
	for s.needMore() {
		s.fetch()
	}
	return &s.queue[s.head]
}

// next takes the next token.
func (s *scanner) next() token {
	t := *s.peek()
	s.head++
	s.taken++
	if s.head == len(s.queue) {
		s.queue, s.head = s.queue[:0], 0
	}
	return t
}

// needMore reports whether the head of the queue is not yet certain: it is
// missing, or a key token may still have to go before it.
func (s *scanner) needMore() bool {
	if s.done {
		return false
	}
	if s.head == len(s.queue) {
		return true
	}
	s.dropStaleKeys()
	return len(s.keys) > 0 && s.keys[0].number == s.taken
}

func (s *scanner) push(t token) { s.queue = append(s.queue, t) }

// insert puts t before the token of the given number.
func (s *scanner) insert(number int, t token) {
	at := s.head + number - s.taken
	s.queue = append(s.queue, token{})
	copy(s.queue[at+1:], s.queue[at:])
	s.queue[at] = t
}

// dropStaleKeys forgets keys whose `:` can no longer come, for it has to stand
// on the same line. The oldest key goes stale first.
func (s *scanner) dropStaleKeys() {
	n := 0
	for n < len(s.keys) && (s.keys[n].mark.line < s.line || s.keys[n].mark.char+maxKeyLength < s.char) {
		if s.keys[n].required {
			s.failNoColon(s.keys[n].mark)
		}
		n++
	}
	s.keys = s.keys[n:]
}

func (s *scanner) failNoColon(m mark) {
	s.fail(m, "text was found where a key is expected, and no `:` follows it on this line",
		"write `key: value`, or indent the line if it continues the one above")
}

// saveKey notes that a key may start at the token that is scanned next.
func (s *scanner) saveKey() {
	if !s.keyAllowed {
		return
	}
	s.removeKey()
	s.keys = append(s.keys, possibleKey{
		flow:     s.flow,
		number:   s.taken + len(s.queue) - s.head,
		required: s.flow == 0 && s.indent == s.col,
		mark:     s.mark,
	})
}

// removeKey forgets the possible key of the current flow level.
func (s *scanner) removeKey() {
	if k := s.currentKey(); k != nil {
		if k.required {
			s.failNoColon(k.mark)
		}
		s.keys = s.keys[:len(s.keys)-1]
	}
}

func (s *scanner) currentKey() *possibleKey {
	if n := len(s.keys); n > 0 && s.keys[n-1].flow == s.flow {
		return &s.keys[n-1]
	}
	return nil
}

// rollIndent opens a block at col when it is deeper than the current one. The
// start token goes before the token of the given number, or last for number -1.
func (s *scanner) rollIndent(col, number int, kind tokenKind, m mark) {
	if s.flow > 0 || s.indent >= col {
		return
	}
	if len(s.indents) >= s.limits.MaxDepth {
		s.failDepth(m)
	}
	s.indents = append(s.indents, s.indent)
	s.indent = col
	t := token{kind: kind, start: m, end: m}
	if number < 0 {
		s.push(t)
	} else {
		s.insert(number, t)
	}
}

// unrollIndent closes the blocks that are deeper than col.
func (s *scanner) unrollIndent(col int) {
	if s.flow > 0 {
		return
	}
	for s.indent > col {
		s.push(token{kind: tokBlockEnd, start: s.mark, end: s.mark})
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
	}
}

func (s *scanner) failDepth(m mark) {
	s.fail(m, "lists and mappings are nested too deeply", "flatten the data")
}

// fetch scans one more token, with the block tokens that go along.
func (s *scanner) fetch() {
	s.skipToToken()
	s.dropStaleKeys()
	s.unrollIndent(s.col)

	switch b := s.byteAt(0); {
	case s.atEnd():
		s.fetchStreamEnd()
	case s.col == 0 && b == '%':
		s.unrollIndent(-1)
		s.removeKey()
		s.keyAllowed = false
		s.push(s.scanDirective())
	case s.atDocumentIndicator('-'):
		s.fetchDocumentIndicator(tokDocStart)
	case s.atDocumentIndicator('.'):
		s.fetchDocumentIndicator(tokDocEnd)
	case b == '[':
		s.fetchFlowStart(tokFlowSeqStart)
	case b == '{':
		s.fetchFlowStart(tokFlowMapStart)
	case b == ']':
		s.fetchFlowEnd(tokFlowSeqEnd)
	case b == '}':
		s.fetchFlowEnd(tokFlowMapEnd)
	case b == ',':
		s.removeKey()
		s.keyAllowed = true
		s.pushIndicator(tokFlowEntry)
	case b == '-' && s.blankBreakEndAt(1):
		s.fetchBlockEntry()
	case b == '?' && (s.flow > 0 || s.blankBreakEndAt(1)):
		s.fetchKey()
	case b == ':' && (s.flow > 0 || s.blankBreakEndAt(1)):
		s.fetchValue()
	case b == '*' || b == '&':
		s.saveKey()
		s.keyAllowed = false
		s.push(s.scanAnchor())
	case b == '!':
		s.saveKey()
		s.keyAllowed = false
		s.push(s.scanTag())
	case (b == '|' || b == '>') && s.flow == 0:
		s.removeKey()
		s.keyAllowed = true
		s.push(s.scanBlockScalar())
	case b == '\'' || b == '"':
		s.saveKey()
		s.keyAllowed = false
		s.push(s.scanQuoted())
	case s.startsPlain():
		s.saveKey()
		s.keyAllowed = false
		s.push(s.scanPlain())
	default:
		s.failStart(b)
	}
}

func (s *scanner) failStart(b byte) {
	switch b {
	case '\t':
		s.fail(s.mark, "a tab was found in the indentation, where only blanks may stand", "replace the tab by blanks")
	case '@', '`':
		s.fail(s.mark, "text cannot start with `"+string(rune(b))+"`", "put it in quotes")
	default:
		s.fail(s.mark, "no value can start with `"+string(rune(b))+"` here", "put the text in quotes")
	}
}

// startsPlain reports whether an unquoted scalar can start here.
func (s *scanner) startsPlain() bool {
	if s.blankBreakEndAt(0) {
		return false
	}
	switch s.byteAt(0) {
	case '-':
		return !s.blankAt(1)
	case '?', ':':
		return s.flow == 0 && !s.blankBreakEndAt(1)
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return true
}

func (s *scanner) pushIndicator(kind tokenKind) {
	m := s.mark
	s.skip(1)
	s.push(token{kind: kind, start: m, end: s.mark})
}

func (s *scanner) fetchStreamEnd() {
	if s.col != 0 {
		s.col = 0
		s.line++
	}
	s.unrollIndent(-1)
	s.removeKey()
	s.keyAllowed = false
	s.done = true
	s.push(token{kind: tokStreamEnd, start: s.mark, end: s.mark})
}

// atDocumentIndicator reports whether `---` or `...` stands alone in column 0.
func (s *scanner) atDocumentIndicator(b byte) bool {
	return s.col == 0 && s.is(b) && s.byteAt(1) == b && s.byteAt(2) == b && s.blankBreakEndAt(3)
}

func (s *scanner) fetchDocumentIndicator(kind tokenKind) {
	s.unrollIndent(-1)
	s.removeKey()
	s.keyAllowed = false
	m := s.mark
	s.skip(3)
	s.push(token{kind: kind, start: m, end: s.mark})
}

func (s *scanner) fetchFlowStart(kind tokenKind) {
	if s.flow >= s.limits.MaxDepth {
		s.failDepth(s.mark)
	}
	s.saveKey()
	s.flow++
	s.keyAllowed = true
	s.pushIndicator(kind)
}

func (s *scanner) fetchFlowEnd(kind tokenKind) {
	s.removeKey()
	if s.flow > 0 {
		s.flow--
	}
	s.keyAllowed = false
	s.pushIndicator(kind)
}

func (s *scanner) fetchBlockEntry() {
	// In flow context the parser gives the better error.
	if s.flow == 0 {
		if !s.keyAllowed {
			s.fail(s.mark, "a list item `- ` was found where a list cannot start",
				"start the list on a line of its own, or put the text in quotes")
		}
		s.rollIndent(s.col, -1, tokBlockSeqStart, s.mark)
	}
	s.removeKey()
	s.keyAllowed = true
	s.pushIndicator(tokBlockEntry)
}

func (s *scanner) fetchKey() {
	if s.flow == 0 {
		if !s.keyAllowed {
			s.fail(s.mark, "a key `? ` was found where a key cannot start", "put the text in quotes")
		}
		s.rollIndent(s.col, -1, tokBlockMapStart, s.mark)
	}
	s.removeKey()
	s.keyAllowed = s.flow == 0
	s.pushIndicator(tokKey)
}

func (s *scanner) fetchValue() {
	if k := s.currentKey(); k != nil {
		key := *k
		s.keys = s.keys[:len(s.keys)-1]
		s.insert(key.number, token{kind: tokKey, start: key.mark, end: key.mark})
		s.rollIndent(key.mark.col, key.number, tokBlockMapStart, key.mark)
		s.keyAllowed = false
	} else {
		if s.flow == 0 {
			if !s.keyAllowed {
				s.fail(s.mark, "a second `: ` was found where the value of a key is expected",
					"put the value in quotes, or start a new line for the key")
			}
			s.rollIndent(s.col, -1, tokBlockMapStart, s.mark)
		}
		s.keyAllowed = s.flow == 0
	}
	s.pushIndicator(tokValue)
}

const byteOrderMark = "\uFEFF"

// atByteOrderMark reports whether a line starts with a byte order mark. It is
// skipped, yet counts as one column.
func (s *scanner) atByteOrderMark() bool {
	return s.col == 0 && bytes.HasPrefix(s.src[s.off:], []byte(byteOrderMark))
}

// skipToToken moves over blanks, comments and line breaks. A tab may stand
// wherever no key may start.
func (s *scanner) skipToToken() {
	for {
		if s.atByteOrderMark() {
			s.skip(1)
		}
		for s.is(' ') || s.is('\t') && (s.flow > 0 || !s.keyAllowed) {
			s.skip(1)
		}
		if s.is('#') {
			s.skipToBreak()
		}
		if !s.breakAt(0) {
			return
		}
		s.skipBreak()
		if s.flow == 0 {
			s.keyAllowed = true
		}
	}
}
