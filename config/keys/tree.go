package keys

import "slices"

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
