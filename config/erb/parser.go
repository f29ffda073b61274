package erb

import "fmt"

// maxNesting bounds how deep expressions may nest, so that no template can
// exhaust the stack of this program.
const maxNesting = 800

// syntaxError is raised by the lexer and the parser, and caught in parse.
type syntaxError struct {
	pos         int // in the generated source
	msg         string
	construct   string
	unsupported bool
}

func (e *syntaxError) Error() string { return e.msg }

// parser turns generated Ruby source into a tree by recursive descent.
type parser struct {
	lexer
	tok     token
	prevEnd int
	depth   int
	vars    *varScope
	ctx     *jumpScope
	// noDo forbids a do block to be taken by the call being parsed: it belongs
	// to the command or loop around it.
	noDo bool
	// inDefined is true inside defined?, which allows what would not run.
	inDefined bool
	// stmtStart is where the current statement begins, where "a, b = …" and
	// "a = 1, 2" are allowed.
	stmtStart int
}

// varScope is the set of local variables known while parsing.
type varScope struct {
	names  map[string]bool
	outer  *varScope // visible outer scope of a block; nil for a method
	parent *varScope
}

// jumpScope is what break, next and return refer to.
type jumpScope struct {
	outer     *jumpScope
	loop      bool // while, until, for
	def       bool
	top       bool // the program itself, which no block can be given to
	hasBreak  bool
	hasNext   bool
	hasReturn bool
	numbered  int // highest _n used; -1 when there are parameters
}

// parse parses a whole program, which may use the local variables named.
func parse(src string, locals ...string) (n node, err error) {
	p := &parser{lexer: lexer{src: src}}
	p.identLocal = p.isLocal
	p.interpolate = p.interpolation
	p.pushVars(false)
	for _, name := range locals {
		p.declare(name)
	}
	p.ctx = &jumpScope{def: true, top: true, numbered: -1}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*syntaxError)
			if !ok {
				panic(r)
			}
			n, err = nil, e
		}
	}()
	p.advance()
	n = p.statements()
	if p.tok.kind != tEOF {
		p.unexpected("")
	}
	return n, nil
}

func (p *parser) advance() {
	p.prevEnd = p.tok.end
	p.tok = p.lexer.next()
}

func (p *parser) fail(pos int, format string, args ...any) {
	panic(&syntaxError{pos: pos, msg: "syntax error, " + fmt.Sprintf(format, args...)})
}

// outside reports a construct that Ruby has and the subset has not.
func (p *parser) outside(pos int, construct string) {
	panic(&syntaxError{pos: pos, msg: construct + " is not in the subset of Ruby that galley evaluates", construct: construct, unsupported: true})
}

func (p *parser) unexpected(expecting string) {
	what := describe(p.tok)
	if expecting != "" {
		p.fail(p.tok.start, "unexpected %s, expecting %s", what, expecting)
	}
	p.fail(p.tok.start, "unexpected %s", what)
}

func describe(t token) string {
	switch t.kind {
	case tEOF:
		return "end-of-input"
	case tNewline:
		if t.text == ";" {
			return "';'"
		}
		return "end of line"
	case tLiteral:
		if t.number {
			return "number " + t.text
		}
		return "literal"
	case tIdent:
		return "local variable or method `" + t.text + "'"
	case tConst:
		return "constant " + t.text
	case tKeyword:
		return "`" + t.text + "'"
	case tLabel, tStrLabel:
		return "label " + t.text + ":"
	case tOp:
		return "'" + opText(t.text) + "'"
	}
	return t.text
}

// opText is the text of an operator as it was written.
func opText(s string) string {
	if s == "i[" {
		return "["
	}
	if len(s) > 1 && s[0] == 'u' {
		return s[1:]
	}
	return s
}

func (p *parser) isOp(s string) bool      { return p.tok.kind == tOp && p.tok.text == s }
func (p *parser) isKeyword(s string) bool { return p.tok.kind == tKeyword && p.tok.text == s }

func (p *parser) acceptOp(s string) bool {
	if p.isOp(s) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) acceptKeyword(s string) bool {
	if p.isKeyword(s) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectOp(s string) {
	if !p.acceptOp(s) {
		p.unexpected("'" + s + "'")
	}
}

func (p *parser) expectKeyword(s string) {
	if !p.acceptKeyword(s) {
		p.unexpected("`" + s + "'")
	}
}

func (p *parser) skipNewlines() {
	for p.tok.kind == tNewline && p.tok.text == "\n" {
		p.advance()
	}
}

func (p *parser) skipTerms() {
	for p.tok.kind == tNewline {
		p.advance()
	}
}

// enter counts one level of nesting and returns the function that leaves it.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.tok.start, "nesting is deeper than %d levels", maxNesting)
	}
	return p.leave
}

