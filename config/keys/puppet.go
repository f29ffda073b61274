package keys

import (
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// puppetKeys are the keys of puppet_apply.
func puppetKeys() []Key {
	keys := []Key{
		{Name: "manifests_path", value: pathField("Provisioner.Puppet.ManifestsPath")},
		{Name: "manifest", value: textField("", "Provisioner.Puppet.Manifest")},
		{
			Name:  "modules_path",
			For:   wordsOf(config.ProvisionerPuppet, config.ProvisionerAnsible),
			value: parsed(TypeStrings, "Provisioner.Puppet.ModulesPaths", searchPath),
		},
		{Name: "files_path", value: pathField("Provisioner.Puppet.FilesPath")},
		{Name: "hiera_config_path", value: pathField("Provisioner.Puppet.HieraConfig")},
		{Name: "hiera_data_path", value: pathField("Provisioner.Puppet.HieraData")},
		{Name: "hiera_data_remote_path", value: textField("", "Provisioner.Puppet.HieraDataRemote")},
		{Name: "facterlib", value: pathField("Provisioner.Puppet.FacterLib")},
		{Name: "custom_facts", Aliases: "facts", value: hashField("Provisioner.Puppet.Facts")},
		{Name: "puppet_config_path", value: pathField("Provisioner.Puppet.PuppetConfig")},
		{Name: "puppet_environment", value: textField("", "Provisioner.Puppet.Environment")},
		{Name: "puppet_noop", value: flagField(false, "Provisioner.Puppet.Noop")},
		{Name: "puppet_show_diff", value: flagField(false, "Provisioner.Puppet.ShowDiff")},
		{Name: "puppet_verbose", value: flagField(false, "Provisioner.Puppet.Verbose")},
		{Name: "puppet_debug", value: flagField(false, "Provisioner.Puppet.Debug")},
		{
			Name:    "puppet_whitelist_exit_code",
			Aliases: "puppet_success_exit_codes",
			value:   numbersField("Provisioner.Puppet.OKCodes"),
		},
		{Name: "custom_options", value: flagsField("Provisioner.Puppet.Options")},
	}
	return inSection(SectionProvisioner, keys, string(config.ProvisionerPuppet))
}

// searchPath is a list of directories, which Puppet writes with colons between.
func searchPath(d *decoder, v *yaml11.Value) ([]string, bool) {
	return each(v, func(it *yaml11.Value) ([]string, bool) {
		list, ok := text(d, it)
		if !ok {
			return nil, false
		}
		words := []string{list}
		if !isDrivePath(list) {
			words = strings.Split(list, ":")
		}
		var dirs []string
		for _, word := range words {
			dir, ok := d.path(it, word)
			if !ok {
				return nil, false
			}
			if dir != "" {
				dirs = append(dirs, dir)
			}
		}
		return dirs, true
	})
}
