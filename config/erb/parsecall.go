package erb

// postfix parses a primary expression with all that may follow it: method
// calls, indexes and blocks.
func (p *parser) postfix() node {
	defer p.enter()()
	start := p.tok.start
	return p.postfixOf(start, p.primary())
}

func (p *parser) postfixOf(start int, n node) node {
	for p.tok.kind == tOp {
		switch p.tok.text {
		case ".", "&.":
			n = p.methodCall(start, n)
		case "::":
			n = p.scoped(start, n)
		case "i[":
			n = p.index(start, n)
		default:
			return n
		}
	}
	return n
}

// methodCall parses ".name args block" behind a receiver.
func (p *parser) methodCall(start int, recv node) node {
	c := &callNode{recv: recv, safe: p.tok.text == "&."}
	p.advance()
	if p.isOp("(") {
		c.name = "call" // recv.()
	} else {
		c.name = p.methodNameToken()
	}
	p.callRest(c)
	c.span = p.from(start)
	return c
}

func (p *parser) methodNameToken() string {
	if p.tok.kind != tIdent && p.tok.kind != tConst && p.tok.kind != tKeyword {
		p.unexpected("method name")
	}
	name := p.tok.text
	p.advance()
	return name
}

// scoped parses "::Const" or "::method" behind a receiver.
func (p *parser) scoped(start int, recv node) node {
	p.advance()
	if p.tok.kind == tConst {
		name := p.tok.text
		p.advance()
		if !p.isOp("(") || p.tok.space {
			return &constNode{span: p.from(start), scope: recv, name: name}
		}
		c := &callNode{recv: recv, name: name}
		p.callRest(c)
		c.span = p.from(start)
		return c
	}
	c := &callNode{recv: recv, name: p.methodNameToken()}
	p.callRest(c)
	c.span = p.from(start)
	return c
}

func (p *parser) index(start int, recv node) node {
	p.advance()
	c := &callNode{recv: recv, name: "[]"}
	p.bracketed(func() {
		p.skipNewlines()
		p.callArgs(c, "]")
	})
	p.expectOp("]")
	c.span = p.from(start)
	return c
}

// callRest parses the arguments and the block of a call whose name was read.
func (p *parser) callRest(c *callNode) {
	switch {
	case p.isOp("(") && !p.tok.space:
		p.parenArgs(c)
	case p.startsCommandArg():
		p.commandArgs(c)
		p.doBlock(c)
		return
	}
	p.blocks(c)
}

// blocks parses the block that follows a call.
func (p *parser) blocks(c *callNode) {
	if p.isOp("{") {
		if c.blockArg != nil {
			p.fail(p.tok.start, "both block arg and actual block given")
		}
		c.block = p.braceBlock()
		c.vcall = false
		return
	}
	p.doBlock(c)
}

func (p *parser) doBlock(c *callNode) {
	if !p.noDo && p.isKeyword("do") {
		if c.blockArg != nil || c.block != nil {
			p.fail(p.tok.start, "both block arg and actual block given")
		}
		c.block = p.doEndBlock()
		c.vcall = false
	}
}

func (p *parser) parenArgs(c *callNode) {
	p.expectOp("(")
	p.bracketed(func() {
		p.skipNewlines()
		p.callArgs(c, ")")
	})
	p.expectOp(")")
}

// startsCommandArg tells whether the current token begins the first argument of
// a call without parentheses.
func (p *parser) startsCommandArg() bool {
	t := p.tok
	if !t.space {
		// "puts'x'" and "_erbout.<<'x'" are calls as well.
		return t.kind == tLiteral && t.text == "string"
	}
	switch t.kind {
	case tLiteral, tIdent, tConst, tIvar, tGvar, tCvar, tNth, tLabel, tStrLabel:
		return true
	case tKeyword:
		switch t.text {
		case "nil", "true", "false", "self", "not", "defined?", "__FILE__", "__LINE__", "case", "begin", "def", "yield", "super":
			return true
		}
	case tOp:
		switch t.text {
		case "u-", "u+", "u*", "u**", "u&", "u::", "[", "->", "!", "~":
			return true
		case "(":
			return true
		case "..", "...":
			return false
		}
	}
	return false
}

// commandArgs parses arguments without parentheses.
func (p *parser) commandArgs(c *callNode) {
	saved := p.noDo
	p.noDo = true
	p.callArgs(c, "")
	p.noDo = saved
}

