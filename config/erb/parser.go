package erb

import (
	"fmt"
	"slices"
	"strings"
)

// syntaxError says what the parser found, and where in the program.
type syntaxError struct {
	pos       int
	msg       string
	construct string // set when it is Ruby that this package leaves to a ruby
}

func (e *syntaxError) Error() string { return e.msg }

// maxNesting bounds how deep expressions nest.
const maxNesting = 400

// locals are the local variables that a piece of code knows; a block knows those
// around it as well.
type locals struct {
	names map[string]bool
	outer *locals
}

// parser is a lexer and a recursive-descent parser with one token of lookahead.
// The lexer needs the parser: what a character means depends on the token before
// and on which names are local variables.
type parser struct {
	src        string
	pos        int
	texts      int // how many texts the template has
	tok, prev  token
	vars       *locals
	depth      int
	ternary    int    // how many ?: are open in this pair of brackets
	noDo       bool   // a `do` belongs to something further out
	heredocEnd int    // where the text of the heredocs on this line ends
	loops      []byte // what a break leaves: 'w' a while loop, 'b' a block
}

// parse returns the tree of a program. The error is a *syntaxError.
func parse(src *source) (n *node, err error) {
	p := &parser{src: src.gen, texts: len(src.texts), vars: &locals{names: map[string]bool{}}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *syntaxError:
			n, err = nil, r
		default:
			panic(r)
		}
	}()
	p.advance()
	n = p.statements("")
	if p.tok.kind != tEOF {
		p.unexpected("")
	}
	return n, nil
}

func (p *parser) fail(pos int, format string, args ...any) {
	panic(&syntaxError{pos: pos, msg: fmt.Sprintf(format, args...)})
}

// outside ends the parse at Ruby that this package leaves to a ruby.
func (p *parser) outside(pos int, construct string) {
	panic(&syntaxError{pos: pos, msg: outsideMessage(construct), construct: construct})
}

func (p *parser) unexpected(expecting string) {
	what := "'" + p.tok.s + "'"
	switch p.tok.kind {
	case tEOF:
		what = p.tok.s
	case tText:
		what = "the text behind the tag"
	case tKeyword:
		what = "`" + p.tok.s + "'"
	}
	if p.tok.s == "\n" {
		what = "end of line"
	}
	if expecting != "" {
		expecting = ", expecting " + expecting
	}
	p.fail(p.tok.start, "syntax error, unexpected %s%s", what, expecting)
}

func (p *parser) isLocal(name string) bool {
	for l := p.vars; l != nil; l = l.outer {
		if l.names[name] {
			return true
		}
	}
	return false
}

func (p *parser) isOp(s string) bool      { return p.tok.kind == tOp && p.tok.s == s }
func (p *parser) isKeyword(s string) bool { return p.tok.kind == tKeyword && p.tok.s == s }

// accept steps over an operator or keyword if it is there.
func (p *parser) accept(s string) bool {
	if !p.isOp(s) && !p.isKeyword(s) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected("`" + s + "'")
	}
}

func (p *parser) skipNewlines() {
	for p.tok.kind == tNewline {
		p.advance()
	}
}

// nest runs fn inside of brackets, where what is open outside does not count.
func (p *parser) nest(fn func()) {
	ternary, noDo := p.ternary, p.noDo
	p.ternary, p.noDo = 0, false
	fn()
	p.ternary, p.noDo = ternary, noDo
}

// new makes a node that starts at the token, or at the node first.
func (p *parser) new(o op, first *node) *node {
	n := &node{op: o, at: p.tok.start}
	if first != nil {
		n.at, n.a = first.at, first
	}
	return n
}

// done sets the end of a node.
func (p *parser) done(n *node) *node {
	n.end = p.prev.end
	return n
}

func (p *parser) atEnd(ends string) bool {
	return p.tok.kind == tEOF || (p.tok.kind == tKeyword || p.tok.kind == tOp) && isIn(" "+ends+" ", p.tok.s)
}

// statements reads statements up to one of ends, words with a space between.
func (p *parser) statements(ends string) *node {
	seq := p.new(opSeq, nil)
	for p.skipNewlines(); !p.atEnd(ends); p.skipNewlines() {
		seq.list = append(seq.list, p.statement())
		if p.tok.kind != tNewline && !p.atEnd(ends) {
			p.unexpected("")
		}
	}
	return p.done(seq)
}

