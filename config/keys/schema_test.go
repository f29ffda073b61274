package keys

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// path is the key as messages name it: "driver.ports".
func (k Key) path() string {
	if k.Section == SectionRoot {
		return k.Name
	}
	return string(k.Section) + "." + k.Name
}

func TestTableOfKeys(t *testing.T) {
	seen, documented := map[string]string{}, map[string]bool{}
	for _, k := range theSchema().keys {
		where := k.path()
		require.NotEmpty(t, k.Section, where)
		require.Regexp(t, `^[a-z][a-z0-9_]*$`, k.Name)
		for _, n := range k.spellings() {
			id := string(k.Section) + "." + n
			require.NotContains(t, seen, id, "two keys have one name")
			seen[id] = where
		}
		switch {
		case k.Inert != "":
			require.Nil(t, k.read, "%s: an inert key has no field", where)
			require.Empty(t, k.docs(), "%s: Inert says it all", where)
		default:
			require.NotEmpty(t, k.docs().From, where)
			require.Regexp(t, `[.]$`, k.docs().Doc, where)
		}
		documented[string(k.Section)+"."+k.Name] = true
		if k.Inert == "" && slices.Contains([]Section{SectionDriver, SectionProvisioner, SectionVerifier,
			SectionTransport}, k.Section) {
			require.NotNil(t, k.read, "%s: a key of a plugin needs a field", where)
		}
	}
	for section, keys := range keyDocs() {
		for name := range keys {
			require.True(t, documented[string(section)+"."+name], "keys.yml describes %s.%s, which there is not",
				section, name)
		}
	}
}

