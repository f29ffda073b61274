package erb

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// body says how the inside of a string-like literal is read.
type body struct {
	open, close byte // open is 0 when the delimiters do not nest
	interp      bool // #{…} and backslash escapes count
	regexp      bool // keep escapes for the regexp compiler
}

// partList collects the parts of a literal: text and interpolated expressions.
type partList struct {
	parts []node
	text  []byte
	start int
}

func (p *partList) flush(pos int) {
	if len(p.text) > 0 {
		p.parts = append(p.parts, &strPart{span{p.start, pos}, string(p.text)})
		p.text = nil
	}
	p.start = pos
}

func (l *lexer) stringBody(open, close byte, interp bool) []node {
	return l.readBody(body{open: open, close: close, interp: interp})
}

// readBody reads up to and over the closing delimiter.
func (l *lexer) readBody(b body) []node {
	start := l.pos
	list := partList{start: start}
	depth := 0
	for {
		if l.pos >= len(l.src) {
			panic(&syntaxError{pos: start, msg: "unterminated string, regexp or list: its closing " + strconv.QuoteRune(rune(b.close)) + " is missing"})
		}
		c := l.src[l.pos]
		switch {
		case c == b.close && depth == 0:
			list.flush(l.pos)
			l.pos++
			l.heredocEnd = max(l.heredocEnd, l.bodyResume)
			l.bodyResume = 0
			return list.parts
		case b.open != 0 && c == b.open:
			depth++
		case c == b.close:
			depth--
		}
		l.bodyByte(c, b, &list)
	}
}

// bodyByte reads one element of a literal: an escape, an interpolation or a byte.
func (l *lexer) bodyByte(c byte, b body, list *partList) {
	switch {
	case c == '\\':
		l.escape(b, list)
	case c == '#' && b.interp && l.interpolated(list):
	case c == '\r' && l.byteAt(l.pos+1) == '\n':
		l.pos++
	default:
		list.text = append(list.text, c)
		l.pos++
		if c == '\n' {
			l.pos = max(l.pos, l.bodyResume)
			l.bodyResume = 0
		}
	}
}

// interpolated reads #{…}, #@x or #$x at pos.
func (l *lexer) interpolated(list *partList) bool {
	next := l.byteAt(l.pos + 1)
	if next == '{' {
		list.flush(l.pos)
		l.pos += 2
		list.parts = append(list.parts, l.interpolate())
		list.start = l.pos
		return true
	}
	after := l.byteAt(l.pos + 2)
	if next == '@' && (isIdentStart(after) || after == '@' && isIdentStart(l.byteAt(l.pos+3))) ||
		next == '$' && (isIdentStart(after) || isDigit(after) && after != '0' || after != 0 && strings.IndexByte("~&`'+!", after) >= 0) {
		list.flush(l.pos)
		saved := l.state
		l.pos++
		start := l.pos
		var t token
		if next == '@' {
			t = l.atVariable()
		} else {
			t = l.global()
		}
		l.state = saved
		list.parts = append(list.parts, variableNode(t, span{start, l.pos}))
		list.start = l.pos
		return true
	}
	return false
}

// variableNode is the node of an instance, class or global variable token.
func variableNode(t token, sp span) node {
	switch t.kind {
	case tIvar:
		return &ivarNode{sp, t.text}
	case tCvar:
		return &cvarNode{sp, t.text}
	case tNth:
		n, err := strconv.Atoi(t.text[1:])
		if err != nil {
			n = 0
		}
		return &nthRefNode{sp, n, t.text}
	}
	return &gvarNode{sp, t.text}
}

// escape reads a backslash and what follows it.
func (l *lexer) escape(b body, list *partList) {
	next := l.byteAt(l.pos + 1)
	switch {
	case b.regexp:
		if next == b.close && !regexpMeta(next) || next == '/' {
			list.text = append(list.text, next)
		} else {
			list.text = append(list.text, '\\')
			if l.pos+1 < len(l.src) {
				list.text = append(list.text, next)
			}
		}
		l.pos += 2
	case !b.interp:
		if next == '\\' || next == b.close || b.open != 0 && next == b.open {
			list.text = append(list.text, next)
			l.pos += 2
			return
		}
		list.text = append(list.text, '\\')
		l.pos++
	default:
		l.pos++
		l.doubleQuotedEscape(list)
	}
	l.pos = min(l.pos, len(l.src))
}

// regexpMeta tells that a byte means something in a regexp, so that an escaped
// delimiter has to stay escaped.
func regexpMeta(c byte) bool { return strings.IndexByte("()[]{}.?*+^$|", c) >= 0 }

