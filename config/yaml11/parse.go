package yaml11

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Parse reads the first document of src; file names it in positions. An empty
// document gives a Null value. The error is a *SyntaxError, or several joined
// when the text is well formed but some of its values are not.
func Parse(file string, src []byte, o Options) (v *Value, warnings []Warning, err error) {
	limits := o.Limits.withDefaults()
	if len(src) > limits.MaxBytes {
		return nil, nil, &SyntaxError{Pos: Pos{File: file},
			Msg:  fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(src), limits.MaxBytes),
			Hint: "move data out of it"}
	}
	if bad := checkText(file, src); bad != nil {
		return nil, nil, bad.withExcerpt(src)
	}
	p := &parser{scanner: newScanner(file, src, limits), anchors: map[string]*anchor{}}
	defer func() {
		if r := recover(); r != nil {
			bad, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			if bytes.HasPrefix(src, []byte(byteOrderMark)) {
				bad.Hint += "; the file starts with a byte order mark, which counts as a column: save it without"
			}
			v, warnings, err = nil, nil, bad.withExcerpt(src)
		}
	}()
	v = p.parseDocument()
	if len(p.errs) > 0 {
		all := make([]error, len(p.errs))
		for i, bad := range p.errs {
			all[i] = bad.withExcerpt(src)
		}
		return nil, nil, errors.Join(all...)
	}
	slices.SortStableFunc(p.warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return v, p.warnings, nil
}

func (e *SyntaxError) withExcerpt(src []byte) *SyntaxError {
	e.Excerpt = Excerpt(src, e.Pos)
	return e
}

// maxErrors is how many bad values are reported of one file.
const maxErrors = 20

// parser builds values from tokens.
type parser struct {
	*scanner
	anchors  map[string]*anchor
	handles  map[string]string // of %TAG directives
	warnings []Warning
	errs     []*SyntaxError
	open     []token // the [ and { being read
	depth    int
	work     int // nodes made and entries merged
}

// anchor is a value that aliases may refer to. Its value is nil while the
// collection is still being read.
type anchor struct {
	value *Value
}

// bad notes an error of a value; parsing goes on, to find further ones.
func (p *parser) bad(pos Pos, msg, hint string) *Value {
	e := &SyntaxError{Pos: pos, Msg: msg, Hint: hint}
	p.errs = append(p.errs, e)
	if len(p.errs) > maxErrors {
		panic(e)
	}
	return NewNull(pos)
}

// maxWarnings is how many warnings are reported of one file.
const maxWarnings = 100

func (p *parser) warn(w Warning) {
	if len(p.warnings) < maxWarnings {
		p.warnings = append(p.warnings, w)
	}
}

// spend counts n nodes, or n merged entries, against the limit.
func (p *parser) spend(n int, m mark) {
	p.work += n
	if p.work > p.limits.MaxNodes {
		p.failSize(m)
	}
}

// checkSize refuses a value that aliases have blown up.
func (p *parser) checkSize(v *Value, m mark) *Value {
	if v.size > p.limits.MaxNodes {
		p.failSize(m)
	}
	return v
}

func (p *parser) failSize(m mark) {
	p.fail(m, fmt.Sprintf("the file has more than %d nodes, with every alias written out", p.limits.MaxNodes),
		"remove aliases of aliases, or move data out of the file")
}

// failToken refuses a token. When the file ends inside of [] or {}, the place to
// look at is where that was opened.
func (p *parser) failToken(t *token, wanted, hint string) {
	if t.kind == tokStreamEnd && len(p.open) > 0 {
		open := p.open[len(p.open)-1]
		closing := map[tokenKind]tokenKind{tokFlowSeqStart: tokFlowSeqEnd, tokFlowMapStart: tokFlowMapEnd}[open.kind]
		p.fail(open.start, tokenNames[open.kind]+" starts here and is never closed", "add the closing "+tokenNames[closing])
	}
	p.fail(t.start, tokenNames[t.kind]+" was found where "+wanted+" is expected", hint)
}

// node is what the parser knows of a value before it reads its content.
type node struct {
	start  mark
	anchor string
	tag    string // resolved; "" for none or a lone `!`
	// indentless: a list may stand at the column of its key.
	indentless bool
	// block: block lists and mappings are allowed.
	block bool
}

// parsed is a value with what a mapping asks of its keys and values.
type parsed struct {
	*Value
	alias bool
	tag   string
}

func (p *parser) parseDocument() *Value {
	switch t := p.peek(); t.kind {
	case tokStreamEnd:
		return NewNull(p.pos(t.start))
	case tokVersion, tokTagDirective, tokDocStart:
		p.parseDirectives()
		if t := p.peek(); t.kind != tokDocStart {
			p.failToken(t, "`---` behind the directives", "add a line `---`")
		}
		start := p.next()
		switch p.peek().kind {
		case tokVersion, tokTagDirective, tokDocStart, tokDocEnd, tokStreamEnd:
			return NewNull(p.pos(start.end))
		}
	}
	v := p.parseNode(node{block: true}).Value
	// The document ends at the next token, which therefore has to be sound.
	p.peek()
	return v
}

