package keys

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// chefKeys are the keys of the dokken provisioner that fill no field of their own.
func chefKeys() []Key {
	keys := []Key{{Name: "chef_log_level", Type: TypeString, read: chefLogLevel}}
	for _, p := range sandboxPaths() {
		keys = append(keys, Key{Name: p.key, For: p.kinds, Type: TypePath, read: p.read, show: p.show})
	}
	return inSection(SectionProvisioner, keys, string(config.ProvisionerChef))
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

func (p sandboxPath) read(d *decoder, v *yaml11.Value) {
	if s, ok := filePath(d, v); ok && s != "" {
		chef := &d.inst.Provisioner.Chef
		if chef.Paths == nil {
			chef.Paths = map[string]string{}
		}
		chef.Paths[p.dir] = s
	}
}

func (p sandboxPath) show(i *config.Instance) any { return i.Provisioner.Chef.Paths[p.dir] }

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

// flags reads raw words of a command line: a text, or a list of texts.
func flags(d *decoder, v *yaml11.Value) (string, bool) {
	list, ok := texts(d, v)
	return strings.Join(list, " "), ok
}

// pattern reads a regular expression of Go's syntax.
func pattern(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok {
		return "", false
	}
	if _, err := regexp.Compile(s); err != nil {
		return "", d.errorAt(v, "see https://pkg.go.dev/regexp/syntax", "%v", err)
	}
	return s, true
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
		d.key.read(d, v)
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
