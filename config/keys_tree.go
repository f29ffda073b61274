package config

// rootKeys are the keys at the left margin of kitchen.yml.
func rootKeys() []Key {
	return inSection(SectionRoot, append(pluginBlocks("everything in the file"), []Key{
		{Name: "platforms", Source: fromKitchen, form: TypeNamed, Doc: "The platforms to test on."},
		{Name: "suites", Source: fromKitchen, form: TypeNamed, Doc: "What to test: each suite runs on each platform."},
		{Name: "kitchen", Source: fromKitchen, form: TypeHash, Inert: "the command line's flags and galley's own settings say it"},
		{Name: "driver_plugin", Source: fromKitchen, form: TypeString, Deprecated: "driver", Doc: "The driver's name."},
		{Name: "driver_config", Source: fromKitchen, form: TypeHash, Deprecated: "driver", Doc: "The driver's keys."},
		{Name: "busser", Source: fromKitchen, form: TypeBlock, Deprecated: "verifier", Doc: "The verifier's keys."},
	}...))
}

// platformKeys are the keys of an entry of `platforms:`.
func platformKeys() []Key {
	return inSection(SectionPlatform, append(pluginBlocks("this platform"), append(chefShortcuts(),
		Key{Name: "name", Source: fromKitchen, form: TypeString, Doc: "The platform's name, such as `ubuntu-22.04`."},
		Key{Name: "os_type", Source: fromKitchen, form: TypeString, DefaultDoc: "`windows` for names that begin with win, else `unix`", Doc: "`unix` or `windows`."},
		Key{Name: "shell_type", Source: fromKitchen, form: TypeString, DefaultDoc: "`bourne`, on Windows `powershell`", Doc: "`bourne` or `powershell`."},
		Key{Name: "driver_plugin", Source: fromKitchen, form: TypeString, Deprecated: "driver", Doc: "The driver's name."},
		Key{Name: "driver_config", Source: fromKitchen, form: TypeHash, Deprecated: "driver", Doc: "The driver's keys."},
		Key{Name: "busser", Source: fromKitchen, form: TypeBlock, Deprecated: "verifier", Doc: "The verifier's keys."},
	)...))
}

// suiteKeys are the keys of an entry of `suites:`.
func suiteKeys() []Key {
	keys := append(pluginBlocks("this suite"), append(chefShortcuts(),
		Key{Name: "name", Source: fromKitchen, form: TypeString, Doc: "The suite's name."},
		Key{Name: "includes", Source: fromKitchen, form: TypeStrings, Doc: "Only these platforms: names, or `/regular expressions/`."},
		Key{Name: "excludes", Source: fromKitchen, form: TypeStrings, Doc: "Not these platforms. `includes` wins over it."},
		Key{Name: "driver_plugin", Source: fromKitchen, form: TypeString, Deprecated: "driver", Doc: "The driver's name."},
		Key{Name: "driver_config", Source: fromKitchen, form: TypeHash, Deprecated: "driver", Doc: "The driver's keys."},
		Key{Name: "busser", Source: fromKitchen, form: TypeBlock, Deprecated: "verifier", Doc: "The verifier's keys."},
	)...)
	for _, n := range []string{"data_path", "data_bags_path", "encrypted_data_bag_secret_key_path", "environments_path", "nodes_path", "roles_path"} {
		keys = append(keys, Key{Name: n, Source: fromKitchen, form: TypePath, Deprecated: "provisioner." + n, Doc: "The provisioner's key of the same name."})
	}
	return inSection(SectionSuite, keys)
}

// pluginBlocks are the blocks that may stand at the root, in platforms and suites.
func pluginBlocks(of string) []Key {
	return []Key{
		{Name: "driver", Source: fromKitchen, form: TypeBlock, Doc: "The driver's name and keys, for " + of + "."},
		{Name: "provisioner", Source: fromKitchen, form: TypeBlock, Doc: "The provisioner's name and keys, for " + of + "."},
		{Name: "verifier", Source: fromKitchen, form: TypeBlock, Doc: "The verifier's name and keys, for " + of + "."},
		{Name: "transport", Source: fromKitchen, form: TypeBlock, Doc: "The transport's name and keys, for " + of + "."},
		{Name: "lifecycle", Source: fromKitchen, form: TypeHash, Doc: "Hooks around the phases, for " + of + "."},
	}
}

// chefShortcuts are the provisioner's keys that may stand beside its block.
func chefShortcuts() []Key {
	return []Key{
		{Name: "run_list", Source: fromKitchen, form: TypeStrings, Doc: "The provisioner's `run_list`; those of platform and suite are joined."},
		{Name: "attributes", Source: fromKitchen, form: TypeHash, Doc: "The provisioner's `attributes`."},
		{Name: "named_run_list", Source: fromKitchen, form: TypeString, Doc: "The provisioner's `named_run_list`."},
		{Name: "policy_group", Source: fromKitchen, form: TypeString, Doc: "The provisioner's `policy_group`."},
	}
}
