package erb

import (
	"math/big"
	"strconv"
	"strings"
)

// lexer cuts the generated Ruby source into tokens, one at a time as the parser
// asks, since what a character means depends on what was parsed before it.
type lexer struct {
	src string
	pos int
	// state says what may follow the last token.
	state lexState
	// ternary is true right after the ? of a ?: expression, where a word
	// followed by a colon is no label.
	ternary bool
	// identLocal tells whether a word is a local variable here.
	identLocal func(string) bool
	// interpolate parses the inside of #{…} from pos to its brace.
	interpolate func() node
	// heredocEnd is where the line after pending heredoc bodies starts; 0 for none.
	heredocEnd int
	// bodyResume is the same for a heredoc begun inside #{…}: the string around
	// goes on there at its next line.
	bodyResume int
}

func (l *lexer) byteAt(i int) byte {
	if i < 0 || i >= len(l.src) {
		return 0
	}
	return l.src[i]
}

func (l *lexer) hasPrefix(s string) bool { return strings.HasPrefix(l.src[l.pos:], s) }

func (l *lexer) isEnd() bool { return l.state == stEnd }
func (l *lexer) isArg() bool { return l.state == stArg }
func (l *lexer) isBeg() bool {
	return l.state == stBeg || l.state == stMid || l.state == stClass
}

// argStart tells whether an operator that could also be a prefix starts an
// argument here: "foo -1", but neither "foo - 1" nor "foo-1".
func (l *lexer) argStart(space bool, width int) bool {
	next := l.byteAt(l.pos + width)
	return l.isArg() && space && !isSpaceByte(next) && next != 0
}

// next reads the next token.
func (l *lexer) next() token {
	space := l.skipBlank()
	ternary := l.ternary
	l.ternary = false
	start := l.pos
	if l.pos >= len(l.src) {
		return token{kind: tEOF, start: start, end: start, space: space}
	}
	c := l.src[l.pos]
	var t token
	switch {
	case c == '\n':
		l.newline()
		l.state = stBeg
		t = token{kind: tNewline, text: "\n"}
	case c == ';':
		l.pos++
		l.state = stBeg
		t = token{kind: tNewline, text: ";"}
	case isDigit(c):
		t = l.number()
	case isIdentStart(c):
		t = l.word(ternary)
	case c == '@':
		t = l.atVariable()
	case c == '$':
		t = l.global()
	default:
		t = l.punctuation(c, space, ternary)
	}
	t.start, t.end, t.space = start, l.pos, space
	return t
}

// newline steps over a line end and over the heredoc bodies that follow it.
func (l *lexer) newline() {
	l.pos++
	l.pos = max(l.pos, l.heredocEnd)
	l.heredocEnd = 0
}

// skipBlank skips white space, comments, and the line ends that do not end a
// statement.
func (l *lexer) skipBlank() bool {
	space := false
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.pos++
		case c == '\\' && l.byteAt(l.pos+1) == '\n':
			l.pos++
			l.newline()
		case c == '\\' && l.byteAt(l.pos+1) == '\r' && l.byteAt(l.pos+2) == '\n':
			l.pos += 2
			l.newline()
		case c == '#':
			l.skipComment()
		case c == '=' && l.atLineStart() && l.blockCommentAt("=begin"):
			l.skipBlockComment()
		case c == '_' && l.atLineStart() && l.endMarker():
			l.pos = len(l.src)
		case c == '\n' && l.skippableNewline():
			l.newline()
		default:
			return space
		}
		space = true
	}
	return space
}

func (l *lexer) atLineStart() bool { return l.pos == 0 || l.src[l.pos-1] == '\n' }

// endMarker tells whether the line at pos is __END__, which ends a program.
func (l *lexer) endMarker() bool {
	line, _, _ := strings.Cut(l.src[l.pos:], "\n")
	return strings.TrimSuffix(line, "\r") == "__END__"
}

func (l *lexer) skipComment() {
	if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.src)
	}
}

func (l *lexer) blockCommentAt(word string) bool {
	next := l.byteAt(l.pos + len(word))
	return l.hasPrefix(word) && (isSpaceByte(next) || next == 0)
}

func (l *lexer) skipBlockComment() {
	start := l.pos
	for l.pos < len(l.src) {
		done := l.blockCommentAt("=end")
		l.skipComment()
		if l.pos < len(l.src) {
			l.pos++
		}
		if done {
			l.pos-- // the line end itself still ends the statement
			return
		}
	}
	panic(&syntaxError{pos: start, msg: "embedded document meets end of file"})
}

// skippableNewline tells whether the line end at pos continues the statement:
// an operand is missing, or the next line starts with a dot.
func (l *lexer) skippableNewline() bool {
	switch l.state {
	case stBeg, stDot, stFname, stClass:
		return true
	}
	return l.leadingDot(max(l.pos+1, l.heredocEnd))
}

