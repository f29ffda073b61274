package config

import (
	"slices"
	"time"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// verifierKeys are the keys that every verifier has, and those of shell, busser
// and dummy.
func verifierKeys() []Key {
	shell := []string{string(VerifierShell)}
	busser := []string{string(VerifierBusser)}
	dummy := []string{string(VerifierDummy)}
	keys := []Key{
		{Name: "name", Source: fromKitchen, DefaultDoc: "`busser`", value: textField("", func(i *Instance) *string { return &i.Verifier.Name }),
			Doc: "The verifier: `inspec`, `cinc_auditor`, `shell`, `bats`, `serverspec`, `goss`, `testinfra`, `busser` or `dummy`."},
		{Name: "root_path", Source: fromKitchen, value: textField("/opt/verifier", func(i *Instance) *string { return &i.Verifier.RootPath }),
			Doc: "Where the tests are inside the runner."},
		{Name: "command_prefix", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Verifier.CommandPrefix }),
			Doc: "Words in front of the command."},
		{Name: "sudo", Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Verifier.Sudo }),
			Doc: "Puts `sudo_command` in front of a command in the runner, for a `driver.user` who is not root."},
		{Name: "sudo_command", Source: fromKitchen, value: textField("sudo -E", func(i *Instance) *string { return &i.Verifier.SudoCommand }),
			Doc: "What `sudo` puts in front."},
		{Name: "http_proxy", Source: fromKitchen, DefaultDoc: "the driver's", value: textField("", func(i *Instance) *string { return &i.Verifier.Proxy.HTTP }),
			Doc: "The proxy for http during verify."},
		{Name: "https_proxy", Source: fromKitchen, DefaultDoc: "the driver's", value: textField("", func(i *Instance) *string { return &i.Verifier.Proxy.HTTPS }),
			Doc: "The proxy for https during verify."},
		{Name: "ftp_proxy", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Verifier.Proxy.FTP }),
			Doc: "The proxy for ftp during verify."},
		{Name: "no_proxy", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Verifier.Proxy.No }),
			Doc: "Hosts that need no proxy, with commas between."},
		{Name: "downloads", Source: fromKitchen, value: textMapField(func(i *Instance) *map[string]string { return &i.Verifier.Downloads }),
			Doc: "Files and directories to copy from the runner after verify: `remote: local`."},
		{Name: "env", Source: fromGalley, Aliases: []string{"environment", "env_variables", "env_vars"}, value: envField(func(i *Instance) *map[string]string { return &i.Verifier.Env }),
			Doc: "Environment variables of the tests."},
		{Name: "command", For: shell, Source: fromKitchen, value: textField("true", func(i *Instance) *string { return &i.Verifier.Shell.Command }),
			Doc: "The command that verifies."},
		{Name: "remote_exec", For: shell, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Verifier.Shell.Remote }),
			Doc: "Runs the command inside the runner rather than on the client."},
		{Name: "sleep", For: append(shell, dummy...), Source: fromKitchen, value: secondsField(0, func(i *Instance) *time.Duration { return &i.Verifier.Shell.Sleep }),
			Doc: "How long to wait before the command; how long the dummy verifier takes."},
		{Name: "shellout_opts", For: shell, Source: fromKitchen, value: shelloutOpts{},
			Doc: "`cwd`, `timeout` and `environment` of the command on the client."},
		{Name: "random_failure", For: dummy, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Verifier.Dummy.RandomFailure }),
			Doc: "Makes the dummy verifier fail now and then."},
		{Name: "fail", For: dummy, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Verifier.Dummy.Fail }),
			Doc: "Makes the dummy verifier fail."},
		{Name: "ruby_bindir", Aliases: []string{"rspec_path"}, For: append(busser, string(VerifierServerspec)), Source: fromBusser, value: textField("", func(i *Instance) *string { return &i.Verifier.Busser.RubyBindir }),
			DefaultDoc: "where tools are looked for", Doc: "Where `rspec` is inside the runner."},
		{Name: "busser_bin", For: busser, Source: fromBusser, Inert: "galley runs the test tools itself"},
		{Name: "suite_name", Source: fromKitchen, Inert: "the suite names it"},
		{Name: "chef_omnibus_root", Source: fromKitchen, Inert: "Chef comes from the Chef image"},
		{Name: "live_stream", For: shell, Source: fromKitchen, Inert: "the output goes to the instance's log"},
	}
	return inSection(SectionVerifier, keys)
}

