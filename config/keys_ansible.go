package config

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// ansibleKeys are the keys of ansible_playbook.
func ansibleKeys() []Key {
	keys := append(ansiblePlayKeys(), ansibleRunKeys()...)
	for i := range keys {
		if keys[i].Source == "" {
			keys[i].Source = fromAnsible
		}
	}
	return inSection(SectionProvisioner, slices.Concat(keys, ansibleInertKeys()), string(ProvisionerAnsible))
}

// ansibleInertKeys are the keys of kitchen-ansible that galley accepts and has no
// use for.
func ansibleInertKeys() []Key {
	return slices.Concat(
		inert(fromAnsible, "nothing is installed: Ansible comes from the runner's image, from `image`, or runs on this machine",
			"ansible_version", "ansible_package_name", "ansible_apt_repo", "ansible_yum_repo", "ansible_sles_repo", "python_sles_repo",
			"ansible_omnibus_url", "ansible_omnibus_remote_path", "ansible_source_url", "ansible_source_rev", "ansible_platform",
			"require_ansible_repo", "require_ansible_omnibus", "require_ansible_source", "require_pip",
			"additional_ansible_apt_packages", "enable_yum_epel", "custom_post_install_command"),
		inert(fromAnsible, withoutSSH, "ansible_host_key_checking", "private_key", "additional_ssh_private_keys", "ssh_known_hosts"),
		inert(fromAnsible, "the connection is local in the runner, or galley's own from this machine", "ansible_connection"),
		inert(fromAnsible, asRoot, "ansible_sudo"),
		inert(fromAnsible, "runners are Linux containers", "require_windows_support", "kerberos_conf_file"),
		inert(fromAnsible, "scripts run with `sh`", "shell_command"),
		inert(fromAnsible, "all output is shown", "show_command_output"),
		inert(fromAnsible, "fetch it in a `pre_converge` hook", "test_repo_uri"),
		loud(fromAnsible, "write a `requirements_path` for `ansible-galaxy`", "ansiblefile_path"),
		loud(fromAnsible, "write the provisioner `shell` with that `command`", "ansible_playbook_command"),
		loud(fromAnsible, "write a `remote:` hook under `lifecycle.pre_converge`", "custom_pre_play_command"),
		loud(fromAnsible, "write a `remote:` hook under `lifecycle.post_converge`", "custom_post_play_command"),
	)
}

// ansibleAttributes reads what kitchen-ansible finds in a suite's `attributes`. It
// takes the place of the block's own keys, when it is of their type.
func (d *decoder) ansibleAttributes(block *yaml11.Value) {
	attributes := block.Map.Get("attributes")
	if attributes == nil || attributes.Kind != yaml11.Map {
		return
	}
	for name, kind := range map[string]yaml11.Kind{"extra_vars": yaml11.Map, "tags": yaml11.Seq} {
		v := attributes.Map.Get(name)
		if v == nil || v.Kind != kind {
			continue
		}
		d.key = theSchema().find(SectionProvisioner, name)
		d.spelt = "provisioner.attributes." + name
		d.key.value.decode(d, v)
	}
}

// verbosity reads a number, or the word that kitchen-ansible has for it.
func verbosity(d *decoder, v *yaml11.Value) (int, bool) {
	if isScalar(v) {
		words := []string{"info", "warn", "debug", "trace"}
		if i := slices.Index(words, strings.TrimPrefix(d.textOf(v), ":")); i >= 0 {
			return i + 1, true
		}
	}
	return small(d, v)
}