func (l *lexer) leadingDot(i int) bool {
	for i < len(l.src) {
		switch c := l.src[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			i++
		case c == '#':
			j := strings.IndexByte(l.src[i:], '\n')
			if j < 0 {
				return false
			}
			i += j + 1
		case c == '.':
			return l.byteAt(i+1) != '.'
		case c == '&':
			return l.byteAt(i+1) == '.'
		default:
			return false
		}
	}
	return false
}

// word reads an identifier, constant, keyword or label.
func (l *lexer) word(ternary bool) token {
	start := l.pos
	for l.pos < len(l.src) && isIdentByte(l.src[l.pos]) {
		l.pos++
	}
	if c := l.byteAt(l.pos); (c == '?' || c == '!') && l.byteAt(l.pos+1) != '=' {
		l.pos++
	}
	text := l.src[start:l.pos]
	if l.state == stFname {
		return l.methodName(text)
	}
	if l.state != stDot && !ternary && l.byteAt(l.pos) == ':' && l.byteAt(l.pos+1) != ':' && l.labelPossible() {
		l.pos++
		l.state = stBeg
		return token{kind: tLabel, text: text}
	}
	if l.state == stDot {
		l.state = stArg
		if isUpperByte(text[0]) {
			return token{kind: tConst, text: text}
		}
		return token{kind: tIdent, text: text}
	}
	if text == "defined" && l.byteAt(l.pos) == '?' {
		l.pos++
		text = "defined?"
	}
	if st, ok := keywordState(text); ok {
		l.state = st
		return token{kind: tKeyword, text: text}
	}
	if isUpperByte(text[0]) {
		l.state = stArg
		return token{kind: tConst, text: text}
	}
	l.state = stArg
	if l.identLocal(text) {
		l.state = stEnd
	}
	return token{kind: tIdent, text: text}
}

func (l *lexer) labelPossible() bool {
	switch l.state {
	case stBeg, stMid, stArg, stEnd:
		return true
	}
	return false
}

// methodName finishes a name after def, alias or a symbol's colon: it may be a
// setter.
func (l *lexer) methodName(text string) token {
	if l.byteAt(l.pos) == '=' {
		n, nn := l.byteAt(l.pos+1), l.byteAt(l.pos+2)
		if n != '~' && n != '>' && (n != '=' || nn == '>') && text[len(text)-1] != '?' && text[len(text)-1] != '!' {
			l.pos++
			text += "="
		}
	}
	l.state = stEnd
	return token{kind: tIdent, text: text}
}

func (l *lexer) atVariable() token {
	start := l.pos
	k := tIvar
	l.pos++
	if l.byteAt(l.pos) == '@' {
		k = tCvar
		l.pos++
	}
	if !isIdentStart(l.byteAt(l.pos)) {
		panic(&syntaxError{pos: start, msg: "'@' without identifiers is not allowed as an instance variable name"})
	}
	for isIdentByte(l.byteAt(l.pos)) {
		l.pos++
	}
	l.state = stEnd
	return token{kind: k, text: l.src[start:l.pos]}
}

func (l *lexer) global() token {
	start := l.pos
	l.pos++
	c := l.byteAt(l.pos)
	k := tGvar
	switch {
	case isDigit(c) && c != '0':
		for isDigit(l.byteAt(l.pos)) {
			l.pos++
		}
		k = tNth
	case isIdentByte(c):
		for isIdentByte(l.byteAt(l.pos)) {
			l.pos++
		}
	case c == '-':
		l.pos += 2
	case c == '&' || c == '`' || c == '\'' || c == '+':
		l.pos++
		k = tNth
	case c != 0 && strings.IndexByte("~*$?!@/\\;,.=:\"<>_", c) >= 0:
		l.pos++
	default:
		panic(&syntaxError{pos: start, msg: "'$' without identifiers is not allowed as a global variable name"})
	}
	l.pos = min(l.pos, len(l.src))
	l.state = stEnd
	return token{kind: k, text: l.src[start:l.pos]}
}