// inspecKeys are the keys of inspec and cinc_auditor.
func inspecKeys() []Key {
	inspec := func(i *Instance) *InspecVerifier { return &i.Verifier.Inspec }
	keys := []Key{
		{Name: "inspec_tests", Source: fromInspec, DefaultDoc: "`test/integration/SUITE`",
			value: field[[]InspecTest]{form: TypeList, at: func(i *Instance) *[]InspecTest { return &inspec(i).Tests }, parse: inspecTests},
			Doc:   "Profiles and tests: paths, or hashes of `path`, `url`, `git`, `compliance`, `supermarket` or `name`."},
		{Name: "controls", Source: fromInspec, value: textsField(func(i *Instance) *[]string { return &inspec(i).Controls }),
			Doc: "Only these controls; `/…/` is a regular expression."},
		{Name: "inputs", Source: fromInspec, Aliases: []string{"attributes"}, value: field[Hash]{form: TypeHash, at: func(i *Instance) *Hash { return &inspec(i).Inputs }, parse: hash, join: joinHashes},
			Doc: "Inputs of the profiles."},
		{Name: "input_files", Source: fromInspec, Aliases: []string{"attrs"}, value: pathsField(func(i *Instance) *[]string { return &inspec(i).InputFiles }),
			Doc: "Files with inputs."},
		{Name: "waiver_files", Source: fromInspec, value: pathsField(func(i *Instance) *[]string { return &inspec(i).WaiverFiles }),
			Doc: "Files with waivers."},
		{Name: "reporter", Source: fromInspec, DefaultDoc: "`cli`", value: textsField(func(i *Instance) *[]string { return &inspec(i).Reporter }),
			Doc: "Reporters such as `cli` or `junit2:out/%{platform}_%{suite}.xml`."},
		{Name: "output", Source: fromInspec, value: textField("", func(i *Instance) *string { return &inspec(i).Output }),
			Doc: "A file for the report."},
		{Name: "profiles_path", Source: fromInspec, value: pathField(func(i *Instance) *string { return &inspec(i).ProfilesPath }),
			Doc: "Where required profiles are looked for."},
		{Name: "load_plugins", Source: fromInspec, value: flagField(true, func(i *Instance) *bool { return &inspec(i).LoadPlugins }),
			Doc: "Loads InSpec's plugins."},
		{Name: "plugin_config", Source: fromInspec, value: hashField(func(i *Instance) *Hash { return &inspec(i).PluginConfig }),
			Doc: "Settings of the plugins."},
		{Name: "backend_cache", Source: fromInspec, value: flagField(true, func(i *Instance) *bool { return &inspec(i).BackendCache }),
			Doc: "Caches files and commands of the target."},
		{Name: "color", Source: fromInspec, value: flagField(true, func(i *Instance) *bool { return &inspec(i).Color }),
			Doc: "Colours in the output."},
		{Name: "location", Source: fromGalley, Enum: []string{string(InspecAuto), string(InspecInRunner), string(InspecOnHost)},
			value: field[InspecLocation]{form: TypeString, at: func(i *Instance) *InspecLocation { return &inspec(i).Location }, def: InspecAuto,
				parse: func(d *decoder, v *yaml11.Value) (InspecLocation, bool) {
					s, ok := word(d, v)
					return InspecLocation(s), ok
				}},
			Doc: "Where InSpec runs: in the `runner`, on the `host` through the engine's API, or `auto`: in the runner when it has one."},
		{Name: "chef_license", Source: fromInspec, DefaultDoc: "`CHEF_LICENSE` of the client's environment, else the provisioner's", value: textField("", func(i *Instance) *string { return &inspec(i).License }),
			Doc: "Accepts Chef's licence for InSpec."},
		{Name: "chef_license_key", Source: fromInspec, Secret: true, DefaultDoc: "`CHEF_LICENSE_KEY` of the client's environment, else the provisioner's", value: textField("", func(i *Instance) *string { return &inspec(i).LicenseKey }),
			Doc: "The licence key for InSpec 6 and later."},
		{Name: "chef_license_server", Source: fromInspec, DefaultDoc: "`CHEF_LICENSE_SERVER` of the client's environment, else the provisioner's", value: textField("", func(i *Instance) *string { return &inspec(i).LicenseServer }),
			Doc: "The licence server for InSpec 6 and later."},
	}
	return inSection(SectionVerifier, slices.Concat(keys,
		inert(fromInspec, "for InSpec write `reporter`", "format"),
		inert(fromInspec, "tests run as root inside the runner", "sudo_options"),
		inert(fromInspec, "the runner is the target", "host", "port"),
		inert(fromInspec, withoutSSH, "proxy_command", "forward_agent"),
		inert(fromInspec, "inputs are read anew in each run", "cache_inputs"),
		inert(fromInspec, "it is a key of the provisioner", "deprecations_as_errors"),
	), string(VerifierInspec), string(VerifierCincAuditor))
}