func (p *parser) leave() { p.depth-- }

func (p *parser) from(start int) span { return span{start, p.prevEnd} }

// Local variables.

func (p *parser) pushVars(block bool) {
	s := &varScope{names: map[string]bool{}, parent: p.vars}
	if block {
		s.outer = p.vars
	}
	p.vars = s
}

func (p *parser) popVars() { p.vars = p.vars.parent }

func (p *parser) declare(name string) {
	if !p.isLocal(name) {
		p.vars.names[name] = true
	}
}

func (p *parser) isLocal(name string) bool {
	for s := p.vars; s != nil; s = s.outer {
		if s.names[name] {
			return true
		}
	}
	return false
}

// Jump targets.

func (p *parser) pushCtx(s *jumpScope) *jumpScope {
	s.outer = p.ctx
	p.ctx = s
	return s
}

// inMethod tells whether the code belongs to a method or class body.
func (p *parser) inMethod() bool {
	for c := p.ctx; c != nil; c = c.outer {
		if c.def {
			return !c.top
		}
	}
	return false
}

func (p *parser) popCtx() { p.ctx = p.ctx.outer }

// bracketed runs parse inside brackets, where a do block binds as usual again.
func (p *parser) bracketed(parse func()) {
	saved, savedStart := p.noDo, p.stmtStart
	p.noDo = false
	parse()
	p.noDo, p.stmtStart = saved, savedStart
}

// interpolation parses the inside of #{…}; pos is behind the brace before and
// after.
func (p *parser) interpolation() node {
	defer p.enter()()
	tok, state, prevEnd, heredoc := p.tok, p.state, p.prevEnd, p.heredocEnd
	p.state = stBeg
	p.heredocEnd = 0
	start := p.pos
	var n node
	p.bracketed(func() {
		p.advance()
		n = p.statements()
		if !p.isOp("}") {
			p.unexpected("'}'")
		}
	})
	p.pos = p.tok.end
	p.bodyResume = p.heredocEnd
	p.tok, p.state, p.prevEnd, p.heredocEnd = tok, state, prevEnd, heredoc
	return wrapSpan(n, span{start, p.pos - 1})
}

// wrapSpan makes sure that an interpolated expression is never mistaken for
// literal text.
func wrapSpan(n node, sp span) node {
	if s, ok := n.(*seqNode); ok {
		return s
	}
	return &seqNode{sp, []node{n}}
}

// endsStatements tells whether the current token closes a list of statements.
func (p *parser) endsStatements() bool {
	switch p.tok.kind {
	case tEOF:
		return true
	case tOp:
		return p.tok.text == "}" || p.tok.text == ")"
	case tKeyword:
		switch p.tok.text {
		case "end", "else", "elsif", "when", "in", "rescue", "ensure":
			return true
		}
	}
	return false
}

// statements parses up to the keyword or bracket that closes the list.
func (p *parser) statements() node {
	defer p.enter()()
	start := p.tok.start
	var stmts []node
	p.skipTerms()
	for !p.endsStatements() {
		stmts = append(stmts, p.statement())
		if p.tok.kind != tNewline && !p.endsStatements() {
			p.unexpected("")
		}
		p.skipTerms()
	}
	switch len(stmts) {
	case 0:
		return &nilNode{span{start, start}}
	case 1:
		return stmts[0]
	}
	return &seqNode{p.from(start), stmts}
}

// statement parses one statement with its modifiers.
func (p *parser) statement() node {
	start := p.tok.start
	p.stmtStart = start
	n := p.expressionStatement()
	for p.tok.kind == tKeyword {
		switch p.tok.text {
		case "if":
			p.advance()
			cond := p.expressionStatement()
			n = &ifNode{p.from(start), cond, n, nil}
		case "unless":
			p.advance()
			cond := p.expressionStatement()
			n = &ifNode{p.from(start), cond, nil, n}
		case "while", "until":
			negate := p.tok.text == "until"
			p.advance()
			cond := p.expressionStatement()
			b, isBegin := n.(*beginNode)
			first := isBegin && len(b.rescues) == 0 && b.ensure == nil
			n = &whileNode{p.from(start), cond, n, negate, first, true}
		case "rescue":
			p.advance()
			alt := p.statement()
			n = &beginNode{span: p.from(start), body: n, rescues: []rescueNode{{body: alt}}}
		default:
			return n
		}
	}
	return n
}

// expressionStatement parses not, and, or.
func (p *parser) expressionStatement() node {
	defer p.enter()()
	start := p.tok.start
	left := p.notExpression()
	for {
		switch {
		case p.isKeyword("and"):
			p.advance()
			p.skipNewlines()
			left = &andNode{p.from(start), left, p.notExpression()}
		case p.isKeyword("or"):
			p.advance()
			p.skipNewlines()
			left = &orNode{p.from(start), left, p.notExpression()}
		default:
			return left
		}
	}
}

