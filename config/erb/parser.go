package erb

import (
	"fmt"
	"slices"
	"strings"
)

// maxNesting bounds how deep expressions nest.
const maxNesting = 400

// locals are the local variables that a piece of code knows; a block knows those around it as well.
type locals struct {
	names map[string]bool
	outer *locals
}

// parser is a lexer and a recursive-descent parser with one token of lookahead. The lexer needs the parser: what a
// character means depends on the token before and on which names are local variables.
type parser struct {
	file      *source
	src       string // its program
	pos       int
	tok, prev token
	vars      *locals
	depth     int
	ternary   int  // how many ?: are open in this pair of brackets
	noDo      bool // a `do` belongs to something further out
}

// parse returns the tree of a program. It panics with an *Error that has its place.
func parse(src *source) *node {
	p := &parser{file: src, src: src.gen, vars: &locals{names: map[string]bool{}}}
	p.advance()
	n := p.statements("")
	if p.tok.kind != tEOF {
		p.unexpected("")
	}
	return n
}

// fail ends the parse with a syntax error.
func (p *parser) fail(pos int, format string, args ...any) {
	e := &Error{
		File: p.file.name, Class: "SyntaxError", Msg: fmt.Sprintf(format, args...), Construct: p.file.lineAt(pos),
		Hint: "Ruby's ERB reads this file without a trim mode: `<%-` and `-%>` are errors, every `if` and `do` needs its `<% end %>`, " +
			"and `<%= … do |x| %>` is not allowed",
	}
	e.Line, e.Col = p.file.position(pos)
	panic(e)
}

// outside ends the parse at Ruby that this package leaves to a ruby.
func (p *parser) outside(pos int, construct string) {
	e := outside(construct)
	e.File = p.file.name
	e.Line, e.Col = p.file.position(pos)
	panic(e)
}

