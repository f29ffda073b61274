package erb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxNesting bounds how deep expressions nest.
const maxNesting = 400

// parser is a lexer and a recursive-descent parser with one token of lookahead. The lexer needs the parser: what a
// character means depends on the token before and on which names are local variables.
type parser struct {
	file      *source
	src       string // its program
	pos       int
	tok, prev token
	vars      map[string]bool // the local variables that are known here
	depth     int
	ternary   int  // how many ?: are open in this pair of brackets
	noDo      bool // a `do` belongs to something further out
}

// parse returns the tree of a program. It panics with an *Error that has its place.
func parse(src *source) *node {
	p := &parser{file: src, src: src.gen, vars: map[string]bool{}}
	p.advance()
	return p.statements("")
}

// stop ends the parse with an error at an offset of the program.
func (p *parser) stop(at int, e *Error) {
	e.File = p.file.name
	e.Line, e.Col = p.file.position(at)
	panic(e)
}

// fail ends the parse with a syntax error.
func (p *parser) fail(at int, format string, args ...any) {
	p.stop(at, &Error{
		Class: "SyntaxError", Msg: fmt.Sprintf(format, args...), Construct: p.file.lineAt(at),
		Hint: "Ruby's ERB reads this file without a trim mode: `<%-` and `-%>` are errors, " +
			"every `if` and `do` needs its `<% end %>`, and `<%= … do |x| %>` is not allowed",
	})
}

// outside ends the parse at Ruby that this package leaves to a ruby.
func (p *parser) outside(at int, construct string) { p.stop(at, outside(construct)) }

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
func (p *parser) statement() *node { return p.withModifiers("and or if unless while until rescue") }

// condition reads an expression without modifiers.
func (p *parser) condition() *node { return p.withModifiers("and or") }

// withModifiers reads an expression with what follows it behind these words.
func (p *parser) withModifiers(words string) *node {
	left := p.notExpression()
	for p.at(words) {
		word := p.tok.s
		p.advance()
		n := &node{op: opIf}
		switch word {
		case "and":
			n.op, n.a, n.b = opAnd, left, p.notExpression()
		case "or":
			n.op, n.a, n.b = opOr, left, p.notExpression()
		case "if":
			n.a, n.b = p.condition(), left
		case "unless":
			n.a, n.c = p.condition(), left
		case "rescue":
			n.op, n.a, n.b = opRescue, left, p.condition()
		default:
			p.outside(p.tok.start, word)
		}
		left = p.node(left.at, n)
	}
	return left
}

// notExpression reads an assignment, one of several variables (a, b = 1, 2) or another expression, with a `not` or
// without.
func (p *parser) notExpression() *node {
	at := p.tok.start
	if p.accept("not") {
		return p.node(at, &node{op: opNot, a: p.notExpression()})
	}
	first := p.assignment()
	if p.at(",") && (first.op == opAsgn || first.op == opOpAsgn) {
		p.outside(p.tok.start, "a list without brackets")
	}
	if !p.at(",") || !assignable(first) {
		return first
	}
	n := &node{op: opMasgn, list: []*node{p.target(first)}}
	for p.accept(",") {
		if p.at("* (") {
			p.outside(p.tok.start, "such a target of an assignment")
		}
		n.list = append(n.list, p.target(p.unary()))
	}
	if p.at(")") { // (a, b), c = …
		p.outside(p.tok.start, "such a target of an assignment")
	}
	p.expect("=")
	n.b = p.rescued(p.list())
	return p.node(at, n)
}

// rescued reads the rescue behind the right side n of an assignment, which belongs to that side alone.
func (p *parser) rescued(n *node) *node {
	if p.accept("rescue") {
		n = p.node(n.at, &node{op: opRescue, a: n, b: p.assignment()})
	}
	return n
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
	if n.op == opCall && n.a != nil && isIdentByte(n.s[len(n.s)-1]) {
		p.outside(n.at, "an assignment to an attribute")
	}
	if !assignable(n) {
		p.unexpected("")
	}
	if n.op == opCall && n.s != "[]" {
		p.vars[n.s] = true
		return &node{op: opLvar, s: n.s, at: n.at, end: n.end}
	}
	return n
}

// list reads one expression, or several as an array.
func (p *parser) list() *node {
	at, list := p.tok.start, p.arguments("")
	if len(list) == 1 && list[0].op != opSplat {
		return list[0]
	}
	return p.node(at, &node{op: opArray, list: list})
}

// assignment reads an expression that may be an assignment.
func (p *parser) assignment() *node {
	left := p.conditional()
	if p.tok.kind != tOp || !strings.HasSuffix(p.tok.s, "=") || p.at("== === != >= <=") {
		return left
	}
	n := &node{op: opAsgn, a: p.target(left), s: strings.TrimSuffix(p.tok.s, "=")}
	if n.s != "" {
		n.op = opOpAsgn
	}
	p.advance()
	n.b = p.rescued(p.assignment())
	return p.node(left.at, n)
}

