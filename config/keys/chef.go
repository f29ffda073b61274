package keys

import (
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// chefKeys are the keys of the dokken provisioner, which runs Chef Infra or Cinc.
func chefKeys() []Key {
	keys := append(chefRunKeys(), chefSandboxKeys()...)
	return inSection(SectionProvisioner, keys, string(config.ProvisionerChef))
}

func chefRunKeys() []Key {
	return []Key{
		{Name: "run_list", value: textsField("Provisioner.Chef.RunList")},
		{
			Name:  "attributes",
			For:   wordsOf(config.ProvisionerChef, config.ProvisionerAnsible),
			value: hashField("Provisioner.Chef.Attributes"),
		},
		{Name: "policy_group", value: textField("", "Provisioner.Chef.PolicyGroup")},
		{Name: "named_run_list", value: parsed(TypeString, "Provisioner.Chef.NamedRunList", namedRunList)},
		{Name: "product_name", value: textField("", "Provisioner.Chef.ProductName")},
		{Name: "product_version", value: versionField("Provisioner.Chef.ProductVersion")},
		{Name: "chef_binary", value: textField("", "Provisioner.Chef.Binary")},
		{Name: "chef_options", value: textField(" -z", "Provisioner.Chef.Options")},
		{Name: "chef_output_format", value: textField("doc", "Provisioner.Chef.OutputFormat")},
		{
			Name:  "log_level",
			For:   wordsOf(config.ProvisionerChef, config.ProvisionerSalt),
			value: textField("auto", "Provisioner.Chef.LogLevel"),
		},
		{Name: "chef_log_level", value: special{form: TypeString, read: chefLogLevel}},
		{Name: "log_file", value: textField("", "Provisioner.Chef.LogFile")},
		{Name: "profile_ruby", value: flagField(false, "Provisioner.Chef.ProfileRuby")},
		{Name: "fast_boot", value: flagField(true, "Provisioner.Chef.FastBoot")},
		{Name: "slow_resource_report", value: parsed(TypeAny, "Provisioner.Chef.SlowReport", slowReport)},
		{Name: "client_rb", value: parsed(TypeHash, "Provisioner.Chef.ClientRB", rubyHash)},
		{Name: "json_attributes", value: flagField(true, "Provisioner.Chef.JSONAttrs")},
		{Name: "chef_zero_host", value: textField("", "Provisioner.Chef.ZeroHost")},
		{Name: "chef_zero_port", value: intField(8889, "Provisioner.Chef.ZeroPort")},
		{Name: "chef_license", value: textField("", "Provisioner.Chef.License")},
		{Name: "chef_license_key", Secret: true, value: textField("", "Provisioner.Chef.LicenseKey")},
		{Name: "chef_license_server", value: parsed(TypeStrings, "Provisioner.Chef.LicenseServer", licenseServers)},
		{Name: "deprecations_as_errors", value: flagField(false, "Provisioner.Chef.Deprecations")},
		{Name: "multiple_converge", value: intField(1, "Provisioner.Chef.Converges")},
		{Name: "enforce_idempotency", value: flagField(false, "Provisioner.Chef.Idempotency")},
	}
}

func chefSandboxKeys() []Key {
	keys := []Key{
		{Name: "clean_dokken_sandbox", value: flagField(true, "Provisioner.Chef.CleanSandbox")},
		{Name: "policyfile", Aliases: "policyfile_path", value: pathField("Provisioner.Chef.Policyfile")},
		{Name: "berksfile_path", Aliases: "berksfile", value: pathField("Provisioner.Chef.Berksfile")},
		{Name: "always_update_cookbooks", value: flagField(true, "Provisioner.Chef.AlwaysUpdate")},
		enumKey("resolver", "Provisioner.Chef.Resolver", config.ResolverAuto, config.ResolverHost, config.ResolverContainer),
		{Name: "resolver_image", value: imageField("Provisioner.Chef.ResolverImage")},
		{
			Name:  "cookbook_files_glob",
			value: withDefault(cookbookFiles(), parsed(TypeStrings, "Provisioner.Chef.CookbookGlobs", globs)),
		},
	}
	for _, p := range sandboxPaths() {
		keys = append(keys, Key{Name: p.key, For: p.kinds, value: p.binding()})
	}
	return keys
}

// sandboxPath is a key for a path that goes into the sandbox as dir, of the provisioners in kinds, or of Chef's alone.
type sandboxPath struct {
	key, dir string
	kinds    []string
}

// sandboxPaths are the paths of Chef's sandbox. The shell provisioner has data as well, and Ansible has roles.
func sandboxPaths() []sandboxPath {
	chef := string(config.ProvisionerChef)
	return []sandboxPath{
		{"data_path", "data", []string{chef, string(config.ProvisionerShell)}},
		{"data_bags_path", "data_bags", nil},
		{"environments_path", "environments", nil},
		{"nodes_path", "nodes", nil},
		{"roles_path", "roles", []string{chef, string(config.ProvisionerAnsible)}},
		{"clients_path", "clients", nil},
		{"encrypted_data_bag_secret_key_path", "encrypted_data_bag_secret", nil},
	}
}

func (p sandboxPath) binding() special {
	return special{
		form: TypePath,
		read: func(d *decoder, v *yaml11.Value) {
			if s, ok := filePath(d, v); ok && s != "" {
				chef := &d.inst.Provisioner.Chef
				chef.Paths = mergeInto(chef.Paths, map[string]string{p.dir: s})
			}
		},
		value: func(i *config.Instance) any { return i.Provisioner.Chef.Paths[p.dir] },
	}
}

// rubyHash reads a hash whose values become Ruby: a symbol keeps its colon, for Chef
// takes :verify_none and "verify_none" for different things.
func rubyHash(d *decoder, v *yaml11.Value) (config.Hash, bool) { return d.hashWith(v, rubySymbol) }

// simpleSymbol matches the names that stand behind a colon without quotes.
var simpleSymbol = lazyregexp.New(`^[A-Za-z_]\w*[?!=]?$`)

// rubySymbol is a symbol as Ruby writes it.
func rubySymbol(name string) string {
	if simpleSymbol().MatchString(name) {
		return ":" + name
	}
	return ":" + strconv.Quote(name)
}

// licenseServers reads addresses as the variable has them: with commas between.
func licenseServers(d *decoder, v *yaml11.Value) (string, bool) {
	list, ok := texts(d, v)
	return strings.Join(list, ","), ok
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
	return "", d.expected(v, "true, false or a number of resources")
}

// chefLogLevel overrules log_level, wherever either stands.
func chefLogLevel(d *decoder, v *yaml11.Value) {
	if s, ok := text(d, v); ok {
		d.logLevel = s
	}
}