// TestKeysAreServed makes sure that the keys which Test Kitchen and the plugins that
// galley takes the place of document are in the table.
func TestKeysAreServed(t *testing.T) {
	for section, names := range map[Section]string{
		SectionDriver: `api_retries binds cap_add cap_drop cgroupns_host chef_image chef_version data_image data_ssh_port dns dns_search
			docker_host_url docker_info docker_registry entrypoint env hostname hostname_aliases image image_prefix
			intermediate_instructions ipv6 ipv6_subnet links memory_limit network_mode pid_one_command platform ports privileged
			pull_chef_image pull_platform_image read_timeout write_timeout security_opt tmpfs userns_host user_ns_mode volumes
			creds_file docker_config_creds pre_create_command
			binary socket use_sudo tls tls_verify tls_cacert tls_cert tls_key build_context build_options build_tempdir use_cache
			dockerfile provision_command disable_upstart remove_images docker_platform run_command run_options interactive tty
			publish_all forward volume volumes_from mount devices memory cpu gpus add_host env_variables isolation instance_name
			http_proxy https_proxy no_proxy username public_key private_key use_internal_docker_network wait_for_transport
			sudo_command package_name wait_for_sshd
			no_cache container_name link instance_host_name skip_preparation destroy_container_name dockerfile_vars
			cpus ulimits sysctls extra_hosts shm_size init user labels stop_signal working_dir read_only pids_limit memory_swap
			userns_mode cgroupns_mode ipc pid group_add domainname dns_options mounts build_args init_system pull`,
		SectionProvisioner: `root_path chef_binary chef_options chef_log_level chef_output_format profile_ruby slow_resource_report
			docker_info docker_host_url product_name product_version clean_dokken_sandbox run_list attributes policy_group
			named_run_list client_rb json_attributes chef_zero_host chef_zero_port log_file log_level policyfile policyfile_path
			berksfile_path always_update_cookbooks cookbook_files_glob deprecations_as_errors retry_on_exit_code max_retries
			wait_for_retry multiple_converge enforce_idempotency chef_license chef_license_key data_path data_bags_path
			environments_path nodes_path roles_path clients_path encrypted_data_bag_secret_key_path config_path
			http_proxy https_proxy ftp_proxy no_proxy command_prefix require_chef_omnibus chef_omnibus_url
			chef_omnibus_install_options channel install_strategy platform platform_version architecture download_url checksum
			ruby_bindir chef_client_path chef_omnibus_root sudo sudo_command uploads downloads script command arguments
			additional_copy_path additional_copy_role_path additional_ssh_private_keys ansible_apt_repo ansible_binary_path
			ansible_cfg_path ansible_check ansible_connection ansible_diff ansible_extra_flags ansible_host_key_checking
			ansible_inventory ansible_limit ansible_omnibus_remote_path ansible_omnibus_url ansible_package_name ansible_platform
			ansible_playbook_command ansible_sles_repo ansible_source_rev ansible_source_url ansible_sudo
			ansible_vault_password_file ansible_verbose ansible_verbosity ansible_version ansible_yum_repo ansiblefile_path
			callback_plugins_path chef_bootstrap_url custom_post_install_command custom_post_play_command
			custom_pre_install_command custom_pre_play_command enable_yum_epel env_vars extra_vars extra_vars_file
			filter_plugins_path group_vars_path host_vars_path hosts idempotency_test ignore_extensions_from_root
			ignore_paths_from_root kerberos_conf_file library_plugins_path lookup_plugins_path playbook private_key
			python_sles_repo recursive_additional_copy_path require_ansible_omnibus require_ansible_repo require_ansible_source
			require_chef_for_busser require_pip require_ruby_for_busser require_windows_support requirements_path role_name
			shell_command show_command_output ssh_known_hosts tags update_package_repos
			custom_facts custom_install_command custom_options custom_post_apply_command custom_pre_apply_command facter_file
			facter_version facterlib files_path fileserver_config_path hiera_config_path hiera_data_path hiera_data_remote_path
			hiera_deep_merge hiera_eyaml hiera_eyaml_gpg hiera_eyaml_gpg_pubring hiera_eyaml_gpg_recipients
			hiera_eyaml_gpg_remote_path hiera_eyaml_gpg_secring hiera_eyaml_key_path hiera_eyaml_key_remote_path hiera_package
			hiera_version hiera_writer_files ignore_spec_fixtures ignored_paths_from_root install_custom_facts install_hiera
			librarian_puppet_ssl_file manifest manifests_path metadata_json_path modulefile_path modules_path
			puppet_apply_command puppet_apt_collections_repo puppet_apt_repo puppet_binary puppet_coll_remote_path
			puppet_config_path puppet_debug puppet_detailed_exitcodes puppet_enc puppet_environment
			puppet_environment_config_path puppet_environment_hiera_config_path puppet_environment_remote_hieradata_path
			puppet_environment_remote_manifests_path puppet_environment_remote_modules_path puppet_environmentpath_remote_path
			puppet_future_parser puppet_git_init puppet_git_pr puppet_logdest puppet_no_sudo puppet_noop puppet_omnibus_url
			puppet_show_diff puppet_verbose puppet_version puppet_whitelist_exit_code puppet_yum_collections_repo
			puppet_yum_repo puppetfile_path r10k_ssl_file remove_puppet_repo require_puppet_collections require_puppet_omnibus
			require_puppet_repo resolve_with_librarian_puppet resolve_with_r10k spec_files_path spec_files_remote_path`,
		SectionVerifier: `root_path sudo sudo_command chef_omnibus_root command_prefix suite_name downloads http_proxy https_proxy
			ftp_proxy inspec_tests controls inputs attributes input_files attrs waiver_files reporter output format color
			profiles_path backend_cache cache_inputs load_plugins plugin_config sudo_options host port proxy_command forward_agent
			chef_license_key chef_license_server command sleep shellout_opts live_stream remote_exec busser_bin ruby_bindir version
			random_failure fail
			additional_install_command additional_serverspec_command bundler_path custom_install_command
			custom_serverspec_command default_path default_pattern env_vars extra_flags gemfile patterns remove_default_path
			require_runner rspec_path runner_url serverspec_command test_serverspec_installed`,
		SectionTransport: `docker_host_url docker_info read_timeout write_timeout login_command host_ip_override`,
		SectionSuite: `name includes excludes driver provisioner transport verifier lifecycle run_list attributes named_run_list
			policy_group data_path data_bags_path encrypted_data_bag_secret_key_path environments_path nodes_path roles_path`,
		SectionPlatform: `name os_type shell_type driver provisioner transport verifier lifecycle run_list attributes`,
		SectionRoot:     `driver provisioner verifier transport lifecycle platforms suites kitchen driver_plugin driver_config busser`,
		SectionHook:     `local remote environment cwd user skippable includes excludes timeout`,
	} {
		for _, n := range strings.Fields(names) {
			require.NotNil(t, theSchema().find(section, n), "%s.%s", section, n)
		}
	}
	require.Len(t, hookNames(), 15)
}

