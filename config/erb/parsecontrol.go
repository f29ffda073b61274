package erb

// condition parses the condition of if, while and so on, where a do block
// belongs to the loop.
func (p *parser) condition() node {
	saved := p.noDo
	p.noDo = true
	p.stmtStart = -1
	n := p.expressionStatement()
	p.noDo = saved
	return n
}

// then steps over "then" or a line end.
func (p *parser) then() {
	if p.tok.kind != tNewline && !p.isKeyword("then") {
		p.unexpected("`then' or ';' or a line end")
	}
	p.skipTerms()
	p.acceptKeyword("then")
}

// body parses statements inside a keyword construct, where do blocks bind as
// usual again.
func (p *parser) body() (n node) {
	p.bracketed(func() { n = p.statements() })
	return n
}

func (p *parser) ifExpression(unless bool) node {
	start := p.tok.start
	p.advance()
	defer p.enter()()
	p.skipNewlines()
	cond := p.plainCondition()
	p.then()
	then := p.body()
	alt := p.elseBranch(!unless)
	p.expectKeyword("end")
	if unless {
		return &ifNode{p.from(start), cond, alt, then}
	}
	return &ifNode{p.from(start), cond, then, alt}
}

// plainCondition parses a condition which may use do blocks of its own.
func (p *parser) plainCondition() node {
	saved := p.noDo
	p.noDo = false
	p.stmtStart = -1
	n := p.expressionStatement()
	p.noDo = saved
	return n
}

// elseBranch parses elsif and else; it leaves the end.
func (p *parser) elseBranch(elsif bool) node {
	start := p.tok.start
	if elsif && p.acceptKeyword("elsif") {
		defer p.enter()()
		p.skipNewlines()
		cond := p.plainCondition()
		p.then()
		then := p.body()
		return &ifNode{p.from(start), cond, then, p.elseBranch(true)}
	}
	if p.acceptKeyword("else") {
		return p.body()
	}
	return nil
}

func (p *parser) whileExpression(negate bool) node {
	start := p.tok.start
	p.advance()
	cond := p.condition()
	ctx := p.pushCtx(&jumpScope{loop: true, numbered: -1})
	p.loopDo()
	body := p.body()
	p.expectKeyword("end")
	p.popCtx()
	return &whileNode{span: p.from(start), cond: cond, body: body, negate: negate, hasJump: ctx.hasBreak || ctx.hasNext}
}

func (p *parser) loopDo() {
	if p.tok.kind != tNewline && !p.isKeyword("do") {
		p.unexpected("`do' or ';' or a line end")
	}
	p.skipTerms()
	p.acceptKeyword("do")
}

func (p *parser) forExpression() node {
	start := p.tok.start
	p.advance()
	m := &mlhsNode{splat: -1}
	p.mlhsItems(m)
	m.span = p.from(start)
	var target node = m
	if len(m.targets) == 1 && m.splat < 0 {
		target = m.targets[0]
	}
	if len(m.targets) == 0 {
		p.unexpected("variable")
	}
	target = p.declareTarget(target)
	p.expectKeyword("in")
	iter := p.condition()
	ctx := p.pushCtx(&jumpScope{loop: true, numbered: -1})
	p.loopDo()
	body := p.body()
	p.expectKeyword("end")
	p.popCtx()
	return &forNode{p.from(start), target, iter, body, ctx.hasBreak || ctx.hasNext}
}

func (p *parser) caseExpression() node {
	start := p.tok.start
	p.advance()
	n := &caseNode{}
	if p.tok.kind != tNewline && !p.isKeyword("when") {
		n.subject = p.plainCondition()
	}
	p.skipTerms()
	if p.isKeyword("in") {
		p.outside(p.tok.start, "case … in (pattern matching)")
	}
	if !p.isKeyword("when") {
		p.unexpected("`when'")
	}
	for p.acceptKeyword("when") {
		w := whenNode{}
		for {
			es := p.tok.start
			if p.isOp("u*") || p.isOp("*") {
				p.advance()
				w.conds = append(w.conds, &splatNode{p.from(es), p.expression()})
			} else {
				w.conds = append(w.conds, p.expression())
			}
			if !p.acceptOp(",") {
				break
			}
			p.skipNewlines()
		}
		p.then()
		w.body = p.body()
		n.whens = append(n.whens, w)
	}
	if p.acceptKeyword("else") {
		n.alt = p.body()
	}
	p.expectKeyword("end")
	n.span = p.from(start)
	return n
}