// doubleQuotedEscape reads an escape after its backslash.
func (l *lexer) doubleQuotedEscape(list *partList) {
	c := l.byteAt(l.pos)
	l.pos++
	switch c {
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case '0', '1', '2', '3', '4', '5', '6', '7':
		c = byte(l.digits(l.pos-1, 3, 8))
	case 'e':
		c = 0x1b
	case 's':
		c = ' '
	case 'a':
		c = 7
	case 'b':
		c = 8
	case 'f':
		c = '\f'
	case 'v':
		c = '\v'
	case '\n':
		return
	case '\r':
		if l.byteAt(l.pos) == '\n' {
			l.pos++
			return
		}
	case 'x':
		if _, ok := hexDigit(l.byteAt(l.pos)); !ok {
			panic(&syntaxError{pos: l.pos, msg: "invalid hex escape"})
		}
		c = byte(l.digits(l.pos, 2, 16))
	case 'u':
		l.unicodeEscape(list)
		return
	case 'c':
		c = l.byteAt(l.pos) & 0x9f
		l.pos++
	case 'C', 'M':
		panic(&syntaxError{pos: l.pos, msg: "\\" + string(c) + "- escapes are not in the subset of Ruby", construct: "\\" + string(c) + "-", unsupported: true})
	}
	list.text = append(list.text, c)
}

// digits reads up to limit digits of a base from pos.
func (l *lexer) digits(from, limit, base int) int {
	l.pos = from
	n := 0
	for l.pos < from+limit {
		d, ok := hexDigit(l.byteAt(l.pos))
		if !ok || d >= base {
			break
		}
		n = n*base + d
		l.pos++
	}
	return n
}

func hexDigit(c byte) (int, bool) {
	switch {
	case isDigit(c):
		return int(c - '0'), true
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10, true
	}
	return 0, false
}

func (l *lexer) unicodeEscape(list *partList) {
	invalid := func() { panic(&syntaxError{pos: l.pos, msg: "invalid Unicode escape"}) }
	put := func(n int) {
		if n > utf8.MaxRune || n >= 0xd800 && n <= 0xdfff {
			invalid()
		}
		list.text = utf8.AppendRune(list.text, rune(n))
	}
	if l.byteAt(l.pos) != '{' {
		from := l.pos
		n := l.digits(from, 4, 16)
		if l.pos != from+4 {
			invalid()
		}
		put(n)
		return
	}
	l.pos++
	for {
		for isSpaceByte(l.byteAt(l.pos)) {
			l.pos++
		}
		if l.byteAt(l.pos) == '}' {
			l.pos++
			return
		}
		from := l.pos
		n := l.digits(from, 6, 16)
		if l.pos == from {
			invalid()
		}
		put(n)
	}
}

// quoted reads "…" or '…', which may turn out to be a label.
func (l *lexer) quoted(quote byte, ternary bool) token {
	start, before := l.pos, l.state
	l.pos++
	parts := l.stringBody(0, quote, quote == '"')
	n := &strNode{span{start, l.pos}, parts}
	if !ternary && before != stEnd && l.byteAt(l.pos) == ':' && l.byteAt(l.pos+1) != ':' {
		l.pos++
		l.state = stBeg
		return token{kind: tStrLabel, node: n}
	}
	l.state = stEnd
	return token{kind: tLiteral, node: n, text: "string"}
}

// charLiteral reads ?c.
func (l *lexer) charLiteral() (token, bool) {
	c := l.byteAt(l.pos + 1)
	if l.isEnd() || c == 0 || isSpaceByte(c) {
		return token{}, false
	}
	if isIdentByte(c) && c < 0x80 && isIdentByte(l.byteAt(l.pos+2)) {
		return token{}, false
	}
	list := partList{start: l.pos}
	start := l.pos
	l.pos++
	if c == '\\' {
		l.pos++
		l.doubleQuotedEscape(&list)
	} else {
		_, size := utf8.DecodeRuneInString(l.src[l.pos:])
		list.text = append(list.text, l.src[l.pos:l.pos+size]...)
		l.pos += size
	}
	list.flush(l.pos)
	l.state = stEnd
	return token{kind: tLiteral, node: &strNode{span{start, l.pos}, list.parts}, text: "string"}, true
}

// symbol reads :name, :"name" or :op.
func (l *lexer) symbol() (token, bool) {
	next := l.byteAt(l.pos + 1)
	if l.isEnd() || next == ':' || next == 0 || isSpaceByte(next) || next == '#' {
		return token{}, false
	}
	start := l.pos
	if next == '"' || next == '\'' {
		l.pos += 2
		parts := l.stringBody(0, next, next == '"')
		l.state = stEnd
		return token{kind: tLiteral, node: symbolNode(span{start, l.pos}, parts)}, true
	}
	l.pos++
	var t token
	saved := l.state
	l.state = stFname
	switch {
	case isIdentStart(next):
		t = l.word(false)
	case next == '@':
		t = l.atVariable()
	case next == '$':
		t = l.global()
	default:
		var ok bool
		if t, ok = l.operatorName(); !ok {
			l.pos, l.state = start, saved
			return token{}, false
		}
	}
	l.state = stEnd
	return token{kind: tLiteral, node: &symNode{span{start, l.pos}, t.text}}, true
}

