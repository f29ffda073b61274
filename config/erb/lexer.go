package erb

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// kind is the kind of a token.
type kind uint8

// The kinds of tokens.
const (
	tEOF     kind = iota
	tNewline      // end of a line, or ;
	tLiteral      // number, string, symbol, regexp, word list, @foo, $foo: see token.node
	tText         // a run of the template's text: see token.node
	tIdent        // foo, foo?, foo!
	tConst        // Foo
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
}

const (
	// operandKeywords are those after which an operand or a statement follows.
	operandKeywords = " if unless while until and or not when in then do else elsif begin " +
		"ensure case return break next rescue yield defined? "
	// valueKeywords are those that end a value or name something.
	valueKeywords = " end nil true false self def "
	// lineKeywords are those behind which the end of a line counts.
	lineKeywords = " return break next rescue yield "
	// outsideKeywords name syntax that is left to Ruby.
	outsideKeywords = " class module redo retry for undef alias super BEGIN END __ENCODING__ __method__ "

	// operators are those of two and three characters.
	operators = " **= <=> === ... <<= >>= &&= ||= &. ** == != >= <= && || =~ !~ .. :: -= += *= /= %= &= |= ^= << >> -> => "
)

// The patterns of tokens, each from its start.
var (
	specials = lazyregexp.New(`^\$.`)
	dots     = lazyregexp.New(`^(\s|#[^\n]*)*(&\.|\.[^.])`)
	ends     = lazyregexp.New(`^__END__\r?(\n|$)`)
	numbers  = lazyregexp.New(`^-?(0[xX][0-9a-fA-F_]+|0[bBoO][0-7_]+|[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][-+]?[0-9]+)?)`)
	heredocs = lazyregexp.New(`^<<[-~]?["'\pL_]`)
	percents = lazyregexp.New("^%([qQwWiIrx]?)([!-/:-@\\[-`{-~])")
	flags    = lazyregexp.New(`^[imxounse]*`)
	symbols  = lazyregexp.New(`^:([@$]?[\pL_][\pL\pN_]*[?!]?|\[\]=?|[+\-*/%<>&|^~!]|<=>|==|<<)`)
	escapes  = lazyregexp.New(`^\\(x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|u\{ *([0-9a-fA-F]{1,6}) *\})`)
)

// isIn reports whether a list with a space around each word has a word.
func isIn(list, word string) bool { return strings.Contains(list, " "+word+" ") }

// blanks is the length of the spaces, comments and continued lines that s begins with. It, operator and word are no
// regular expressions: every token comes by here, and a file's first method call reads a good part of core.rb.
func blanks(s string) int {
	for rest := s; ; {
		rest = strings.TrimLeft(rest, " \t\r\f\v")
		switch {
		case strings.HasPrefix(rest, "#"):
			comment, _, _ := strings.Cut(rest, "\n")
			rest = rest[len(comment):]
		case strings.HasPrefix(rest, "\\\n"), strings.HasPrefix(rest, "\\\r\n"):
			_, rest, _ = strings.Cut(rest, "\n")
		default:
			return len(s) - len(rest)
		}
	}
}

