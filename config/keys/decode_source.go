package keys

import (
	"bytes"
	"strings"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// sources are the rendered files, to look up how a scalar is written.
type sources struct {
	files map[string][]byte
	lines map[string][][]byte
}

func newSources(files []kitchen.File) *sources {
	s := &sources{files: map[string][]byte{}, lines: map[string][][]byte{}}
	for _, f := range files {
		if f.Present {
			s.files[f.Name] = f.Rendered
		}
	}
	return s
}

// text returns a plain number as it stands in the file: `16.10` is the number 16.1, yet the version "16.10". It answers
// false unless what stands there is surely that number.
func (s *sources) text(v *yaml11.Value) (string, bool) {
	lines, ok := s.lines[v.Pos.File]
	if !ok {
		lines = bytes.Split(s.files[v.Pos.File], []byte("\n"))
		s.lines[v.Pos.File] = lines
	}
	if v.Pos.Line < 1 || v.Pos.Line > len(lines) {
		return "", false
	}
	line := []rune(string(lines[v.Pos.Line-1]))
	if v.Pos.Col < 1 || v.Pos.Col > len(line) {
		return "", false
	}
	words := strings.FieldsFunc(string(line[v.Pos.Col-1:]), func(r rune) bool {
		return strings.ContainsRune(" \t\r,]}", r)
	})
	// An anchor or a tag may stand in front.
	for len(words) > 0 && (words[0][0] == '&' || words[0][0] == '!') {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", false
	}
	again, _, err := yaml11.Parse("", []byte(words[0]), yaml11.Options{})
	if err != nil || again.Kind != v.Kind {
		return "", false
	}
	was, _ := v.Text()
	is, _ := again.Text()
	return words[0], was == is
}
