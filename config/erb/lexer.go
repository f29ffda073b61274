package erb

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

// The kinds of tokens.
const (
	tEOF     kind = iota
	tNewline      // end of a line, or ;
	tLiteral      // number, string, symbol, regexp, word list: see token.node
	tText         // a run of the template's text: see token.node
	tIdent        // foo, foo?, foo!
	tConst        // Foo
	tIvar         // @foo
	tGvar         // $foo
	tKeyword
	tLabel // foo: or "foo": in a hash or argument list, see token.node
	tOp
)

// token is one token of the program.
type token struct {
	kind       kind
	s          string
	node       *node
	start, end int
	space      bool // white space stands before it
	operand    bool // it stands where an operand may start, as in `puts -1`
	method     bool // it is a method name behind a dot or def
	str        bool // a string literal, which joins with the next one
}

// operandKeywords are those after which an operand or a statement follows.
const operandKeywords = " if unless while until and or not when in then do else elsif begin ensure case return break next rescue yield defined? "

// valueKeywords are those that end a value or name something.
const valueKeywords = " end nil true false self __FILE__ __LINE__ __dir__ def "

// outsideKeywords name syntax that is left to Ruby.
const outsideKeywords = " class module redo retry for undef alias super BEGIN END __ENCODING__ __method__ "

func isIn(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// lineKeywords are those behind which the end of a line counts.
const lineKeywords = " return break next rescue yield "

// operators are the punctuation tokens, longest first within a first byte.
var operators = [...]string{
	"**=", "<=>", "===", "...", "<<=", ">>=", "&&=", "||=", "&.", "**", "==", "!=", ">=", "<=", "&&", "||", "=~", "!~",
	"..", "::", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "->", "=>",
	"+", "-", "*", "/", "%", "=", "<", ">", "!", "&", "|", "^", "~", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}",
}

func isIdentStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentByte(c byte) bool { return isIdentStart(c) || isDigit(c) }

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// byteAt is the byte at an offset, 0 behind the end.
func (p *parser) byteAt(i int) byte {
	if i < len(p.src) {
		return p.src[i]
	}
	return 0
}

// advance makes the next token the current one.
func (p *parser) advance() {
	p.prev = p.tok
	p.tok = p.lex()
}

// begins reports whether an operand must follow the token before.
func (p *parser) begins() bool {
	switch t := p.prev; t.kind {
	case tEOF, tNewline, tLabel:
		return true
	case tOp:
		return t.s != ")" && t.s != "]" && t.s != "}"
	case tKeyword:
		return !t.method && isIn(operandKeywords, t.s)
	}
	return false
}

// named reports whether a method name must follow.
func (p *parser) named() bool {
	return p.prev.kind == tOp && (p.prev.s == "." || p.prev.s == "&.") || p.prev.kind == tKeyword && p.prev.s == "def"
}

// argument reports whether the byte at pos starts an argument of the method
// before, as the minus in `puts -1` does and that in `a - 1` does not.
func (p *parser) argument(space bool, width int) bool {
	next := p.byteAt(p.pos + width)
	return p.prev.kind == tIdent && space && !isSpace(next) && next != '=' && (p.prev.method || !p.isLocal(p.prev.s))
}

// lex reads the next token.
func (p *parser) lex() token {
	space := p.pos == 0
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '\n':
			at := p.pos
			p.newline()
			if p.begins() && (p.prev.kind != tKeyword || !isIn(lineKeywords, p.prev.s)) || p.dotFollows() {
				space = true
				continue
			}
			return token{kind: tNewline, s: "\n", start: at, end: at + 1}
		case isSpace(c):
			p.pos++
			space = true
		case c == '\\' && (p.byteAt(p.pos+1) == '\n' || strings.HasPrefix(p.src[p.pos:], "\\\r\n")):
			p.pos += 1 + strings.IndexByte(p.src[p.pos:], '\n')
			space = true
		case c == '#':
			p.pos = p.lineEnd(p.pos)
		default:
			t := p.lexToken(c, space)
			t.end = p.pos
			return t
		}
	}
	return token{kind: tEOF, s: "end-of-input", start: p.pos, end: p.pos}
}

