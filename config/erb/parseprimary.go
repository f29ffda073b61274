package erb

import "strings"

// primary reads an operand without what follows it.
func (p *parser) primary() *node {
	t := p.tok
	n := p.new(opNil, nil)
	switch t.kind {
	case tLiteral, tText:
		p.advance()
		n = t.node
		for t.str && p.tok.kind == tLiteral && p.tok.str {
			n = &node{op: opDStr, list: []*node{n, p.tok.node}, at: n.at}
			p.advance()
		}
	case tIdent:
		return p.identifier()
	case tConst:
		p.advance()
		n.op, n.s = opConst, t.s
		if p.isOp("(") && !p.tok.space {
			n.op = opCall
			p.callArguments(n)
		}
	case tIvar, tGvar:
		p.advance()
		n.s, n.op = t.s, opIvar
		if t.kind == tGvar {
			n.op = opGvar
		}
	case tKeyword:
		return p.keyword(n)
	case tOp:
		return p.bracketed(n)
	default:
		p.unexpected("")
	}
	return p.done(n)
}

// bracketed reads what starts with punctuation.
func (p *parser) bracketed(n *node) *node {
	switch p.tok.s {
	case "(":
		p.nest(func() {
			p.advance()
			n = p.statements(")")
		})
		p.expect(")")
		if len(n.list) == 1 && n.list[0].op != opBegin {
			return n.list[0]
		}
	case "[":
		n.op = opArray
		p.nest(func() {
			p.advance()
			n.list = p.arguments("]")
		})
		p.expect("]")
	case "{":
		n.op = opHash
		p.nest(func() {
			p.advance()
			p.pairs(n, "}")
		})
		p.expect("}")
	case "->":
		return p.lambda(n)
	default:
		p.unexpected("")
	}
	return p.done(n)
}

func (p *parser) skipNewlinesBefore(end string) {
	if end != "" {
		p.skipNewlines()
	}
}

// arguments reads arguments up to end; without an end, those of a call without
// parentheses. Pairs are gathered in one hash at the end.
func (p *parser) arguments(end string) []*node {
	var list []*node
	for p.skipNewlinesBefore(end); end == "" || !p.isOp(end); p.skipNewlinesBefore(end) {
		n := p.new(opNil, nil)
		switch {
		case p.tok.kind == tLabel || p.isOp("**"):
			n.op, n.flag = opHash, true
			list = append(list, n)
			if !p.pairs(n, end) {
				return list
			}
			continue
		case p.isOp("*") && p.tok.operand:
			p.advance()
			n.op, n.a = opSplat, p.conditional()
		case p.isOp("&") && p.tok.operand:
			p.advance()
			n.op, n.a = opBlockPass, p.conditional()
		default:
			if n = p.assignment(false); !p.isOp("=>") {
				break
			}
			h := &node{op: opHash, at: n.at, flag: true}
			p.advance()
			h.list = []*node{n, p.assignment(false)}
			if list = append(list, p.done(h)); !p.accept(",") || !p.pairs(h, end) {
				return list
			}
			continue
		}
		list = append(list, p.done(n))
		p.skipNewlinesBefore(end)
		if !p.accept(",") {
			break
		}
	}
	return list
}

// pairs reads entries of a hash, until a block argument follows. It reports
// whether more arguments follow.
func (p *parser) pairs(h *node, end string) (more bool) {
	for p.skipNewlinesBefore(end); !p.isOp(end) && !(p.isOp("&") && p.tok.operand); p.skipNewlinesBefore(end) {
		var key *node // nil for **hash
		if p.tok.kind == tLabel {
			key = p.tok.node
			p.advance()
		} else if !p.accept("**") {
			key = p.assignment(false)
			p.expect("=>")
		}
		h.list = append(h.list, key, p.assignment(false))
		p.skipNewlinesBefore(end)
		if more = p.accept(","); !more {
			break
		}
	}
	p.done(h)
	return more
}

// identifier reads a local variable or a call without a receiver.
func (p *parser) identifier() *node {
	n := p.new(opCall, nil)
	n.s = p.tok.s
	adjacent := func() bool { return p.isOp("(") && !p.tok.space }
	p.advance()
	switch {
	case p.isLocal(n.s) && !adjacent():
		n.op = opLvar
		return p.done(n)
	case n.s == "_1" || n.s == "_2":
		p.outside(n.at, "a numbered parameter")
	case adjacent():
		p.callArguments(n)
	case p.startsArgument():
		p.command(n)
	}
	return p.done(n)
}