// TestDocumentedDefaultsHold decodes each key's documented default and expects what leaving the key out gives.
func TestDocumentedDefaultsHold(t *testing.T) {
	for _, k := range theSchema().keys {
		def := k.Default
		if def == nil || k.Section == SectionVerifier && k.Name == "name" {
			continue
		}
		text, err := json.Marshal(map[string]any{k.Name: def})
		require.NoError(t, err)
		got := theSchema().blank
		d := &decoder{
			inst: &got, into: &got, key: &k, spelt: k.path(), root: "/project", home: "/home",
			env:   func(string) (string, bool) { return "", false },
			diags: &kitchen.Diagnostics{},
		}
		k.read(d, mapOf(t, string(text)).Map.Get(k.Name))
		require.Empty(t, d.diags.List, "the default of %s is refused", k.path())
		blank := theSchema().blank
		require.Equal(t, k.show(&blank), k.show(&got), k.path())
	}
}

func TestReference(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "kitchen-yml.md"), referenceMarkdown())
}

func TestJSONSchemaFile(t *testing.T) {
	got, err := jsonSchemaFile()
	require.NoError(t, err)
	golden(t, filepath.Join("..", "..", "docs", "kitchen.schema.json"), string(got))
}

// TestJSONSchemaAcceptsWhatResolves checks files of the corpus against the schema:
// where galley has no error to report, an editor must have none.
func TestJSONSchemaAcceptsWhatResolves(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpusDir, "expected", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skipf("no corpus: %s does not exist beside the checkout", corpusDir)
	}
	v := newValidator(t)
	blocks := 0
	for _, file := range files {
		c := corpusConfig(t, file)
		for _, raw := range c.Instances {
			if driver, _, _, _ := raw.Plugins(); driverNames()[driver].kind != config.DriverContainer {
				continue
			}
			_, diags := Resolve(c, ResolveOptions{Select: func(r kitchen.RawInstance) bool { return r.Name == raw.Name }})
			if slices.ContainsFunc(diags, func(d kitchen.Diagnostic) bool { return d.Severity == kitchen.SeverityError }) {
				continue
			}
			for section, block := range map[Section]any{
				SectionDriver: raw.Driver.Any(), SectionProvisioner: raw.Provisioner.Any(),
				SectionVerifier: raw.Verifier.Any(),
			} {
				require.Empty(t, v.check(v.definitions[string(section)], block, string(section)), "%s %s", file,
					raw.Name)
				blocks++
			}
			break
		}
	}
	require.Greater(t, blocks, 100)
}

func TestJSONSchemaRefuses(t *testing.T) {
	v := newValidator(t)
	for _, text := range []string{
		`driver: {privileged: [true]}`, `driver: {pull: sometimes}`, `suites: {name: a}`, `suites: [{run_list: []}]`,
		`lifecycle: {pre_create: 5}`, `provisioner: {attributes: [1]}`, `driver: 5`,
	} {
		require.NotEmpty(t, v.check(v.root, mapOf(t, text).Any(), ""), text)
	}
	for _, text := range []string{
		`driver: dokken`, `driver: {privileged: "<%= x %>"}`, `suites: [{name: a, run_list: b}]`,
		`lifecycle: {pre_create: [a, {local: b}]}`, `driver: ~`,
	} {
		require.Empty(t, v.check(v.root, mapOf(t, text).Any(), ""), text)
	}
}

// validator checks values against the part of JSON Schema that JSONSchema uses.
type validator struct {
	root, definitions map[string]any
}

func newValidator(t *testing.T) validator {
	t.Helper()
	data, err := jsonSchemaFile()
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, json.Unmarshal(data, &root))
	return validator{root, root["definitions"].(map[string]any)}
}

// check returns what is wrong with v, or "".
func (va validator) check(schema any, v any, path string) string {
	s := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		return va.check(va.definitions[strings.TrimPrefix(ref, "#/definitions/")], v, path)
	}
	if list, ok := s["anyOf"].([]any); ok {
		why := path + ": none fits:"
		for _, one := range list {
			w := va.check(one, v, path)
			if w == "" {
				return ""
			}
			why += " " + w
		}
		return why
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, v) {
		return path + ": not in enum"
	}
	if !va.hasType(s["type"], v) {
		return path + ": wrong type"
	}
	if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v.(string)) {
		return path + ": no template"
	}
	switch x := v.(type) {
	case []any:
		for _, it := range x {
			if s["items"] != nil {
				if w := va.check(s["items"], it, path+"[]"); w != "" {
					return w
				}
			}
		}
	case map[string]any:
		for _, r := range asList(s["required"]) {
			if _, ok := x[r.(string)]; !ok {
				return path + ": " + r.(string) + " is required"
			}
		}
		properties, _ := s["properties"].(map[string]any)
		for k, it := range x {
			sub := properties[k]
			if sub == nil {
				sub = s["additionalProperties"]
			}
			if sub != nil {
				if w := va.check(sub, it, path+"."+k); w != "" {
					return w
				}
			}
		}
	}
	return ""
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