func (p *parser) lineEnd(pos int) int {
	if i := strings.IndexByte(p.src[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(p.src)
}

// newline steps over a line end, the heredocs that stand behind it, comments
// between =begin and =end, and everything behind __END__.
func (p *parser) newline() {
	p.pos++
	if p.heredocEnd > 0 {
		p.pos, p.heredocEnd = p.heredocEnd, 0
	}
	if strings.HasPrefix(p.src[p.pos:], "=begin") {
		p.outside(p.pos, "=begin")
	}
	if rest := strings.TrimSuffix(p.src[p.pos:p.lineEnd(p.pos)], "\r"); rest == "__END__" {
		p.pos = len(p.src)
	}
}

// dotFollows reports whether the next line goes on with a method call.
func (p *parser) dotFollows() bool {
	for i := p.pos; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case isSpace(c):
		case c == '#':
			i = p.lineEnd(i)
		default:
			return c == '.' && p.byteAt(i+1) != '.' || c == '&' && p.byteAt(i+1) == '.'
		}
	}
	return false
}

func (p *parser) lexToken(c byte, space bool) token {
	t := token{start: p.pos, space: space, operand: p.begins()}
	switch {
	case c == 0:
		return p.lexText(t)
	case c == ';':
		p.pos++
		t.kind, t.s = tNewline, ";"
		return t
	case isIdentStart(c):
		return p.lexWord(t)
	case isDigit(c):
		return p.lexNumber(t)
	case c == '@':
		n := p.word(p.pos + 1)
		if n == 0 {
			p.outside(p.pos, "a class variable")
		}
		return p.cut(t, tIvar, 1+n)
	case c == '$':
		n := p.word(p.pos + 1)
		if n == 0 {
			n = 1
		}
		return p.cut(t, tGvar, 1+n)
	}
	if lit, ok := p.lexLiteral(t, c); ok {
		return lit
	}
	for _, o := range operators {
		if !strings.HasPrefix(p.src[p.pos:], o) {
			continue
		}
		t.operand = t.operand || p.argument(space, len(o)) || o == "[" && p.prev.kind == tIdent && space &&
			(p.prev.method || !p.isLocal(p.prev.s))
		return p.cut(t, tOp, len(o))
	}
	p.fail(p.pos, "invalid character in expression")
	return t
}

// cut makes a token of the next n bytes.
func (p *parser) cut(t token, k kind, n int) token {
	t.kind, t.s = k, p.src[p.pos:min(p.pos+n, len(p.src))]
	p.pos = min(p.pos+n, len(p.src))
	return t
}

// word is the length of the identifier at pos.
func (p *parser) word(pos int) int {
	n := 0
	for isIdentByte(p.byteAt(pos + n)) {
		n++
	}
	return n
}

func (p *parser) lexText(t token) token {
	digits := p.word(p.pos + 1)
	n, err := strconv.Atoi(p.src[p.pos+1 : p.pos+1+digits])
	if err != nil || p.byteAt(p.pos+1+digits) != 0 || p.pos+1+digits >= len(p.src) || n >= p.texts {
		p.fail(p.pos, "invalid character in expression")
	}
	t.node = &node{op: opText, at: p.pos, end: p.pos, v: n}
	return p.cut(t, tText, digits+2)
}