// callArgs parses arguments up to the closer, or, without one, as many as there
// are.
func (p *parser) callArgs(c *callNode, closer string) {
	var pairs []pairNode
	pairStart := 0
	for closer == "" || !p.isOp(closer) {
		start := p.tok.start
		switch {
		case p.isOp("u*") || p.isOp("*") && closer != "":
			p.advance()
			if p.isOp(",") || p.isOp(")") {
				c.args = append(c.args, &splatNode{p.from(start), &lvarNode{p.from(start), "*"}})
				break
			}
			c.args = append(c.args, &splatNode{p.from(start), p.expression()})
		case p.isOp("u&") || p.isOp("&") && closer != "":
			p.advance()
			if p.isOp(")") {
				c.blockArg = &lvarNode{p.from(start), "&"}
				break
			}
			c.blockArg = p.expression()
		default:
			key, val, isPair := p.argOrPair(closer)
			if !isPair {
				if pairs != nil {
					p.fail(start, "unexpected argument behind keyword arguments")
				}
				c.args = append(c.args, val)
				break
			}
			if pairs == nil {
				pairStart = start
			}
			pairs = append(pairs, pairNode{key, val})
		}
		if closer != "" {
			p.skipNewlines()
		}
		if !p.isOp(",") {
			break
		}
		p.advance()
		p.skipNewlines()
	}
	if pairs != nil {
		c.args = append(c.args, &hashNode{span: p.from(pairStart), pairs: pairs, bare: true})
	}
}

// argOrPair parses one argument: "x", "k: x", "k => x" or "**x".
func (p *parser) argOrPair(closer string) (key, val node, pair bool) {
	switch {
	case p.isOp("u**") || p.isOp("**"):
		p.advance()
		return nil, p.expression(), true
	case p.tok.kind == tLabel || p.tok.kind == tStrLabel:
		key, val = p.labelled()
		return key, val, true
	}
	val = p.argument(closer)
	if p.isOp("=>") {
		p.advance()
		p.skipNewlines()
		return val, p.expression(), true
	}
	return nil, val, false
}

// argument parses one positional argument; in parentheses it may be a "not".
func (p *parser) argument(closer string) node {
	if p.isKeyword("not") && closer == ")" {
		return p.notExpression()
	}
	return p.expression()
}

// labelled parses "k: v", "'k': v" and the short "k:".
func (p *parser) labelled() (key, val node) {
	t := p.tok
	sp := span{t.start, t.end}
	p.advance()
	if t.kind == tStrLabel {
		key = symbolNode(sp, t.node.(*strNode).parts)
	} else {
		key = &symNode{sp, t.text}
		if p.tok.kind == tOp && (p.tok.text == "," || p.tok.text == "}" || p.tok.text == ")" || p.tok.text == "]") {
			return key, p.identifier(t)
		}
	}
	p.skipNewlines()
	return key, p.expression()
}

// identifier is the node of a bare word.
func (p *parser) identifier(t token) node {
	sp := span{t.start, t.end}
	if p.isLocal(t.text) {
		return &lvarNode{sp, t.text}
	}
	return &callNode{span: sp, name: t.text, vcall: true}
}

func (p *parser) braceBlock() *blockNode {
	start := p.tok.start
	p.expectOp("{")
	var b *blockNode
	p.bracketed(func() {
		b = p.blockBody(start, func() node { return p.statements() })
	})
	if !p.isOp("}") {
		p.unexpected("'}'")
	}
	p.advance()
	b.span = p.from(start)
	return b
}

func (p *parser) doEndBlock() *blockNode {
	start := p.tok.start
	p.expectKeyword("do")
	var b *blockNode
	p.bracketed(func() {
		b = p.blockBody(start, func() node { return p.bodyWithRescue(start) })
	})
	p.expectKeyword("end")
	b.span = p.from(start)
	return b
}

// blockBody parses |params| and the body of a block.
func (p *parser) blockBody(start int, body func() node) *blockNode {
	p.pushVars(true)
	ctx := p.pushCtx(&jumpScope{})
	b := &blockNode{span: span{start, start}}
	p.skipNewlines()
	switch {
	case p.isOp("|"):
		b.params = p.blockParams()
		ctx.numbered = -1
	case p.isOp("||"):
		p.advance()
		b.params = &params{}
		ctx.numbered = -1
	}
	b.body = body()
	p.finishBlock(b, ctx)
	return b
}

func (p *parser) finishBlock(b *blockNode, ctx *jumpScope) {
	p.popCtx()
	p.popVars()
	b.hasBreak, b.hasNext, b.hasReturn = ctx.hasBreak, ctx.hasNext, ctx.hasReturn
	if b.params == nil {
		b.params = &params{parenless: true}
		if ctx.numbered > 0 {
			b.numbered = ctx.numbered
			for i := 1; i <= ctx.numbered; i++ {
				b.params.req = append(b.params.req, &lvarNode{b.span, "_" + string(rune('0'+i))})
			}
		}
	}
}

func (p *parser) blockParams() *params {
	p.advance() // |
	p.skipNewlines()
	ps := p.paramList("|")
	if p.tok.kind == tNewline && p.tok.text == ";" {
		p.advance()
		for p.tok.kind == tIdent {
			ps.locals = append(ps.locals, p.tok.text)
			p.vars.names[p.tok.text] = true
			p.advance()
			if !p.acceptOp(",") {
				break
			}
		}
	}
	p.skipNewlines()
	if !p.isOp("|") {
		p.unexpected("'|'")
	}
	p.state = stBeg
	p.advance()
	return ps
}

