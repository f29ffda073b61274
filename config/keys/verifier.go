package keys

import (
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// verifierKeys are the keys that every verifier has, and those of shell, busser and dummy.
func verifierKeys() []Key {
	shell := wordsOf(config.VerifierShell)
	busser := wordsOf(config.VerifierBusser)
	dummy := wordsOf(config.VerifierDummy)
	keys := []Key{
		{Name: "name", value: textField("", "Verifier.Name")},
		{Name: "root_path", value: textField("/opt/verifier", "Verifier.RootPath")},
		{Name: "command_prefix", value: textField("", "Verifier.CommandPrefix")},
		{Name: "sudo", value: flagField(false, "Verifier.Sudo")},
		{Name: "sudo_command", value: textField("sudo -E", "Verifier.SudoCommand")},
		{Name: "http_proxy", value: textField("", "Verifier.Proxy.HTTP")},
		{Name: "https_proxy", value: textField("", "Verifier.Proxy.HTTPS")},
		{Name: "ftp_proxy", value: textField("", "Verifier.Proxy.FTP")},
		{Name: "no_proxy", value: textField("", "Verifier.Proxy.No")},
		{Name: "downloads", value: textMapField("Verifier.Downloads")},
		{Name: "env", Aliases: "environment env_variables env_vars", value: envField("Verifier.Env")},
		{Name: "command", For: shell, value: textField("true", "Verifier.Shell.Command")},
		{Name: "remote_exec", For: shell, value: flagField(false, "Verifier.Shell.Remote")},
		{Name: "sleep", For: append(shell, dummy...), value: secondsField(0, "Verifier.Shell.Sleep")},
		{Name: "shellout_opts", For: shell, value: special{TypeHash, shelloutOpts, shownShelloutOpts}},
		{Name: "random_failure", For: dummy, value: flagField(false, "Verifier.Dummy.RandomFailure")},
		{Name: "fail", For: dummy, value: flagField(false, "Verifier.Dummy.Fail")},
		{
			Name:    "ruby_bindir",
			Aliases: "rspec_path",
			For:     append(busser, string(config.VerifierServerspec)),
			value:   textField("", "Verifier.Busser.RubyBindir"),
		},
	}
	return inSection(SectionVerifier, keys)
}

// inspecKeys are the keys of inspec and cinc_auditor.
func inspecKeys() []Key {
	keys := []Key{
		{Name: "inspec_tests", value: parsed(TypeList, "Verifier.Inspec.Tests", inspecTests)},
		{Name: "controls", value: textsField("Verifier.Inspec.Controls")},
		{Name: "inputs", Aliases: "attributes", value: inputsField()},
		{Name: "input_files", Aliases: "attrs", value: pathsField("Verifier.Inspec.InputFiles")},
		{Name: "waiver_files", value: pathsField("Verifier.Inspec.WaiverFiles")},
		{Name: "reporter", value: textsField("Verifier.Inspec.Reporter")},
		{Name: "output", value: textField("", "Verifier.Inspec.Output")},
		{Name: "profiles_path", value: pathField("Verifier.Inspec.ProfilesPath")},
		{Name: "load_plugins", value: flagField(true, "Verifier.Inspec.LoadPlugins")},
		{Name: "plugin_config", value: hashField("Verifier.Inspec.PluginConfig")},
		{Name: "backend_cache", value: flagField(true, "Verifier.Inspec.BackendCache")},
		{Name: "color", value: flagField(true, "Verifier.Inspec.Color")},
		enumKey("location", "Verifier.Inspec.Location", config.InspecAuto, config.InspecInRunner, config.InspecOnHost),
		{Name: "chef_license", value: textField("", "Verifier.Inspec.License")},
		{Name: "chef_license_key", Secret: true, value: textField("", "Verifier.Inspec.LicenseKey")},
		{Name: "chef_license_server", value: textField("", "Verifier.Inspec.LicenseServer")},
	}
	return inSection(SectionVerifier, keys, string(config.VerifierInspec), string(config.VerifierCincAuditor))
}

// toolVerifierKeys are the keys of the verifiers that run a tool over test files.
func toolVerifierKeys() []Key {
	withInspec := wordsOf(config.VerifierBats, config.VerifierServerspec, config.VerifierGoss,
		config.VerifierTestinfra, config.VerifierInspec, config.VerifierCincAuditor)
	keys := []Key{
		{Name: "tests", Aliases: "test_files spec_files patterns goss_file", value: textsField("Verifier.Tool.Tests")},
		{
			Name:    "options",
			For:     withInspec,
			Aliases: "pytest_options rspec_options goss_options bats_options extra_flags",
			value:   commandField("Verifier.Tool.Options"),
		},
		{Name: "image", For: withInspec, value: imageField("Verifier.Tool.Image")},
		{Name: "binary", For: withInspec, Aliases: "path", value: textField("", "Verifier.Tool.Binary")},
		{Name: "vars", Aliases: "variables", value: textField("", "Verifier.Tool.Vars")},
	}
	return inSection(SectionVerifier, keys, string(config.VerifierBats), string(config.VerifierServerspec),
		string(config.VerifierGoss), string(config.VerifierTestinfra))
}

// pathsField is a list of paths of the client, made absolute.
func pathsField(path string) field[[]string] {
	return parsed(TypeStrings, path, func(d *decoder, v *yaml11.Value) ([]string, bool) {
		return each(v, func(it *yaml11.Value) ([]string, bool) { return oneOf(filePath(d, it)) })
	})
}

// inputsField is `inputs` and, of old, `attributes`: the two add up.
func inputsField() field[config.Hash] {
	f := parsed(TypeHash, "Verifier.Inspec.Inputs", hash)
	f.join = joinHashes
	return f
}

// inspecTests reads paths and hashes.
func inspecTests(d *decoder, v *yaml11.Value) ([]config.InspecTest, bool) {
	return each(v, func(it *yaml11.Value) ([]config.InspecTest, bool) {
		if it.Kind != yaml11.Map {
			path, ok := text(d, it)
			return oneOf(config.InspecTest{Path: path}, ok)
		}
		return oneOf(d.inspecTest(it))
	})
}

func (d *decoder) inspecTest(v *yaml11.Value) (t config.InspecTest, ok bool) {
	fields := map[string]*string{
		"name": &t.Name, "path": &t.Path, "url": &t.URL, "git": &t.Git, "compliance": &t.Compliance,
		"supermarket": &t.Supermarket, "branch": &t.Branch, "tag": &t.Tag, "ref": &t.Ref,
		"relative_path": &t.RelativePath, "supermarket_url": &t.SupermarketURL,
	}
	ok = true
	for _, e := range entries(v) {
		field := fields[e.Key]
		if field == nil {
			d.warnAt(e.Value, suggestion(e.Key, namesIn(fields)), "unknown field %q of a test", e.Key)
			continue
		}
		var good bool
		*field, good = text(d, e.Value)
		ok = ok && good
	}
	return t, ok
}

// shownShelloutOpts are what shelloutOpts has read.
func shownShelloutOpts(i *config.Instance) any {
	s := i.Verifier.Shell
	return map[string]any{"cwd": s.Cwd, "timeout": s.Timeout, "environment": s.Env}
}

// shelloutOpts reads the options of the shell verifier's local command.
func shelloutOpts(d *decoder, v *yaml11.Value) {
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
		case "user", "group", "umask", "returns", "live_stream", "live_stdout", "live_stderr", "input", "log_level",
			"log_tag", "domain", "password", "login":
			d.warnAt(e.Value, "", "%s has no effect in galley", e.Key)
		default:
			d.warnAt(e.Value, suggestion(e.Key, []string{"cwd", "timeout", "environment"}), "unknown option %q", e.Key)
		}
	}
}
