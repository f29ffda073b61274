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

// keysOf are keys of a type that fill no field: package kitchen has read what they hold, or other keys do.
func keysOf(form Type, names ...string) []Key {
	keys := make([]Key, len(names))
	for i, name := range names {
		keys[i] = Key{Name: name, Type: form}
	}
	return keys
}

// rootKeys are the keys at the left margin of kitchen.yml.
func rootKeys() []Key {
	return inSection(SectionRoot, append(pluginBlocks(), keysOf(TypeNamed, "platforms", "suites")...))
}

// platformKeys are the keys of an entry of `platforms:`.
func platformKeys() []Key {
	return inSection(SectionPlatform, slices.Concat(pluginBlocks(), chefShortcuts(),
		keysOf(TypeString, "name", "os_type", "shell_type")))
}

// suiteKeys are the keys of an entry of `suites:`.
func suiteKeys() []Key {
	keys := slices.Concat(pluginBlocks(), chefShortcuts(), keysOf(TypeString, "name", "from"),
		keysOf(TypeStrings, "includes", "excludes"), keysOf(TypeNamed, "steps"), keysOf(TypeHash, "nodes"))
	for _, n := range []string{"data_path", "data_bags_path", "encrypted_data_bag_secret_key_path", "environments_path",
		"nodes_path", "roles_path"} {
		keys = append(keys, Key{Name: n, Type: TypePath, Deprecated: "provisioner." + n})
	}
	return inSection(SectionSuite, keys)
}

// nodeKeys are the keys of an entry of `nodes:`: a suite's, but for what is about the suite as a whole.
func nodeKeys() []Key {
	blocks := slices.DeleteFunc(pluginBlocks(), func(k Key) bool {
		return k.Name == "services" || k.Name == "networks" || k.Deprecated != ""
	})
	return inSection(SectionNode, slices.Concat(blocks, chefShortcuts(), keysOf(TypeString, "platform"),
		keysOf(TypeStrings, "after", "networks")))
}

// pluginBlocks are the blocks that may stand at the root, in platforms and suites, and what they were called once.
func pluginBlocks() []Key {
	return slices.Concat(keysOf(TypeBlock, "driver", "provisioner", "verifier", "transport"),
		keysOf(TypeHash, "lifecycle", "publish", "compare", "services", "networks"), []Key{
			{Name: "driver_plugin", Type: TypeString, Deprecated: "driver"},
			{Name: "driver_config", Type: TypeHash, Deprecated: "driver"},
			{Name: "busser", Type: TypeBlock, Deprecated: "verifier"},
		})
}

// chefShortcuts are the provisioner's keys that may stand beside its block.
func chefShortcuts() []Key {
	return slices.Concat(keysOf(TypeStrings, "run_list"), keysOf(TypeHash, "attributes"),
		keysOf(TypeString, "named_run_list", "policy_group"))
}

//go:embed unused.yml
var unusedText []byte

// unused is unused.yml: the keys that fill no field of an instance.
type unused struct {
	// Inert are keys that have no effect, those of one reason together.
	Inert map[Section][]struct {
		Why  string
		For  []string
		Loud bool
		// Keys are names, each with a type behind it or without one.
		Keys []string
	}
	Foreign map[Section][]string
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
					Section: s, Name: name, For: group.For, Inert: group.Why, Loud: group.Loud, Type: Type(form),
				})
			}
		}
	}
	return keys
}

// foreignPrefixes begin the names of keys of other plugins. Those of a provisioner that galley serves are in the table
// of keys, so that among its own keys such a name is a mistake.
func foreignPrefixes(kind string) []string {
	list := []string{"aws_", "azure_", "vcenter_", "openstack_"}
	if kind != string(config.ProvisionerAnsible) {
		list = append(list, "ansible_", "require_ansible_")
	}
	if kind != string(config.ProvisionerSalt) {
		list = append(list, "salt_")
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
