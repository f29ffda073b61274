package config

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

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
		{Name: "modules_path", For: []string{string(ProvisionerPuppet), string(ProvisionerAnsible)}, DefaultDoc: found("modules"), value: field[[]string]{form: TypeStrings, at: func(i *Instance) *[]string { return &pup(i).ModulesPaths }, parse: searchPath},
			Doc: "The directory of modules, or several with colons between. A project that is a Puppet module itself is among " +
				"them without it. For Ansible a directory of modules in the sense of `library`."},
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
		{Name: "custom_facts", Aliases: []string{"facts"}, value: hashField(func(i *Instance) *Hash { return &pup(i).Facts }),
			Doc: "Facts for the manifests, also structured ones."},
		{Name: "puppet_config_path", value: path(func(p *PuppetProvisioner) *string { return &p.PuppetConfig }),
			Doc: "A `puppet.conf` for the run."},
		{Name: "puppet_environment", value: textField("", func(i *Instance) *string { return &pup(i).Environment }),
			Doc: "The name of the environment."},
		{Name: "puppet_noop", value: flagField(false, func(i *Instance) *bool { return &pup(i).Noop }),
			Doc: "Only tells what would change."},
		{Name: "puppet_show_diff", value: flagField(false, func(i *Instance) *bool { return &pup(i).ShowDiff }),
			Doc: "Shows what changes in files."},
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
	return inSection(SectionProvisioner, slices.Concat(keys, puppetInertKeys()), string(ProvisionerPuppet))
}

// puppetInertKeys are the keys of kitchen-puppet that galley accepts and has no use
// for.
func puppetInertKeys() []Key {
	return slices.Concat(
		inert(fromPuppet, "nothing is installed: Puppet comes from the runner's image or from `image`",
			"puppet_version", "facter_version", "hiera_version", "hiera_package", "install_hiera", "hiera_deep_merge",
			"puppet_apt_repo", "puppet_yum_repo", "puppet_apt_collections_repo", "puppet_yum_collections_repo", "puppet_coll_remote_path",
			"puppet_omnibus_url", "puppet_omnibus_remote_path", "puppet_windows_msi_url",
			"require_puppet_repo", "require_puppet_collections", "require_puppet_omnibus", "custom_install_command"),
		inert(fromPuppet, "galley always asks for detailed exit codes", "puppet_detailed_exitcodes"),
		inert(fromPuppet, "put the modules into `modules_path`, for example with `r10k puppetfile install`",
			"puppetfile_path", "modulefile_path", "metadata_json_path", "resolve_with_librarian_puppet", "resolve_with_r10k",
			"librarian_puppet_ssl_file", "r10k_ssl_file"),
		inert(fromPuppet, asRoot, "puppet_no_sudo"),
		inert(fromPuppet, "the output goes to the instance's log", "puppet_logdest"),
		inert(fromPuppet, "only Puppet 3 has another parser: write `custom_options: --parser future` for it", "puppet_future_parser"),
		inert(fromPuppet, "galley makes the environment, which has the modules, manifests and data of this block",
			"puppet_environment_config_path", "puppet_environmentpath_remote_path", "puppet_environment_hiera_config_path",
			"puppet_environment_remote_modules_path", "puppet_environment_remote_manifests_path", "puppet_environment_remote_hieradata_path"),
		inert(fromPuppet, "only what this block names is copied", "ignored_paths_from_root", "ignore_spec_fixtures"),
		inert(fromPuppet, "the verifier carries its tests itself", "spec_files_path", "spec_files_remote_path"),
		inert(fromPuppet, "`custom_facts` are facts without it", "install_custom_facts"),
		inert(fromPuppet, "the next converge brings the sandbox into line", "remove_puppet_repo"),
		loud(fromPuppet, "put hiera-eyaml into the runner's image, and the keys into the runner with `uploads`",
			"hiera_eyaml", "hiera_eyaml_key_path", "hiera_eyaml_key_remote_path", "hiera_eyaml_gpg", "hiera_eyaml_gpg_recipients",
			"hiera_eyaml_gpg_secring", "hiera_eyaml_gpg_pubring", "hiera_eyaml_gpg_remote_path"),
		loud(fromPuppet, "write the files into `hiera_data_path`", "hiera_writer_files"),
		loud(fromPuppet, "write `custom_facts` or `facterlib`", "facter_file"),
		loud(fromPuppet, "put the file into the runner with `uploads`", "fileserver_config_path"),
		loud(fromPuppet, "write a `puppet_config_path` that names it", "puppet_enc"),
		loud(fromPuppet, "fetch it in a `pre_converge` hook", "puppet_git_init", "puppet_git_pr"),
		loud(fromPuppet, "write the provisioner `shell` with that `command`", "puppet_apply_command"),
		loud(fromPuppet, "write a `remote:` hook under `lifecycle.pre_converge`", "custom_pre_apply_command"),
		loud(fromPuppet, "write a `remote:` hook under `lifecycle.post_converge`", "custom_post_apply_command"),
	)
}

// installKeys are the keys by which both kitchen-puppet and kitchen-ansible install
// their tools.
func installKeys() []Key {
	return inSection(SectionProvisioner,
		inert(fromPuppet, "nothing is installed: the tool comes from the runner's image or from `image`",
			"require_chef_for_busser", "require_ruby_for_busser", "chef_bootstrap_url", "update_package_repos", "custom_pre_install_command"),
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

// found says where a file is looked for.
func found(name string) string {
	return "`test/integration/SUITE/" + name + "`, `test/integration/" + name + "` or `" + name + "`, the first that there is"
}
