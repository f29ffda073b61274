package keys

import "github.com/galley-kitchen/galley/config"

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
		{Name: "local", value: part[config.Hook](TypeString, "Local", hookCommand)},
		{Name: "remote", value: part[config.Hook](TypeString, "Remote", hookCommand)},
		{Name: "environment", value: part[config.Hook](TypeEnv, "Environment", environment)},
		// The directory of a remote command is the runner's: it stays as it is.
		{Name: "cwd", value: part[config.Hook](TypePath, "Cwd", text)},
		{Name: "user", value: part[config.Hook](TypeString, "User", text)},
		{Name: "timeout", value: part[config.Hook](TypeSeconds, "Timeout", seconds)},
		{Name: "skippable", value: part[config.Hook](TypeBool, "Skippable", boolean)},
		{Name: "includes", value: part[config.Hook](TypeStrings, "Includes", filterTexts)},
		{Name: "excludes", value: part[config.Hook](TypeStrings, "Excludes", filterTexts)},
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
