package yaml11

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// maxErrors is how many bad values are reported of one file, maxWarnings how many warnings.
const (
	maxErrors   = 20
	maxWarnings = 100
)

// builder makes values of the nodes that the parser made.
type builder struct {
	file   string
	lines  func() []string // the source
	hidden bool            // whether scalars hold hidden characters; see forParser
	limits limits
	// done are the values of nodes that an alias may refer to; nil while the node's own content is being built.
	done     map[*yaml.Node]*Value
	warnings []Problem
	errs     Errors
	depth    int
	work     int // nodes made and entries merged
}

func (b *builder) pos(n *yaml.Node) Pos { return Pos{File: b.file, Line: n.Line, Col: n.Column} }

// source is the rest of the line that a node starts in, from the node on.
func (b *builder) source(n *yaml.Node) string {
	lines := b.lines()
	if n.Line > len(lines) {
		return ""
	}
	line := lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}

// bad notes an error of a value; building goes on, to find further ones.
func (b *builder) bad(pos Pos, msg, hint string) *Value {
	if len(b.errs) == maxErrors {
		fail(pos, msg, hint)
	}
	b.errs = append(b.errs, Problem{Pos: pos, Msg: msg, Hint: hint})
	return NewNull(pos)
}

func (b *builder) warn(pos Pos, key, msg, hint string) {
	if len(b.warnings) < maxWarnings {
		b.warnings = append(b.warnings, Problem{Pos: pos, Key: key, Msg: msg, Hint: hint})
	}
}

// spend counts n nodes, or n merged entries, against the limit.
func (b *builder) spend(n int, pos Pos) {
	b.work += n
	b.checkSize(b.work, pos)
}

func (b *builder) checkSize(nodes int, pos Pos) {
	if nodes > b.limits.nodes {
		fail(pos, fmt.Sprintf("the file has more than %d nodes, with every alias written out", b.limits.nodes),
			"remove aliases of aliases, or move data out of the file")
	}
}

// value builds the value of a node, which is part of a flow collection or not. Aliases of one node share its value.
func (b *builder) value(n *yaml.Node, flow bool) *Value {
	pos := b.pos(n)
	b.spend(1, pos)
	if n.Kind == yaml.AliasNode {
		v, known := b.done[n.Alias]
		if known && v == nil {
			return b.bad(pos, "the alias *"+n.Value+" stands inside the value that it refers to", "move it out of &"+n.Value)
		}
		return v
	}
	if n.Anchor != "" {
		b.done[n] = nil
	}
	if b.depth++; b.depth > b.limits.depth {
		fail(pos, tooDeep, flatten)
	}
	flow = flow || n.Style&yaml.FlowStyle != 0
	var v *Value
	switch n.Kind {
	case yaml.ScalarNode:
		v = b.scalar(n, flow)
	case yaml.SequenceNode:
		v = b.seq(n, flow)
	default:
		v = b.mapping(n, flow)
	}
	b.depth--
	b.checkSize(v.size, pos)
	if n.Anchor != "" {
		b.done[n] = v
	}
	return v
}

// seq builds the value of a list. `!!omap` makes a mapping of its items.
func (b *builder) seq(n *yaml.Node, flow bool) *Value {
	items := make([]*Value, len(n.Content))
	for i, c := range n.Content {
		items[i] = b.value(c, flow)
	}
	switch {
	case n.Tag == "!omap" || n.Tag == "!!omap":
		m := NewMapping(len(items))
		for _, it := range items {
			if it.Kind != Map {
				return b.bad(it.Pos, "an item of an !!omap that is no mapping was found", "write `- key: value`")
			}
			b.spend(it.Map.Len(), it.Pos)
			for _, e := range it.Map.Entries() {
				m.Set(e)
			}
		}
		return NewMap(m, b.pos(n))
	case isObject(n, seqObjects):
		return b.badTag(n)
	}
	return NewSeq(items, b.pos(n))
}

// badTag refuses a tag that asks for a Ruby object.
func (b *builder) badTag(n *yaml.Node) *Value {
	return b.bad(b.pos(n), "the tag "+n.Tag+" asks for an object that a configuration cannot hold",
		"remove the tag, or put the text in quotes if no tag is meant")
}

