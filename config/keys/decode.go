package keys

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// decoder reads the keys of one plugin's block into an instance.
type decoder struct {
	// root is the project directory, home the user's; relative and ~ paths are resolved against them.
	root, home string
	// env looks up the client's environment.
	env   func(string) (string, bool)
	diags *kitchen.Diagnostics
	// lint also reports keys that are fine yet have no effect.
	lint bool

	schema *schema
	inst   *config.Instance
	// key is the key being read.
	key *Key
	// spelt is the key as the file spells it: "driver.volume".
	spelt string
	// into points to what is being read: inst, or what is no part of it, such as a service. at is where its block is,
	// or empty where that is the section's name.
	into any
	at   string
	// failed is set when a key could not be read.
	failed bool
	// set holds what the block has, by the key's own name.
	set map[string]*yaml11.Value
	// pull and logLevel overrule other keys, wherever in the block they stand.
	pull     config.PullPolicy
	logLevel string
}

// errorAt reports what is wrong with v, and how to mend it. It returns false, the answer of a reader that has no value.
func (d *decoder) errorAt(v *yaml11.Value, hint, format string, args ...any) bool {
	d.diags.ErrorAt(v.Pos, d.spelt, d.spelt+": "+fmt.Sprintf(format, args...), hint)
	return false
}

// warnAt reports what is probably not meant.
func (d *decoder) warnAt(v *yaml11.Value, hint, format string, args ...any) {
	d.diags.WarnAt(v.Pos, d.spelt, d.spelt+": "+fmt.Sprintf(format, args...), hint)
}

// wrongType reports that v is not of the key's type, as errorAt does.
func (d *decoder) wrongType(v *yaml11.Value) bool {
	return d.expected(v, d.key.Type.expected())
}

// expected reports that v is not what the key wants, as errorAt does.
func (d *decoder) expected(v *yaml11.Value, want string) bool {
	return d.errorAt(v, "", "expected %s, found %s", want, describe(v))
}

// notOneOf reports that v, whose word this is, is none of those that the key takes.
func (d *decoder) notOneOf(words []string, v *yaml11.Value, word string) bool {
	return d.errorAt(v, suggestion(word, words), "expected one of %s, found %s", strings.Join(words, ", "), describe(v))
}

// path resolves a path that v holds: ~ against the home directory, a relative one
// against the project. It fails, with a report, only for ~ without a home.
func (d *decoder) path(v *yaml11.Value, p string) (string, bool) {
	switch {
	case p == "":
		return "", true
	case p == "~", strings.HasPrefix(p, "~/"), strings.HasPrefix(p, `~\`):
		if d.home == "" {
			return "", d.errorAt(v, "set HOME, or write the whole path", "%q is in the home directory, and there is none", p)
		}
		return filepath.Join(d.home, p[1:]), true
	case filepath.IsAbs(p), isDrivePath(p), p[0] == '/', p[0] == '\\':
		return p, true
	}
	return filepath.Join(d.root, p), true
}

// describe names a value in a message: `the string "abc"`, "a list".
func describe(v *yaml11.Value) string {
	text, _ := v.Text()
	if len(text) > 60 {
		text = text[:57] + "..."
	}
	switch v.Kind {
	case yaml11.Null:
		return "nothing (null)"
	case yaml11.Seq:
		if len(v.Seq) == 0 {
			return "an empty list"
		}
		if len(v.Seq) == 1 {
			return "a list with one entry"
		}
		return fmt.Sprintf("a list of %d entries", len(v.Seq))
	case yaml11.Map:
		e := v.Map.Entries()
		if len(e) == 0 {
			return "an empty hash"
		}
		return fmt.Sprintf("a hash with the key %q", e[0].Key)
	case yaml11.Bool:
		return text
	case yaml11.Int, yaml11.Float:
		return "the number " + text
	case yaml11.Symbol:
		return "the symbol :" + text
	}
	return fmt.Sprintf("the string %q", text)
}

// entries are the pairs of a mapping.
func entries(v *yaml11.Value) []yaml11.Entry {
	if v == nil || v.Kind != yaml11.Map {
		return nil
	}
	return v.Map.Entries()
}

// isScalar reports whether v is one value with a text.
func isScalar(v *yaml11.Value) bool {
	return v.Kind != yaml11.Seq && v.Kind != yaml11.Map && v.Kind != yaml11.Null
}
