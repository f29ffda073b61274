package erb

import (
	"errors"

	"github.com/galley-kitchen/galley/internal/onigmo"
)

// primary parses a literal, variable, call on self, bracketed expression or
// keyword construct.
func (p *parser) primary() node {
	t := p.tok
	sp := span{t.start, t.end}
	switch t.kind {
	case tLiteral:
		p.advance()
		return p.literal(t)
	case tIvar, tCvar, tGvar, tNth:
		p.advance()
		return variableNode(t, sp)
	case tIdent:
		return p.identifierCall()
	case tConst:
		return p.constantOrCall()
	case tKeyword:
		return p.keyword()
	case tOp:
		switch t.text {
		case "(":
			return p.parenthesized()
		case "[", "i[":
			return p.arrayLiteral()
		case "{":
			return p.hashLiteral()
		case "->":
			return p.lambda()
		case "u::":
			p.advance()
			if p.tok.kind != tConst {
				p.unexpected("constant")
			}
			name := p.tok.text
			p.advance()
			return &constNode{span: p.from(t.start), top: true, name: name}
		case "..", "...":
			return p.rangeExpression()
		}
	}
	p.unexpected("")
	return nil
}

// literal joins adjacent string literals.
func (p *parser) literal(t token) node {
	s, ok := t.node.(*strNode)
	if !ok {
		if re, ok := t.node.(*regexNode); ok {
			p.checkRegexp(re)
		}
		return t.node
	}
	for p.tok.kind == tLiteral && p.tok.text == "string" {
		next, ok := p.tok.node.(*strNode)
		if !ok {
			break
		}
		joined := append(append([]node{}, s.parts...), next.parts...)
		s = &strNode{span{s.start, next.end}, joined}
		p.advance()
	}
	return s
}

// checkRegexp compiles a regexp without interpolation, so that a bad one is a
// syntax error as in Ruby.
func (p *parser) checkRegexp(re *regexNode) {
	text, ok := literalText(re.parts)
	if !ok {
		return
	}
	lit, err := newRegex(text, parseRegexFlags(re.flags))
	if err != nil {
		var unsupported *onigmo.UnsupportedError
		panic(&syntaxError{pos: re.start, msg: err.Error(), construct: "/" + text + "/", unsupported: errors.As(err, &unsupported)})
	}
	re.lit = lit
}

// identifierCall parses a bare word: a variable, or a call on self.
func (p *parser) identifierCall() node {
	t := p.tok
	p.advance()
	sp := span{t.start, t.end}
	if p.isLocal(t.text) && !(p.isOp("(") && !p.tok.space) {
		return &lvarNode{sp, t.text}
	}
	if n, ok := p.numberedParam(t); ok {
		return n
	}
	c := &callNode{span: sp, name: t.text}
	p.callRest(c)
	if c.args == nil && c.block == nil && c.blockArg == nil && p.prevEnd == t.end {
		c.vcall = isPlainName(c.name)
	}
	c.span = p.from(t.start)
	return c
}

// numberedParam recognises _1 to _9 in a block without parameters.
func (p *parser) numberedParam(t token) (node, bool) {
	if len(t.text) != 2 || t.text[0] != '_' || t.text[1] < '1' || t.text[1] > '9' {
		return nil, false
	}
	if p.ctx == nil || p.ctx.def || p.ctx.loop || p.ctx.numbered < 0 {
		return nil, false
	}
	p.ctx.numbered = max(p.ctx.numbered, int(t.text[1]-'0'))
	return &lvarNode{span{t.start, t.end}, t.text}, true
}

// constantOrCall parses Foo, Foo(…), Foo "…".
func (p *parser) constantOrCall() node {
	t := p.tok
	p.advance()
	call := p.isOp("(") && !p.tok.space
	if !call && p.tok.space && p.tok.kind == tLiteral && p.tok.text == "string" {
		call = true
	}
	if !call {
		return &constNode{span: span{t.start, t.end}, name: t.text}
	}
	c := &callNode{name: t.text}
	p.callRest(c)
	c.span = p.from(t.start)
	return c
}

// parenthesized parses (statements), or the (a, b) of a multiple assignment.
func (p *parser) parenthesized() node {
	start := p.tok.start
	p.expectOp("(")
	var n node
	p.bracketed(func() {
		n = p.parenStatements(start)
	})
	p.expectOp(")")
	if m, ok := n.(*mlhsNode); ok {
		if !p.isOp("=") && !p.isOp(",") {
			p.unexpected("'='")
		}
		m.span = p.from(start)
		return m
	}
	// A list of its own, so that "(a) = 1" is no assignment and "(x).y" works.
	return &seqNode{p.from(start), []node{n}}
}

func (p *parser) parenStatements(start int) node {
	p.skipTerms()
	if p.isOp("u*") || p.commaFollowsWord() {
		m := &mlhsNode{splat: -1}
		p.mlhsItems(m)
		if !p.isOp("=") {
			return m
		}
		return p.multipleAssignment(m, start)
	}
	return p.statements()
}

// commaFollowsWord tells "(a, b)" as a target from statements: no statement
// that is a word is followed by a comma.
func (p *parser) commaFollowsWord() bool {
	if p.tok.kind != tIdent && p.tok.kind != tIvar && p.tok.kind != tGvar {
		return false
	}
	i := p.tok.end
	for p.byteAt(i) == ' ' || p.byteAt(i) == '\t' {
		i++
	}
	return p.byteAt(i) == ','
}

