package yaml11

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits bound what Parse accepts. A zero field means the default.
type Limits struct {
	// MaxBytes is the size of the source; default 4 MiB.
	MaxBytes int
	// MaxDepth is how deep lists and mappings nest; default 500.
	MaxDepth int
	// MaxNodes is the number of keys, scalars, lists and mappings, counted with
	// every alias and merge key written out; default 500,000.
	MaxNodes int
}

func (l Limits) withDefaults() Limits {
	l.MaxBytes = cmp.Or(l.MaxBytes, 4<<20)
	l.MaxDepth = cmp.Or(l.MaxDepth, 500)
	l.MaxNodes = cmp.Or(l.MaxNodes, 500_000)
	return l
}

// Options say how to parse.
type Options struct {
	Limits Limits
}

// Parse reads the first document of src; file names it in positions. An empty document gives a Null value. The error is
// a *SyntaxError, or several joined when the text is well formed but some of its values are not.
func Parse(file string, src []byte, o Options) (v *Value, warnings []Warning, err error) {
	limits := o.Limits.withDefaults()
	if len(src) > limits.MaxBytes {
		return nil, nil, &SyntaxError{
			Pos:  Pos{File: file},
			Msg:  fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(src), limits.MaxBytes),
			Hint: "move data out of it",
		}
	}
	if bad := checkText(file, src); bad != nil {
		return nil, nil, bad.withExcerpt(src)
	}
	b := &builder{file: file, lines: strings.Split(string(src), "\n"), limits: limits, done: map[*yaml.Node]*Value{}}
	defer func() {
		if r := recover(); r != nil {
			bad, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			v, warnings, err = nil, nil, bad.withExcerpt(src)
		}
	}()
	text, hidden := forParser(src)
	b.hidden = hidden
	v = b.document(parseNodes(file, src, text))
	if len(b.errs) > 0 {
		all := make([]error, len(b.errs))
		for i, bad := range b.errs {
			all[i] = bad.withExcerpt(src)
		}
		return nil, nil, errors.Join(all...)
	}
	slices.SortStableFunc(b.warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return v, b.warnings, nil
}

// parseNodes reads a document, which src holds as text, as nodes, or panics with a
// *SyntaxError. It returns nil for an empty document.
func parseNodes(file string, src, text []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		return nil
	case err != nil:
		panic(explain(file, src, newFailure(decoder, err)))
	}
	return doc.Content[0]
}