// ansiblePlayKeys are about what is played.
func ansiblePlayKeys() []Key {
	ans := func(i *Instance) *AnsibleProvisioner { return &i.Provisioner.Ansible }
	path := func(at func(*AnsibleProvisioner) *string) field[string] {
		return pathField(func(i *Instance) *string { return at(ans(i)) })
	}
	return []Key{
		{Name: "playbook", DefaultDoc: found("default.yml") + "; also `playbook.yml` and `site.yml`", value: path(func(a *AnsibleProvisioner) *string { return &a.Playbook }),
			Doc: "The playbook."},
		{Name: "hosts", DefaultDoc: "no group", value: textsField(func(i *Instance) *[]string { return &ans(i).Hosts }),
			Doc: "Groups of the inventory that is made for the instance. `localhost` makes that its host's name."},
		{Name: "ansible_inventory", Aliases: []string{"inventory", "ansible_inventory_file"}, DefaultDoc: "made for the instance", value: path(func(a *AnsibleProvisioner) *string { return &a.Inventory }),
			Doc: "An inventory of your own."},
		{Name: "role_name", DefaultDoc: "the directory's name", value: textField("", func(i *Instance) *string { return &ans(i).RoleName }),
			Doc: "The name of the role that `roles_path`, or the project, is."},
		{Name: "group_vars_path", value: path(func(a *AnsibleProvisioner) *string { return &a.GroupVars }),
			Doc: "A directory of variables of groups."},
		{Name: "host_vars_path", value: path(func(a *AnsibleProvisioner) *string { return &a.HostVars }),
			Doc: "A directory of variables of hosts."},
		{Name: "library_plugins_path", value: path(func(a *AnsibleProvisioner) *string { return &a.LibraryPath }),
			Doc: "A directory of modules."},
		{Name: "filter_plugins_path", value: path(func(a *AnsibleProvisioner) *string { return &a.FilterPlugins }),
			Doc: "A directory of filter plugins."},
		{Name: "callback_plugins_path", value: path(func(a *AnsibleProvisioner) *string { return &a.CallbackPlugins }),
			Doc: "A directory of callback plugins."},
		{Name: "lookup_plugins_path", value: path(func(a *AnsibleProvisioner) *string { return &a.LookupPlugins }),
			Doc: "A directory of lookup plugins."},
		{Name: "requirements_path", value: path(func(a *AnsibleProvisioner) *string { return &a.Requirements }),
			Doc: "A file of roles and collections for `ansible-galaxy install`. It runs again when the file changes."},
		{
			Name:  "requirements_collection_path",
			value: path(func(a *AnsibleProvisioner) *string { return &a.CollectionRequirements }),
			Doc:   "A file of collections for `ansible-galaxy collection install`.",
		},
		{
			Name: "keep_playbook_path", value: flagField(false, func(i *Instance) *bool { return &ans(i).KeepPlaybookPath }),
			Doc: "Keeps the directories of `playbook` in the sandbox, for a playbook that names files beside or above it.",
		},
		{Name: "galaxy_ignore_certs", value: flagField(false, func(i *Instance) *bool { return &ans(i).IgnoreCerts }),
			Doc: "Lets `ansible-galaxy` ignore certificates."},
		{Name: "extra_vars", value: hashField(func(i *Instance) *Hash { return &ans(i).ExtraVars }),
			Doc: "Extra variables; they are handed over in a file."},
		{Name: "extra_vars_file", Aliases: []string{"extra_vars_files"}, value: pathsField(func(i *Instance) *[]string { return &ans(i).ExtraVarsFiles }),
			Doc: "Files of extra variables."},
		{Name: "ansible_vault_password_file", value: pathsField(func(i *Instance) *[]string { return &ans(i).VaultPasswordFiles }),
			Doc: "Files with passwords of Ansible Vault, or scripts that print them."},
		{Name: "additional_copy_path", value: joined(pathsField(func(i *Instance) *[]string { return &ans(i).Copy })),
			Doc: "Further files and directories for the sandbox's root."},
		{Name: "recursive_additional_copy_path", value: further(joined(pathsField(func(i *Instance) *[]string { return &ans(i).Copy }))),
			Doc: "The same as `additional_copy_path`; the two add up."},
		{Name: "additional_copy_role_path", value: pathsField(func(i *Instance) *[]string { return &ans(i).MoreRoles }),
			Doc: "Further directories of roles."},
		{Name: "ignore_paths_from_root", DefaultDoc: "those of version control and caches", value: textsField(func(i *Instance) *[]string { return &ans(i).IgnorePaths }),
			Doc: "Names in the project that stay out of the sandbox."},
		{Name: "ignore_extensions_from_root", value: textsField(func(i *Instance) *[]string { return &ans(i).IgnoreExtension }),
			Doc: "Extensions of files that stay out of the sandbox."},
	}
}