func (p *parser) beginExpression() node {
	start := p.tok.start
	p.advance()
	var n node
	p.bracketed(func() { n = p.bodyWithRescue(start) })
	p.expectKeyword("end")
	b, ok := n.(*beginNode)
	if !ok {
		b = &beginNode{body: n}
	}
	b.span = p.from(start)
	return b
}

// bodyWithRescue parses statements with their rescue, else and ensure clauses.
func (p *parser) bodyWithRescue(start int) node {
	body := p.statements()
	if !p.isKeyword("rescue") && !p.isKeyword("else") && !p.isKeyword("ensure") {
		return body
	}
	b := &beginNode{body: body}
	for p.isKeyword("rescue") {
		b.rescues = append(b.rescues, p.rescueClause())
	}
	if p.acceptKeyword("else") {
		b.alt = p.statements()
	}
	if p.acceptKeyword("ensure") {
		b.ensure = p.statements()
	}
	b.span = p.from(start)
	return b
}

func (p *parser) rescueClause() rescueNode {
	p.advance()
	r := rescueNode{}
	for p.tok.kind != tNewline && !p.isKeyword("then") && !p.isOp("=>") {
		es := p.tok.start
		if p.isOp("u*") {
			p.advance()
			r.classes = append(r.classes, &splatNode{p.from(es), p.expression()})
		} else {
			r.classes = append(r.classes, p.expression())
		}
		if !p.acceptOp(",") {
			break
		}
		p.skipNewlines()
	}
	if p.acceptOp("=>") {
		start := p.tok.start
		target := p.postfix()
		if !assignable(target) {
			p.fail(start, "unexpected target of a rescue")
		}
		r.target = p.declareTarget(target)
	}
	p.then()
	r.body = p.statements()
	return r
}

// definition parses def.
func (p *parser) definition() node {
	start := p.tok.start
	p.advance()
	d := &defNode{}
	d.singleton, d.name = p.definitionName()
	p.pushVars(false)
	ctx := p.pushCtx(&jumpScope{def: true, numbered: -1})
	p.bracketed(func() {
		d.params = &params{}
		if p.acceptOp("(") {
			p.skipNewlines()
			d.params = p.paramList(")")
			p.skipNewlines()
			p.expectOp(")")
		} else if p.tok.kind != tNewline && !p.isOp("=") {
			d.params = p.paramList("")
		}
		if p.acceptOp("=") {
			p.skipNewlines()
			d.body = p.statement()
			return
		}
		d.body = p.bodyWithRescue(start)
		p.expectKeyword("end")
	})
	d.hasReturn = ctx.hasReturn
	p.popCtx()
	p.popVars()
	d.span = p.from(start)
	return d
}

// definitionName parses "name", "self.name" or "Const.name". The lexer reads
// the name in its own state, where keywords and operators are names.
func (p *parser) definitionName() (node, string) {
	t := p.tok
	if t.kind != tIdent && t.kind != tConst {
		p.unexpected("method name")
	}
	if p.byteAt(p.pos) == '.' {
		sp := span{t.start, t.end}
		p.advance()
		p.state = stFname
		p.advance()
		name := p.tok.text
		if p.tok.kind != tIdent {
			p.unexpected("method name")
		}
		p.advance()
		switch {
		case t.text == "self":
			return &selfNode{sp}, name
		case isUpperByte(t.text[0]):
			return &constNode{span: sp, name: t.text}, name
		case p.isLocal(t.text):
			return &lvarNode{sp, t.text}, name
		}
		return &callNode{span: sp, name: t.text, vcall: true}, name
	}
	p.advance()
	return nil, t.text
}

func (p *parser) classDefinition() node {
	start := p.tok.start
	module := p.tok.text == "module"
	p.advance()
	if p.acceptOp("<<") {
		obj := p.expression()
		body := p.classBody(start)
		return &sclassNode{p.from(start), obj, body}
	}
	path, ok := p.postfix().(*constNode)
	if !ok {
		p.fail(start, "class/module name must be CONSTANT")
	}
	n := &classNode{path: path, module: module}
	if !module && p.acceptOp("<") {
		n.super = p.expression()
	}
	n.body = p.classBody(start)
	n.span = p.from(start)
	return n
}

func (p *parser) classBody(start int) node {
	p.pushVars(false)
	p.pushCtx(&jumpScope{def: true, numbered: -1})
	var n node
	p.bracketed(func() {
		p.skipTerms()
		n = p.bodyWithRescue(start)
		p.expectKeyword("end")
	})
	p.popCtx()
	p.popVars()
	return n
}
