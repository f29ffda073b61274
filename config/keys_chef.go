package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// chefKeys are the keys of the dokken provisioner, which runs Chef Infra or Cinc.
func chefKeys() []Key {
	keys := append(chefRunKeys(), chefSandboxKeys()...)
	for _, k := range []struct{ name, why string }{
		{"require_chef_omnibus", "Chef comes from the Chef image: write `driver.chef_version`"},
		{"chef_omnibus_url", "Chef comes from the Chef image"},
		{"chef_omnibus_root", "Chef comes from the Chef image"},
		{"chef_omnibus_install_options", "Chef comes from the Chef image"},
		{"chef_metadata_url", "Chef comes from the Chef image"},
		{"install_strategy", "Chef comes from the Chef image, and nothing is installed"},
		{"install_msi_url", "Chef comes from the Chef image"},
		{"channel", "Chef comes from the Chef image: write `driver.chef_image`"},
		{"platform", "Chef comes from the Chef image"},
		{"platform_version", "Chef comes from the Chef image"},
		{"architecture", "write `driver.platform`"},
		{"download_url", "Chef comes from the Chef image: write `driver.chef_image`"},
		{"checksum", "Chef comes from the Chef image"},
		{"ruby_bindir", "Chef comes from the Chef image"},
		{"chef_client_path", "write `chef_binary`"},
		{"chef_solo_path", "write `chef_binary`"},
		{"chef_gem_path", "Chef comes from the Chef image"},
		{"config_path", "galley does not read the workstation's client.rb"},
		{"solo_rb", "galley runs the client in local mode: write `client_rb`"},
		{"cookbook_path", "cookbooks come from the Policyfile, the Berksfile, `cookbooks/` or the project itself"},
		{"legacy_mode", "galley runs the client in local mode"},
	} {
		keys = append(keys, Key{Name: k.name, Source: fromChef, Inert: k.why})
	}
	return inSection(SectionProvisioner, keys, string(ProvisionerChef))
}

func chefRunKeys() []Key {
	chef := func(i *Instance) *Chef { return &i.Provisioner.Chef }
	return []Key{
		{Name: "run_list", Source: fromChef, value: textsField(func(i *Instance) *[]string { return &chef(i).RunList }),
			Doc: "The run list; those of platform and suite are joined."},
		{Name: "attributes", For: []string{string(ProvisionerChef), string(ProvisionerAnsible)}, Source: fromChef, value: hashField(func(i *Instance) *Hash { return &chef(i).Attributes }),
			Doc: "Node attributes; they become `dna.json`. For Ansible, `extra_vars` and `tags` in them take the place of the keys of that name."},
		{Name: "policy_group", Source: fromChef, DefaultDoc: "`local`", value: textField("", func(i *Instance) *string { return &chef(i).PolicyGroup }),
			Doc: "The policy group."},
		{Name: "named_run_list", Source: fromChef, value: field[string]{form: TypeString, at: func(i *Instance) *string { return &chef(i).NamedRunList }, parse: namedRunList},
			Doc: "A named run list of the Policyfile."},
		{Name: "product_name", Source: fromChef, DefaultDoc: "`chef`", value: textField("", func(i *Instance) *string { return &chef(i).ProductName }),
			Doc: "`chef` or `cinc`: chooses the image and the binary."},
		{Name: "product_version", Source: fromChef, value: versionField("", func(i *Instance) *string { return &chef(i).ProductVersion }),
			Doc: "The version of the product. For provisioners other than `dokken` it is the Chef image's tag when `driver.chef_version` is not set."},
		{Name: "chef_binary", Source: fromDokken, DefaultDoc: "found in the Chef image's volume", value: textField("", func(i *Instance) *string { return &chef(i).Binary }),
			Doc: "The command to run, such as `/opt/cinc/bin/cinc-client`."},
		{Name: "chef_options", Source: fromDokken, value: textField(" -z", func(i *Instance) *string { return &chef(i).Options }),
			Doc: "Options of the command."},
		{Name: "chef_output_format", Source: fromDokken, value: textField("doc", func(i *Instance) *string { return &chef(i).OutputFormat }),
			Doc: "The format of the output: `doc` or `minimal`."},
		{Name: "log_level", Source: fromChef, value: textField("auto", func(i *Instance) *string { return &chef(i).LogLevel }),
			Doc: "The log level of the client."},
		{Name: "chef_log_level", Source: fromDokken, DefaultDoc: "`log_level`", value: chefLogLevel{},
			Doc: "The log level of the client; it overrules `log_level`."},
		{Name: "log_file", Source: fromChef, value: textField("", func(i *Instance) *string { return &chef(i).LogFile }),
			Doc: "A log file inside the runner."},
		{Name: "profile_ruby", Source: fromDokken, value: flagField(false, func(i *Instance) *bool { return &chef(i).ProfileRuby }),
			Doc: "Dumps the client's own profile."},
		{Name: "slow_resource_report", Source: fromDokken, value: field[string]{form: TypeAny, at: func(i *Instance) *string { return &chef(i).SlowReport }, parse: slowReport},
			Doc: "Reports the slowest resources: `true`, or how many."},
		{Name: "client_rb", Source: fromChef, value: field[Hash]{form: TypeHash, at: func(i *Instance) *Hash { return &chef(i).ClientRB }, parse: rubyHash},
			Doc: "Settings that are merged into `client.rb`."},
		{Name: "json_attributes", Source: fromChef, value: flagField(true, func(i *Instance) *bool { return &chef(i).JSONAttrs }),
			Doc: "Whether `dna.json` is given to the client."},
		{Name: "chef_zero_host", Source: fromChef, value: textField("", func(i *Instance) *string { return &chef(i).ZeroHost }),
			Doc: "The address that the client's own server listens at."},
		{Name: "chef_zero_port", Source: fromChef, value: intField(8889, func(i *Instance) *int { return &chef(i).ZeroPort }),
			Doc: "The port that the client's own server listens at."},
		{Name: "chef_license", Source: fromChef, DefaultDoc: "`CHEF_LICENSE` of the client's environment", value: textField("", func(i *Instance) *string { return &chef(i).License }),
			Doc: "Accepts Chef's licence: `accept`, `accept-no-persist` or `accept-silent`."},
		{Name: "chef_license_key", Source: fromChef, Secret: true, DefaultDoc: "`CHEF_LICENSE_KEY` of the client's environment", value: textField("", func(i *Instance) *string { return &chef(i).LicenseKey }),
			Doc: "The licence key for Chef 19 and later; older ones need none."},
		{Name: "chef_license_server", Source: fromChef, DefaultDoc: "`CHEF_LICENSE_SERVER` of the client's environment", value: field[string]{form: TypeStrings, at: func(i *Instance) *string { return &chef(i).LicenseServer }, parse: licenseServers},
			Doc: "The addresses of licence servers for Chef 19 and later."},
		{Name: "deprecations_as_errors", Source: fromChef, value: flagField(false, func(i *Instance) *bool { return &chef(i).Deprecations }),
			Doc: "Makes deprecation warnings errors."},
		{Name: "multiple_converge", Source: fromChef, value: intField(1, func(i *Instance) *int { return &chef(i).Converges }),
			Doc: "How often a converge runs the client."},
		{Name: "enforce_idempotency", Source: fromChef, value: flagField(false, func(i *Instance) *bool { return &chef(i).Idempotency }),
			Doc: "Fails when the last run of the client changed anything."},
	}
}

