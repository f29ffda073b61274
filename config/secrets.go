package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/mask"
)

// Masked stands in the place of a secret.
const Masked = mask.Hidden

// secretName matches the names of keys and variables that hold secrets.
var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(passw(or)?d|passphrase|passwd|secret|token|credential|` +
		`(api|access|private|license|encryption|auth)[_-]?key|(^|[_-])(key|pass|pwd|pat)$)`)
})

// notSecretName matches names that merely say where a secret is, or what kind.
var notSecretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([_-](path|file|dir|url|name|id|type|length|size|ttl)|public[_-]?key|ssh_key)$`)
})

// IsSecretName reports whether a key or variable of that name holds a secret: password, token, api_key and the like,
// but not secret_path. PWD is the working directory, which every shell has in the environment.
func IsSecretName(name string) bool {
	return name != "PWD" && secretName().MatchString(name) && !notSecretName().MatchString(name)
}

// assigned matches a name to which a text gives a value: NAME=value, "name": "value",
// --name=value. Blanks alone do so behind --name only.
var assigned = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([A-Za-z0-9_.-]+)(["']?\s*[:=]\s*|[ \t]+)`)
})

// assignedValue matches the value that follows.
var assignedValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^("[^"]*"|'[^']*'|[^\s,}\]]*)`)
})

// userinfo matches the password in an address.
var userinfo = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@`)
})

// Secrets are the values of secrets in the configuration and in an environment of "NAME=value", for a masker: what
// stands under the name of a secret in any of the files, at any depth and in texts such as "--token=value", and the
// passwords in addresses. They are sorted and may be of any length.
func (c *Config) Secrets(environ []string) []string { return secretsIn(c.Files, environ) }

func secretsIn(files []File, environ []string) []string {
	s := secretCollector{found: map[string]bool{}, seen: map[*yaml11.Value]bool{}}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		s.text(name, value)
	}
	for _, f := range files {
		if f.Data != nil {
			s.value("", f.Data)
		} else {
			s.text("", string(f.Rendered))
		}
	}
	delete(s.found, "")
	return slices.Sorted(maps.Keys(s.found))
}

// SecretValues are the Secrets of the configuration that the instances are of, and of an environment of "NAME=value".
func SecretValues(instances []Instance, environ []string) []string {
	all := secretsIn(nil, environ)
	for n, i := range instances {
		if i.secrets != nil && (n == 0 ||
			i.secrets != instances[n-1].secrets) { // one list for all instances of a configuration
			all = append(all, *i.secrets...)
		}
	}
	return all
}

// Masker returns a Masker for the secrets of the configuration and of an environment.
func (c *Config) Masker(environ []string) *Masker { return NewMasker(c.Secrets(environ)) }

type secretCollector struct {
	found map[string]bool
	seen  map[*yaml11.Value]bool
}

// value collects from a value that stands under a name; what is below a secret name is secret too.
func (s *secretCollector) value(name string, v *yaml11.Value) {
	if !IsSecretName(name) {
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
			under := e.Key
			if IsSecretName(name) && !IsSecretName(under) {
				under = name
			}
			s.value(under, e.Value)
		}
	default:
		text, _ := v.Text()
		s.text(name, text)
		if source, ok := v.Source(); ok {
			s.text(name, source) // 0123 is 83 here, and itself in other places
		}
	}
}

func (s *secretCollector) text(name, text string) {
	if IsSecretName(name) {
		s.found[text] = true
	}
	if strings.ContainsAny(text, "=:") {
		for _, at := range assigned().FindAllStringSubmatchIndex(text, -1) {
			if givesSecret(text, at) {
				s.found[strings.Trim(assignedValue().FindString(text[at[1]:]), `"'`)] = true
			}
		}
		for _, m := range userinfo().FindAllStringSubmatch(text, -1) {
			s.found[m[1]] = true
		}
	}
}

// givesSecret reports whether a match of assigned is about a secret.
func givesSecret(text string, at []int) bool {
	name, sign := text[at[2]:at[3]], strings.TrimSpace(text[at[4]:at[5]])
	return (sign != "" || strings.HasPrefix(name, "--")) && IsSecretName(strings.TrimLeft(name, "-"))
}

// Masker replaces secrets in texts and in values. It is safe for concurrent use.
type Masker struct{ values *mask.Masker }

// NewMasker makes a Masker for these values, and for what tells itself as a secret (see package mask).
func NewMasker(values []string) *Masker { return &Masker{mask.New(values...)} }

// Mask replaces every secret in s.
func (m *Masker) Mask(s string) string { return m.values.String(s) }

// MaskText replaces every secret in a text, and what its lines give to the name of a secret.
func (m *Masker) MaskText(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = maskLine(l)
	}
	return m.Mask(strings.Join(lines, "\n"))
}

// maskLine masks what a line gives to the name of a secret, to its end.
func maskLine(line string) string {
	for _, at := range assigned().FindAllStringSubmatchIndex(line, -1) {
		if givesSecret(line, at) && at[1] < len(line) {
			return line[:at[1]] + Masked
		}
	}
	return line
}

// maskExcerpt masks an excerpt of a file: after ERB it may hold what was only in the environment.
func maskExcerpt(excerpt string) string {
	line, caret, ok := strings.Cut(excerpt, "\n")
	if !ok {
		return excerpt
	}
	return maskLine(line) + "\n" + caret
}

// MaskValue masks a value of YAML's terms: what stands under a secret name is
// masked whole, other texts by Mask. The value itself is not changed.
func (m *Masker) MaskValue(name string, v any) any {
	switch x := v.(type) {
	case string:
		if x != "" && IsSecretName(name) {
			return Masked
		}
		return m.Mask(x)
	case []any:
		out := make([]any, len(x))
		for i, it := range x {
			out[i] = m.MaskValue(name, it)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, it := range x {
			under := k
			if IsSecretName(name) && !IsSecretName(k) {
				under = name
			}
			out[k] = m.MaskValue(under, it)
		}
		return out
	case nil, bool:
		return v
	}
	if IsSecretName(name) {
		return Masked
	}
	return v
}
