package config

// fromPuppet and fromAnsible are where the keys of these provisioners come from.
const (
	fromPuppet  = "kitchen-puppet"
	fromAnsible = "kitchen-ansible"
)

// puppetKeys are the keys of puppet_apply.
func puppetKeys() []Key {
	pup := func(i *Instance) *PuppetProvisioner { return &i.Provisioner.Puppet }
	path := func(at func(*PuppetProvisioner) *string) field[string] {
		return pathField(func(i *Instance) *string { return at(pup(i)) })
	}
	keys := []Key{
		{Name: "manifests_path", DefaultDoc: found("manifests"), value: path(func(p *PuppetProvisioner) *string { return &p.ManifestsPath }),
			Doc: "The directory of manifests."},
		{Name: "manifest", DefaultDoc: "`site.pp`, or all of the directory", value: textField("", func(i *Instance) *string { return &pup(i).Manifest }),
			Doc: "The manifest to apply, below `manifests_path`."},
		{Name: "modules_path", DefaultDoc: found("modules"), value: path(func(p *PuppetProvisioner) *string { return &p.ModulesPath }),
			Doc: "The directory of modules. A project that is a module itself is among them without it."},
		{Name: "files_path", DefaultDoc: found("files"), value: path(func(p *PuppetProvisioner) *string { return &p.FilesPath }),
			Doc: "A directory that is copied into the sandbox as `files`."},
		{Name: "hiera_config_path", DefaultDoc: found("hiera.yaml"), value: path(func(p *PuppetProvisioner) *string { return &p.HieraConfig }),
			Doc: "The configuration of Hiera."},
		{Name: "hiera_data_path", DefaultDoc: found("hiera") + "; also `hieradata` and `data`", value: path(func(p *PuppetProvisioner) *string { return &p.HieraData }),
			Doc: "The data of Hiera; it is beside `hiera.yaml` in the sandbox, under its own name."},
		{Name: "hiera_data_remote_path", value: textField("", func(i *Instance) *string { return &pup(i).HieraDataRemote }),
			Doc: "A place in the runner where the data of Hiera is copied to besides."},
		{Name: "facterlib", value: path(func(p *PuppetProvisioner) *string { return &p.FacterLib }),
			Doc: "A directory of custom facts, written in Ruby."},
		{Name: "custom_facts", Aliases: []string{"facts"}, value: anyMapField(func(i *Instance) *map[string]any { return &pup(i).Facts }),
			Doc: "Facts for the manifests, also structured ones."},
		{Name: "puppet_config_path", value: path(func(p *PuppetProvisioner) *string { return &p.PuppetConfig }),
			Doc: "A `puppet.conf` for the run."},
		{Name: "puppet_environment", value: textField("", func(i *Instance) *string { return &pup(i).Environment }),
			Doc: "The name of the environment."},
		{Name: "puppet_noop", value: flagField(false, func(i *Instance) *bool { return &pup(i).Noop }),
			Doc: "Only tells what would change."},
		{Name: "puppet_verbose", value: flagField(false, func(i *Instance) *bool { return &pup(i).Verbose }),
			Doc: "Says more."},
		{Name: "puppet_debug", value: flagField(false, func(i *Instance) *bool { return &pup(i).Debug }),
			Doc: "Says all; so does `--debug`."},
		{Name: "puppet_whitelist_exit_code", Aliases: []string{"puppet_success_exit_codes"}, DefaultDoc: "0 and 2 are", value: numbersField(func(i *Instance) *[]int { return &pup(i).OKCodes }),
			Doc: "Exit codes of `puppet apply --detailed-exitcodes` that are no failure."},
		{Name: "custom_options", value: flagsField(func(i *Instance) *string { return &pup(i).Options }),
			Doc: "Further options of `puppet apply`, as they are."},
	}
	for i := range keys {
		keys[i].Source = fromPuppet
	}
	for _, k := range []struct{ name, why string }{
		{"require_puppet_repo", "nothing is installed: Puppet comes from the runner's image or from `image`"},
		{"require_puppet_collections", "nothing is installed: Puppet comes from the runner's image or from `image`"},
		{"require_puppet_omnibus", "nothing is installed: Puppet comes from the runner's image or from `image`"},
		{"puppet_detailed_exitcodes", "galley always asks for detailed exit codes"},
		{"resolve_with_librarian_puppet", "put the modules into `modules_path`, for example with `r10k puppetfile install`"},
		{"puppetfile_path", "put the modules into `modules_path`, for example with `r10k puppetfile install`"},
	} {
		keys = append(keys, Key{Name: k.name, Source: fromPuppet, Inert: k.why})
	}
	return inSection(SectionProvisioner, keys, string(ProvisionerPuppet))
}

// found says where a file is looked for.
func found(name string) string {
	return "`test/integration/SUITE/" + name + "`, `test/integration/" + name + "` or `" + name + "`, the first that there is"
}