func chefSandboxKeys() []Key {
	chef := func(i *Instance) *Chef { return &i.Provisioner.Chef }
	keys := []Key{
		{Name: "clean_dokken_sandbox", Source: fromDokken, value: flagField(true, func(i *Instance) *bool { return &chef(i).CleanSandbox }),
			Doc: "Whether what the client left in the sandbox (its cache, nodes …) is removed before the next converge."},
		{Name: "policyfile", Aliases: []string{"policyfile_path"}, Source: fromChef, DefaultDoc: "`Policyfile.rb`, where there is one", value: pathField(func(i *Instance) *string { return &chef(i).Policyfile }),
			Doc: "The Policyfile."},
		{Name: "berksfile_path", Aliases: []string{"berksfile"}, Source: fromChef, DefaultDoc: "`Berksfile`, where there is one", value: pathField(func(i *Instance) *string { return &chef(i).Berksfile }),
			Doc: "The Berksfile."},
		{Name: "always_update_cookbooks", Source: fromChef, value: flagField(true, func(i *Instance) *bool { return &chef(i).AlwaysUpdate }),
			Doc: "Resolves cookbooks anew although there is a lock file."},
		{Name: "resolver", Source: fromGalley, Enum: []string{string(ResolverAuto), string(ResolverHost), string(ResolverContainer)},
			value: field[Resolver]{form: TypeString, def: ResolverAuto, at: func(i *Instance) *Resolver { return &chef(i).Resolver }, parse: enum[Resolver]},
			Doc:   "Where Policyfile and Berksfile are resolved: `host` with this machine's `chef-cli` or `berks`, `container` in one of `resolver_image`, `auto` on the host where it has the command."},
		{Name: "resolver_image", Source: fromGalley, DefaultDoc: "`chef/chefworkstation`, for Cinc `cincproject/workstation`", value: imageField(func(i *Instance) *string { return &chef(i).ResolverImage }),
			Doc: "The image in which cookbooks are resolved."},
		{Name: "cookbook_files_glob", Source: fromChef, value: field[[]string]{form: TypeStrings, def: cookbookFiles(), at: func(i *Instance) *[]string { return &chef(i).CookbookGlobs }, parse: globs},
			Doc: "Which files of a cookbook go into the sandbox."},
	}
	for _, p := range []struct{ key, dir, doc string }{
		{"data_path", "data", "A directory of data; the shell provisioner copies it beside its script."},
		{"data_bags_path", "data_bags", "The data bags."},
		{"environments_path", "environments", "The environments."},
		{"nodes_path", "nodes", "The nodes."},
		{"roles_path", "roles", "The roles. For Ansible a directory of roles, or one role."},
		{"clients_path", "clients", "The clients."},
		{"encrypted_data_bag_secret_key_path", "encrypted_data_bag_secret", "The file with the secret of encrypted data bags."},
	} {
		// The shell provisioner has data as well, and Ansible has roles.
		var kinds []string
		switch p.dir {
		case "data":
			kinds = []string{string(ProvisionerChef), string(ProvisionerShell)}
		case "roles":
			kinds = []string{string(ProvisionerChef), string(ProvisionerAnsible)}
		}
		keys = append(keys, Key{
			For: kinds, Name: p.key, Source: fromChef, Doc: p.doc, value: sandboxPath{dir: p.dir},
			DefaultDoc: "`test/integration/SUITE/" + lookupName(p.dir) + "`, `test/integration/" + lookupName(p.dir) + "` or `" + lookupName(p.dir) + "`, the first that there is",
		})
	}
	return keys
}

