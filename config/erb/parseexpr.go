package erb

import "math/big"

// binaryLevel is the binding strength of the infix operators that are plain
// method calls or && and ||; higher binds tighter.
func binaryLevel(op string) int {
	switch op {
	case "||":
		return 1
	case "&&":
		return 2
	case "<=>", "==", "===", "!=", "=~", "!~":
		return 4
	case "<", "<=", ">", ">=":
		return 5
	case "|", "^":
		return 6
	case "&":
		return 7
	case "<<", ">>":
		return 8
	case "+", "-":
		return 9
	case "*", "/", "%":
		return 10
	case "**":
		return 12
	}
	return 0
}

const powLevel = 12

// expression parses an argument: everything that binds tighter than not, and
// and or.
func (p *parser) expression() node {
	defer p.enter()()
	start := p.tok.start
	cond := p.rangeExpression()
	if !p.isOp("?") {
		return cond
	}
	p.advance()
	p.skipNewlines()
	then := p.expression()
	p.skipNewlines()
	p.expectOp(":")
	p.skipNewlines()
	alt := p.expression()
	return &ifNode{p.from(start), cond, then, alt}
}

func (p *parser) rangeExpression() node {
	start := p.tok.start
	if p.isOp("..") || p.isOp("...") {
		excl := p.tok.text == "..."
		p.advance()
		return &rangeNode{span: span{start, p.tok.end}, hi: p.binary(1), excl: excl}
	}
	left := p.binary(1)
	if !p.isOp("..") && !p.isOp("...") {
		return left
	}
	excl := p.tok.text == "..."
	p.advance()
	var hi node
	if p.startsOperand() {
		hi = p.binary(1)
	}
	return &rangeNode{p.from(start), left, hi, excl}
}

// startsOperand tells whether the current token can begin an operand.
func (p *parser) startsOperand() bool {
	switch p.tok.kind {
	case tEOF, tNewline:
		return false
	case tKeyword:
		switch p.tok.text {
		case "then", "do", "end", "and", "or", "if", "unless", "while", "until", "rescue", "when", "in", "else", "elsif", "ensure":
			return false
		}
		return true
	case tOp:
		switch p.tok.text {
		case "(", "[", "{", "!", "~", "->", "u-", "u+", "u::", "..", "...":
			return true
		}
		return false
	}
	return true
}

// binary parses infix operators of at least the given level.
func (p *parser) binary(level int) node {
	start := p.tok.start
	left := p.unary()
	for p.tok.kind == tOp {
		op := p.tok.text
		lv := binaryLevel(op)
		if lv == 0 || lv < level {
			return left
		}
		p.advance()
		p.skipNewlines()
		next := lv + 1
		if lv == powLevel {
			next = lv // right to left
		}
		right := p.operand(next)
		left = p.combine(start, op, left, right)
		if lv == 4 && p.tok.kind == tOp && binaryLevel(p.tok.text) == 4 {
			p.unexpected("") // these do not chain
		}
	}
	return left
}

// operand parses the right operand of an infix operator; "not" is allowed after
// && and || only in parentheses, so it is not looked for here.
func (p *parser) operand(level int) node {
	defer p.enter()()
	return p.binary(level)
}

func (p *parser) combine(start int, op string, left, right node) node {
	sp := p.from(start)
	switch op {
	case "&&":
		return &andNode{sp, left, right}
	case "||":
		return &orNode{sp, left, right}
	case "!=":
		return &callNode{span: sp, recv: left, name: op, args: []node{right}}
	case "!~":
		return &notNode{sp, &callNode{span: sp, recv: left, name: "=~", args: []node{right}}}
	case "=~":
		p.declareCaptures(left)
	}
	return &callNode{span: sp, recv: left, name: op, args: []node{right}}
}

// declareCaptures makes variables of the named groups of a regexp literal on
// the left of =~.
func (p *parser) declareCaptures(left node) {
	if re, ok := left.(*regexNode); ok && re.lit != nil {
		for _, name := range re.lit.names {
			p.declare(name)
		}
	}
}