// serverspecKeys are the keys of kitchen-verifier-serverspec that galley accepts and
// has no use for; the others are those of the verifiers that run a tool.
func serverspecKeys() []Key {
	const fromServerspec = "kitchen-verifier-serverspec"
	return inSection(SectionVerifier, slices.Concat(
		inert(fromServerspec, "nothing is installed: RSpec comes from the runner's image",
			"gemfile", "bundler_path", "bundle_path", "install_commmand", "custom_install_command", "additional_install_command",
			"test_serverspec_installed"),
		inert(fromServerspec, "it is so without `patterns`", "default_pattern"),
		inert(fromServerspec, "the next verify brings the tests into line", "remove_default_path"),
		loud(fromServerspec, "write `patterns` relative to the project: the verifier carries the tests itself", "default_path"),
		loud(fromServerspec, "write the verifier `shell` with `remote_exec: true` and that `command`",
			"serverspec_command", "custom_serverspec_command", "require_runner", "runner_url"),
		loud(fromServerspec, "write a `remote:` hook under `lifecycle.pre_verify`", "additional_serverspec_command"),
	), string(VerifierServerspec))
}

// toolVerifierKeys are the keys of the verifiers that run a tool over test files.
func toolVerifierKeys() []Key {
	tool := func(i *Instance) *ToolVerifier { return &i.Verifier.Tool }
	withInspec := []string{string(VerifierBats), string(VerifierServerspec), string(VerifierGoss), string(VerifierTestinfra), string(VerifierInspec), string(VerifierCincAuditor)}
	keys := []Key{
		{Name: "tests", Aliases: []string{"test_files", "spec_files", "patterns", "goss_file"}, DefaultDoc: "the tool's directory under `test/integration/SUITE`",
			value: textsField(func(i *Instance) *[]string { return &tool(i).Tests }),
			Doc:   "Test files or patterns, relative to the project."},
		{Name: "options", For: withInspec, Aliases: []string{"pytest_options", "rspec_options", "goss_options", "bats_options", "extra_flags"}, value: commandField(func(i *Instance) *[]string { return &tool(i).Options }),
			Doc: "Further options of the tool."},
		{Name: "image", For: withInspec, DefaultDoc: "the runner's own tool", value: imageField(func(i *Instance) *string { return &tool(i).Image }),
			Doc: "An image that brings the tool: its volume is mounted into the runner."},
		{Name: "binary", For: withInspec, Aliases: []string{"path"}, DefaultDoc: "the tool's name on the PATH", value: textField("", func(i *Instance) *string { return &tool(i).Binary }),
			Doc: "The tool's command inside the runner."},
		{Name: "vars", Aliases: []string{"variables"}, value: textField("", func(i *Instance) *string { return &tool(i).Vars }),
			Doc: "A file of variables for goss."},
		{Name: "version", Source: fromBusser, Inert: "galley installs no test tools; their version is that of the image",
			For: []string{string(VerifierBats), string(VerifierServerspec), string(VerifierGoss), string(VerifierTestinfra), string(VerifierBusser)}},
	}
	for i := range keys {
		if keys[i].Source == "" {
			keys[i].Source = fromGalley
		}
	}
	return inSection(SectionVerifier, keys, string(VerifierBats), string(VerifierServerspec), string(VerifierGoss), string(VerifierTestinfra))
}