// rubyHash reads a hash whose values become Ruby: a symbol keeps its colon, for Chef
// takes :verify_none and "verify_none" for different things.
func rubyHash(d *decoder, v *yaml11.Value) (Hash, bool) { return d.hashWith(v, rubySymbol) }

// simpleSymbol matches the names that stand behind a colon without quotes.
var simpleSymbol = regexp.MustCompile(`^[A-Za-z_]\w*[?!=]?$`)

// rubySymbol is a symbol as Ruby writes it.
func rubySymbol(name string) string {
	if simpleSymbol.MatchString(name) {
		return ":" + name
	}
	return ":" + strconv.Quote(name)
}

// licenseServers reads addresses as the variable has them: with commas between.
func licenseServers(d *decoder, v *yaml11.Value) (string, bool) {
	list, ok := texts(d, v)
	return strings.Join(list, ","), ok
}

// lookupName is the name under which Test Kitchen looks for a directory.
func lookupName(dir string) string {
	if dir == "encrypted_data_bag_secret" {
		return "encrypted_data_bag_secret_key"
	}
	return dir
}

// cookbookFiles is the default of cookbook_files_glob.
func cookbookFiles() []string {
	return []string{
		"README.*", "VERSION", "metadata.json", "metadata.rb", "attributes.rb", "recipe.rb",
		"attributes/**/*", "definitions/**/*", "files/**/*", "libraries/**/*", "providers/**/*", "recipes/**/*",
		"resources/**/*", "templates/**/*", "ohai/**/*", "compliance/**/*",
	}
}

// globs reads patterns: a list, or one text with commas between, as Chef has it.
func globs(d *decoder, v *yaml11.Value) ([]string, bool) {
	list, ok := texts(d, v)
	if !ok {
		return nil, false
	}
	var out []string
	for _, s := range list {
		for _, p := range splitOutsideBraces(s) {
			if p = strings.TrimSpace(p); p != "" {
				out = append(out, p)
			}
		}
	}
	return out, true
}

// splitOutsideBraces splits at commas, but not at those of "{a,b}".
func splitOutsideBraces(s string) []string {
	depth := 0
	return strings.FieldsFunc(s, func(r rune) bool {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		return r == ',' && depth <= 0
	})
}

// namedRunList reads a name; the empty hash, Test Kitchen's own default, is none.
func namedRunList(d *decoder, v *yaml11.Value) (string, bool) {
	if v.Kind == yaml11.Map && v.Map.Len() == 0 {
		return "", true
	}
	return text(d, v)
}

// slowReport reads true, false or a number.
func slowReport(d *decoder, v *yaml11.Value) (string, bool) {
	switch {
	case v.Kind == yaml11.Bool && !v.Bool:
		return "", true
	case v.Kind == yaml11.Bool, v.Kind == yaml11.Int && v.Int > 0:
		return d.textOf(v), true
	}
	d.expected(v, "true, false or a number of resources")
	return "", false
}

// sandboxPath is a path that goes into the sandbox under a name of its own.
type sandboxPath struct{ dir string }

func (sandboxPath) typ() Type { return TypePath }

func (p sandboxPath) decode(d *decoder, v *yaml11.Value) {
	if s, ok := filePath(d, v); ok && s != "" {
		d.inst.Provisioner.Chef.Paths = mergeInto(d.inst.Provisioner.Chef.Paths, map[string]string{p.dir: s})
	}
}

func (sandboxPath) reset(*Instance) {}

func (sandboxPath) standard() any { return nil }

func (p sandboxPath) show(i *Instance) (any, bool) {
	return plain(i.Provisioner.Chef.Paths[p.dir]), true
}

// chefLogLevel overrules log_level, wherever either stands.
type chefLogLevel struct{}

func (chefLogLevel) typ() Type { return TypeString }

func (chefLogLevel) decode(d *decoder, v *yaml11.Value) {
	if s, ok := text(d, v); ok {
		d.logLevel = s
	}
}

func (chefLogLevel) reset(*Instance) {}

func (chefLogLevel) standard() any { return nil }

func (chefLogLevel) show(*Instance) (any, bool) { return nil, false }