func (p *parser) arrayLiteral() node {
	start := p.tok.start
	p.advance()
	c := &callNode{}
	p.bracketed(func() {
		p.skipNewlines()
		p.callArgs(c, "]")
	})
	p.expectOp("]")
	if c.blockArg != nil {
		p.fail(start, "block argument should not be given in an array")
	}
	for _, a := range c.args {
		if h, ok := a.(*hashNode); ok {
			h.bare = false
		}
	}
	return &arrayNode{p.from(start), c.args}
}

func (p *parser) hashLiteral() node {
	start := p.tok.start
	p.advance()
	h := &hashNode{}
	p.bracketed(func() {
		p.skipNewlines()
		for !p.isOp("}") {
			key, val, pair := p.argOrPair("}")
			if !pair {
				p.unexpected("=>")
			}
			h.pairs = append(h.pairs, pairNode{key, val})
			p.skipNewlines()
			if !p.acceptOp(",") {
				break
			}
			p.skipNewlines()
		}
	})
	p.expectOp("}")
	h.span = p.from(start)
	return h
}

// keyword parses the constructs that start with a reserved word.
func (p *parser) keyword() node {
	t := p.tok
	sp := span{t.start, t.end}
	switch t.text {
	case "nil":
		p.advance()
		return &nilNode{sp}
	case "true":
		p.advance()
		return &trueNode{sp}
	case "false":
		p.advance()
		return &falseNode{sp}
	case "self":
		p.advance()
		return &selfNode{sp}
	case "__LINE__":
		p.advance()
		return &lineNode{sp}
	case "__FILE__":
		p.advance()
		return &fileNode{sp}
	case "__ENCODING__":
		p.advance()
		return &constNode{span: sp, scope: &constNode{span: sp, name: "Encoding"}, name: "UTF_8"}
	case "if", "unless":
		return p.ifExpression(t.text == "unless")
	case "while", "until":
		return p.whileExpression(t.text == "until")
	case "case":
		return p.caseExpression()
	case "for":
		return p.forExpression()
	case "begin":
		return p.beginExpression()
	case "def":
		return p.definition()
	case "class", "module":
		return p.classDefinition()
	case "return", "break", "next":
		return p.jump(t.text)
	case "retry":
		p.advance()
		return &retryNode{sp}
	case "yield":
		return p.yieldExpression()
	case "super":
		return p.superExpression()
	case "alias":
		return p.aliasStatement()
	case "not":
		return p.notCall()
	case "defined?":
		return p.definedExpression(t.start)
	case "redo", "undef", "BEGIN", "END":
		p.outside(t.start, t.text)
	}
	p.unexpected("")
	return nil
}

// notCall parses not(…), which is allowed as an argument.
func (p *parser) notCall() node {
	start := p.tok.start
	p.advance()
	if !p.isOp("(") {
		p.unexpected("'('")
	}
	n := p.parenthesized()
	return &notNode{p.from(start), n}
}

func (p *parser) yieldExpression() node {
	start := p.tok.start
	if !p.inMethod() && !p.inDefined {
		p.fail(start, "Invalid yield: it is in no method")
	}
	p.advance()
	c := &callNode{}
	if p.isOp("(") && !p.tok.space {
		p.parenArgs(c)
	} else if p.startsCommandArg() {
		p.commandArgs(c)
	}
	if c.blockArg != nil {
		p.fail(start, "block argument should not be given to yield")
	}
	return &yieldNode{p.from(start), c.args}
}

func (p *parser) superExpression() node {
	start := p.tok.start
	p.advance()
	c := &callNode{}
	bare := !(p.isOp("(") && !p.tok.space) && !p.startsCommandArg()
	p.callRest(c)
	return &superNode{p.from(start), c.args, bare, c.block, c.blockArg}
}

func (p *parser) aliasStatement() node {
	start := p.tok.start
	name := func() string {
		switch {
		case p.tok.kind == tIdent || p.tok.kind == tConst || p.tok.kind == tKeyword:
			return p.tok.text
		case p.tok.kind == tLiteral:
			if s, ok := p.tok.node.(*symNode); ok {
				return s.name
			}
		case p.tok.kind == tGvar || p.tok.kind == tNth:
			p.outside(start, "alias of global variables")
		}
		p.unexpected("method name")
		return ""
	}
	p.advance()
	to := name()
	p.state = stFname
	p.advance()
	from := name()
	p.advance()
	return &aliasNode{p.from(start), to, from}
}

// jump parses return, break and next.
func (p *parser) jump(word string) node {
	start := p.tok.start
	p.advance()
	var val node
	if p.startsOperand() || p.isOp("u*") {
		saved := p.noDo
		val = p.rightList(p.tok.start, false)
		p.noDo = saved
	}
	sp := p.from(start)
	switch word {
	case "return":
		for c := p.ctx; c != nil; c = c.outer {
			c.hasReturn = true
			if c.def {
				break
			}
		}
		return &returnNode{sp, val}
	case "break":
		p.ctx.hasBreak = true
		return &breakNode{sp, val}
	}
	p.ctx.hasNext = true
	return &nextNode{sp, val}
}
