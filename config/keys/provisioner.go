package keys

import (
	"time"

	"github.com/galley-kitchen/galley/config"
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
			For:   wordsOf(config.ProvisionerShell, config.ProvisionerTool),
			value: textField("", "Provisioner.Shell.Command"),
		},
		{Name: "arguments", value: commandField("Provisioner.Shell.Arguments")},
	}, string(config.ProvisionerShell))
}
