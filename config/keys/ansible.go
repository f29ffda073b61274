package keys

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// ansibleKeys are the keys of ansible_playbook.
func ansibleKeys() []Key {
	keys := append(ansiblePlayKeys(), ansibleRunKeys()...)
	return inSection(SectionProvisioner, keys, string(config.ProvisionerAnsible))
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
		d.key = d.schema.find(SectionProvisioner, name)
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
	return []Key{
		{Name: "playbook", value: pathField("Provisioner.Ansible.Playbook")},
		{Name: "hosts", value: textsField("Provisioner.Ansible.Hosts")},
		{
			Name:    "ansible_inventory",
			Aliases: "inventory ansible_inventory_file",
			value:   pathField("Provisioner.Ansible.Inventory"),
		},
		{Name: "role_name", value: textField("", "Provisioner.Ansible.RoleName")},
		{Name: "group_vars_path", value: pathField("Provisioner.Ansible.GroupVars")},
		{Name: "host_vars_path", value: pathField("Provisioner.Ansible.HostVars")},
		{Name: "library_plugins_path", value: pathField("Provisioner.Ansible.LibraryPath")},
		{Name: "filter_plugins_path", value: pathField("Provisioner.Ansible.FilterPlugins")},
		{Name: "callback_plugins_path", value: pathField("Provisioner.Ansible.CallbackPlugins")},
		{Name: "lookup_plugins_path", value: pathField("Provisioner.Ansible.LookupPlugins")},
		{Name: "requirements_path", value: pathField("Provisioner.Ansible.Requirements")},
		{Name: "requirements_collection_path", value: pathField("Provisioner.Ansible.CollectionRequirements")},
		{Name: "keep_playbook_path", value: flagField(false, "Provisioner.Ansible.KeepPlaybookPath")},
		{Name: "galaxy_ignore_certs", value: flagField(false, "Provisioner.Ansible.IgnoreCerts")},
		{Name: "extra_vars", value: hashField("Provisioner.Ansible.ExtraVars")},
		{Name: "extra_vars_file", Aliases: "extra_vars_files", value: pathsField("Provisioner.Ansible.ExtraVarsFiles")},
		{Name: "ansible_vault_password_file", value: pathsField("Provisioner.Ansible.VaultPasswordFiles")},
		{Name: "additional_copy_path", value: joined(pathsField("Provisioner.Ansible.Copy"))},
		{Name: "recursive_additional_copy_path", value: further(joined(pathsField("Provisioner.Ansible.Copy")))},
		{Name: "additional_copy_role_path", value: pathsField("Provisioner.Ansible.MoreRoles")},
		{Name: "ignore_paths_from_root", value: textsField("Provisioner.Ansible.IgnorePaths")},
		{Name: "ignore_extensions_from_root", value: textsField("Provisioner.Ansible.IgnoreExtension")},
	}
}

// ansibleRunKeys are about how ansible-playbook is run.
func ansibleRunKeys() []Key {
	return []Key{
		enumKey("ansible_from", "Provisioner.Ansible.From", config.AnsibleAuto, config.AnsibleRunner, config.AnsibleHost),
		{Name: "ansible_binary_path", value: textField("", "Provisioner.Ansible.BinaryPath")},
		{Name: "ansible_cfg_path", Aliases: "ansible_config", value: pathField("Provisioner.Ansible.ConfigFile")},
		{Name: "ignore_ansible_cfg", value: flagField(false, "Provisioner.Ansible.IgnoreConfig")},
		{Name: "ansible_cfg_overwrite", value: flagField(true, "Provisioner.Ansible.OverwriteConfig")},
		{
			Name:    "ansible_python_interpreter",
			Aliases: "python_path",
			value:   textField("", "Provisioner.Ansible.Interpreter"),
		},
		{Name: "tags", value: textsField("Provisioner.Ansible.Tags")},
		{Name: "skip_tags", value: textsField("Provisioner.Ansible.SkipTags")},
		{Name: "idempotency_tags", value: textsField("Provisioner.Ansible.IdempotencyTags")},
		{Name: "idempotency_skip_tags", value: textsField("Provisioner.Ansible.IdempotencySkipTags")},
		{Name: "ansible_limit", value: textField("", "Provisioner.Ansible.Limit")},
		{Name: "ansible_verbose", value: flagField(false, "Provisioner.Ansible.Verbose")},
		{Name: "ansible_verbosity", value: withDefault(1, parsed(TypeAny, "Provisioner.Ansible.Verbosity", verbosity))},
		{Name: "ansible_diff", value: flagField(false, "Provisioner.Ansible.Diff")},
		{Name: "ansible_check", value: flagField(false, "Provisioner.Ansible.Check")},
		{Name: "ansible_extra_flags", value: flagsField("Provisioner.Ansible.ExtraFlags")},
	}
}
