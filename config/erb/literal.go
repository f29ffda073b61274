package erb

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lexString reads a string or command, whose opening quote was read. Behind a
// string in a hash or argument list a colon makes it a label.
func (p *parser) lexString(t token, quote byte) token {
	parts := p.content(0, quote, quote != '\'', false)
	t.kind, t.str = tLiteral, quote != '`'
	if quote == '`' {
		t.node = &node{op: opXStr, list: parts}
	} else {
		t.node = strNode(parts)
	}
	t.node.at, t.node.end = t.start, p.pos
	before := p.prev.kind == tOp && (p.prev.s == "{" || p.prev.s == "," || p.prev.s == "(")
	if t.str && before && p.byteAt(p.pos) == ':' && p.byteAt(p.pos+1) != ':' {
		p.pos++
		t.kind, t.node = tLabel, &node{op: opDSym, list: parts, at: t.start, end: p.pos}
	}
	return t
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

// closer is the delimiter that ends what a delimiter starts; open is 0 when the
// two are the same.
func closer(c byte) (open, end byte) {
	if i := strings.IndexByte("([{<", c); i >= 0 {
		return c, ")]}>"[i]
	}
	return 0, c
}

// lexPercent reads a literal such as %w(a b).
func (p *parser) lexPercent(t token, next byte) (token, bool) {
	kind, delim := byte('Q'), next
	p.pos += 2
	if isIdentByte(next) {
		if strings.IndexByte("qQwWiIrx", next) < 0 {
			p.fail(p.pos, "unknown type of %%string")
		}
		kind, delim = next, p.byteAt(p.pos)
		p.pos++
	}
	if isIdentByte(delim) || delim == 0 || isSpace(delim) && kind != 'Q' {
		p.fail(p.pos, "unknown type of %%string")
	}
	if isSpace(delim) {
		p.pos -= 2
		return t, false
	}
	open, end := closer(delim)
	if strings.IndexByte("wWiI", kind) >= 0 {
		return p.lexWords(t, kind, open, end), true
	}
	return p.lexDelimited(t, kind, open, end), true
}

// lexDelimited reads the rest of a literal of a kind: q, Q, r, s or x.
func (p *parser) lexDelimited(t token, kind, open, end byte) token {
	parts := p.content(open, end, kind != 'q', kind == 'r')
	t.kind = tLiteral
	switch kind {
	case 'r':
		t.node = &node{op: opRegexp, list: parts}
		for strings.IndexByte("imxounse", p.byteAt(p.pos)) >= 0 && p.pos < len(p.src) {
			t.node.s += string(p.src[p.pos])
			p.pos++
		}
	case 'x':
		t.node = &node{op: opXStr, list: parts}
	default:
		t.node, t.str = strNode(parts), true
	}
	t.node.at, t.node.end = t.start, p.pos
	return t
}

// lexWords reads %w and %i. Interpolation in a list of words is left to a ruby.
func (p *parser) lexWords(t token, kind, open, end byte) token {
	list := &node{op: opArray, at: t.start}
	parts := p.content(open, end, false, false)
	for _, part := range parts {
		if strings.Contains(part.s, "\\") || kind <= 'Z' && strings.Contains(part.s, "#{") {
			p.outside(t.start, "escapes or interpolation in %"+string(kind))
		}
		for _, word := range strings.Fields(part.s) {
			n := &node{op: opStr, s: word, at: t.start, end: p.pos}
			if kind == 'i' || kind == 'I' {
				n = &node{op: opLit, v: symbol(word), at: t.start, end: p.pos}
			}
			list.list = append(list.list, n)
		}
	}
	t.kind, t.node, list.end = tLiteral, list, p.pos
	return t
}

// addText adds text to the last part, or as a part of its own.
func (p *parser) addText(parts []*node, text string) []*node {
	if n := len(parts); n > 0 && parts[n-1].op == opStr {
		parts[n-1].s += text
		return parts
	}
	return append(parts, &node{op: opStr, s: text, at: p.pos, end: p.pos})
}

// content reads the parts of a literal up to its end. expand says whether escapes
// and #{} count. A regexp keeps its escapes. With an end of 0 the literal is the
// whole text.
func (p *parser) content(open, end byte, expand, raw bool) []*node {
	start, depth := p.pos, 0
	var parts []*node
	text := p.pos
	flush := func() {
		if p.pos > text {
			parts = p.addText(parts, p.src[text:p.pos])
		}
	}
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == end && end != 0 && depth == 0:
			flush()
			p.pos++
			return parts
		case c == open && open != 0:
			depth++
		case c == end && end != 0:
			depth--
		case c == '\r' && p.byteAt(p.pos+1) == '\n':
			flush()
			text = p.pos + 1
		case c == '#' && expand && strings.IndexByte("{@$", p.byteAt(p.pos+1)) >= 0 && p.pos+1 < len(p.src):
			flush()
			if n := p.interpolation(); n != nil {
				parts = append(parts, n)
				text = p.pos
				continue
			}
			text = p.pos
		case c == '\\':
			flush()
			parts = p.addText(parts, p.escapeIn(open, end, expand, raw))
			text = p.pos
			continue
		}
		p.pos++
	}
	if end != 0 {
		p.fail(start, "unterminated string meets end of file")
	}
	flush()
	return parts
}

