package config

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// puppetKeys are the keys of puppet_apply.
func puppetKeys() []Key {
	keys := []Key{
		{Name: "manifests_path", value: pathField("Provisioner.Puppet.ManifestsPath")},
		{Name: "manifest", value: textField("", "Provisioner.Puppet.Manifest")},
		{
			Name:  "modules_path",
			For:   []string{string(ProvisionerPuppet), string(ProvisionerAnsible)},
			value: parsed(TypeStrings, "Provisioner.Puppet.ModulesPaths", searchPath),
		},
		{Name: "files_path", value: pathField("Provisioner.Puppet.FilesPath")},
		{Name: "hiera_config_path", value: pathField("Provisioner.Puppet.HieraConfig")},
		{Name: "hiera_data_path", value: pathField("Provisioner.Puppet.HieraData")},
		{Name: "hiera_data_remote_path", value: textField("", "Provisioner.Puppet.HieraDataRemote")},
		{Name: "facterlib", value: pathField("Provisioner.Puppet.FacterLib")},
		{Name: "custom_facts", Aliases: []string{"facts"}, value: hashField("Provisioner.Puppet.Facts")},
		{Name: "puppet_config_path", value: pathField("Provisioner.Puppet.PuppetConfig")},
		{Name: "puppet_environment", value: textField("", "Provisioner.Puppet.Environment")},
		{Name: "puppet_noop", value: flagField(false, "Provisioner.Puppet.Noop")},
		{Name: "puppet_show_diff", value: flagField(false, "Provisioner.Puppet.ShowDiff")},
		{Name: "puppet_verbose", value: flagField(false, "Provisioner.Puppet.Verbose")},
		{Name: "puppet_debug", value: flagField(false, "Provisioner.Puppet.Debug")},
		{
			Name:    "puppet_whitelist_exit_code",
			Aliases: []string{"puppet_success_exit_codes"},
			value:   numbersField("Provisioner.Puppet.OKCodes"),
		},
		{Name: "custom_options", value: flagsField("Provisioner.Puppet.Options")},
	}
	return inSection(SectionProvisioner, slices.Concat(keys, puppetInertKeys()), string(ProvisionerPuppet))
}

// puppetInertKeys are the keys of kitchen-puppet that galley accepts and has no use
// for.
func puppetInertKeys() []Key {
	return slices.Concat(
		inert("nothing is installed: Puppet comes from the runner's image or from `image`",
			"puppet_version", "facter_version", "hiera_version", "hiera_package", "install_hiera", "hiera_deep_merge",
			"puppet_apt_repo", "puppet_yum_repo", "puppet_apt_collections_repo", "puppet_yum_collections_repo",
			"puppet_coll_remote_path",
			"puppet_omnibus_url", "puppet_omnibus_remote_path", "puppet_windows_msi_url",
			"require_puppet_repo", "require_puppet_collections", "require_puppet_omnibus", "custom_install_command"),
		inert("galley always asks for detailed exit codes", "puppet_detailed_exitcodes"),
		inert("put the modules into `modules_path`, for example with `r10k puppetfile install`",
			"puppetfile_path", "modulefile_path", "metadata_json_path", "resolve_with_librarian_puppet", "resolve_with_r10k",
			"librarian_puppet_ssl_file", "r10k_ssl_file"),
		inert(asRoot, "puppet_no_sudo"),
		inert("the output goes to the instance's log", "puppet_logdest"),
		inert("only Puppet 3 has another parser: write `custom_options: --parser future` for it", "puppet_future_parser"),
		inert("galley makes the environment, which has the modules, manifests and data of this block",
			"puppet_environment_config_path", "puppet_environmentpath_remote_path", "puppet_environment_hiera_config_path",
			"puppet_environment_remote_modules_path", "puppet_environment_remote_manifests_path",
			"puppet_environment_remote_hieradata_path"),
		inert("only what this block names is copied", "ignored_paths_from_root", "ignore_spec_fixtures"),
		inert("the verifier carries its tests itself", "spec_files_path", "spec_files_remote_path"),
		inert("`custom_facts` are facts without it", "install_custom_facts"),
		inert("the next converge brings the sandbox into line", "remove_puppet_repo"),
		loud("put hiera-eyaml into the runner's image, and the keys into the runner with `uploads`",
			"hiera_eyaml", "hiera_eyaml_key_path", "hiera_eyaml_key_remote_path", "hiera_eyaml_gpg",
			"hiera_eyaml_gpg_recipients",
			"hiera_eyaml_gpg_secring", "hiera_eyaml_gpg_pubring", "hiera_eyaml_gpg_remote_path"),
		loud("write the files into `hiera_data_path`", "hiera_writer_files"),
		loud("write `custom_facts` or `facterlib`", "facter_file"),
		loud("put the file into the runner with `uploads`", "fileserver_config_path"),
		loud("write a `puppet_config_path` that names it", "puppet_enc"),
		loud("fetch it in a `pre_converge` hook", "puppet_git_init", "puppet_git_pr"),
		loud("write the provisioner `shell` with that `command`", "puppet_apply_command"),
		loud("write a `remote:` hook under `lifecycle.pre_converge`", "custom_pre_apply_command"),
		loud("write a `remote:` hook under `lifecycle.post_converge`", "custom_post_apply_command"),
	)
}

// installKeys are the keys by which both kitchen-puppet and kitchen-ansible install
// their tools.
func installKeys() []Key {
	return inSection(SectionProvisioner,
		inert("nothing is installed: the tool comes from the runner's image or from `image`",
			"require_chef_for_busser", "require_ruby_for_busser", "chef_bootstrap_url", "update_package_repos",
			"custom_pre_install_command"),
		string(ProvisionerPuppet), string(ProvisionerAnsible))
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