func (p *parser) parseDirectives() {
	versions := 0
	for {
		t := p.peek()
		switch t.kind {
		case tokVersion:
			versions++
			if t.value != "1.1" && t.value != "1.2" || versions > 1 {
				p.fail(t.start, "a %YAML directive that is not the only one, or not of version 1.1 or 1.2, was found",
					"write `%YAML 1.1` once, or remove the line")
			}
		case tokTagDirective:
			if _, ok := p.handles[t.value]; ok {
				p.fail(t.start, "a second %TAG directive for "+t.value+" was found", "remove one of them")
			}
			if p.handles == nil {
				p.handles = map[string]string{}
			}
			p.handles[t.value] = t.suffix
		default:
			return
		}
		p.next()
	}
}

// yamlTagPrefix is what `!!` stands for.
const yamlTagPrefix = "tag:yaml.org,2002:"

func (p *parser) resolveTag(t token) string {
	if t.value == "" {
		if t.suffix == "!" {
			return ""
		}
		return t.suffix
	}
	if prefix, ok := p.handles[t.value]; ok {
		return prefix + t.suffix
	}
	switch t.value {
	case "!":
		return "!" + t.suffix
	case "!!":
		return yamlTagPrefix + t.suffix
	}
	p.fail(t.start, "the tag handle "+t.value+" is not known", "define it by a %TAG directive, or put the text in quotes")
	return ""
}

func (p *parser) parseNode(n node) parsed {
	t := p.peek()
	p.spend(1, t.start)
	n.start = t.start
	if t.kind == tokAlias {
		return parsed{Value: p.checkSize(p.parseAlias(p.next()), n.start), alias: true}
	}
	anchored, tagged := false, false
properties:
	for {
		t = p.peek()
		switch {
		case t.kind == tokAnchor && !anchored:
			n.anchor, anchored = p.next().value, true
		case t.kind == tokTag && !tagged:
			n.tag, tagged = p.resolveTag(p.next()), true
		default:
			break properties
		}
	}
	return parsed{Value: p.parseContent(n, t, anchored, tagged), tag: n.tag}
}

// parseContent reads what follows the anchor and the tag of a node.
func (p *parser) parseContent(n node, t *token, anchored, tagged bool) *Value {
	switch {
	case n.indentless && t.kind == tokBlockEntry:
		return p.collection(n, p.parseIndentlessSeq)
	case t.kind == tokScalar:
		tok := p.next()
		// A lone `!` makes Psych resolve quoted text as if it were plain.
		loneTag := tagged && n.tag == ""
		return p.define(n, p.scalar(n, tok.value, !tok.plain && !loneTag))
	case t.kind == tokFlowSeqStart:
		return p.collection(n, p.parseFlowSeq)
	case t.kind == tokFlowMapStart:
		return p.collection(n, p.parseFlowMap)
	case n.block && t.kind == tokBlockSeqStart:
		return p.collection(n, p.parseBlockSeq)
	case n.block && t.kind == tokBlockMapStart:
		return p.collection(n, p.parseBlockMap)
	case anchored || tagged:
		return p.define(n, p.scalar(n, "", false))
	}
	p.failToken(t, "a value", valueHint(t.kind))
	return nil
}

func valueHint(k tokenKind) string {
	switch k {
	case tokValue:
		return "put text that starts with `:` in quotes"
	case tokStreamEnd, tokFlowSeqEnd, tokFlowMapEnd, tokFlowEntry:
		return "add the value, or close what is open"
	}
	return "put the text in quotes if it is meant as text"
}

// empty is the value of a key or list item with nothing behind it.
func (p *parser) empty(m mark) parsed {
	p.spend(1, m)
	return parsed{Value: NewNull(p.pos(m))}
}

func (p *parser) parseAlias(t token) *Value {
	a, ok := p.anchors[t.value]
	switch {
	case !ok:
		return p.bad(p.pos(t.start), "the alias *"+t.value+" refers to an anchor that is not defined above it in this file",
			"define &"+t.value+" first; put the text in quotes if no alias is meant")
	case a.value == nil:
		return p.bad(p.pos(t.start), "the alias *"+t.value+" stands inside the value that it refers to",
			"move it out of &"+t.value)
	}
	return a.value
}

// define ties a finished value to its anchor.
func (p *parser) define(n node, v *Value) *Value {
	if n.anchor != "" {
		p.anchors[n.anchor] = &anchor{value: v}
	}
	return v
}

// collection reads a list or mapping by parse, with its anchor known inside.
func (p *parser) collection(n node, parse func(node) *Value) *Value {
	p.depth++
	if p.depth > p.limits.MaxDepth {
		p.failDepth(n.start)
	}
	var open *anchor
	if n.anchor != "" {
		open = &anchor{}
		p.anchors[n.anchor] = open
	}
	v := p.checkSize(parse(n), n.start)
	if open != nil {
		open.value = v
	}
	p.depth--
	return v
}
