package config

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/internal/mask"
)

// Masked stands in the place of a secret.
const Masked = mask.Hidden

// secretName matches the names of keys and variables that hold secrets.
var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(passw(or)?d|passphrase|passwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|license[_-]?key|encryption[_-]?key|auth[_-]?key|(^|[_-])(key|pass|pwd|pat)$)`)
})

// notSecretName matches names that merely say where a secret is, or what kind.
var notSecretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([_-](path|file|dir|url|name|id|type|length|size|ttl)|public[_-]?key|ssh_key)$`)
})

// IsSecretName reports whether a key or variable of that name holds a secret:
// password, token, api_key and the like, but not secret_path. PWD is the working
// directory, which every shell has in the environment.
func IsSecretName(name string) bool {
	return name != "PWD" && secretName().MatchString(name) && !notSecretName().MatchString(name)
}

// Masker replaces secrets in texts and in values. It is safe for concurrent use.
type Masker struct{ values *mask.Masker }

// NewMasker makes a Masker for these values, and for what tells itself as a secret
// (see package mask).
func NewMasker(values []string) *Masker { return &Masker{mask.New(values...)} }

// Mask replaces every secret in s.
func (m *Masker) Mask(s string) string { return m.values.String(s) }

// assigned matches a name with what a line of a file gives to it.
var assigned = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([A-Za-z0-9_.-]+)(["']?\s*[:=]\s*)`)
})

// maskExcerpt masks what an excerpt of a file gives to the name of a secret, to the
// end of the line: after ERB it may hold what was only in the environment.
func maskExcerpt(excerpt string) string {
	line, caret, ok := strings.Cut(excerpt, "\n")
	if !ok {
		return excerpt
	}
	for _, at := range assigned().FindAllStringSubmatchIndex(line, -1) {
		if IsSecretName(line[at[2]:at[3]]) && at[1] < len(line) {
			return line[:at[1]] + Masked + "\n" + caret
		}
	}
	return excerpt
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
			out[k] = m.MaskValue(k, it)
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

// SecretValues are the values of the instances' configuration, and of an
// environment of "NAME=value", whose names say that they are secret.
func SecretValues(instances []Instance, environ []string) []string {
	var c secretCollector
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		c.text(name, value)
	}
	for _, i := range instances {
		for _, env := range []map[string]string{i.Driver.Env, i.Driver.BuildArgs, i.Provisioner.Env, i.Verifier.Env, i.Verifier.Shell.Env} {
			c.texts(env)
		}
		for _, list := range i.Hooks {
			for _, h := range list {
				c.texts(h.Environment)
			}
		}
		c.any("", i.Provisioner.Chef.Attributes)
		c.any("", i.Provisioner.Chef.ClientRB)
		c.any("", i.Verifier.Raw)
		c.text("license_key", i.Provisioner.Chef.LicenseKey)
		c.text("license_key", i.Verifier.Inspec.LicenseKey)
	}
	slices.Sort(c.found)
	return slices.Compact(c.found)
}

type secretCollector struct{ found []string }

func (c *secretCollector) text(name, value string) {
	if value != "" && IsSecretName(name) {
		c.found = append(c.found, value)
	}
}

func (c *secretCollector) texts(m map[string]string) {
	for name, value := range m {
		c.text(name, value)
	}
}

// any looks into values; what is below a secret name is secret too.
func (c *secretCollector) any(name string, v any) {
	switch x := v.(type) {
	case string:
		c.text(name, x)
	case []any:
		for _, it := range x {
			c.any(name, it)
		}
	case Hash:
		for _, p := range x {
			c.any(p.Key, p.Value)
		}
	case map[string]any:
		for k, it := range x {
			c.any(k, it)
		}
	}
}
