package config

// hookStages and hookPhases make up the names of hooks.
func hookStages() []string { return []string{"pre", "post", "finally"} }

func hookPhases() []string { return []string{"create", "converge", "setup", "verify", "destroy"} }

// HookNames are the names of all lifecycle hooks: "<stage>_<phase>".
func HookNames() []string {
	var out []string
	for _, phase := range hookPhases() {
		for _, stage := range hookStages() {
			out = append(out, stage+"_"+phase)
		}
	}
	return out
}

// lifecycleKeys are the hooks of `lifecycle:`.
func lifecycleKeys() []Key {
	when := map[string]string{"pre": "Before", "post": "After a successful", "finally": "After every"}
	var keys []Key
	for _, phase := range hookPhases() {
		for _, stage := range hookStages() {
			keys = append(keys, Key{
				Name: stage + "_" + phase, Source: fromKitchen, form: TypeHooks,
				Doc: when[stage] + " " + phase + ".",
			})
		}
	}
	return inSection(SectionLifecycle, keys)
}

// hookKeys are the keys of an entry of a hook.
func hookKeys() []Key {
	return inSection(SectionHook, []Key{
		{Name: "local", Source: fromKitchen, form: TypeString, Doc: "A shell command for the client. It finds `KITCHEN_INSTANCE_NAME`, `KITCHEN_SUITE_NAME` and `KITCHEN_PLATFORM_NAME` in its environment."},
		{Name: "remote", Source: fromKitchen, form: TypeString, Doc: "A shell command for the runner."},
		{Name: "environment", Source: fromKitchen, form: TypeEnv, Doc: "Further environment variables of the command."},
		{Name: "cwd", Source: fromKitchen, form: TypePath, Doc: "The working directory of a local command, relative to the project."},
		{Name: "user", Source: fromKitchen, form: TypeString, Doc: "The user who runs the command."},
		{Name: "timeout", Source: fromGalley, form: TypeSeconds, DefaultDoc: "none", Doc: "How long the command may take."},
		{Name: "skippable", Source: fromKitchen, form: TypeBool, Doc: "Passes over a remote command that fails, or that has no runner yet."},
		{Name: "includes", Source: fromKitchen, form: TypeStrings, Doc: "Only on these platforms: names, or `/regular expressions/`."},
		{Name: "excludes", Source: fromKitchen, form: TypeStrings, Doc: "Not on these platforms."},
	})
}