// statement reads an expression with its modifiers.
func (p *parser) statement() *node {
	n := p.expressionStatement()
	for p.tok.kind == tKeyword {
		m := p.new(opIf, nil)
		m.at = n.at
		switch p.tok.s {
		case "if":
			p.advance()
			m.a, m.b = p.expressionStatement(), n
		case "unless":
			p.advance()
			m.a, m.c = p.expressionStatement(), n
		case "while", "until":
			until := p.tok.s == "until"
			p.advance()
			m.op, m.a, m.b, m.flag = opWhile, negateIf(until, p.expressionStatement()), n, n.op == opBegin
		case "rescue":
			p.advance()
			m.op, m.a = opBegin, n
			m.list = []*node{{op: opRescue, b: p.expressionStatement()}}
		default:
			return n
		}
		n = p.done(m)
	}
	return n
}

func negateIf(negate bool, n *node) *node {
	if !negate {
		return n
	}
	return &node{op: opNot, a: n, at: n.at, end: n.end}
}

// expressionStatement reads expressions joined by and, or and not.
func (p *parser) expressionStatement() *node {
	n := p.notExpression()
	for p.isKeyword("and") || p.isKeyword("or") {
		m := p.new(opAnd, n)
		if p.tok.s == "or" {
			m.op = opOr
		}
		p.advance()
		m.b = p.notExpression()
		n = p.done(m)
	}
	return n
}

func (p *parser) notExpression() *node {
	if p.isKeyword("not") {
		n := p.new(opNot, nil)
		p.advance()
		n.a = p.notExpression()
		return p.done(n)
	}
	if p.isOp("*") && p.tok.operand {
		return p.multiple(nil)
	}
	n := p.assignment(true)
	if p.isOp(",") && assignable(n) {
		return p.multiple(n)
	}
	return n
}

func assignable(n *node) bool {
	switch n.op {
	case opLvar, opIvar, opGvar:
		return true
	case opConst:
		return n.a == nil
	case opCall:
		return n.s == "[]" || n.a == nil && len(n.list) == 0 && n.blk == nil && isIdentByte(n.s[len(n.s)-1])
	}
	return false
}

// target turns an expression into what can be assigned to.
func (p *parser) target(n *node) *node {
	switch {
	case !assignable(n):
		if n.op == opCall && n.a != nil && len(n.list) == 0 {
			p.outside(n.at, "assignment to "+n.s)
		}
		p.unexpected("")
	case n.op == opCall && n.s != "[]":
		p.vars.names[n.s] = true
		return &node{op: opLvar, s: n.s, at: n.at, end: n.end}
	}
	return n
}

// multiple reads the rest of a, *b = 1, 2.
func (p *parser) multiple(first *node) *node {
	m := p.new(opMasgn, nil)
	if first != nil {
		m.at = first.at
		m.list = append(m.list, p.target(first))
		p.advance()
	}
	for !p.isOp("=") {
		n := p.new(opSplat, nil)
		if splat := p.accept("*"); splat {
			n.a = p.target(p.unary())
		} else {
			n = p.target(p.unary())
		}
		m.list = append(m.list, n)
		if !p.accept(",") {
			break
		}
	}
	p.expect("=")
	m.b = p.right(true)
	return p.done(m)
}

// assignment reads an expression that may be an assignment. multi allows a list
// on the right.
func (p *parser) assignment(multi bool) *node {
	left := p.conditional()
	if p.tok.kind != tOp || !strings.HasSuffix(p.tok.s, "=") || slices.Contains([]string{"==", "===", "!=", ">=", "<="}, p.tok.s) {
		return left
	}
	n := p.new(opAsgn, nil)
	n.at = left.at
	n.a = p.target(left)
	if p.tok.s != "=" {
		n.op, n.s, multi = opOpAsgn, strings.TrimSuffix(p.tok.s, "="), false
	}
	p.advance()
	n.b = p.right(multi)
	return p.done(n)
}