func (validator) hasType(want any, v any) bool {
	if want == nil {
		return true
	}
	names := asList(want)
	if names == nil {
		names = []any{want}
	}
	is := map[string]bool{}
	switch v.(type) {
	case nil:
		is["null"] = true
	case bool:
		is["boolean"] = true
	case string:
		is["string"] = true
	case int64:
		is["integer"], is["number"] = true, true
	case float64:
		is["number"] = true
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	}
	return slices.ContainsFunc(names, func(n any) bool { return is[n.(string)] })
}

func TestNearest(t *testing.T) {
	names := theSchema().names(SectionDriver, "")
	for slip, want := range map[string]string{
		"priviledged": "privileged", "priviled": "privileged", "internediate_instructions": "intermediate_instructions",
		"cap-add": "cap_add", "hostName": "hostname", "chefversion": "chef_version", "zzzzz": "", "memroy": "memory",
	} {
		require.Equal(t, want, suggest.Nearest(slip, names), slip)
	}
}

// TestTroubleshooting keeps the examples of the documentation true: each is a
// mistake of testdata with galley's messages, which are renewed with -update.
func TestTroubleshooting(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "troubleshooting.md")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)<!-- mistake: ([a-z-]+) -->\n\n```yaml\n.*?```\n\n```text\n.*?```")
	require.GreaterOrEqual(t, len(example.FindAll(page, -1)), 8)
	golden(t, file, example.ReplaceAllStringFunc(string(page), func(s string) string {
		name := example.FindStringSubmatch(s)[1]
		read := func(suffix string) string {
			text, err := os.ReadFile(filepath.Join("testdata", "mistakes", name+suffix))
			require.NoError(t, err)
			return string(text)
		}
		return "<!-- mistake: " + name + " -->\n\n```yaml\n" + read(".yml") + "```\n\n```text\n" + read(".golden") +
			"```"
	}))
}

// TestEveryKeyTakesEveryShape gives the keys of each plugin values of all kinds, all keys the same at a time: whatever
// comes of it, galley must not panic, and an error must say which key and where.
func TestEveryKeyTakesEveryShape(t *testing.T) {
	shapes := []string{
		"~", "true", "-1", "5", "5.5", "99999999999999999999", `""`, "text", `":"`, "a:b:c:d", "/a:/b", "'a=b'", ":sym",
		"[]", "[1]", "[[a, [b]]]", "[~]", "{}", "{a: b}", "{a: ~}", "{a: {b: [c]}}", "[{a: b}]", "[{}]", `"'"`,
		"{name: a}", "{target: 1}", "{type: bind}", "[{target: /a, options: [{}]}]", "{'80': {}}", "{'80': [[]]}",
	}
	for plugin, keys := range keysOfPlugins() {
		for _, shape := range shapes {
			text := ""
			if plugin.kind != "" {
				text = "name: " + plugin.kind + "\n"
			}
			paths := map[string]bool{}
			for _, k := range keys {
				text += k.Name + ": " + shape + "\n"
				paths[k.path()] = true
			}
			blocks := map[Section]*yaml11.Value{
				SectionDriver: mapOf(t, "{name: dokken}"), SectionProvisioner: mapOf(t, "{name: dokken}"),
				SectionVerifier: mapOf(t, "{name: dummy}"), SectionTransport: mapOf(t, "{name: dokken}"),
				SectionLifecycle: mapOf(t, "{}"), SectionPublish: mapOf(t, "{}"),
				SectionCompare: mapOf(t, "{}"),
			}
			blocks[plugin.section] = mapOf(t, text)
			c := &kitchen.Config{Root: "/project", Instances: []kitchen.RawInstance{{
				Name: "i", Suite: "s", Platform: "p", Driver: blocks[SectionDriver],
				Provisioner: blocks[SectionProvisioner],
				Verifier:    blocks[SectionVerifier], Transport: blocks[SectionTransport],
				Lifecycle: blocks[SectionLifecycle], Publish: blocks[SectionPublish],
				Compare: blocks[SectionCompare],
			}}}
			all, diags := Resolve(c, ResolveOptions{})
			for _, d := range diags {
				path := regexp.MustCompile(`^[a-z]+\.\w+`).FindString(d.Msg)
				require.True(t, paths[path], "%s: %s", shape, d)
				require.False(t, d.Pos.IsZero(), d.String())
			}
			for _, i := range all {
				require.NotEmpty(t, settings(i, c.Instances[i.Index]))
			}
		}
	}
}

