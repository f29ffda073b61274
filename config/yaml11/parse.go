package yaml11

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

// limits bound what is read: the size of the source; how deep lists and mappings nest; and the number of keys, scalars,
// lists and mappings, counted with every alias and merge key written out.
type limits struct{ bytes, depth, nodes int }

// Parse reads the first document of src; file names it in positions. An empty document gives a Null value. The error is
// of type Errors; there are several when the text is well formed but some of its values are not.
func Parse(file string, src []byte) (*Value, []Problem, error) {
	return read(file, src, limits{bytes: 4 << 20, depth: 500, nodes: 500_000})
}

func read(file string, src []byte, l limits) (v *Value, warnings []Problem, err error) {
	b := &builder{file: file, limits: l, done: map[*yaml.Node]*Value{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case Errors:
			for i := range r {
				r[i].Excerpt = Excerpt(src, r[i].Pos)
			}
			v, warnings, err = nil, nil, r
		default:
			panic(r)
		}
	}()
	if len(src) > l.bytes {
		fail(Pos{File: file}, fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(src), l.bytes),
			"move data out of it")
	}
	checkText(file, string(src))
	b.lines = sync.OnceValue(func() []string { return splitLines(string(src), -1) })
	v = NewNull(Pos{File: file, Line: 1, Col: 1})
	if root := b.parseNodes(src); root != nil {
		v = b.value(root, false)
	}
	if len(b.errs) > 0 {
		panic(b.errs)
	}
	slices.SortStableFunc(b.warnings, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return v, b.warnings, nil
}

// fail ends the reading.
func fail(pos Pos, msg, hint string) { panic(Errors{{Pos: pos, Msg: msg, Hint: hint}}) }

// parseNodes reads a document as nodes. It returns nil for an empty document.
func (b *builder) parseNodes(src []byte) *yaml.Node {
	var text []byte
	text, b.hidden = forParser(src)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		return nil
	case err != nil:
		panic(Errors{b.explain(string(src), newFailure(decoder, err))})
	}
	return doc.Content[0]
}