// literalText is the text of parts without interpolation.
func literalText(parts []node) (string, bool) {
	switch len(parts) {
	case 0:
		return "", true
	case 1:
		if s, ok := parts[0].(*strPart); ok {
			return s.text, true
		}
	}
	return "", false
}

// unary parses the prefix operators and assignments.
func (p *parser) unary() node {
	defer p.enter()()
	start := p.tok.start
	if p.tok.kind == tKeyword && p.tok.text == "defined?" {
		return p.definedExpression(start)
	}
	if p.tok.kind != tOp {
		return p.assignment()
	}
	switch p.tok.text {
	case "!":
		p.advance()
		return &notNode{p.from(start), p.unary()}
	case "~":
		p.advance()
		return p.call0(start, p.unary(), "~")
	case "u+":
		p.advance()
		return p.call0(start, p.unary(), "+@")
	case "u-":
		return p.minus(start)
	case "u&", "u**", "u*":
		p.unexpected("")
	}
	return p.assignment()
}

func (p *parser) call0(start int, recv node, name string) node {
	return &callNode{span: p.from(start), recv: recv, name: name}
}

// minus parses a leading minus: of a number literal, where -2.abs is 2 but
// -2 ** 2 is -4, or of any other operand.
func (p *parser) minus(start int) node {
	p.advance()
	if !p.tok.number || p.tok.start != start+1 {
		operand := p.binary(powLevel)
		return p.call0(start, operand, "-@")
	}
	lit := p.tok.node
	p.advance()
	if p.isOp("**") {
		p.advance()
		pow := p.combine(start, "**", lit, p.operand(powLevel))
		return p.call0(start, pow, "-@")
	}
	return p.postfixOf(start, negated(lit))
}

func negated(n node) node {
	switch n := n.(type) {
	case *intNode:
		return &intNode{n.span, normBig(new(big.Int).Neg(toBig(n.val)))}
	case *floatNode:
		return &floatNode{n.span, -n.val}
	case *rationalNode:
		return &rationalNode{n.span, new(big.Rat).Neg(n.val)}
	}
	return n
}

func (p *parser) definedExpression(start int) node {
	p.advance()
	defer func(was bool) { p.inDefined = was }(p.inDefined)
	p.inDefined = true
	if p.isOp("(") && !p.tok.space {
		p.advance()
		p.skipNewlines()
		var n node
		p.bracketed(func() { n = p.expressionStatement() })
		p.skipNewlines()
		p.expectOp(")")
		return p.postfixOf(start, &definedNode{p.from(start), n})
	}
	n := p.unary()
	return &definedNode{p.from(start), n}
}

// assignment parses an operand and, behind it, = or an operator assignment.
func (p *parser) assignment() node {
	start := p.tok.start
	n := p.postfix()
	if p.tok.kind != tOp || !assignable(n) {
		return n
	}
	op := p.tok.text
	if op == "=" {
		n = p.declareTarget(n)
		atStatement := start == p.stmtStart
		if _, ok := n.(*mlhsNode); ok {
			return n // the statement goes on with it
		}
		p.advance()
		p.skipNewlines()
		return &asgnNode{p.from(start), n, p.assigned(atStatement)}
	}
	if len(op) < 2 || op[len(op)-1] != '=' {
		return n
	}
	bin := op[:len(op)-1]
	switch bin {
	case "**", "<<", ">>", "&&", "||", "+", "-", "*", "/", "%", "&", "|", "^":
	default:
		return n
	}
	if _, ok := n.(*mlhsNode); ok {
		p.unexpected("")
	}
	n = p.declareTarget(n)
	p.advance()
	p.skipNewlines()
	return &opAsgnNode{p.from(start), n, bin, p.assigned(false)}
}

// assigned parses the right side of an assignment, with its rescue modifier.
func (p *parser) assigned(list bool) node {
	start := p.tok.start
	var n node
	if list {
		// "a = b = 1, 2" assigns the list to a only.
		n = p.rightList(start, false)
	} else {
		n = p.expression()
	}
	if p.isKeyword("rescue") {
		p.advance()
		n = &beginNode{span: p.from(start), body: n, rescues: []rescueNode{{body: p.expression()}}}
	}
	return n
}