// mapping builds the value of a mapping: later pairs replace earlier ones, and
// merge keys are merged in where they stand.
func (b *builder) mapping(n *yaml.Node, flow bool) *Value {
	m := NewMapping(len(n.Content) / 2)
	var merged map[mapKey]bool // keys that came by `<<`
	for i := 0; i < len(n.Content); i += 2 {
		key, value := b.value(n.Content[i], flow), b.value(n.Content[i+1], flow)
		sources := mergeSources(n.Content[i], n.Content[i+1], key, value)
		if sources == nil {
			b.setPair(m, key, value, merged)
			continue
		}
		if merged == nil {
			merged = map[mapKey]bool{}
		}
		for _, src := range sources {
			b.spend(src.Map.Len(), key.Pos)
			b.mergeEntries(m, src, key.Pos, merged)
		}
	}
	if isObject(n, mapObjects) && n.Tag != "!ruby/object:Hash" {
		return b.badTag(n)
	}
	return NewMap(m, b.pos(n))
}

// mergeEntries sets the entries of src in m and warns of keys that they replace.
func (b *builder) mergeEntries(m *Mapping, src *Value, at Pos, merged map[mapKey]bool) {
	for _, e := range src.Map.Entries() {
		k := mapKey{e.KeyKind, e.Key}
		old := m.Set(e)
		if old != nil && !merged[k] && !sameScalar(old.Value, e.Value) {
			b.warn(at, e.Key, fmt.Sprintf("`<<` replaces %q, which is set above it in line %d", e.Key, old.KeyPos.Line),
				"put `<<` first, so that the mapping's own keys win")
		}
		merged[k] = true
	}
}

// setPair adds an ordinary pair and warns of a key that is there twice.
func (b *builder) setPair(m *Mapping, key, value *Value, merged map[mapKey]bool) {
	k := mapKey{key.Kind, b.keyText(key)}
	pos := key.Pos
	old := m.Set(Entry{Key: k.key, KeyKind: k.kind, KeyPos: pos, Value: value})
	if old != nil && !merged[k] {
		b.warn(pos, k.key, fmt.Sprintf("the key %q is set twice; the value in line %d is ignored (first set at %s)",
			k.key, old.KeyPos.Line, old.KeyPos), "remove one of the two")
	}
	delete(merged, k)
}

// keyText is the text of a key. A list or mapping as key is charged by its size, for its text is made from all of it.
func (b *builder) keyText(v *Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	b.spend(v.size, v.Pos)
	return fmt.Sprint(v.Any())
}

// mergeSources returns the mappings that a `<<` pair merges, the weakest first, or nil when the pair is an ordinary
// one. Like Psych, it merges quoted "<<" too, but neither with a scalar nor with an alias of a list.
func mergeSources(keyNode, valueNode *yaml.Node, key, value *Value) []*Value {
	tagged := keyNode.Style&yaml.TaggedStyle != 0 && keyNode.Tag == "!!str"
	if key.Kind != String || key.Str != "<<" || tagged {
		return nil
	}
	switch {
	case value.Kind == Map:
		return []*Value{value}
	case value.Kind == Seq && valueNode.Kind != yaml.AliasNode && len(value.Seq) > 0:
		sources := make([]*Value, 0, len(value.Seq))
		for _, it := range slices.Backward(value.Seq) {
			if it.Kind != Map {
				return nil
			}
			sources = append(sources, it)
		}
		return sources
	}
	return nil
}

// sameScalar reports whether a and b are scalars that print alike.
func sameScalar(a, b *Value) bool {
	ta, ok1 := a.Text()
	tb, ok2 := b.Text()
	return ok1 && ok2 && a.Kind == b.Kind && ta == tb
}

// The tags with which Psych would make a Ruby object of a node, which safe_load refuses. Any other unknown tag leaves
// the node as if it had none.
var (
	scalarObjects = lazyregexp.New(`^!(ruby/(object:(BigDecimal|DateTime|Complex|Rational)|` +
		`encoding|class|module|regexp|range)$|(ruby/string|str):)`)
	seqObjects = lazyregexp.New(`^!(ruby/array|seq):`)
	mapObjects = lazyregexp.New(`^!(!?(set|omap|str)$|` +
		`ruby/(struct|object|range|exception|string|array:|hash:|hash-with-ivars|marshalable:)|(map|str):)`)
)

// isObject reports whether the tag of a node, if it has one, is among these.
func isObject(n *yaml.Node, tags func() *regexp.Regexp) bool {
	return n.Style&yaml.TaggedStyle != 0 && tags().MatchString(n.Tag)
}