// startsArgument reports whether the token is the first argument of a call
// without parentheses.
func (p *parser) startsArgument() bool {
	if !p.tok.space {
		return p.tok.kind == tLiteral && p.tok.str
	}
	switch p.tok.kind {
	case tLiteral, tIdent, tConst, tIvar, tGvar, tLabel:
		return true
	case tKeyword:
		return isIn(" nil true false self not defined? case __FILE__ __LINE__ __dir__ yield ", p.tok.s)
	case tOp:
		return p.tok.s == "->" || p.tok.s == "!" && p.tok.operand || p.tok.operand && isIn(" - * & ** [ :: ( ~ ", p.tok.s) ||
			p.tok.s == "("
	}
	return false
}

// command reads the arguments of a call without parentheses.
func (p *parser) command(n *node) {
	noDo := p.noDo
	p.noDo = true
	p.setArguments(n, p.arguments(""))
	p.noDo = noDo
}

func (p *parser) callArguments(n *node) {
	p.nest(func() {
		p.advance()
		p.setArguments(n, p.arguments(")"))
	})
	p.expect(")")
}

func (p *parser) setArguments(n *node, list []*node) {
	if l := len(list); l > 0 && list[l-1].op == opBlockPass {
		n.blk, list = list[l-1], list[:l-1]
	}
	n.list = list
}

// postfix reads calls, indexes and blocks behind an operand.
func (p *parser) postfix(n *node) *node {
	for {
		switch {
		case p.isOp(".") || p.isOp("&."):
			n = p.dotCall(n)
		case p.isOp("::"):
			at := p.new(opConst, n)
			p.advance()
			at.s = p.tok.s
			if p.tok.kind != tConst && p.tok.kind != tIdent {
				p.unexpected("")
			}
			constant := p.tok.kind == tConst
			p.advance()
			if paren := p.isOp("(") && !p.tok.space; paren || !constant {
				at.op = opCall
				if paren {
					p.callArguments(at)
				}
			}
			n = p.done(at)
		case p.isOp("[") && !p.tok.operand:
			call := p.new(opCall, n)
			call.s = "[]"
			p.nest(func() {
				p.advance()
				call.list = p.arguments("]")
			})
			p.expect("]")
			n = p.done(call)
		case (p.isOp("{") || p.isKeyword("do") && !p.noDo) && n.op == opCall && n.blk == nil && n.s != "[]":
			n.blk = p.block()
			n.end = p.prev.end
		default:
			return n
		}
	}
}

// dotCall reads .name with its arguments.
func (p *parser) dotCall(receiver *node) *node {
	n := p.new(opCall, receiver)
	n.flag = p.tok.s == "&."
	p.advance()
	switch {
	case p.isOp("("):
		n.s = "call"
	case p.tok.kind == tIdent:
		n.s = p.tok.s
		p.advance()
	case p.tok.kind == tOp && precedence(p.tok.s) > 2:
		n.s = p.tok.s
		p.advance()
	default:
		p.unexpected("")
	}
	if p.isOp("(") && !p.tok.space {
		p.callArguments(n)
	} else if p.startsArgument() {
		p.command(n)
	}
	return p.done(n)
}

// block reads { |x| … } or do |x| … end.
func (p *parser) block() *node {
	n := p.new(opBlock, nil)
	braces := p.tok.s == "{"
	p.scope(&locals{names: map[string]bool{}, outer: p.vars}, 'b', func() {
		p.advance()
		if p.isOp("|") {
			p.advance()
			n.params = p.parameters("|")
			p.expect("|")
		} else {
			p.accept("||")
		}
		if braces {
			n.b = p.statements("}")
		} else {
			n.b = p.body("end")
		}
	})
	if braces {
		p.expect("}")
	} else {
		p.expect("end")
	}
	return p.done(n)
}

// scope runs fn in a scope of local variables; breaks inside leave what kind says.
func (p *parser) scope(vars *locals, kind byte, fn func()) {
	outer := p.vars
	p.vars, p.loops = vars, append(p.loops, kind)
	p.nest(fn)
	p.vars, p.loops = outer, p.loops[:len(p.loops)-1]
}

