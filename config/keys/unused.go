package keys

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config"
)

//go:embed unused.yml
var unusedText []byte

// unused is unused.yml: the keys that fill no field of an instance.
type unused struct {
	Inert   map[Section][]inertKeys
	Foreign map[Section][]string
}

// inertKeys are keys that have no effect for one reason.
type inertKeys struct {
	Why  string
	For  []string
	Loud bool
	// Keys are names, each with a type behind it or without one.
	Keys []string
}

var unusedKeys = sync.OnceValue(func() unused {
	var u unused
	if err := yaml.Unmarshal(unusedText, &u); err != nil {
		panic(fmt.Sprintf("keys: unused.yml: %v", err)) // every test reads it
	}
	return u
})

// inertTable are the keys that are accepted and have no effect.
func inertTable() []Key {
	var keys []Key
	for _, s := range sections() {
		for _, group := range unusedKeys().Inert[s] {
			for _, key := range group.Keys {
				name, form, given := strings.Cut(key, " ")
				if !given {
					form = string(TypeAny)
				}
				keys = append(keys, Key{
					Section: s, Name: name, For: group.For, Inert: group.Why, Loud: group.Loud, form: Type(form),
				})
			}
		}
	}
	return keys
}

// foreignPrefixes begin the names of keys of other plugins. Those of a provisioner that galley serves are in the table
// of keys, so that among its own keys such a name is a mistake.
func foreignPrefixes(kind string) []string {
	list := []string{"salt_", "aws_", "azure_", "vcenter_", "openstack_"}
	if kind != string(config.ProvisionerAnsible) {
		list = append(list, "ansible_", "require_ansible_")
	}
	if kind != string(config.ProvisionerPuppet) {
		list = append(list, "puppet_", "require_puppet_", "hiera_")
	}
	return list
}

// isForeign reports whether a key in the block of a plugin of some kind belongs to
// something that galley does not serve.
func isForeign(in Section, kind, name string) bool {
	return slices.Contains(unusedKeys().Foreign[in], name) ||
		slices.ContainsFunc(foreignPrefixes(kind), func(p string) bool { return strings.HasPrefix(name, p) })
}