// pathsField is a list of paths of the client, made absolute.
func pathsField(at func(*Instance) *[]string) field[[]string] {
	return field[[]string]{form: TypeStrings, at: at, parse: func(d *decoder, v *yaml11.Value) ([]string, bool) {
		return each(v, func(it *yaml11.Value) ([]string, bool) { return oneOf(filePath(d, it)) })
	}}
}

// inspecTests reads paths and hashes.
func inspecTests(d *decoder, v *yaml11.Value) ([]InspecTest, bool) {
	return each(v, func(it *yaml11.Value) ([]InspecTest, bool) {
		if it.Kind != yaml11.Map {
			path, ok := text(d, it)
			return oneOf(InspecTest{Path: path}, ok)
		}
		return oneOf(d.inspecTest(it))
	})
}

func (d *decoder) inspecTest(v *yaml11.Value) (t InspecTest, ok bool) {
	fields := map[string]*string{
		"name": &t.Name, "path": &t.Path, "url": &t.URL, "git": &t.Git, "compliance": &t.Compliance,
		"supermarket": &t.Supermarket, "branch": &t.Branch, "tag": &t.Tag, "ref": &t.Ref,
		"relative_path": &t.RelativePath, "supermarket_url": &t.SupermarketURL,
	}
	ok = true
	for _, e := range entries(v) {
		field := fields[e.Key]
		if field == nil {
			d.warnAt(e.Value, suggestion(e.Key, keysOf(fields)), "unknown field %q of a test", e.Key)
			continue
		}
		var good bool
		*field, good = text(d, e.Value)
		ok = ok && good
	}
	return t, ok
}

// shelloutOpts are the options of the shell verifier's local command.
type shelloutOpts struct{}

func (shelloutOpts) typ() Type { return TypeHash }

func (shelloutOpts) reset(*Instance) {}

func (shelloutOpts) standard() any { return nil }

func (shelloutOpts) show(i *Instance) (any, bool) {
	s := i.Verifier.Shell
	return map[string]any{"cwd": plain(s.Cwd), "timeout": plain(s.Timeout), "environment": plain(s.Env)}, true
}

func (shelloutOpts) decode(d *decoder, v *yaml11.Value) {
	if v.Kind != yaml11.Map {
		d.wrongType(v)
		return
	}
	s := &d.inst.Verifier.Shell
	for _, e := range entries(v) {
		if e.Value.Kind == yaml11.Null {
			continue
		}
		switch e.Key {
		case "cwd":
			if p, ok := filePath(d, e.Value); ok {
				s.Cwd = p
			}
		case "timeout":
			if t, ok := seconds(d, e.Value); ok {
				s.Timeout = t
			}
		case "environment", "env":
			if m, ok := environment(d, e.Value); ok {
				s.Env = m
			}
		case "user", "group", "umask", "returns", "live_stream", "live_stdout", "live_stderr", "input", "log_level", "log_tag", "domain", "password", "login":
			d.warnAt(e.Value, "", "%s has no effect in galley", e.Key)
		default:
			d.warnAt(e.Value, suggestion(e.Key, []string{"cwd", "timeout", "environment"}), "unknown option %q", e.Key)
		}
	}
}
