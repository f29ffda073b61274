package mask

import (
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// secretName matches the names of keys and variables that hold secrets.
var secretName = lazyregexp.New(`(?i)(passw(or)?d|passphrase|passwd|secret|token|credential|` +
	`(api|access|private|license|encryption|auth)[_-]?key|(^|[_-])(key|pass|pwd|pat)$)`)

// notSecretName matches names that merely say where a secret is, or what kind.
var notSecretName = lazyregexp.New(`(?i)([_-](path|file|dir|url|name|id|type|length|size|ttl)|public[_-]?key|ssh_key)$`)

// buildSecrets is the key of kitchen.yml that says of each build secret where its value is.
const buildSecrets = "build_secrets"

// IsSecretName reports whether a key or variable of that name holds a secret: password, token, api_key and the like,
// but not secret_path. PWD is the working directory, which every shell has in the environment.
func IsSecretName(name string) bool {
	return name != "PWD" && name != buildSecrets && secretName().MatchString(name) && !notSecretName().MatchString(name)
}

// SecretKey is the name under which a value counts that stands at key, below name: what is below the name of a secret
// is secret too.
func SecretKey(name, key string) string {
	if name == buildSecrets {
		return key + "_id"
	}
	if IsSecretName(name) && !IsSecretName(key) {
		return name
	}
	return key
}

// assigned matches a name to which a text gives a value: NAME=value, "name": "value",
// --name=value. Blanks alone do so behind --name only.
var assigned = lazyregexp.New(`([A-Za-z0-9_.-]+)(["']?\s*[:=]\s*|[ \t]+)`)

// assignedValue matches the value that follows.
var assignedValue = lazyregexp.New(`^("[^"]*"|'[^']*'|[^\s,}\]]*)`)

// givesSecret reports whether a match of assigned is about a secret.
func givesSecret(text string, at []int) bool {
	name, sign := text[at[2]:at[3]], strings.TrimSpace(text[at[4]:at[5]])
	return (sign != "" || strings.HasPrefix(name, "--")) && IsSecretName(strings.TrimLeft(name, "-"))
}

// Secrets collects the values of secrets. They may be of any length.
type Secrets map[string]bool

// AddText adds a text that stands under the name of a secret, and under any name what the text gives to such a name
// ("--token=value") and the passwords of addresses in it.
func (s Secrets) AddText(name, text string) {
	if IsSecretName(name) {
		s[text] = true
	}
	if strings.ContainsAny(text, "=:") {
		for _, at := range assigned().FindAllStringSubmatchIndex(text, -1) {
			if givesSecret(text, at) {
				s[strings.Trim(assignedValue().FindString(text[at[1]:]), `"'`)] = true
			}
		}
		for _, m := range urlPassword().FindAllStringSubmatch(text, -1) {
			s[m[2]] = true
		}
	}
}

// AddEnviron adds the secrets in an environment of "NAME=value".
func (s Secrets) AddEnviron(environ []string) {
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		s.AddText(name, value)
	}
}

// Sorted are the values, without the empty one.
func (s Secrets) Sorted() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s)), func(v string) bool { return v == "" })
}

// InEnviron are the secrets in an environment of "NAME=value", sorted.
func InEnviron(environ []string) []string {
	s := Secrets{}
	s.AddEnviron(environ)
	return s.Sorted()
}

// credential matches what .npmrc and Docker's config.json call a secret besides, and the password of .netrc.
var credential = lazyregexp.New(`(?:\b_?auth["']?\s*[:=]|\blogin\s+\S+\s+password\s)\s*["']?([^\s"',}]+)`)

// InCredentials are the secrets in the text of a file of credentials, such as .npmrc, .netrc or Docker's config.json.
func InCredentials(text string) []string {
	s := Secrets{}
	for line := range strings.Lines(text) {
		s.AddText("", line)
	}
	for _, m := range credential().FindAllStringSubmatch(text, -1) {
		s[m[1]] = true
	}
	return s.Sorted()
}

// Text is String, and hides what the lines of s give to the name of a secret besides.
func (m *Masker) Text(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = Line(l)
	}
	return m.String(strings.Join(lines, "\n"))
}

// Line hides what a line gives to the name of a secret, to its end.
func Line(line string) string {
	for _, at := range assigned().FindAllStringSubmatchIndex(line, -1) {
		if givesSecret(line, at) && at[1] < len(line) {
			return line[:at[1]] + Hidden
		}
	}
	return line
}

// Value masks a value of YAML's terms: what stands under the name of a secret is
// masked whole, other texts by String. The value itself is not changed.
func (m *Masker) Value(name string, v any) any {
	switch x := v.(type) {
	case string:
		if x != "" && IsSecretName(name) {
			return Hidden
		}
		return m.String(x)
	case []any:
		out := make([]any, len(x))
		for i, it := range x {
			out[i] = m.Value(name, it)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, it := range x {
			out[k] = m.Value(SecretKey(name, k), it)
		}
		return out
	case nil, bool:
		return v
	}
	if IsSecretName(name) {
		return Hidden
	}
	return v
}