// ansibleRunKeys are about how ansible-playbook is run.
func ansibleRunKeys() []Key {
	ans := func(i *Instance) *AnsibleProvisioner { return &i.Provisioner.Ansible }
	return []Key{
		{Name: "ansible_from", Source: fromGalley, Enum: []string{string(AnsibleAuto), string(AnsibleRunner), string(AnsibleHost)},
			value: field[AnsibleFrom]{form: TypeString, def: AnsibleAuto, at: func(i *Instance) *AnsibleFrom { return &ans(i).From }, parse: enum[AnsibleFrom]},
			Doc:   "Where Ansible runs: `runner` inside the runner, `host` on this machine through the engine, `auto` in the runner where it is there."},
		{Name: "ansible_binary_path", value: textField("", func(i *Instance) *string { return &ans(i).BinaryPath }),
			Doc: "The directory of `ansible-playbook`."},
		{Name: "ansible_cfg_path", Aliases: []string{"ansible_config"}, value: pathField(func(i *Instance) *string { return &ans(i).ConfigFile }),
			Doc: "An `ansible.cfg` for the run."},
		{
			Name: "ignore_ansible_cfg", value: flagField(false, func(i *Instance) *bool { return &ans(i).IgnoreConfig }),
			Doc: "Leaves the project's `ansible.cfg` out.",
		},
		{
			Name: "ansible_cfg_overwrite", value: flagField(true, func(i *Instance) *bool { return &ans(i).OverwriteConfig }),
			Doc: "Whether galley's `ansible.cfg` takes the place of one that the runner has.",
		},
		{Name: "ansible_python_interpreter", Aliases: []string{"python_path"}, value: textField("", func(i *Instance) *string { return &ans(i).Interpreter }),
			Doc: "The Python that modules run with inside the runner."},
		{Name: "tags", value: textsField(func(i *Instance) *[]string { return &ans(i).Tags }),
			Doc: "Only tasks with these tags."},
		{Name: "skip_tags", value: textsField(func(i *Instance) *[]string { return &ans(i).SkipTags }),
			Doc: "Not tasks with these tags."},
		{
			Name:  "idempotency_tags",
			value: textsField(func(i *Instance) *[]string { return &ans(i).IdempotencyTags }),
			Doc:   "Only tasks with these tags in the second run, that of `idempotence`.",
		},
		{
			Name:  "idempotency_skip_tags",
			value: textsField(func(i *Instance) *[]string { return &ans(i).IdempotencySkipTags }),
			Doc:   "Not tasks with these tags in the second run, that of `idempotence`.",
		},
		{Name: "ansible_limit", value: textField("", func(i *Instance) *string { return &ans(i).Limit }),
			Doc: "Only these hosts of the inventory."},
		{Name: "ansible_verbose", value: flagField(false, func(i *Instance) *bool { return &ans(i).Verbose }),
			Doc: "Says more; so does `--debug`."},
		{Name: "ansible_verbosity", value: field[int]{form: TypeAny, def: 1, at: func(i *Instance) *int { return &ans(i).Verbosity }, parse: verbosity},
			Doc: "How much more `ansible_verbose` says: 1 to 4, or `info`, `warn`, `debug` or `trace`."},
		{Name: "ansible_diff", value: flagField(false, func(i *Instance) *bool { return &ans(i).Diff }),
			Doc: "Shows what changes in files."},
		{Name: "ansible_check", value: flagField(false, func(i *Instance) *bool { return &ans(i).Check }),
			Doc: "Only tells what would change."},
		{Name: "ansible_extra_flags", value: flagsField(func(i *Instance) *string { return &ans(i).ExtraFlags }),
			Doc: "Further options of `ansible-playbook`, as they are."},
	}
}
