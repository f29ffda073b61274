package kitchen

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/mask"
)

// Secrets are the values of secrets in the files and in an environment of "NAME=value", for a masker: what stands under
// the name of a secret in any of the files, at any depth and in texts such as "--token=value", and the passwords in
// addresses. They are sorted and may be of any length.
func (c *Config) Secrets(environ []string) []string {
	s := secretCollector{found: mask.Secrets{}, seen: map[*yaml11.Value]bool{}}
	s.found.AddEnviron(environ)
	for _, f := range c.Files {
		if f.Data != nil {
			s.value("", f.Data)
		} else {
			s.found.AddText("", string(f.Rendered))
		}
	}
	return s.found.Sorted()
}

// Masker returns a masker for Secrets.
func (c *Config) Masker(environ []string) *mask.Masker { return mask.New(c.Secrets(environ)...) }

// MaskedJSON is MergedJSON with secrets masked.
func (c *Config) MaskedJSON(m *mask.Masker) ([]byte, error) {
	out, err := c.MergedJSON()
	if err != nil {
		return nil, err
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("mask the configuration: %w", err)
	}
	return json.Marshal(m.Value("", plain))
}

type secretCollector struct {
	found mask.Secrets
	seen  map[*yaml11.Value]bool
}

// value collects from a value that stands under a name.
func (s *secretCollector) value(name string, v *yaml11.Value) {
	if !mask.IsSecretName(name) {
		if s.seen[v] {
			return
		}
		s.seen[v] = true
	}
	switch v.Kind {
	case yaml11.Seq:
		for _, it := range v.Seq {
			s.value(name, it)
		}
	case yaml11.Map:
		for _, e := range v.Map.Entries() {
			s.value(mask.SecretKey(name, e.Key), e.Value)
		}
	default:
		text, _ := v.Text()
		s.found.AddText(name, text)
		if source, ok := v.Source(); ok {
			s.found.AddText(name, source) // 0123 is 83 here, and itself in other places
		}
	}
}