// pluginKind is a section for one kind of its plugin.
type pluginKind struct {
	section Section
	kind    string
}

// keysOfPlugins are the keys of the plugins, by the kind that they are tried with.
func keysOfPlugins() map[pluginKind][]Key {
	usual := map[Section]string{
		SectionDriver: "dokken", SectionProvisioner: "dokken", SectionVerifier: "inspec", SectionTransport: "dokken",
		SectionLifecycle: "", SectionPublish: "", SectionCompare: "",
	}
	out := map[pluginKind][]Key{}
	for _, k := range theSchema().keys {
		kind, ok := usual[k.Section]
		if !ok || k.Name == "name" {
			continue
		}
		if len(k.For) > 0 && k.For[0] != string(config.ProvisionerChef) {
			kind = k.For[0]
		}
		out[pluginKind{k.Section, kind}] = append(out[pluginKind{k.Section, kind}], k)
	}
	return out
}

// wordsOf writes the values of a type as a tag does.
func wordsOf[T ~string](list ...T) string {
	var words []string
	for _, w := range list {
		words = append(words, string(w))
	}
	return strings.Join(words, " ")
}

// TestTags: a tag that is misspelt would be passed over.
func TestTags(t *testing.T) {
	enums := map[reflect.Type]string{
		reflect.TypeFor[spec.ToolAccess]():   wordsOf(spec.ToolPrivate, spec.ToolShared, spec.ToolReadOnly),
		reflect.TypeFor[spec.Namespace]():    wordsOf(spec.NamespaceHost, spec.NamespacePrivate),
		reflect.TypeFor[config.InitSystem](): wordsOf(config.InitAuto, config.InitSystemd, config.InitNone),
		reflect.TypeFor[config.Resolver]():   wordsOf(config.ResolverAuto, config.ResolverHost, config.ResolverContainer),
		reflect.TypeFor[config.Place]():      wordsOf(config.PlaceAuto, config.PlaceRunner, config.PlaceHost),
	}
	name := regexp.MustCompile(`(\w+):"`)
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		switch {
		case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map:
			walk(typ.Elem())
			return
		case typ.Kind() != reflect.Struct || seen[typ] || !strings.HasSuffix(typ.PkgPath(), "/config"):
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			for _, n := range name.FindAllStringSubmatch(string(f.Tag), -1) {
				require.Contains(t, []string{"key", "as", "for", "enum", "default", "joins", "secret", "json"}, n[1], "%s.%s", typ, f.Name)
			}
			if words, ok := f.Tag.Lookup("enum"); ok {
				require.Equal(t, enums[f.Type], words, "%s.%s", typ, f.Name)
			}
			require.Subset(t, []string{"", "true"}, []string{f.Tag.Get("joins"), f.Tag.Get("secret")}, "%s.%s", typ, f.Name)
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[config.Instance]())
	require.Greater(t, len(seen), 25)
	for _, more := range furtherKeys() {
		require.Regexp(t, `^key:"[^"]+"( (as|for):"[^"]+"| joins:"true")*$`, string(more.tag))
	}
	kinds := map[Section][]string{SectionDriver: namesIn(driverNames())}
	for _, kind := range provisionerNames() {
		kinds[SectionProvisioner] = append(kinds[SectionProvisioner], string(kind))
	}
	for _, kind := range verifierNames() {
		kinds[SectionVerifier] = append(kinds[SectionVerifier], string(kind))
	}
	for _, k := range theSchema().keys {
		require.Subset(t, kinds[k.Section], k.For, k.path())
	}
}

// TestBadDefault: a default that its reader refuses is told with its field and why.
func TestBadDefault(t *testing.T) {
	type odd struct {
		Count int `key:"count" default:"many"`
	}
	of := reflect.TypeFor[odd]()
	require.PanicsWithValue(t, "keys: the default of keys.odd.Count: expected a whole number, found the string \"many\"",
		func() {
			tagged{SectionDriver, of, &config.Instance{}}.structKeys(reflect.StructField{Type: of}, "")
		})
}