func (p *parser) notExpression() node {
	start := p.tok.start
	if p.isKeyword("not") {
		p.advance()
		defer p.enter()()
		return &notNode{p.from(start), p.notExpression()}
	}
	if start == p.stmtStart && p.isOp("u*") {
		return p.multipleAssignment(nil, start)
	}
	n := p.expression()
	if start == p.stmtStart && p.isOp(",") && assignable(n) {
		return p.multipleAssignment(n, start)
	}
	if m, ok := n.(*mlhsNode); ok {
		return p.multipleAssignment(m, start)
	}
	if p.isOp("=>") || p.isKeyword("in") {
		p.outside(p.tok.start, "pattern matching")
	}
	return n
}

// multipleAssignment parses "a, b = …" behind its first target.
func (p *parser) multipleAssignment(first node, start int) node {
	left := &mlhsNode{splat: -1}
	if m, ok := first.(*mlhsNode); ok && p.isOp("=") {
		left = m
	} else {
		if first != nil {
			left.targets = append(left.targets, first)
			p.expectOp(",")
		}
		p.mlhsItems(left)
		left.span = p.from(start)
	}
	if !p.isOp("=") {
		p.unexpected("'='")
	}
	p.declareTarget(left)
	p.advance()
	p.skipNewlines()
	val := p.rightList(p.tok.start, true)
	return &masgnNode{p.from(start), left, val}
}

// mlhsItems parses the targets up to = or a closing parenthesis.
func (p *parser) mlhsItems(m *mlhsNode) {
	for !p.isOp("=") && !p.isOp(")") && !p.isKeyword("in") && !p.isOp("|") {
		start := p.tok.start
		if p.isOp("u*") || p.isOp("*") {
			if m.splat >= 0 {
				p.unexpected("")
			}
			m.splat = len(m.targets)
			p.advance()
			if p.isOp(",") || p.isOp("=") || p.isOp(")") || p.isOp("|") {
				m.targets = append(m.targets, &lvarNode{p.from(start), ""})
			} else {
				m.targets = append(m.targets, p.mlhsItem())
			}
		} else {
			m.targets = append(m.targets, p.mlhsItem())
		}
		if !p.acceptOp(",") {
			return
		}
	}
}

func (p *parser) mlhsItem() node {
	defer p.enter()()
	start := p.tok.start
	if p.acceptOp("(") {
		m := &mlhsNode{splat: -1}
		p.mlhsItems(m)
		p.expectOp(")")
		m.span = p.from(start)
		return m
	}
	n := p.postfix()
	if !assignable(n) {
		p.fail(start, "unexpected target of a multiple assignment")
	}
	return n
}

// rightList parses the right side of an assignment in a statement, which may be
// a list: an array when there is more than one element or a splat.
func (p *parser) rightList(start int, multiple bool) node {
	var elems []node
	splat := false
	for {
		es := p.tok.start
		if p.isOp("u*") || p.isOp("*") {
			p.advance()
			splat = true
			elems = append(elems, &splatNode{p.from(es), p.expression()})
		} else {
			elems = append(elems, p.expression())
		}
		if !p.isOp(",") {
			break
		}
		p.advance()
		p.skipNewlines()
	}
	n := elems[0]
	if len(elems) > 1 || splat {
		n = &arrayNode{p.from(start), elems}
	}
	if multiple && p.isKeyword("rescue") {
		p.advance()
		n = &beginNode{span: p.from(start), body: n, rescues: []rescueNode{{body: p.expression()}}}
	}
	return n
}

// assignable tells whether a node can be the target of an assignment.
func assignable(n node) bool {
	switch n := n.(type) {
	case *lvarNode, *ivarNode, *gvarNode, *cvarNode, *constNode, *mlhsNode:
		return true
	case *callNode:
		if n.block != nil || n.blockArg != nil {
			return false
		}
		if n.vcall || n.name == "[]" {
			return true
		}
		return n.recv != nil && len(n.args) == 0 && isPlainName(n.name)
	}
	return false
}

// isPlainName tells that a method name could have a setter.
func isPlainName(s string) bool {
	last := s[len(s)-1]
	return isIdentStart(s[0]) && last != '?' && last != '!' && last != '='
}

// declareTarget makes the local variables of an assignment known, and turns
// bare words into variables.
func (p *parser) declareTarget(n node) node {
	switch n := n.(type) {
	case *callNode:
		if n.vcall {
			p.declare(n.name)
			return &lvarNode{n.span, n.name}
		}
	case *lvarNode:
		if n.name != "" {
			p.declare(n.name)
		}
	case *mlhsNode:
		for i, t := range n.targets {
			n.targets[i] = p.declareTarget(t)
		}
	}
	return n
}
