package yaml11

import (
	"fmt"
	"strings"
)

// seq builds the value of a list. `!!omap` makes a mapping of its items.
func (p *parser) seq(n node, items []*Value) *Value {
	pos := p.pos(n.start)
	switch {
	case n.tag == "!omap" || n.tag == yamlTagPrefix+"omap":
		m := NewMapping(len(items))
		for _, it := range items {
			if it.Kind != Map {
				return p.bad(it.Pos, "an item of an !!omap that is no mapping was found", "write `- key: value`")
			}
			p.merge(m, it.Map, n.start)
		}
		return NewMap(m, pos)
	case strings.HasPrefix(n.tag, "!seq:") || strings.HasPrefix(n.tag, "!ruby/array:"):
		return p.badTag(n)
	}
	return NewSeq(items, pos)
}

// badTag refuses a tag that asks for a Ruby object.
func (p *parser) badTag(n node) *Value {
	return p.bad(p.pos(n.start), "the tag "+strings.Replace(n.tag, yamlTagPrefix, "!!", 1)+" asks for an object that a configuration cannot hold",
		"remove the tag, or put the text in quotes if no tag is meant")
}

// mapping builds the value of a mapping: later pairs replace earlier ones, and
// merge keys are merged in where they stand.
func (p *parser) mapping(n node, pairs []pair) *Value {
	if isObjectTag(n.tag) {
		return p.badTag(n)
	}
	m := NewMapping(len(pairs))
	var merged map[mapKey]bool // keys that came by `<<`
	for _, pr := range pairs {
		sources := mergeSources(pr)
		if sources == nil {
			p.setPair(m, pr, merged)
			continue
		}
		if merged == nil {
			merged = map[mapKey]bool{}
		}
		for _, src := range sources {
			p.spend(src.Map.Len(), n.start)
			for _, e := range src.Map.Entries() {
				k := mapKey{e.KeyKind, e.Key}
				old := m.Set(e)
				if old != nil && !merged[k] && !sameScalar(old.Value, e.Value) {
					p.warn(Warning{Pos: pr.key.Pos, Related: old.KeyPos, Key: e.Key,
						Msg:  fmt.Sprintf("`<<` replaces %q, which is set above it in line %d", e.Key, old.KeyPos.Line),
						Hint: "put `<<` first, so that the mapping's own keys win"})
				}
				merged[k] = true
			}
		}
	}
	return NewMap(m, p.pos(n.start))
}

// setPair adds an ordinary pair and warns of a key that is there twice.
func (p *parser) setPair(m *Mapping, pr pair, merged map[mapKey]bool) {
	k := mapKey{pr.key.Kind, p.keyText(pr.key.Value)}
	old := m.Set(Entry{Key: k.key, KeyKind: k.kind, KeyPos: pr.key.Pos, Value: pr.value.Value})
	if old != nil && !merged[k] {
		p.warn(Warning{Pos: pr.key.Pos, Related: old.KeyPos, Key: k.key,
			Msg:  fmt.Sprintf("the key %q is set twice; the value in line %d is ignored (first set at %s)", k.key, old.KeyPos.Line, old.KeyPos),
			Hint: "remove one of the two"})
	}
	delete(merged, k)
}

// keyText is the text of a key. A list or mapping as key is charged by its
// size, for its text is made from all of it.
func (p *parser) keyText(v *Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	p.work += v.size
	return fmt.Sprint(v.Any())
}

// mergeSources returns the mappings that a `<<` pair merges, the weakest first,
// or nil when the pair is an ordinary one. Like Psych, it merges quoted "<<"
// too, but neither with a scalar nor with an alias of a list.
func mergeSources(pr pair) []*Value {
	if pr.key.Kind != String || pr.key.Str != "<<" || pr.key.tag == yamlTagPrefix+"str" {
		return nil
	}
	switch {
	case pr.value.Kind == Map:
		return []*Value{pr.value.Value}
	case pr.value.Kind == Seq && !pr.value.alias && len(pr.value.Seq) > 0:
		sources := make([]*Value, 0, len(pr.value.Seq))
		for i := len(pr.value.Seq) - 1; i >= 0; i-- {
			if pr.value.Seq[i].Kind != Map {
				return nil
			}
			sources = append(sources, pr.value.Seq[i])
		}
		return sources
	}
	return nil
}

// merge copies the entries of src into m.
func (p *parser) merge(m, src *Mapping, at mark) {
	p.spend(src.Len(), at)
	for _, e := range src.Entries() {
		m.Set(e)
	}
}

// sameScalar reports whether a and b are scalars that print alike.
func sameScalar(a, b *Value) bool {
	ta, ok1 := a.Text()
	tb, ok2 := b.Text()
	return ok1 && ok2 && a.Kind == b.Kind && ta == tb
}

// isObjectTag reports whether Psych would make a Ruby object of a mapping with
// this tag, which safe_load refuses.
func isObjectTag(tag string) bool {
	switch tag {
	case "!set", yamlTagPrefix + "set", "!omap", yamlTagPrefix + "omap", "!str", yamlTagPrefix + "str":
		return true
	case "!ruby/object:Hash":
		return false
	}
	for _, prefix := range []string{"!ruby/struct", "!ruby/object", "!ruby/range", "!ruby/exception", "!ruby/string",
		"!ruby/array:", "!ruby/hash:", "!ruby/hash-with-ivars", "!ruby/marshalable:", "!map:", "!str:"} {
		if strings.HasPrefix(tag, prefix) {
			return true
		}
	}
	return false
}