// escapeIn reads a backslash and what it escapes.
func (p *parser) escapeIn(open, end byte, expand, raw bool) string {
	next := p.byteAt(p.pos + 1)
	switch {
	case raw:
		if next == end && next == '/' {
			p.pos += 2
			return "/"
		}
	case expand:
		return p.escape()
	case next == '\\' && (end != 0), next == end && end != 0, next == open && open != 0:
		p.pos += 2
		return string(next)
	}
	p.pos++
	if p.pos >= len(p.src) {
		return "\\"
	}
	_, size := utf8.DecodeRuneInString(p.src[p.pos:])
	if !raw {
		size = 0
	}
	p.pos += size
	return "\\" + p.src[p.pos-size:p.pos]
}

// escapes matches the escapes that are written with a number.
var escapes = regexp.MustCompile(`^\\(x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|u\{ *([0-9a-fA-F]{1,6}) *\})`)

// escape reads an escape of a double-quoted string.
func (p *parser) escape() string {
	if m := escapes.FindStringSubmatch(p.src[p.pos:]); m != nil {
		p.pos += len(m[0])
		n, err := strconv.ParseUint(m[2]+m[3]+m[4], 16, 32)
		if err == nil && m[2] != "" {
			return string([]byte{byte(n)})
		}
		return string(rune(n))
	}
	p.pos++
	c := p.byteAt(p.pos)
	switch i := strings.IndexByte("nterabfvs0", c); {
	case isDigit(c) && (c != '0' || isDigit(p.byteAt(p.pos+1))), c != 0 && strings.IndexByte("xucCM", c) >= 0:
		p.outside(p.pos, "an escape such as \\"+string(c))
	case i >= 0 && c != 0:
		p.pos++
		return string("\n\t\x1b\r\a\b\f\v \x00"[i])
	case c == '\n':
		p.pos++
		return ""
	}
	_, size := utf8.DecodeRuneInString(p.src[p.pos:])
	p.pos += size
	return p.src[p.pos-size : p.pos]
}

// interpolation reads #{…}, #@x or #$x. It returns nil when the # is just that.
func (p *parser) interpolation() *node {
	at := p.pos
	if c := p.byteAt(p.pos + 1); c != '{' {
		n := p.word(p.pos + 2)
		if n == 0 || isDigit(p.byteAt(p.pos+2)) {
			return nil
		}
		o := opIvar
		if c == '$' {
			o = opGvar
		}
		p.pos += 2 + n
		return &node{op: o, s: p.src[at+1 : p.pos], at: at, end: p.pos}
	}
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

// lexHeredoc reads <<ID, <<-ID or <<~ID and takes the text behind the line.
func (p *parser) lexHeredoc(t token) (token, bool) {
	i := p.pos + 2
	mode := p.byteAt(i)
	if mode == '-' || mode == '~' {
		i++
	}
	quote, id := p.byteAt(i), ""
	if quote == '"' || quote == '\'' {
		n := strings.IndexByte(p.src[i+1:], quote)
		if n < 0 {
			return t, false
		}
		id = p.src[i+1 : i+1+n]
		i += n + 2
	} else {
		n := p.word(i)
		if n == 0 || isDigit(quote) {
			return t, false
		}
		id, quote = p.src[i:i+n], '"'
		i += n
	}
	start := p.heredocEnd
	if start == 0 {
		start = min(p.lineEnd(i)+1, len(p.src))
	}
	bodyEnd := start
	for {
		if bodyEnd >= len(p.src) {
			p.fail(t.start, "can't find string \"%s\" anywhere before EOF", id)
		}
		line := strings.TrimSuffix(p.src[bodyEnd:p.lineEnd(bodyEnd)], "\r")
		p.heredocEnd = min(p.lineEnd(bodyEnd)+1, len(p.src))
		if line == id || (mode == '-' || mode == '~') && strings.TrimLeft(line, " \t") == id {
			break
		}
		bodyEnd = p.heredocEnd
	}
	if p.inHeredoc {
		p.outside(t.start, "a heredoc in a heredoc")
	}
	src, end := p.src, p.heredocEnd
	p.src, p.pos, p.heredocEnd, p.inHeredoc = src[:bodyEnd], start, 0, true
	parts := p.content(0, 0, quote != '\'', false)
	p.src, p.pos, p.heredocEnd, p.inHeredoc = src, i, end, false
	if mode == '~' {
		dedent(src[start:bodyEnd], parts)
	}
	t.kind, t.str, t.node = tLiteral, true, strNode(parts)
	t.node.at, t.node.end = t.start, p.pos
	return t, true
}

// dedent takes the smallest indentation of the text's lines off the parts.
func dedent(text string, parts []*node) {
	least := len(text)
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimLeft(line, " \t"); strings.TrimSpace(line) != "" {
			least = min(least, len(line)-len(trimmed))
		}
	}
	first := true
	for _, p := range parts {
		if p.op != opStr {
			first = false
			continue
		}
		var b strings.Builder
		for line := range strings.Lines(p.s) {
			if first {
				line = line[min(least, len(line)-len(strings.TrimLeft(line, " \t"))):]
			}
			b.WriteString(line)
			first = strings.HasSuffix(line, "\n")
		}
		p.s = b.String()
	}
}
