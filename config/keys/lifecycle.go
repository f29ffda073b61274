package keys

// hookNames are the names of all lifecycle hooks: "<stage>_<phase>".
func hookNames() []string {
	var out []string
	for _, phase := range []string{"create", "converge", "setup", "verify", "destroy"} {
		for _, stage := range []string{"pre", "post", "finally"} {
			out = append(out, stage+"_"+phase)
		}
	}
	return out
}

// lifecycleKeys are the hooks of `lifecycle:`.
func lifecycleKeys() []Key {
	var keys []Key
	for _, name := range hookNames() {
		keys = append(keys, Key{Name: name, form: TypeHooks})
	}
	return inSection(SectionLifecycle, keys)
}

// hookKeys are the keys of an entry of a hook.
func hookKeys() []Key {
	return inSection(SectionHook, append(faultKeys(), []Key{
		{Name: "local", form: TypeString},
		{Name: "remote", form: TypeString},
		{Name: "environment", form: TypeEnv},
		{Name: "cwd", form: TypePath},
		{Name: "user", form: TypeString},
		{Name: "timeout", form: TypeSeconds},
		{Name: "skippable", form: TypeBool},
		{Name: "includes", form: TypeStrings},
		{Name: "excludes", form: TypeStrings},
	}...))
}

// transportKeys are the keys of `transport:`. galley reaches every runner through
// its engine, so most of them have nothing to say.
func transportKeys() []Key {
	keys := []Key{
		{Name: "name", value: textField("", "Transport.Name")},
		{Name: "login_command", value: textField("", "Transport.LoginCommand")},
	}
	return inSection(SectionTransport, keys)
}
