package keys

import "slices"

// rootKeys are the keys at the left margin of kitchen.yml.
func rootKeys() []Key {
	return inSection(SectionRoot, append(pluginBlocks(), []Key{
		{Name: "platforms", Type: TypeNamed},
		{Name: "suites", Type: TypeNamed},
	}...))
}

// platformKeys are the keys of an entry of `platforms:`.
func platformKeys() []Key {
	return inSection(SectionPlatform, append(pluginBlocks(), append(chefShortcuts(),
		Key{Name: "name", Type: TypeString},
		Key{Name: "os_type", Type: TypeString},
		Key{Name: "shell_type", Type: TypeString},
	)...))
}

// suiteKeys are the keys of an entry of `suites:`.
func suiteKeys() []Key {
	keys := append(pluginBlocks(), append(chefShortcuts(),
		Key{Name: "name", Type: TypeString},
		Key{Name: "includes", Type: TypeStrings},
		Key{Name: "excludes", Type: TypeStrings},
		Key{Name: "from", Type: TypeString},
		Key{Name: "steps", Type: TypeNamed},
		Key{Name: "nodes", Type: TypeHash},
	)...)
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
	return inSection(SectionNode, append(blocks, append(chefShortcuts(),
		Key{Name: "platform", Type: TypeString},
		Key{Name: "after", Type: TypeStrings},
		Key{Name: "networks", Type: TypeStrings},
	)...))
}

// pluginBlocks are the blocks that may stand at the root, in platforms and suites, and what they were called once.
func pluginBlocks() []Key {
	return []Key{
		{Name: "driver", Type: TypeBlock},
		{Name: "provisioner", Type: TypeBlock},
		{Name: "verifier", Type: TypeBlock},
		{Name: "transport", Type: TypeBlock},
		{Name: "lifecycle", Type: TypeHash},
		{Name: "publish", Type: TypeHash},
		{Name: "compare", Type: TypeHash},
		{Name: "services", Type: TypeHash},
		{Name: "networks", Type: TypeHash},
		{Name: "driver_plugin", Type: TypeString, Deprecated: "driver"},
		{Name: "driver_config", Type: TypeHash, Deprecated: "driver"},
		{Name: "busser", Type: TypeBlock, Deprecated: "verifier"},
	}
}

// chefShortcuts are the provisioner's keys that may stand beside its block.
func chefShortcuts() []Key {
	return []Key{
		{Name: "run_list", Type: TypeStrings},
		{Name: "attributes", Type: TypeHash},
		{Name: "named_run_list", Type: TypeString},
		{Name: "policy_group", Type: TypeString},
	}
}