// lambda reads ->(x) { … }.
func (p *parser) lambda(n *node) *node {
	var params []param
	vars := &locals{names: map[string]bool{}, outer: p.vars}
	p.scope(vars, 'b', func() {
		p.advance()
		if p.isOp("(") {
			p.advance()
			params = p.parameters(")")
			p.expect(")")
		}
	})
	if !p.isOp("{") && !p.isKeyword("do") {
		p.unexpected("`{'")
	}
	outer := p.vars
	p.vars = vars
	noDo := p.noDo
	p.noDo = false
	blk := p.block()
	p.vars, p.noDo = outer, noDo
	blk.flag = true
	if len(params) > 0 {
		blk.params = params
	}
	blk.at = n.at
	return blk
}

// parameters reads the parameters of a block or method up to end.
func (p *parser) parameters(end string) []param {
	list := []param{}
	for !p.isOp(end) && p.tok.kind != tNewline {
		q := param{kind: 'r'}
		for kind, op := range map[byte]string{'*': "*", '&': "&"} {
			if p.accept(op) {
				q.kind = kind
			}
		}
		switch {
		case q.kind == 'r' && p.accept("("):
			q = param{kind: 'd', sub: p.parameters(")")}
			p.expect(")")
		case p.tok.kind == tIdent:
			q.name, p.vars.names[p.tok.s] = p.tok.s, true
			p.advance()
			if q.kind == 'r' && p.accept("=") {
				q.kind, q.def = 'o', p.binary(pipePrecedence+1)
			}
		case q.kind != '*':
			p.outside(p.tok.start, "a parameter such as "+p.tok.s)
		}
		if list = append(list, q); !p.accept(",") {
			break
		}
		if p.isOp(end) && end == "|" { // |a,| takes the first of a list
			list = append(list, param{kind: '*'})
		}
	}
	return list
}

// keyword reads what starts with a keyword.
func (p *parser) keyword(n *node) *node {
	t := p.tok
	switch t.s {
	case "nil", "self":
		p.advance()
		if t.s == "self" {
			n.op = opSelf
		}
	case "true", "false":
		p.advance()
		n.op, n.v = opLit, t.s == "true"
	case "__FILE__", "__LINE__", "__dir__":
		p.advance()
		n.op, n.s = opCall, t.s
	case "if", "unless":
		return p.ifExpression(n)
	case "while", "until":
		return p.loop(n)
	case "case":
		return p.caseExpression(n)
	case "begin":
		p.advance()
		p.nest(func() { n = p.body("end") })
		p.expect("end")
		if n.op != opBegin {
			n = &node{op: opBegin, a: n, at: t.start}
		}
	case "def":
		return p.definition(n)
	case "return", "break", "next":
		return p.jump(n)
	case "yield":
		p.advance()
		n.op = opYield
		if p.isOp("(") && !p.tok.space {
			p.callArguments(n)
		} else if p.startsArgument() {
			p.command(n)
		}
	case "defined?":
		p.advance()
		n.op, n.a = opDefined, p.unary()
	case "not":
		p.advance()
		n.op, n.a = opNot, p.assignment(false)
	default:
		p.unexpected("")
	}
	return p.done(n)
}

// ifExpression reads if and unless up to the end.
func (p *parser) ifExpression(n *node) *node {
	unless := p.tok.s == "unless"
	p.nest(func() {
		p.advance()
		n.op, n.a = opIf, p.expressionStatement()
		p.then()
		n.b = p.statements("elsif else end")
		switch {
		case p.isKeyword("elsif"):
			n.c = p.ifExpression(p.new(opIf, nil)) // which reads the end
			return
		case p.accept("else"):
			n.c = p.statements("end")
		}
		p.expect("end")
	})
	if unless {
		n.b, n.c = n.c, n.b
	}
	return p.done(n)
}

// then reads what stands behind a condition.
func (p *parser) then() {
	if p.tok.kind != tNewline && !p.isKeyword("then") {
		p.unexpected("`then'")
	}
	p.skipNewlines()
	p.accept("then")
}

