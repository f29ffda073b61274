package yaml11

import "fmt"

// pair is one entry of a mapping as written.
type pair struct {
	key, value parsed
}

// parseUnless reads a node, or an empty one that starts at m when the next
// token is one of ends.
func (p *parser) parseUnless(n node, m mark, ends ...tokenKind) parsed {
	next := p.peek().kind
	for _, end := range ends {
		if next == end {
			return p.empty(m)
		}
	}
	return p.parseNode(n)
}

func (p *parser) parseBlockSeq(n node) *Value {
	start := p.next()
	var items []*Value
	for p.peek().kind == tokBlockEntry {
		dash := p.next()
		items = append(items, p.parseUnless(node{block: true}, dash.end, tokBlockEntry, tokBlockEnd).Value)
	}
	if t := p.peek(); t.kind != tokBlockEnd {
		p.failToken(t, fmt.Sprintf("another `- ` of the list that starts in line %d", start.start.line+1),
			"indent the line like the items of the list, or deeper if it belongs to the item above")
	}
	p.next()
	return p.seq(n, items)
}

// parseIndentlessSeq reads a list whose dashes stand at the column of its key.
func (p *parser) parseIndentlessSeq(n node) *Value {
	var items []*Value
	for p.peek().kind == tokBlockEntry {
		dash := p.next()
		items = append(items, p.parseUnless(node{block: true}, dash.end, tokBlockEntry, tokKey, tokValue, tokBlockEnd).Value)
	}
	return p.seq(n, items)
}

func (p *parser) parseBlockMap(n node) *Value {
	start := p.next()
	part := node{block: true, indentless: true}
	var pairs []pair
	for p.peek().kind == tokKey {
		mark := p.next().end
		key := p.parseUnless(part, mark, tokKey, tokValue, tokBlockEnd)
		var value parsed
		if p.peek().kind == tokValue {
			colon := p.next()
			value = p.parseUnless(part, colon.end, tokKey, tokValue, tokBlockEnd)
		} else {
			value = p.empty(mark)
		}
		pairs = append(pairs, pair{key, value})
	}
	if t := p.peek(); t.kind != tokBlockEnd {
		p.failToken(t, fmt.Sprintf("another key of the mapping that starts in line %d", start.start.line+1),
			"indent the line like the keys of the mapping, and check the quotes above")
	}
	p.next()
	return p.mapping(n, pairs)
}

func (p *parser) parseFlowSeq(n node) *Value {
	p.open = append(p.open, p.next())
	var items []*Value
	for first := true; p.peek().kind != tokFlowSeqEnd; first = false {
		if !first && !p.takeComma(tokFlowSeqEnd) {
			break
		}
		if p.peek().kind == tokKey {
			items = append(items, p.parseFlowPair())
		} else {
			items = append(items, p.parseNode(node{}).Value)
		}
	}
	p.closeFlow()
	return p.seq(n, items)
}

// closeFlow moves over the end of the innermost [] or {}.
func (p *parser) closeFlow() {
	p.next()
	p.open = p.open[:len(p.open)-1]
}

// takeComma moves over the comma between two items. It reports false when the
// comma was the last thing before the end token.
func (p *parser) takeComma(end tokenKind) bool {
	if t := p.peek(); t.kind != tokFlowEntry {
		open := p.open[len(p.open)-1]
		p.failToken(t, "`,` or "+tokenNames[end],
			fmt.Sprintf("close the %s of line %d, or put the text in quotes", tokenNames[open.kind], open.start.line+1))
	}
	p.next()
	return p.peek().kind != end
}

// parseFlowPair reads `key: value` as an item of a flow list; it makes a
// mapping of one entry.
func (p *parser) parseFlowPair() *Value {
	start := p.next()
	p.spend(1, start.start)
	var pr pair
	switch t := p.peek(); t.kind {
	case tokValue, tokFlowEntry, tokFlowSeqEnd:
		// As in libyaml, the token behind a lone `?` is lost.
		p.next()
		pr.key = p.empty(start.end)
	default:
		pr.key = p.parseNode(node{})
	}
	if p.peek().kind == tokValue {
		colon := p.next()
		pr.value = p.parseUnless(node{}, colon.end, tokFlowEntry, tokFlowSeqEnd)
	} else {
		pr.value = p.empty(start.end)
	}
	return p.checkSize(p.mapping(node{start: start.start}, []pair{pr}), start.start)
}

func (p *parser) parseFlowMap(n node) *Value {
	p.open = append(p.open, p.next())
	var pairs []pair
	for first := true; p.peek().kind != tokFlowMapEnd; first = false {
		if !first && !p.takeComma(tokFlowMapEnd) {
			break
		}
		if p.peek().kind != tokKey {
			key := p.parseNode(node{})
			pairs = append(pairs, pair{key, p.empty(p.peek().start)})
			continue
		}
		mark := p.next().end
		pr := pair{key: p.parseUnless(node{}, mark, tokValue, tokFlowEntry, tokFlowMapEnd)}
		if p.peek().kind == tokValue {
			colon := p.next()
			pr.value = p.parseUnless(node{}, colon.end, tokFlowEntry, tokFlowMapEnd)
		} else {
			pr.value = p.empty(mark)
		}
		pairs = append(pairs, pr)
	}
	p.closeFlow()
	return p.mapping(n, pairs)
}