// operator is the length of the operator that s begins with, the longest that there is.
func operator(s string) int {
	for n := min(3, len(s)); n > 1; n-- {
		if isIn(operators, s[:n]) {
			return n
		}
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// word is the identifier or variable that s begins with, or "".
func word(s string) string {
	name := s
	if s[0] == '@' || s[0] == '$' {
		name = s[1:]
	}
	if first, _ := utf8.DecodeRuneInString(name); first != '_' && !unicode.IsLetter(first) {
		return ""
	}
	rest := strings.TrimLeftFunc(name, func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) })
	return s[:len(s)-len(rest)]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentByte(c byte) bool {
	return isDigit(c) || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// byteAt is the byte so far behind the position, 0 behind the end.
func (p *parser) byteAt(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

// advance makes the next token the current one.
func (p *parser) advance() {
	p.prev = p.tok
	p.tok = p.lex()
	p.tok.end = p.pos
}

// begins reports whether an operand must follow the token before.
func (p *parser) begins() bool {
	switch t := p.prev; t.kind {
	case tEOF, tNewline, tLabel:
		return true
	case tOp:
		return t.s != ")" && t.s != "]" && t.s != "}"
	case tKeyword:
		return isIn(operandKeywords, t.s)
	}
	return false
}

// argument reports whether something starts an argument of the method before, as
// the minus in `puts -1` does and that in `a - 1` does not.
func (p *parser) argument(t token, width int) bool {
	next := p.byteAt(width)
	called := p.prev.kind == tIdent && t.space && (p.prev.method || !p.vars[p.prev.s])
	return called && (next > ' ' && next != '=' || p.byteAt(0) == '[')
}

// lex reads the next token.
func (p *parser) lex() token {
	t := token{space: p.pos == 0}
	for {
		n := blanks(p.src[p.pos:])
		p.pos += n
		if t.space = t.space || n > 0; p.byteAt(0) != '\n' || p.pos >= len(p.src) {
			break
		}
		t.start = p.pos
		p.pos++
		rest := p.src[p.pos:]
		if strings.HasPrefix(rest, "=begin") {
			p.outside(p.pos, "=begin")
		} else if ends().MatchString(rest) {
			p.pos = len(p.src)
		}
		open := p.begins() && (p.prev.kind != tKeyword || !isIn(lineKeywords, p.prev.s))
		if !open && !dots().MatchString(rest) {
			t.kind, t.s = tNewline, "\n"
			return t
		}
		t.space = true
	}
	if t.start, t.operand = p.pos, p.begins(); p.pos >= len(p.src) {
		t.s = "end-of-input"
		return t
	}
	return p.lexToken(t)
}

func (p *parser) lexToken(t token) token {
	rest := p.src[p.pos:]
	t.method = p.prev.kind == tOp && (p.prev.s == "." || p.prev.s == "&.") || p.prev.kind == tKeyword && p.prev.s == "def"
	word := word(rest)
	switch c := rest[0]; {
	case word != "" && c == '@':
		return p.variable(t, opIvar, word)
	case c == '$' && len(rest) > 1:
		return p.variable(t, opGvar, cmp.Or(word, specials().FindString(rest)))
	case word != "":
		return p.lexWord(t, word)
	case c == ';':
		return p.cut(t, tNewline, 1)
	case isDigit(c), c == '-' && isDigit(p.byteAt(1)) && (t.operand || p.argument(t, 1)):
		return p.lexNumber(t)
	case c == 0:
		digits, _, closed := strings.Cut(rest[1:], "\x00")
		n, err := strconv.Atoi(digits)
		if !closed || err != nil || n < 0 || n >= len(p.file.texts) {
			p.fail(p.pos, "invalid character in expression")
		}
		t.node = &node{op: opText, at: p.pos, end: p.pos, v: n}
		return p.cut(t, tText, len(digits)+2)
	case t.method && (strings.HasPrefix(rest, "-@") || strings.HasPrefix(rest, "+@")):
		return p.cut(t, tOp, 2)
	}
	if lit, ok := p.lexLiteral(t, rest); ok {
		return lit
	}
	n := operator(rest)
	t.operand = t.operand || p.argument(t, n)
	return p.cut(t, tOp, n)
}

// cut makes a token of the next n bytes.
func (p *parser) cut(t token, k kind, n int) token {
	t.kind, t.s = k, p.src[p.pos:p.pos+n]
	p.pos += n
	return t
}

// literal makes a token with a node.
func (p *parser) literal(t token, n *node) token {
	n.at, n.end = t.start, p.pos
	t.kind, t.node = tLiteral, n
	return t
}

// isString reports whether a token is a string.
func isString(t token) bool { return t.kind == tLiteral && (t.node.op == opStr || t.node.op == opDStr) }

// variable makes a token of an instance or global variable.
func (p *parser) variable(t token, o op, name string) token {
	return p.literal(p.cut(t, tLiteral, len(name)), &node{op: o, s: name})
}

// lexWord reads an identifier, constant, keyword or label.
func (p *parser) lexWord(t token, s string) token {
	n := len(s)
	next, after, third := p.byteAt(n), p.byteAt(n+1), p.byteAt(n+2)
	if (next == '!' || next == '?' && (t.method || !p.vars[s])) && (after != '=' || third == '=' || third == '~') {
		n++
		s = p.src[p.pos : p.pos+n]
	}
	fits := t.operand && p.prev.kind != tNewline && p.prev.s != "?" || p.prev.kind == tIdent || p.prev.kind == tKeyword
	if p.byteAt(n) == ':' && p.byteAt(n+1) != ':' && !t.method && fits {
		t.node = &node{op: opLit, v: symbol(s), at: t.start, end: p.pos + n}
		return p.cut(t, tLabel, n+1)
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

func (p *parser) lexNumber(t token) token {
	t = p.cut(t, tLiteral, len(numbers().FindString(p.src[p.pos:])))
	n := &node{op: opLit}
	i, err := strconv.ParseInt(t.s, 0, 64)
	if n.v = i; err != nil {
		var f float64
		f, err = strconv.ParseFloat(strings.ReplaceAll(t.s, "_", ""), 64)
		n.v = f
	}
	if _, float := n.v.(float64); err != nil || float && !strings.ContainsAny(t.s, ".eE") || isIdentByte(p.byteAt(0)) {
		p.outside(t.start, "the number "+t.s)
	}
	return p.literal(t, n)
}

// lexLiteral reads what starts with punctuation and is a literal.
func (p *parser) lexLiteral(t token, rest string) (token, bool) {
	operand := t.operand || p.argument(t, 1)
	switch c := rest[0]; {
	case c == '"' || c == '\'' || c == '`':
		before := p.prev.kind == tOp && (p.prev.s == "{" || p.prev.s == "," || p.prev.s == "(")
		t = p.lexDelimited(t, map[byte]string{'"': "Q", '\'': "q", '`': "x"}[c], 1)
		// Behind a string in a hash or argument list a colon makes it a label.
		if c != '`' && before && p.byteAt(0) == ':' && p.byteAt(1) != ':' {
			t.kind, t.node = tLabel, &node{op: opCall, s: "to_sym", a: t.node, at: t.start, end: p.pos}
			p.pos++
		}
		return t, true
	case c == '/' && operand:
		return p.lexDelimited(t, "r", 1), true
	case c == '%' && operand:
		if m := percents().FindStringSubmatch(rest); m != nil && (m[2] != "=" || t.operand) {
			return p.lexDelimited(t, m[1], 1+len(m[1])+1), true
		}
	case c == '<' && heredocs().MatchString(rest) && (t.operand || p.argument(t, 2)):
		p.outside(p.pos, "a heredoc")
	case c == ':' && (operand || p.prev.kind == tIdent && t.space && p.ternary == 0):
		if next := p.byteAt(1); next == '"' || next == '\'' {
			t = p.lexDelimited(t, map[byte]string{'"': "Q", '\'': "q"}[next], 2)
			return p.literal(t, &node{op: opCall, s: "to_sym", a: t.node}), true
		}
		if m := symbols().FindStringSubmatch(rest); m != nil {
			t = p.cut(t, tLiteral, len(m[0]))
			return p.literal(t, &node{op: opLit, v: symbol(m[1])}), true
		}
	}
	return t, false
}

// lexDelimited reads a literal of a kind, the letter behind %, whose delimiter is the last of
// the next n bytes.
func (p *parser) lexDelimited(t token, kind string, n int) token {
	p.pos += n
	open, end := byte(0), p.src[p.pos-1]
	if i := strings.IndexByte("([{<", end); i >= 0 {
		open, end = end, ")]}>"[i]
	}
	list := strings.ContainsAny(kind, "wWiI")
	parts := p.content(open, end, kind != "q" && !list, kind == "r")
	switch {
	case list:
		text := strNode(parts)
		if strings.Contains(text.s, "\\") || strings.Contains(text.s, "#{") && kind <= "Z" {
			p.outside(t.start, "escapes or interpolation in %"+kind)
		}
		l := &node{op: opArray}
		for _, word := range strings.Fields(text.s) {
			w := &node{op: opStr, s: word, at: t.start, end: p.pos}
			if kind == "i" || kind == "I" {
				w.op, w.v = opLit, symbol(word)
			}
			l.list = append(l.list, w)
		}
		return p.literal(t, l)
	case kind == "r":
		options := flags().FindString(p.src[p.pos:])
		p.pos += len(options)
		return p.literal(t, &node{op: opRegexp, list: parts, s: options})
	case kind == "x":
		return p.literal(t, &node{op: opXStr, list: parts})
	}
	return p.literal(t, strNode(parts))
}

// strNode is the node of a string with these parts.
func strNode(parts []*node) *node {
	switch {
	case len(parts) == 0:
		return &node{op: opStr}
	case len(parts) == 1 && parts[0].op == opStr:
		return &node{op: opStr, s: parts[0].s}
	}
	return &node{op: opDStr, list: parts}
}

// content reads the parts of a literal up to its end. expand says whether escapes
// and #{} count; a raw literal, which a regexp is, keeps its escapes.
func (p *parser) content(open, end byte, expand, raw bool) []*node {
	start, depth, stops := p.pos, 0, "\\#\r"+string(end)+string(cmp.Or(open, end))
	var parts []*node
	add := func(text string) {
		if n := len(parts); n > 0 && parts[n-1].op == opStr {
			parts[n-1].s += text
			return
		}
		parts = append(parts, &node{op: opStr, s: text, at: p.pos, end: p.pos})
	}
	for p.pos < len(p.src) {
		switch c, next := p.src[p.pos], p.byteAt(1); {
		case c == end && depth == 0:
			p.pos++
			return parts
		case c == '\r' && next == '\n':
			p.pos++
			continue
		case c == '#' && expand && next == '{':
			parts = append(parts, p.interpolation())
			continue
		case c == '#' && expand && (next == '@' || next == '$'):
			p.outside(p.pos, "interpolation without braces")
		case c == '\\' && raw:
			if add(p.src[p.pos:min(p.pos+2, len(p.src))]); next == '/' {
				parts[len(parts)-1].s = strings.TrimSuffix(parts[len(parts)-1].s, `\/`) + "/"
			}
			p.pos += 2
			continue
		case c == '\\' && expand:
			add(p.escape())
			continue
		case c == '\\' && (next == '\\' || next == end || next == open && open != 0):
			p.pos++
		case c == open && open != 0:
			depth++
		case c == end:
			depth--
		}
		n := len(p.src) - p.pos
		if i := strings.IndexAny(p.src[min(p.pos+1, len(p.src)):], stops); i >= 0 {
			n = i + 1
		}
		add(p.src[p.pos : p.pos+n])
		p.pos += n
	}
	p.fail(start, "unterminated string meets end of file")
	return nil
}

// escape reads an escape of a double-quoted string.
func (p *parser) escape() string {
	if m := escapes().FindStringSubmatch(p.src[p.pos:]); m != nil {
		p.pos += len(m[0])
		n, err := strconv.ParseUint(m[2]+m[3]+m[4], 16, 32)
		if err == nil && m[2] != "" {
			return string([]byte{byte(n)})
		}
		return string(rune(n))
	}
	c := p.byteAt(1)
	p.pos = min(p.pos+2, len(p.src))
	switch i := strings.IndexByte("nterabfvs0", c); {
	case isDigit(c) && (c != '0' || isDigit(p.byteAt(0))), c != 0 && strings.IndexByte("xucCM", c) >= 0:
		p.outside(p.pos, "an escape such as \\"+string(c))
	case i >= 0:
		return string("\n\t\x1b\r\a\b\f\v \x00"[i])
	case c == '\n':
		return ""
	}
	return string([]byte{c})
}

// interpolation reads #{…}.
func (p *parser) interpolation() *node {
	at := p.pos
	if p.depth++; p.depth > maxNesting {
		p.fail(at, "the nesting is too deep")
	}
	tok, prev, ternary, noDo := p.tok, p.prev, p.ternary, p.noDo
	p.pos += 2
	p.tok, p.ternary, p.noDo = token{kind: tNewline}, 0, false
	p.advance()
	body := p.statements("}")
	if !p.at("}") {
		p.unexpected("}")
	}
	p.pos = p.tok.end
	p.tok, p.prev, p.ternary, p.noDo = tok, prev, ternary, noDo
	p.depth--
	body.at, body.end = at, p.pos
	return body
}
