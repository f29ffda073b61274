package erb

import "strings"

// heredocMark is the start of a heredoc: <<ID, <<-ID, <<~ID, with quotes or not.
type heredocMark struct {
	id       string
	squiggly bool // <<~: take off the common indentation
	indented bool // <<- or <<~: the terminator may be indented
	interp   bool
	command  bool // <<`ID`
	width    int  // of the mark itself
}

func (l *lexer) heredocMark() (heredocMark, bool) {
	m := heredocMark{interp: true}
	i := l.pos + 2
	switch l.byteAt(i) {
	case '~':
		m.squiggly, m.indented = true, true
		i++
	case '-':
		m.indented = true
		i++
	}
	if q := l.byteAt(i); q == '"' || q == '\'' || q == '`' {
		n := strings.IndexByte(l.src[i+1:], q)
		if n < 0 || strings.ContainsRune(l.src[i+1:i+1+n], '\n') {
			return m, false
		}
		m.id = l.src[i+1 : i+1+n]
		m.interp = q != '\''
		m.command = q == '`'
		m.width = i + n + 2 - l.pos
		return m, true
	}
	start := i
	for isIdentByte(l.byteAt(i)) {
		i++
	}
	if i == start || isDigit(l.src[start]) {
		return m, false
	}
	m.id = l.src[start:i]
	m.width = i - l.pos
	return m, true
}

// heredoc reads the body, which starts on the next line, and leaves pos behind
// the mark.
func (l *lexer) heredoc() (token, bool) {
	m, ok := l.heredocMark()
	if !ok {
		return token{}, false
	}
	start := l.pos
	resume := l.pos + m.width
	l.pos = resume
	bodyStart := l.heredocEnd
	if bodyStart <= resume {
		n := strings.IndexByte(l.src[resume:], '\n')
		if n < 0 {
			panic(&syntaxError{pos: start, msg: "can't find string \"" + m.id + "\" anywhere before EOF"})
		}
		bodyStart = resume + n + 1
	}
	l.pos = bodyStart
	l.heredocEnd = 0
	parts := l.heredocBody(m, start)
	l.heredocEnd = l.pos
	l.pos = resume
	l.state = stEnd
	sp := span{start, resume}
	if m.command {
		return token{kind: tLiteral, node: &xstrNode{sp, parts}}, true
	}
	return token{kind: tLiteral, node: &strNode{sp, parts}, text: "string"}, true
}

// lineIndent is the white space that starts one line of a squiggly heredoc. It
// stands among the parts until the common indentation is known.
type lineIndent struct {
	span
	text  string
	blank bool // nothing else on the line
}

func (l *lexer) heredocBody(m heredocMark, start int) []node {
	list := partList{start: l.pos}
	b := body{interp: m.interp}
	for {
		if l.pos >= len(l.src) {
			panic(&syntaxError{pos: start, msg: "can't find string \"" + m.id + "\" anywhere before EOF"})
		}
		if l.terminator(m) {
			list.flush(l.pos)
			l.skipComment()
			if l.pos < len(l.src) {
				l.pos++
			}
			if m.squiggly {
				return dedent(list.parts)
			}
			return list.parts
		}
		if m.squiggly {
			l.lineIndent(&list)
		}
		l.heredocLine(m, b, &list)
	}
}

// terminator tells whether the line at pos ends the heredoc.
func (l *lexer) terminator(m heredocMark) bool {
	line := l.src[l.pos:]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	line = strings.TrimSuffix(line, "\r")
	if m.indented {
		line = strings.TrimLeft(line, " \t")
	}
	return line == m.id
}

func (l *lexer) lineIndent(list *partList) {
	i := l.pos
	for l.byteAt(i) == ' ' || l.byteAt(i) == '\t' {
		i++
	}
	list.flush(l.pos)
	blank := l.byteAt(i) == '\n' || l.byteAt(i) == '\r' && l.byteAt(i+1) == '\n'
	list.parts = append(list.parts, &lineIndent{span{l.pos, i}, l.src[l.pos:i], blank})
	l.pos = i
	list.start = i
}

// heredocLine reads one line with its end.
func (l *lexer) heredocLine(m heredocMark, b body, list *partList) {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if !m.interp && c == '\\' {
			list.text = append(list.text, c)
			l.pos++
			continue
		}
		continued := c == '\\' && l.byteAt(l.pos+1) == '\n'
		l.bodyByte(c, b, list)
		if c == '\n' {
			return
		}
		if continued && m.squiggly {
			return
		}
	}
}

// dedent takes the indentation that all lines share off each line. A tab counts
// up to the next multiple of eight.
func dedent(parts []node) []node {
	width := -1
	for _, p := range parts {
		if in, ok := p.(*lineIndent); ok && !in.blank {
			if w := indentWidth(in.text); width < 0 || w < width {
				width = w
			}
		}
	}
	list := partList{}
	for _, p := range parts {
		switch p := p.(type) {
		case *lineIndent:
			list.text = append(list.text, cutIndent(p.text, width, p.blank)...)
		case *strPart:
			list.text = append(list.text, p.text...)
		default:
			list.flush(p.at().start)
			list.parts = append(list.parts, p)
		}
	}
	list.flush(0)
	return list.parts
}

func indentWidth(s string) int {
	w := 0
	for i := 0; i < len(s); i++ {
		w = indentStep(w, s[i])
	}
	return w
}

func indentStep(w int, c byte) int {
	if c == '\t' {
		return w/8*8 + 8
	}
	return w + 1
}

func cutIndent(s string, width int, blank bool) string {
	if width < 0 {
		if blank {
			return ""
		}
		return s
	}
	w := 0
	for i := 0; i < len(s); i++ {
		if w = indentStep(w, s[i]); w > width {
			return s[i:]
		}
	}
	return ""
}