// number reads an integer, float or rational literal.
func (l *lexer) number() token {
	start := l.pos
	digits := func(set string) {
		for l.pos < len(l.src) && (strings.IndexByte(set, l.src[l.pos]) >= 0 || l.src[l.pos] == '_' && strings.IndexByte(set, l.byteAt(l.pos+1)) >= 0 && l.byteAt(l.pos+1) != 0) {
			l.pos++
		}
	}
	sp := span{start, 0}
	finish := func(n node) token {
		l.state = stEnd
		if isIdentByte(l.byteAt(l.pos)) {
			panic(&syntaxError{pos: l.pos, msg: "numeric literal without digits, or letters right behind a number"})
		}
		return token{kind: tLiteral, text: l.src[start:l.pos], node: n, number: true}
	}
	if l.src[l.pos] == '0' && l.pos+1 < len(l.src) {
		base, set := 0, ""
		switch l.src[l.pos+1] {
		case 'x', 'X':
			base, set = 16, "0123456789abcdefABCDEF"
		case 'b', 'B':
			base, set = 2, "01"
		case 'o', 'O':
			base, set = 8, "01234567"
		case 'd', 'D':
			base, set = 10, "0123456789"
		}
		from := l.pos + 2
		if base == 0 && (isDigit(l.src[l.pos+1]) || l.src[l.pos+1] == '_') {
			base, set, from = 8, "01234567", l.pos+1
		}
		if base != 0 {
			l.pos = from
			digits(set)
			text := strings.ReplaceAll(l.src[from:l.pos], "_", "")
			n, ok := new(big.Int).SetString(text, base)
			if !ok {
				panic(&syntaxError{pos: start, msg: "numeric literal without digits"})
			}
			if isDigit(l.byteAt(l.pos)) {
				panic(&syntaxError{pos: start, msg: "invalid octal digit"})
			}
			sp.end = l.pos
			return finish(&intNode{sp, normBig(n)})
		}
	}
	digits("0123456789")
	float := false
	if l.byteAt(l.pos) == '.' && isDigit(l.byteAt(l.pos+1)) {
		float = true
		l.pos++
		digits("0123456789")
	}
	exponent := false
	if c := l.byteAt(l.pos); c == 'e' || c == 'E' {
		n := l.byteAt(l.pos + 1)
		if isDigit(n) || (n == '+' || n == '-') && isDigit(l.byteAt(l.pos+2)) {
			float, exponent = true, true
			l.pos += 2
			digits("0123456789")
		}
	}
	text := strings.ReplaceAll(l.src[start:l.pos], "_", "")
	sp.end = l.pos
	if l.byteAt(l.pos) == 'r' && !exponent && !isIdentByte(l.byteAt(l.pos+1)) {
		l.pos++
		r, _ := new(big.Rat).SetString(text)
		return finish(&rationalNode{sp, r})
	}
	if float {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && f == 0 {
			panic(&syntaxError{pos: start, msg: "malformed number " + text})
		}
		return finish(&floatNode{sp, f})
	}
	n, _ := new(big.Int).SetString(text, 10)
	return finish(&intNode{sp, normBig(n)})
}

// punctuation reads an operator, or a literal that starts with one.
func (l *lexer) punctuation(c byte, space, ternary bool) token {
	if l.state == stFname || l.state == stDot {
		if t, ok := l.operatorName(); ok {
			return t
		}
	}
	next := l.byteAt(l.pos + 1)
	switch c {
	case '"', '\'':
		return l.quoted(c, ternary)
	case '`':
		l.pos++
		start := l.pos - 1
		parts := l.stringBody(0, '`', true)
		l.state = stEnd
		return token{kind: tLiteral, node: &xstrNode{span{start, l.pos}, parts}}
	case '?':
		if t, ok := l.charLiteral(); ok {
			return t
		}
	case ':':
		if t, ok := l.symbol(); ok {
			return t
		}
	case '/':
		if l.isBeg() || l.argStart(space, 1) && next != '=' {
			return l.regexp('/', '/', 1)
		}
	case '%':
		if l.isBeg() || l.argStart(space, 1) && next != '=' {
			if t, ok := l.percent(); ok {
				return t
			}
		}
	case '<':
		if next == '<' && !l.isEnd() && l.state != stClass && (!l.isArg() || space) {
			if t, ok := l.heredoc(); ok {
				return t
			}
		}
	}
	return l.operator(space)
}

// operatorName reads an operator used as the name of a method.
func (l *lexer) operatorName() (token, bool) {
	for _, op := range operatorMethods {
		if l.hasPrefix(op) {
			fname := l.state == stFname
			l.pos += len(op)
			l.state = stArg
			if fname {
				l.state = stEnd
			}
			return token{kind: tIdent, text: op}, true
		}
	}
	return token{}, false
}

// operator reads punctuation, telling the prefix forms (u- u+ u* u** u& u:: and
// [ of an array) from the infix ones.
func (l *lexer) operator(space bool) token {
	for _, op := range operators {
		if !l.hasPrefix(op) {
			continue
		}
		text := op
		prefix := l.isBeg() || l.argStart(space, len(op))
		switch op {
		case "-", "+", "*", "**", "&", "::":
			if prefix {
				text = "u" + op
			}
		case "[":
			if l.isEnd() || l.isArg() && !space {
				text = "i["
			}
		case "->":
			l.pos += 2
			l.state = stEnd
			return token{kind: tOp, text: op}
		}
		l.pos += len(op)
		l.ternary = op == "?"
		switch op {
		case ")", "]", "}":
			l.state = stEnd
		case ".", "&.":
			l.state = stDot
		case "::":
			l.state = stDot
			if text == "u::" {
				l.state = stBeg
			}
		default:
			l.state = stBeg
		}
		return token{kind: tOp, text: text}
	}
	panic(&syntaxError{pos: l.pos, msg: "invalid character " + strconv.QuoteRune(rune(l.src[l.pos])) + " in expression"})
}