// symbolNode is a symbol, with interpolation or without.
func symbolNode(sp span, parts []node) node {
	switch len(parts) {
	case 0:
		return &symNode{sp, ""}
	case 1:
		if p, ok := parts[0].(*strPart); ok {
			return &symNode{sp, p.text}
		}
	}
	return &dsymNode{sp, parts}
}

// closer is the delimiter that ends a % literal; nests when it differs.
func closer(c byte) (open, close byte) {
	switch c {
	case '(':
		return c, ')'
	case '[':
		return c, ']'
	case '{':
		return c, '}'
	case '<':
		return c, '>'
	}
	return 0, c
}

// percent reads a % literal.
func (l *lexer) percent() (token, bool) {
	start := l.pos
	kindByte := byte('Q')
	i := l.pos + 1
	if c := l.byteAt(i); c != 0 && strings.IndexByte("wWiIqQrsx", c) >= 0 {
		kindByte = c
		i++
	}
	delim := l.byteAt(i)
	if delim == 0 || isIdentByte(delim) || delim >= 0x80 || isSpaceByte(delim) && kindByte != 'Q' {
		return token{}, false
	}
	if isSpaceByte(delim) && !l.isBeg() {
		return token{}, false
	}
	open, end := closer(delim)
	if kindByte == 'r' {
		return l.regexp(delim, end, i+1-l.pos), true
	}
	l.pos = i + 1
	var n node
	switch kindByte {
	case 'w', 'W', 'i', 'I':
		elems := l.words(open, end, kindByte == 'W' || kindByte == 'I', kindByte == 'i' || kindByte == 'I')
		n = &arrayNode{span{start, l.pos}, elems}
	case 's':
		parts := l.stringBody(open, end, false)
		n = symbolNode(span{start, l.pos}, parts)
	case 'x':
		parts := l.stringBody(open, end, true)
		n = &xstrNode{span{start, l.pos}, parts}
	default:
		parts := l.stringBody(open, end, kindByte == 'Q')
		n = &strNode{span{start, l.pos}, parts}
	}
	l.state = stEnd
	return token{kind: tLiteral, node: n, text: "string"}, true
}

// words reads the inside of a %w, %W, %i or %I list.
func (l *lexer) words(open, close byte, interp, symbols bool) []node {
	start := l.pos
	b := body{open: open, close: close, interp: interp}
	var elems []node
	list := partList{start: l.pos}
	inWord := false
	finish := func() {
		if !inWord {
			return
		}
		list.flush(l.pos)
		sp := span{list.start, l.pos}
		if symbols {
			elems = append(elems, symbolNode(sp, list.parts))
		} else {
			elems = append(elems, &strNode{sp, list.parts})
		}
		list.parts = nil
		inWord = false
	}
	depth := 0
	for {
		if l.pos >= len(l.src) {
			panic(&syntaxError{pos: start, msg: "unterminated list meets end of file"})
		}
		c := l.src[l.pos]
		switch {
		case c == close && depth == 0:
			finish()
			l.pos++
			return elems
		case isSpaceByte(c):
			finish()
			l.pos++
			continue
		case c == '\\' && isSpaceByte(l.byteAt(l.pos+1)):
			inWord = true
			list.text = append(list.text, l.src[l.pos+1])
			l.pos += 2
			continue
		case open != 0 && c == open:
			depth++
		case c == close:
			depth--
		}
		inWord = true
		l.bodyByte(c, b, &list)
	}
}

// regexp reads a regexp whose opening delimiter is width bytes long.
func (l *lexer) regexp(delim, end byte, width int) token {
	start := l.pos
	open, _ := closer(delim)
	l.pos += width
	parts := l.readBody(body{open: open, close: end, interp: true, regexp: true})
	from := l.pos
	for c := l.byteAt(l.pos); c >= 'a' && c <= 'z'; c = l.byteAt(l.pos) {
		if strings.IndexByte("imxounse", c) < 0 {
			panic(&syntaxError{pos: l.pos, msg: "unknown regexp option - " + string(c)})
		}
		l.pos++
	}
	l.state = stEnd
	return token{kind: tLiteral, text: "regexp", node: &regexNode{span: span{start, l.pos}, parts: parts, flags: l.src[from:l.pos]}}
}
