package keys

import "slices"

// rootKeys are the keys at the left margin of kitchen.yml.
func rootKeys() []Key {
	return inSection(SectionRoot, append(pluginBlocks(), []Key{
		{Name: "platforms", form: TypeNamed},
		{Name: "suites", form: TypeNamed},
	}...))
}

// platformKeys are the keys of an entry of `platforms:`.
func platformKeys() []Key {
	return inSection(SectionPlatform, append(pluginBlocks(), append(chefShortcuts(),
		Key{Name: "name", form: TypeString},
		Key{Name: "os_type", form: TypeString},
		Key{Name: "shell_type", form: TypeString},
	)...))
}

// suiteKeys are the keys of an entry of `suites:`.
func suiteKeys() []Key {
	keys := append(pluginBlocks(), append(chefShortcuts(),
		Key{Name: "name", form: TypeString},
		Key{Name: "includes", form: TypeStrings},
		Key{Name: "excludes", form: TypeStrings},
		Key{Name: "from", form: TypeString},
		Key{Name: "steps", form: TypeNamed},
		Key{Name: "nodes", form: TypeHash},
	)...)
	for _, n := range []string{"data_path", "data_bags_path", "encrypted_data_bag_secret_key_path", "environments_path",
		"nodes_path", "roles_path"} {
		keys = append(keys, Key{Name: n, form: TypePath, Deprecated: "provisioner." + n})
	}
	return inSection(SectionSuite, keys)
}

// nodeKeys are the keys of an entry of `nodes:`: a suite's, but for what is about the suite as a whole.
func nodeKeys() []Key {
	blocks := slices.DeleteFunc(pluginBlocks(), func(k Key) bool {
		return k.Name == "services" || k.Name == "networks" || k.Deprecated != ""
	})
	return inSection(SectionNode, append(blocks, append(chefShortcuts(),
		Key{Name: "platform", form: TypeString},
		Key{Name: "after", form: TypeStrings},
		Key{Name: "networks", form: TypeStrings},
	)...))
}

// pluginBlocks are the blocks that may stand at the root, in platforms and suites, and what they were called once.
func pluginBlocks() []Key {
	return []Key{
		{Name: "driver", form: TypeBlock},
		{Name: "provisioner", form: TypeBlock},
		{Name: "verifier", form: TypeBlock},
		{Name: "transport", form: TypeBlock},
		{Name: "lifecycle", form: TypeHash},
		{Name: "publish", form: TypeHash},
		{Name: "compare", form: TypeHash},
		{Name: "services", form: TypeHash},
		{Name: "networks", form: TypeHash},
		{Name: "driver_plugin", form: TypeString, Deprecated: "driver"},
		{Name: "driver_config", form: TypeHash, Deprecated: "driver"},
		{Name: "busser", form: TypeBlock, Deprecated: "verifier"},
	}
}

// chefShortcuts are the provisioner's keys that may stand beside its block.
func chefShortcuts() []Key {
	return []Key{
		{Name: "run_list", form: TypeStrings},
		{Name: "attributes", form: TypeHash},
		{Name: "named_run_list", form: TypeString},
		{Name: "policy_group", form: TypeString},
	}
}