// lexWord reads an identifier, constant, keyword or label.
func (p *parser) lexWord(t token) token {
	t.method = p.named()
	n := p.word(p.pos)
	s := p.src[p.pos : p.pos+n]
	next, after, third := p.byteAt(p.pos+n), p.byteAt(p.pos+n+1), p.byteAt(p.pos+n+2)
	if (next == '!' || next == '?' && (t.method || !p.isLocal(s))) && (after != '=' || third == '=' || third == '~') {
		n++
	}
	s = p.src[p.pos : p.pos+n]
	if next := p.byteAt(p.pos + n); next == ':' && p.byteAt(p.pos+n+1) != ':' && !t.method && p.labelFits(t) {
		p.cut(t, tLabel, n+1)
		t.kind, t.s = tLabel, s
		t.node = &node{op: opLit, v: symbol(s), at: t.start, end: p.pos}
		return t
	}
	t = p.cut(t, tIdent, n)
	switch {
	case t.method:
	case isIn(operandKeywords, s) || isIn(valueKeywords, s):
		t.kind = tKeyword
	case isIn(outsideKeywords, s):
		p.outside(t.start, s)
	case s[0] >= 'A' && s[0] <= 'Z':
		t.kind = tConst
	}
	return t
}

// labelFits reports whether a label can stand here: not right behind the ? of ?:.
func (p *parser) labelFits(t token) bool {
	if p.prev.kind == tOp && p.prev.s == "?" {
		return false
	}
	return t.operand && p.prev.kind != tNewline || p.prev.kind == tIdent || p.prev.kind == tKeyword
}

// numbers matches a number: with a base, or with a fraction and an exponent.
var numbers = regexp.MustCompile(`^(0[xX][0-9a-fA-F_]+|0[bBoO][0-7_]+|[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][-+]?[0-9]+)?)`)

func (p *parser) lexNumber(t token) token {
	t = p.cut(t, tLiteral, len(numbers.FindString(p.src[p.pos:])))
	t.node = &node{op: opLit, at: t.start, end: p.pos}
	i, err := strconv.ParseInt(t.s, 0, 64)
	if t.node.v = i; err == nil && !isIdentByte(p.byteAt(p.pos)) {
		return t
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(t.s, "_", ""), 64)
	if t.node.v = f; err != nil || !strings.ContainsAny(t.s, ".eE") || isIdentByte(p.byteAt(p.pos)) {
		p.outside(t.start, "the number "+t.s)
	}
	return t
}

// lexLiteral reads what starts with punctuation and is a literal.
func (p *parser) lexLiteral(t token, c byte) (token, bool) {
	next := p.byteAt(p.pos + 1)
	operand := t.operand || p.argument(t.space, 1)
	switch c {
	case '"', '\'', '`':
		if c == '`' && p.named() {
			return t, false
		}
		p.pos++
		return p.lexString(t, c), true
	case '/':
		if operand {
			p.pos++
			return p.lexDelimited(t, 'r', 0, '/'), true
		}
	case '%':
		if operand && next != 0 && (t.operand || next != '=') {
			return p.lexPercent(t, next)
		}
	case '<':
		if strings.HasPrefix(p.src[p.pos:], "<<") && (t.operand || p.argument(t.space, 2)) {
			return p.lexHeredoc(t)
		}
	case ':':
		return p.lexSymbol(t, next)
	}
	return t, false
}

// symbols matches the name behind the colon of a symbol.
var symbols = regexp.MustCompile(`^([@$]?[\pL_][\pL\pN_]*([?!]|=[^=~>])?|\[\]=?|[+\-*/%<>&|^~!]|<=>|==|<<)`)

// lexSymbol reads :name, :+ and :"text".
func (p *parser) lexSymbol(t token, next byte) (token, bool) {
	if next == ':' || !t.operand && (!t.space && p.prev.kind != tIdent || p.ternary > 0) {
		return t, false
	}
	if next == '"' || next == '\'' {
		p.pos += 2
		parts := p.content(0, next, next == '"', false)
		t.kind, t.node = tLiteral, &node{op: opDSym, list: parts, at: t.start, end: p.pos}
		return t, true
	}
	name := symbols.FindString(p.src[p.pos+1:])
	if i := strings.IndexByte(name, '='); i > 0 && i < len(name)-1 {
		name = name[:i+1] // the byte behind = was looked at only
	}
	if name == "" {
		return t, false
	}
	t = p.cut(t, tLiteral, 1+len(name))
	t.node = &node{op: opLit, v: symbol(name), at: t.start, end: p.pos}
	return t, true
}