func (p *parser) unexpected(expecting string) {
	what := "'" + p.tok.s + "'"
	switch {
	case p.tok.kind == tEOF:
		what = p.tok.s
	case p.tok.s == "\n":
		what = "end of line"
	case p.tok.kind == tText:
		what = "the text behind the tag"
	case p.tok.kind == tKeyword:
		what = "`" + p.tok.s + "'"
	}
	if expecting != "" {
		expecting = ", expecting `" + expecting + "'"
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

// at reports whether the token is one of these operators or keywords, written with a space between.
func (p *parser) at(words string) bool {
	return (p.tok.kind == tKeyword || p.tok.kind == tOp) && isIn(" "+words+" ", p.tok.s)
}

// accept steps over an operator or keyword if it is there.
func (p *parser) accept(s string) bool {
	ok := p.at(s)
	if ok {
		p.advance()
	}
	return ok
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected(s)
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

// bracket steps over an opening bracket, runs fn and expects the closing one.
func (p *parser) bracket(end string, fn func()) {
	p.nest(func() { p.advance(); fn() })
	p.expect(end)
}

// node sets the place of a node whose parts were read.
func (p *parser) node(at int, n *node) *node {
	n.at, n.end = at, p.prev.end
	return n
}

// statements reads statements up to one of ends, words with a space between.
func (p *parser) statements(ends string) *node {
	at, list := p.tok.start, []*node{}
	stop := func() bool { return p.tok.kind == tEOF || p.at(ends) }
	for p.skipNewlines(); !stop(); p.skipNewlines() {
		if list = append(list, p.statement()); p.tok.kind != tNewline && !stop() {
			p.unexpected("")
		}
	}
	return p.node(at, &node{op: opSeq, list: list})
}

// statement reads an expression with its modifiers.
func (p *parser) statement() *node {
	n := p.expressionStatement()
	for p.at("if unless while until rescue") {
		word := p.tok.s
		p.advance()
		c := p.expressionStatement()
		switch word {
		case "if":
			n = p.node(n.at, &node{op: opIf, a: c, b: n})
		case "unless":
			n = p.node(n.at, &node{op: opIf, a: c, c: n})
		case "rescue":
			n = p.node(n.at, &node{op: opRescue, a: n, b: c})
		default:
			p.outside(c.at, word)
		}
	}
	return n
}

func (p *parser) negate(negate bool, n *node) *node {
	if !negate {
		return n
	}
	return p.node(n.at, &node{op: opNot, a: n})
}

// expressionStatement reads expressions joined by and, or and not.
func (p *parser) expressionStatement() *node {
	n := p.notExpression()
	for p.at("and or") {
		o := opAnd
		if p.tok.s == "or" {
			o = opOr
		}
		p.advance()
		n = p.node(n.at, &node{op: o, a: n, b: p.notExpression()})
	}
	return n
}

func (p *parser) notExpression() *node {
	at := p.tok.start
	if p.accept("not") {
		return p.node(at, &node{op: opNot, a: p.notExpression()})
	}
	n := p.assignment(true)
	if !p.at(",") || !assignable(n) {
		return n
	}
	return p.multiple(n)
}

func assignable(n *node) bool {
	switch n.op {
	case opLvar, opIvar, opGvar:
		return true
	case opConst:
		return n.a == nil
	}
	return n.op == opCall && (n.s == "[]" || n.a == nil && len(n.list) == 0 && n.blk == nil &&
		isIdentByte(n.s[len(n.s)-1]))
}

// target turns an expression into what can be assigned to.
func (p *parser) target(n *node) *node {
	if !assignable(n) {
		p.unexpected("")
	}
	if n.op == opCall && n.s != "[]" {
		p.vars.names[n.s] = true
		return &node{op: opLvar, s: n.s, at: n.at, end: n.end}
	}
	return n
}

// multiple reads the rest of a, b = 1, 2.
func (p *parser) multiple(first *node) *node {
	list := []*node{p.target(first)}
	for p.accept(",") {
		if p.at("* (") {
			p.outside(p.tok.start, "such a target of an assignment")
		}
		list = append(list, p.target(p.unary()))
	}
	p.expect("=")
	return p.node(first.at, &node{op: opMasgn, list: list, b: p.right(true)})
}

// assignment reads an expression that may be an assignment. multi allows a list on the right.
func (p *parser) assignment(multi bool) *node {
	left := p.conditional()
	if p.tok.kind != tOp || !strings.HasSuffix(p.tok.s, "=") || p.at("== === != >= <=") {
		return left
	}
	target, o := p.target(left), strings.TrimSuffix(p.tok.s, "=")
	p.advance()
	if o != "" {
		return p.node(left.at, &node{op: opOpAsgn, a: target, s: o, b: p.right(false)})
	}
	return p.node(left.at, &node{op: opAsgn, a: target, b: p.right(multi)})
}

// right reads the right side of an assignment.
func (p *parser) right(multi bool) *node {
	list := []*node{p.splatOr(multi)}
	n := list[0]
	if !multi || n.op != opSplat && !p.at(",") {
		if p.accept("rescue") {
			n = p.node(n.at, &node{op: opRescue, a: n, b: p.assignment(false)})
		}
		return n
	}
	for p.accept(",") {
		list = append(list, p.splatOr(true))
	}
	return p.node(n.at, &node{op: opArray, list: list})
}

func (p *parser) splatOr(splat bool) *node {
	at := p.tok.start
	if splat && p.accept("*") {
		return p.node(at, &node{op: opSplat, a: p.conditional()})
	}
	return p.assignment(splat)
}

// conditional reads a ?: expression.
func (p *parser) conditional() *node {
	c := p.binary(0)
	if !p.at("?") {
		return c
	}
	p.ternary++
	p.advance()
	yes := p.assignment(false)
	p.skipNewlines()
	p.ternary--
	p.expect(":")
	return p.node(c.at, &node{op: opIf, a: c, b: yes, c: p.assignment(false)})
}

// precedence is how tight a binary operator binds; -1 for others.
func precedence(s string) int {
	return slices.IndexFunc([]string{" .. ... ", " || ", " && ", " <=> == === != =~ !~ ", " < <= > >= ", " | ^ ", " & ",
		" << >> ", " + - ", " * / % "},
		func(list string) bool { return isIn(list, s) })
}

// pipePrecedence is that of |, which ends the parameters of a block.
const pipePrecedence = 5

// binary reads operators that bind at least as tight as least.
func (p *parser) binary(least int) *node {
	left := p.unary()
	for p.tok.kind == tOp && precedence(p.tok.s) >= least {
		o, prec := p.tok.s, precedence(p.tok.s)
		p.advance()
		n := &node{op: opCall, s: o, a: left}
		if o == "=~" && left.op == opRegexp && strings.Contains(strNode(left.list).s, "(?<") {
			p.outside(left.at, "a regexp that sets local variables")
		}
		if prec > 0 || !p.at(") ] , then") && p.tok.kind != tNewline {
			n.b = p.binary(prec + 1)
		}
		switch o {
		case "..", "...":
			n.op, n.flag = opRange, o == "..."
		case "||":
			n.op = opOr
		case "&&":
			n.op = opAnd
		case "!=", "!~":
			n.s = strings.Replace(strings.Replace(o, "!~", "=~", 1), "!=", "==", 1)
			fallthrough
		default:
			n.list, n.b = []*node{n.b}, nil
		}
		left = p.negate(o[0] == '!', p.node(left.at, n))
	}
	return left
}

// unary reads prefix operators and **.
func (p *parser) unary() *node {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.tok.start, "the nesting is too deep")
	}
	defer func() { p.depth-- }()
	at, o := p.tok.start, p.tok.s
	if !p.at("! - +") {
		return p.operand()
	}
	p.advance()
	lit := p.tok.node
	switch {
	case o == "!":
		return p.node(at, &node{op: opNot, a: p.unary()})
	case o == "-" && p.tok.kind == tLiteral && !p.tok.space && lit.op == opLit && isDigit(p.tok.s[0]):
		p.tok.node = &node{op: opLit, at: at, end: lit.end, v: negative(lit.v)}
		return p.operand()
	}
	return p.node(at, &node{op: opCall, s: o + "@", a: p.unary()})
}

func negative(v any) any {
	if i, ok := v.(int64); ok {
		return -i
	}
	return -v.(float64)
}

// operand reads an operand with what follows it.
func (p *parser) operand() *node {
	n := p.postfix(p.primary())
	if p.at("**") && !p.tok.operand {
		p.outside(p.tok.start, "the operator **")
	}
	return n
}

// primary reads an operand without what follows it.
func (p *parser) primary() *node {
	t := p.tok
	switch t.kind {
	case tLiteral, tText:
		p.advance()
		n := t.node
		for t.str && p.tok.kind == tLiteral && p.tok.str {
			p.advance()
			n = p.node(n.at, &node{op: opDStr, list: []*node{n, p.prev.node}})
		}
		return n
	case tIdent:
		return p.identifier()
	case tConst:
		n := &node{op: opConst, s: t.s}
		if p.advance(); p.at("(") && !p.tok.space {
			n.op = opCall
			p.callArguments(n)
		}
		return p.node(t.start, n)
	case tIvar:
		p.advance()
		return p.node(t.start, &node{op: opIvar, s: t.s})
	case tGvar:
		p.advance()
		return p.node(t.start, &node{op: opGvar, s: t.s})
	case tKeyword:
		return p.keyword()
	}
	n := &node{}
	switch {
	case p.at("("):
		p.bracket(")", func() { n = p.statements(")") })
		if len(n.list) == 1 && n.list[0].op != opSeq {
			return n.list[0]
		}
	case p.at("["):
		n.op = opArray
		p.bracket("]", func() { n.list = p.arguments("]") })
	case p.at("{"):
		n.op = opHash
		p.bracket("}", func() { p.pairs(n, "}") })
	case p.at("-> .. ... ~ **"):
		p.outside(t.start, "a lambda, a range without a start, ~ or **")
	default:
		p.unexpected("")
	}
	return p.node(t.start, n)
}

// pairs reads entries of a hash, until a block argument follows. It reports whether more arguments follow.
func (p *parser) pairs(h *node, end string) (more bool) {
	for p.skipNewlinesBefore(end); !p.at(end) && !(p.at("&") && p.tok.operand); p.skipNewlinesBefore(end) {
		key := p.tok.node
		if p.tok.kind == tLabel {
			p.advance()
		} else {
			key = p.assignment(false)
			p.expect("=>")
		}
		h.list = append(h.list, key, p.assignment(false))
		p.skipNewlinesBefore(end)
		if more = p.accept(","); !more {
			break
		}
	}
	h.end = p.prev.end
	return more
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
	for p.skipNewlinesBefore(end); end == "" || !p.at(end); p.skipNewlinesBefore(end) {
		at := p.tok.start
		var n *node
		switch operand := p.tok.operand; {
		case p.tok.kind == tLabel:
			n = &node{op: opHash, flag: true, at: at}
			if list = append(list, n); !p.pairs(n, end) {
				return list
			}
			continue
		case operand && p.accept("*"):
			n = p.node(at, &node{op: opSplat, a: p.conditional()})
		case operand && p.accept("&"):
			n = p.node(at, &node{op: opBlockPass, a: p.conditional()})
		default:
			if n = p.assignment(false); p.accept("=>") {
				n = p.node(at, &node{op: opHash, flag: true, list: []*node{n, p.assignment(false)}})
				if list = append(list, n); !p.accept(",") || !p.pairs(n, end) {
					return list
				}
				continue
			}
		}
		list = append(list, n)
		if p.skipNewlinesBefore(end); !p.accept(",") {
			break
		}
	}
	return list
}

// identifier reads a local variable or a call without a receiver.
func (p *parser) identifier() *node {
	t := p.tok
	n := &node{op: opCall, s: t.s}
	p.advance()
	paren := p.at("(") && !p.tok.space
	switch {
	case p.isLocal(n.s) && !paren:
		n.op = opLvar
	case n.s == "_1" || n.s == "_2":
		p.outside(t.start, "a numbered parameter")
	default:
		p.callArguments(n)
	}
	return p.node(t.start, n)
}

// callArguments reads the arguments of a call, with parentheses or without, if there are some.
func (p *parser) callArguments(n *node) {
	switch {
	case p.at("(") && !p.tok.space:
		p.bracket(")", func() { n.list = p.arguments(")") })
	case p.startsArgument():
		noDo := p.noDo
		p.noDo = true
		n.list = p.arguments("")
		p.noDo = noDo
	}
	if l := len(n.list); l > 0 && n.list[l-1].op == opBlockPass {
		n.blk, n.list = n.list[l-1], n.list[:l-1]
	}
}

// startsArgument reports whether the token is the first argument of a call without parentheses.
func (p *parser) startsArgument() bool {
	switch p.tok.kind {
	case tLiteral:
		return p.tok.space || p.tok.str
	case tIdent, tConst, tIvar, tGvar, tLabel:
		return p.tok.space
	}
	return p.tok.space && (p.at("nil true false self not defined? case __FILE__ __LINE__ __dir__ yield (") ||
		p.tok.operand && p.at("! - * & ** [ :: ~"))
}

// postfix reads calls, indexes and blocks behind an operand.
func (p *parser) postfix(n *node) *node {
	for at := n.at; ; n = p.node(at, n) {
		switch {
		case p.at(". &."):
			n = p.dotCall(n)
		case p.accept("::"):
			n = &node{op: opConst, a: n, s: p.tok.s}
			if p.tok.kind != tConst && p.tok.kind != tIdent {
				p.unexpected("")
			}
			constant := p.tok.kind == tConst
			if p.advance(); !constant || p.at("(") && !p.tok.space {
				n.op = opCall
				p.callArguments(n)
			}
		case p.at("[") && !p.tok.operand:
			n = &node{op: opCall, s: "[]", a: n}
			p.bracket("]", func() { n.list = p.arguments("]") })
		case (p.at("{") || p.at("do") && !p.noDo) && n.op == opCall && n.blk == nil && n.s != "[]":
			n.blk = p.block()
		default:
			return n
		}
	}
}

// dotCall reads .name with its arguments.
func (p *parser) dotCall(receiver *node) *node {
	n := &node{op: opCall, a: receiver, flag: p.tok.s == "&.", s: "call"}
	if p.advance(); !p.at("(") {
		if n.s = p.tok.s; p.tok.kind != tIdent && (p.tok.kind != tOp || precedence(n.s) < 3) {
			p.unexpected("")
		}
		p.advance()
	}
	p.callArguments(n)
	return n
}

// block reads { |x| … } or do |x| … end.
func (p *parser) block() *node {
	n := &node{op: opBlock}
	at, end := p.tok.start, map[bool]string{true: "}", false: "end"}[p.at("{")]
	p.scope(&locals{names: map[string]bool{}, outer: p.vars}, func() {
		if p.advance(); p.at("|") {
			p.advance()
			n.params = p.parameters("|")
			p.expect("|")
		}
		n.b = p.body(end)
	})
	p.expect(end)
	return p.node(at, n)
}

// scope runs fn in a scope of local variables.
func (p *parser) scope(vars *locals, fn func()) {
	outer := p.vars
	p.vars = vars
	p.nest(fn)
	p.vars = outer
}

// parameters reads the parameters of a block or method up to end.
func (p *parser) parameters(end string) []param {
	list := []param{}
	for !p.at(end) && p.tok.kind != tNewline {
		q := param{kind: 'r'}
		if p.at("* &") {
			q.kind = p.tok.s[0]
			p.advance()
		}
		switch {
		case q.kind == 'r' && p.accept("("):
			q = param{kind: 'd', sub: p.parameters(")")}
			p.expect(")")
		case p.tok.kind == tIdent:
			q.name, p.vars.names[p.tok.s] = p.tok.s, true
			if p.advance(); q.kind == 'r' && p.accept("=") {
				q.kind, q.def = 'o', p.binary(pipePrecedence+1)
			}
		case q.kind != '*':
			p.outside(p.tok.start, "a parameter such as "+p.tok.s)
		}
		if list = append(list, q); !p.accept(",") {
			break
		}
		if p.at(end) && end == "|" { // |a,| takes the first of a list
			list = append(list, param{kind: '*'})
		}
	}
	return list
}

// keyword reads what starts with a keyword.
func (p *parser) keyword() *node {
	at, word := p.tok.start, p.tok.s
	n := &node{}
	switch word {
	case "if", "unless":
		return p.ifExpression()
	case "case":
		return p.caseExpression()
	case "def":
		return p.definition()
	case "return", "break", "next":
		return p.jump()
	case "then", "do", "else", "elsif", "end", "when", "in", "rescue", "ensure", "and", "or":
		p.unexpected("")
	}
	p.advance()
	switch word {
	case "true", "false":
		n.op, n.v = opLit, word == "true"
	case "self":
		n.op = opSelf
	case "__FILE__", "__LINE__", "__dir__":
		n.op, n.s = opCall, word
	case "yield":
		n.op = opYield
		p.callArguments(n)
	case "begin", "defined?", "while", "until":
		p.outside(at, word)
	case "not":
		n.op, n.a = opNot, p.assignment(false)
	}
	return p.node(at, n)
}

// ifExpression reads if and unless up to the end.
func (p *parser) ifExpression() *node {
	at, unless := p.tok.start, p.tok.s == "unless"
	n := &node{op: opIf}
	p.nest(func() {
		p.advance()
		n.a = p.expressionStatement()
		p.then("then")
		n.b = p.statements("elsif else end")
		if p.at("elsif") {
			n.c = p.ifExpression() // which reads the end
			return
		}
		if p.accept("else") {
			n.c = p.statements("end")
		}
		p.expect("end")
	})
	if unless {
		n.b, n.c = n.c, n.b
	}
	return p.node(at, n)
}

// then reads what stands behind a condition: a word, or the end of the line.
func (p *parser) then(word string) {
	if p.tok.kind != tNewline && !p.at(word) {
		p.unexpected(word)
	}
	p.skipNewlines()
	p.accept(word)
}

func (p *parser) caseExpression() *node {
	at := p.tok.start
	n := &node{op: opCase}
	p.bracket("end", func() {
		if !p.at("when") && p.tok.kind != tNewline {
			n.a = p.expressionStatement()
		}
		if p.skipNewlines(); p.at("in") {
			p.outside(p.tok.start, "case … in (pattern matching)")
		} else if !p.at("when") {
			p.unexpected("when")
		}
		for p.accept("when") {
			w := &node{op: opWhen, list: p.arguments("")}
			p.then("then")
			w.b = p.statements("when else end")
			n.list = append(n.list, w)
		}
		if p.accept("else") {
			n.b = p.statements("end")
		}
	})
	return p.node(at, n)
}

// body reads statements, whose rescue and ensure clauses are left to a ruby.
func (p *parser) body(end string) *node {
	n := p.statements("rescue ensure " + end)
	if !p.at(end) && p.tok.kind != tEOF {
		p.outside(p.tok.start, p.tok.s)
	}
	return n
}

// definition reads def name(…) … end.
func (p *parser) definition() *node {
	at := p.tok.start
	p.advance()
	n := &node{op: opDef, s: p.tok.s}
	p.scope(&locals{names: map[string]bool{}}, func() {
		if p.advance(); n.s == "[" {
			p.expect("]")
			if n.s = "[]"; !p.tok.space && p.accept("=") {
				n.s = "[]="
			}
		}
		if p.accept("(") {
			n.params = p.parameters(")")
			p.expect(")")
		} else {
			n.params = p.parameters("=")
		}
		if p.at("= . ::") {
			p.outside(at, "such a def")
		}
		n.b = p.body("end")
	})
	p.expect("end")
	return p.node(at, n)
}

// jump reads return, break and next.
func (p *parser) jump() *node {
	at, word := p.tok.start, p.tok.s
	n := &node{op: map[string]op{"return": opReturn, "break": opBreak, "next": opNext}[word]}
	p.advance()
	if p.tok.kind != tNewline && p.tok.kind != tEOF && !p.at("end } ) : if unless while until rescue and or") {
		list := p.arguments("")
		if n.a = list[0]; len(list) > 1 || list[0].op == opSplat {
			n.a = p.node(at, &node{op: opArray, list: list})
		}
	}
	return p.node(at, n)
}