// right reads the right side of an assignment.
func (p *parser) right(multi bool) *node {
	list := p.new(opArray, nil)
	list.list = []*node{p.splatOr(multi)}
	if !multi || list.list[0].op != opSplat && !p.isOp(",") {
		n := list.list[0]
		if p.isKeyword("rescue") {
			m := p.new(opBegin, n)
			p.advance()
			m.list = []*node{{op: opRescue, b: p.assignment(false)}}
			n = p.done(m)
		}
		return n
	}
	for p.accept(",") {
		list.list = append(list.list, p.splatOr(true))
	}
	return p.done(list)
}

func (p *parser) splatOr(splat bool) *node {
	if !splat || !p.isOp("*") {
		return p.assignment(splat)
	}
	s := p.new(opSplat, nil)
	p.advance()
	s.a = p.conditional()
	return p.done(s)
}

// conditional reads a ?: expression.
func (p *parser) conditional() *node {
	c := p.binary(0)
	if !p.isOp("?") {
		return c
	}
	n := p.new(opIf, c)
	p.ternary++
	p.advance()
	n.b = p.assignment(false)
	p.skipNewlines()
	p.ternary--
	p.expect(":")
	n.c = p.assignment(false)
	return p.done(n)
}

// precedence is how tight a binary operator binds; -1 for others.
func precedence(s string) int {
	for i, list := range [...]string{" .. ... ", " || ", " && ", " <=> == === != =~ !~ ", " < <= > >= ", " | ^ ", " & ", " << >> ", " + - ", " * / % "} {
		if isIn(list, s) {
			return i
		}
	}
	return -1
}

// pipePrecedence is that of |, which ends the parameters of a block.
const pipePrecedence = 5

// binary reads operators that bind at least as tight as least.
func (p *parser) binary(least int) *node {
	left := p.unary()
	for p.tok.kind == tOp {
		o := p.tok.s
		prec := precedence(o)
		if prec < least {
			break
		}
		n := p.new(opCall, left)
		p.advance()
		switch o {
		case "..", "...":
			n.op, n.flag = opRange, o == "..."
			if !p.atEnd(") ] , then") && p.tok.kind != tNewline {
				n.b = p.binary(prec + 1)
			}
		case "||", "&&":
			n.op, n.b = opOr, p.binary(prec+1)
			if o == "&&" {
				n.op = opAnd
			}
		case "!=", "!~":
			n.s, n.list = map[string]string{"!=": "==", "!~": "=~"}[o], []*node{p.binary(prec + 1)}
			n = negateIf(true, p.done(n))
		default:
			n.s, n.list = o, []*node{p.binary(prec + 1)}
			if o == "=~" && left.op == opRegexp && strings.Contains(strNode(left.list).s, "(?<") {
				p.outside(left.at, "a regexp that sets local variables")
			}
		}
		left = p.done(n)
	}
	return left
}

// unary reads prefix operators and **.
func (p *parser) unary() *node {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.tok.start, "the nesting is too deep")
	}
	defer func() { p.depth-- }()
	n := p.new(opCall, nil)
	if p.tok.kind != tOp {
		return p.power()
	}
	switch o := p.tok.s; o {
	case "!":
		p.advance()
		n.op, n.a = opNot, p.unary()
	case "-", "+", "~":
		p.advance()
		number := o == "-" && p.tok.kind == tLiteral && !p.tok.space && p.tok.node.op == opLit && isDigit(p.tok.s[0])
		if number {
			lit := *p.tok.node
			lit.v = negative(lit.v)
			lit.at = n.at
			saved := p.tok.node
			p.tok.node = &lit
			if m := p.postfix(p.primary()); !p.isOp("**") {
				return m
			}
			p.advance()
			pow := &node{op: opCall, s: "**", at: n.at, a: saved, list: []*node{p.unary()}}
			n.a, n.s = p.done(pow), "-@"
			return p.done(n)
		}
		n.a = p.unary()
		if n.s = o + "@"; o == "~" {
			n.s = o
		}
	case "..", "...":
		p.advance()
		n.op, n.flag, n.b = opRange, o == "...", p.binary(1)
	default:
		return p.power()
	}
	return p.done(n)
}

func negative(v any) any {
	if i, ok := v.(int64); ok {
		return -i
	}
	return -v.(float64)
}

func (p *parser) power() *node {
	n := p.postfix(p.primary())
	if !p.isOp("**") || p.tok.operand {
		return n
	}
	m := p.new(opCall, n)
	p.advance()
	m.s, m.list = "**", []*node{p.unary()}
	return p.done(m)
}