// conditional reads a ?: expression.
func (p *parser) conditional() *node {
	c := p.binary(0)
	if !p.at("?") {
		return c
	}
	p.ternary++
	p.advance()
	yes := p.assignment()
	p.skipNewlines()
	p.ternary--
	p.expect(":")
	return p.node(c.at, &node{op: opIf, a: c, b: yes, c: p.assignment()})
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
		if left = p.node(left.at, n); o[0] == '!' {
			left = p.node(left.at, &node{op: opNot, a: left})
		}
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
		n := p.postfix(p.primary())
		if p.at("**") && !p.tok.operand {
			p.outside(p.tok.start, "the operator **")
		}
		return n
	}
	p.advance()
	if o == "!" {
		return p.node(at, &node{op: opNot, a: p.unary()})
	}
	return p.node(at, &node{op: opCall, s: o + "@", a: p.unary()})
}

// primary reads an operand without what follows it.
func (p *parser) primary() *node {
	t := p.tok
	switch t.kind {
	case tLiteral, tText:
		p.advance()
		n := t.node
		for isString(t) && isString(p.tok) { // "a" "b"
			p.advance()
			n = p.node(n.at, &node{op: opDStr, list: []*node{n, p.prev.node}})
		}
		return n
	case tIdent, tConst:
		return p.constantOrCall()
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
		p.bracket("}", func() {
			if list := p.arguments("}"); len(list) == 1 && list[0].op == opHash && list[0].flag {
				n.list = list[0].list
			} else if len(list) > 0 {
				p.unexpected("=>")
			}
		})
	case p.at("-> .. ... ~ **"):
		p.outside(t.start, "a lambda, a range without a start, ~ or **")
	case p.at("*"):
		p.outside(t.start, "a splat without brackets")
	default:
		p.unexpected("")
	}
	return p.node(t.start, n)
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
	var pairs *node
	for p.skipNewlinesBefore(end); end == "" || !p.at(end); p.skipNewlinesBefore(end) {
		at, n, isPair := p.tok.start, p.tok.node, p.tok.kind == tLabel
		switch operand := p.tok.operand; {
		case isPair:
			p.advance()
		case operand && p.accept("*"):
			n = p.node(at, &node{op: opSplat, a: p.conditional()})
		case operand && p.accept("&"):
			n = p.node(at, &node{op: opBlockPass, a: p.conditional()})
		default:
			n = p.assignment()
			isPair = p.accept("=>")
		}
		switch {
		case isPair && pairs == nil:
			pairs = &node{op: opHash, flag: true, at: at}
			list = append(list, pairs)
			fallthrough
		case isPair:
			pairs.list = append(pairs.list, n, p.assignment())
			pairs.end = p.prev.end
		case pairs != nil && n.op != opBlockPass:
			p.unexpected("=>")
		default:
			list = append(list, n)
		}
		if p.skipNewlinesBefore(end); !p.accept(",") {
			break
		}
	}
	return list
}

// constantOrCall reads a constant, a local variable or a call without a receiver.
func (p *parser) constantOrCall() *node {
	t := p.tok
	n := &node{op: opCall, s: t.s}
	p.advance()
	paren := p.at("(") && !p.tok.space
	switch {
	case t.kind == tConst && !paren:
		n.op = opConst
	case p.vars[t.s] && !paren:
		n.op = opLvar
	case t.s == "_1" || t.s == "_2":
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
	case tLiteral, tIdent, tConst, tLabel:
		return p.tok.space || isString(p.tok)
	}
	return p.tok.space && (p.at("nil true false self not defined? case yield (") ||
		p.tok.operand && p.at("! - * & ** [ :: ~"))
}

// postfix reads calls, indexes and blocks behind an operand.
func (p *parser) postfix(n *node) *node {
	for at := n.at; ; n = p.node(at, n) {
		switch {
		case p.at(". &."):
			n = p.dotCall(n)
		case p.accept("::"):
			t := p.tok
			n = &node{op: opConst, a: n, s: t.s}
			if t.kind != tConst && t.kind != tIdent {
				p.unexpected("")
			}
			if p.advance(); t.kind == tIdent || p.at("(") && !p.tok.space {
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
	p.scope(maps.Clone(p.vars), func() {
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
func (p *parser) scope(vars map[string]bool, fn func()) {
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
			q.name, p.vars[p.tok.s] = p.tok.s, true
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
	case "then", "do", "else", "elsif", "end", "when", "in", "rescue", "ensure", "and", "or":
		p.unexpected("")
	}
	p.advance()
	switch word {
	case "true", "false":
		n.op, n.v = opLit, word == "true"
	case "self":
		n.op = opSelf
	case "yield":
		n.op = opYield
		p.callArguments(n)
	case "begin", "defined?", "while", "until":
		p.outside(at, word)
	case "not":
		n.op, n.a = opNot, p.assignment()
	case "return", "break", "next":
		n.op = map[string]op{"return": opReturn, "break": opBreak, "next": opNext}[word]
		if p.tok.kind != tNewline && p.tok.kind != tEOF && !p.at("end } ) : if unless while until rescue and or") {
			n.a = p.list()
		}
	}
	return p.node(at, n)
}

// ifExpression reads if and unless up to the end.
func (p *parser) ifExpression() *node {
	at, unless := p.tok.start, p.tok.s == "unless"
	n := &node{op: opIf}
	p.nest(func() {
		p.advance()
		n.a = p.condition()
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
			n.a = p.condition()
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
	p.scope(map[string]bool{}, func() {
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
