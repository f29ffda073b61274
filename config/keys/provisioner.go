package keys

import (
	"regexp"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// provisionerKeys are the keys that every provisioner has.
func provisionerKeys() []Key {
	keys := []Key{
		{Name: "name", value: textField("", "Provisioner.Name")},
		{Name: "root_path", value: textField("/opt/kitchen", "Provisioner.RootPath")},
		{Name: "command_prefix", value: textField("", "Provisioner.CommandPrefix")},
		{Name: "http_proxy", value: textField("", "Provisioner.Proxy.HTTP")},
		{Name: "https_proxy", value: textField("", "Provisioner.Proxy.HTTPS")},
		{Name: "ftp_proxy", value: textField("", "Provisioner.Proxy.FTP")},
		{Name: "no_proxy", value: textField("", "Provisioner.Proxy.No")},
		{Name: "retry_on_exit_code", value: parsed(TypeInts, "Provisioner.RetryOnExitCode", numbers)},
		{Name: "max_retries", value: intField(1, "Provisioner.MaxRetries")},
		{Name: "wait_for_retry", value: secondsField(30*time.Second, "Provisioner.WaitForRetry")},
		{Name: "uploads", value: textMapField("Provisioner.Uploads")},
		{Name: "downloads", value: textMapField("Provisioner.Downloads")},
		{Name: "env", Aliases: "environment env_variables env_vars", value: envField("Provisioner.Env")},
		{Name: "idempotence", Aliases: "idempotency_test", value: flagField(false, "Provisioner.Idempotence")},
		{Name: "sleep", For: []string{"dummy"}, value: secondsField(0, "Provisioner.Dummy.Sleep")},
		{Name: "random_failure", For: []string{"dummy"}, value: flagField(false, "Provisioner.Dummy.RandomFailure")},
		{Name: "fail", For: []string{"dummy"}, value: flagField(false, "Provisioner.Dummy.Fail")},
	}
	return inSection(SectionProvisioner, keys)
}

// inSection puts keys into a section, for the kinds named.
func inSection(s Section, keys []Key, kinds ...string) []Key {
	for i := range keys {
		keys[i].Section = s
		if keys[i].For == nil {
			keys[i].For = kinds
		}
	}
	return keys
}

// shellProvisionerKeys are the keys of the shell provisioner.
func shellProvisionerKeys() []Key {
	return inSection(SectionProvisioner, []Key{
		{Name: "script", value: pathField("Provisioner.Shell.Script")},
		{
			Name:  "command",
			For:   wordsOf(config.ProvisionerShell, config.ProvisionerTool, config.ProvisionerExternal),
			value: textField("", "Provisioner.Shell.Command"),
		},
		{Name: "arguments", value: commandField("Provisioner.Shell.Arguments")},
	}, string(config.ProvisionerShell))
}

// toolKinds are the provisioners whose tool may come from an image.
func toolKinds() []string {
	return wordsOf(config.ProvisionerTool, config.ProvisionerShell, config.ProvisionerPuppet,
		config.ProvisionerAnsible, config.ProvisionerSalt)
}

// toolProvisionerKeys are the keys of the tool provisioner, and of what is built on it.
func toolProvisionerKeys() []Key {
	only := wordsOf(config.ProvisionerTool)
	keys := []Key{
		{Name: "image", Aliases: "salt_image", value: imageField("Provisioner.Tool.Image")},
		{Name: "instructions", value: parsed(TypeStrings, "Provisioner.Tool.Instructions", instructions)},
		{Name: "build_context", value: pathField("Provisioner.Tool.BuildContext")},
		{Name: "volume", Aliases: "volumes", value: textsField("Provisioner.Tool.Volumes")},
		{Name: "binary", Aliases: "puppet_binary salt_call_command", value: textField("", "Provisioner.Tool.Binary")},
		{Name: "files", For: only, value: textMapField("Provisioner.Tool.Files")},
		{Name: "changed_exit_codes", For: only, value: numbersField("Provisioner.Tool.ChangedExitCodes")},
		{Name: "success_exit_codes", For: only, value: numbersField("Provisioner.Tool.SuccessExitCodes")},
		{Name: "changed_pattern", For: only, value: patternField("Provisioner.Tool.ChangedPattern")},
		{Name: "summary_pattern", For: only, value: patternField("Provisioner.Tool.SummaryPattern")},
	}
	return inSection(SectionProvisioner, keys, toolKinds()...)
}

// numbersField is a list of whole numbers.
func numbersField(path string) field[[]int] {
	return parsed(TypeInts, path, numbers)
}

// flagsField is raw words of a command line: a text, or a list of texts.
func flagsField(path string) field[string] {
	return parsed(TypeStrings, path, func(d *decoder, v *yaml11.Value) (string, bool) {
		list, ok := texts(d, v)
		return strings.Join(list, " "), ok
	})
}

// patternField is a regular expression.
func patternField(path string) field[string] {
	return parsed(TypeString, path, pattern)
}

// enum reads a word of the key's Enum.
func enum[T ~string](d *decoder, v *yaml11.Value) (T, bool) {
	s, ok := word(d, v)
	return T(s), ok
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