// paramList parses parameters up to the closer, which it leaves.
func (p *parser) paramList(closer string) *params {
	ps := &params{}
	for !p.isOp(closer) && p.tok.kind != tNewline {
		p.param(ps, closer)
		if closer == ")" {
			p.skipNewlines()
		}
		if !p.isOp(",") {
			break
		}
		p.advance()
		p.skipNewlines()
		if p.isOp(closer) {
			if closer != "|" {
				p.unexpected("parameter")
			}
			ps.trailing = true
		}
	}
	return ps
}

func (p *parser) param(ps *params, closer string) {
	start := p.tok.start
	name := func(fallback string) string {
		if p.tok.kind != tIdent {
			if fallback == "" {
				p.unexpected("parameter")
			}
			p.vars.names[fallback] = true
			return fallback
		}
		n := p.tok.text
		p.vars.names[n] = true
		p.advance()
		return n
	}
	required := func(n node) {
		if ps.rest != "" || len(ps.opt) > 0 {
			ps.post = append(ps.post, n)
		} else {
			ps.req = append(ps.req, n)
		}
	}
	switch {
	case p.isOp("u*") || p.isOp("*"):
		p.advance()
		ps.rest = name("*")
	case p.isOp("u**") || p.isOp("**"):
		p.advance()
		if p.acceptKeyword("nil") {
			return
		}
		ps.kwrest = name("**")
	case p.isOp("u&") || p.isOp("&"):
		p.advance()
		ps.block = name("&")
	case p.isOp("..."):
		p.outside(start, "argument forwarding (...)")
	case p.isOp("("):
		p.advance()
		m := &mlhsNode{splat: -1}
		p.mlhsItems(m)
		p.expectOp(")")
		m.span = p.from(start)
		for i, t := range m.targets {
			m.targets[i] = p.declareParam(t)
		}
		required(m)
	case p.tok.kind == tLabel:
		kw := kwParam{name: p.tok.text}
		p.vars.names[kw.name] = true
		p.advance()
		if !p.isOp(",") && !p.isOp(closer) && p.tok.kind != tNewline {
			kw.def = p.paramDefault(closer)
		}
		ps.kw = append(ps.kw, kw)
	case p.tok.kind == tIdent:
		n := name("")
		if p.isOp("=") {
			p.advance()
			ps.opt = append(ps.opt, optParam{n, p.paramDefault(closer)})
			return
		}
		required(&lvarNode{p.from(start), n})
	default:
		p.unexpected("parameter")
	}
}

// paramDefault parses a default value; inside |…| a bare | ends it.
func (p *parser) paramDefault(closer string) node {
	if closer == "|" {
		return p.binary(binaryLevel("|") + 1)
	}
	return p.expression()
}

// declareParam turns the targets of a destructuring parameter into variables of
// the block.
func (p *parser) declareParam(n node) node {
	switch n := n.(type) {
	case *callNode:
		if n.vcall {
			p.vars.names[n.name] = true
			return &lvarNode{n.span, n.name}
		}
		p.fail(n.start, "unexpected expression among parameters")
	case *lvarNode:
		if n.name != "" {
			p.vars.names[n.name] = true
		}
	case *mlhsNode:
		for i, t := range n.targets {
			n.targets[i] = p.declareParam(t)
		}
	}
	return n
}

// lambda parses ->(params) { body }.
func (p *parser) lambda() node {
	start := p.tok.start
	p.advance()
	p.pushVars(true)
	ctx := p.pushCtx(&jumpScope{})
	b := &blockNode{}
	switch {
	case p.isOp("("):
		p.advance()
		p.skipNewlines()
		b.params = p.paramList(")")
		if p.tok.kind == tNewline && p.tok.text == ";" {
			p.outside(p.tok.start, "block-local variables of a lambda")
		}
		p.expectOp(")")
		ctx.numbered = -1
	case p.tok.kind == tIdent || p.isOp("u*") || p.isOp("*") || p.isOp("u&") || p.tok.kind == tLabel:
		b.params = p.paramList("{")
		ctx.numbered = -1
	}
	p.bracketed(func() {
		switch {
		case p.isOp("{"):
			p.advance()
			b.body = p.statements()
			if !p.isOp("}") {
				p.unexpected("'}'")
			}
			p.advance()
		case p.isKeyword("do"):
			p.advance()
			b.body = p.bodyWithRescue(start)
			p.expectKeyword("end")
		default:
			p.unexpected("'{'")
		}
	})
	p.finishBlock(b, ctx)
	b.span = p.from(start)
	return &lambdaNode{b.span, b}
}