// loop reads while and until.
func (p *parser) loop(n *node) *node {
	until := p.tok.s == "until"
	p.loops = append(p.loops, 'w')
	p.nest(func() {
		p.noDo = true
		p.advance()
		n.op, n.a = opWhile, negateIf(until, p.expressionStatement())
		if p.noDo = false; p.tok.kind != tNewline && !p.isKeyword("do") {
			p.unexpected("`do'")
		}
		p.skipNewlines()
		p.accept("do")
		n.b = p.statements("end")
	})
	p.loops = p.loops[:len(p.loops)-1]
	p.expect("end")
	return p.done(n)
}

func (p *parser) caseExpression(n *node) *node {
	n.op = opCase
	p.nest(func() {
		p.advance()
		if !p.isKeyword("when") && p.tok.kind != tNewline {
			n.a = p.expressionStatement()
		}
		p.skipNewlines()
		if p.isKeyword("in") {
			p.outside(p.tok.start, "case … in (pattern matching)")
		}
		if !p.isKeyword("when") {
			p.unexpected("`when'")
		}
		for p.isKeyword("when") {
			w := p.new(opWhen, nil)
			p.advance()
			w.list = p.arguments("")
			p.then()
			w.b = p.statements("when else end")
			n.list = append(n.list, p.done(w))
		}
		if p.accept("else") {
			n.b = p.statements("end")
		}
	})
	p.expect("end")
	return p.done(n)
}

// body reads statements with their rescue, else and ensure clauses.
func (p *parser) body(end string) *node {
	n := p.statements("rescue else ensure " + end)
	if p.isKeyword(end) {
		return n
	}
	m := p.new(opBegin, n)
	for p.isKeyword("rescue") {
		r := p.new(opRescue, nil)
		p.advance()
		for p.tok.kind != tNewline && !p.isKeyword("then") && !p.isOp("=>") {
			r.list = append(r.list, p.splatOr(true))
			if !p.accept(",") {
				break
			}
		}
		if p.accept("=>") {
			r.a = p.target(p.unary())
		}
		p.then()
		r.b = p.statements("rescue else ensure " + end)
		m.list = append(m.list, p.done(r))
	}
	if p.accept("else") {
		m.b = p.statements("ensure " + end)
	}
	if p.accept("ensure") {
		m.c = p.statements(end)
	}
	return p.done(m)
}

// definition reads def name(…) … end.
func (p *parser) definition(n *node) *node {
	loops := p.loops
	p.loops = nil
	p.advance()
	n.op, n.s = opDef, p.tok.s
	if p.isOp("[") {
		p.advance()
		n.s = "[]"
	}
	p.scope(&locals{names: map[string]bool{}}, 'd', func() {
		p.advance()
		if paren := p.accept("("); p.tok.kind != tNewline || paren {
			n.params = p.parameters(")")
			if paren {
				p.expect(")")
			}
		}
		if p.tok.kind != tNewline && n.params == nil || p.isOp("=") {
			p.outside(n.at, "such a def")
		}
		n.b = p.body("end")
	})
	p.loops = loops
	p.expect("end")
	return p.done(n)
}

// jump reads return, break and next.
func (p *parser) jump(n *node) *node {
	word := p.tok.s
	n.op = map[string]op{"return": opReturn, "break": opBreak, "next": opNext}[word]
	n.flag = len(p.loops) > 0 && p.loops[len(p.loops)-1] == 'w'
	if word != "return" && (len(p.loops) == 0 || p.loops[len(p.loops)-1] == 'd') {
		p.fail(n.at, "Can't escape from eval with %s", word)
	}
	p.advance()
	if p.tok.kind == tNewline || p.tok.kind == tEOF || p.atEnd("end } ) : if unless while until rescue and or") {
		return p.done(n)
	}
	switch list := p.arguments(""); {
	case len(list) == 1 && list[0].op != opSplat:
		n.a = list[0]
	default:
		n.a = &node{op: opArray, list: list, at: n.at}
	}
	return p.done(n)
}

// outsideMessage says that something is left to Ruby.
func outsideMessage(construct string) string {
	if strings.HasPrefix(construct, "a ") || strings.HasPrefix(construct, "an ") {
		construct = "the use of " + construct
	}
	return construct + " is not in the subset of Ruby that galley evaluates"
}
