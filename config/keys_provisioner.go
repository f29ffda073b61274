package config

import (
	"slices"
	"time"
)

// provisionerKeys are the keys that every provisioner has.
func provisionerKeys() []Key {
	keys := []Key{
		{Name: "name", Source: fromKitchen, DefaultDoc: "`shell`", value: textField("", func(i *Instance) *string { return &i.Provisioner.Name }),
			Doc: "The provisioner: `dokken` (also `chef_infra`, `chef_zero`, `chef_solo`, `cinc`), `shell`, `tool`, `puppet_apply` (also `puppet`), `ansible_playbook` (also `ansible`) or `dummy`."},
		{Name: "root_path", Source: fromKitchen, value: textField("/opt/kitchen", func(i *Instance) *string { return &i.Provisioner.RootPath }),
			Doc: "Where the sandbox is inside the runner."},
		{Name: "command_prefix", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Provisioner.CommandPrefix }),
			Doc: "Words in front of the command."},
		{Name: "http_proxy", Source: fromKitchen, DefaultDoc: "the driver's", value: textField("", func(i *Instance) *string { return &i.Provisioner.Proxy.HTTP }),
			Doc: "The proxy for http during converge."},
		{Name: "https_proxy", Source: fromKitchen, DefaultDoc: "the driver's", value: textField("", func(i *Instance) *string { return &i.Provisioner.Proxy.HTTPS }),
			Doc: "The proxy for https during converge."},
		{Name: "ftp_proxy", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Provisioner.Proxy.FTP }),
			Doc: "The proxy for ftp during converge."},
		{Name: "no_proxy", Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Provisioner.Proxy.No }),
			Doc: "Hosts that need no proxy, with commas between."},
		{Name: "retry_on_exit_code", Source: fromKitchen, DefaultDoc: "`[35, 213]` for Chef, else none",
			value: field[[]int]{form: TypeInts, at: func(i *Instance) *[]int { return &i.Provisioner.RetryOnExitCode }, parse: numbers},
			Doc:   "Exit codes after which a converge is repeated."},
		{Name: "max_retries", Source: fromKitchen, value: intField(1, func(i *Instance) *int { return &i.Provisioner.MaxRetries }),
			Doc: "How often a converge is repeated."},
		{Name: "wait_for_retry", Source: fromKitchen, value: secondsField(30*time.Second, func(i *Instance) *time.Duration { return &i.Provisioner.WaitForRetry }),
			Doc: "How long to wait before a converge is repeated."},
		{Name: "uploads", Source: fromKitchen, value: textMapField(func(i *Instance) *map[string]string { return &i.Provisioner.Uploads }),
			Doc: "Files and directories to copy into the runner before a converge: `local: remote`."},
		{Name: "downloads", Source: fromKitchen, value: textMapField(func(i *Instance) *map[string]string { return &i.Provisioner.Downloads }),
			Doc: "Files and directories to copy from the runner after a converge: `remote: local`."},
		{Name: "env", Source: fromGalley, Aliases: []string{"environment", "env_variables", "env_vars"}, value: envField(func(i *Instance) *map[string]string { return &i.Provisioner.Env }),
			Doc: "Environment variables of the converge."},
		{Name: "idempotence", Aliases: []string{"idempotency_test"}, Source: fromGalley, value: flagField(false, func(i *Instance) *bool { return &i.Provisioner.Idempotence }),
			Doc: "Runs the tool a second time, and fails when that changes anything; `--idempotence` does it for all."},
		{Name: "sleep", For: []string{"dummy"}, Source: fromKitchen, value: secondsField(0, func(i *Instance) *time.Duration { return &i.Provisioner.Dummy.Sleep }),
			Doc: "How long the dummy provisioner takes."},
		{Name: "random_failure", For: []string{"dummy"}, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Provisioner.Dummy.RandomFailure }),
			Doc: "Makes the dummy provisioner fail now and then."},
		{Name: "fail", For: []string{"dummy"}, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Provisioner.Dummy.Fail }),
			Doc: "Makes the dummy provisioner fail."},
	}
	return inSection(SectionProvisioner, slices.Concat(keys,
		inert(fromKitchen, asRoot, "sudo", "sudo_command"),
		inert(fromKitchen, "the driver's `docker_host_url` holds for all", "docker_host_url"),
		inert(fromKitchen, "galley asks the engine itself", "docker_info"),
		inert(fromKitchen, "logs are in `.kitchen/logs`", "log_file_path"),
		inert(fromKitchen, withoutSSH, "pass_transport_options"),
	))
}

// Why the keys of several plugins have no effect.
const (
	asRoot     = "commands run as root, or as `driver.user`"
	withoutSSH = "galley runs commands through the engine, without ssh"
)

// inert makes keys that are accepted and have no effect, for the reason given.
func inert(source, why string, names ...string) []Key {
	keys := make([]Key, len(names))
	for i, name := range names {
		keys[i] = Key{Name: name, Source: source, Inert: why}
	}
	return keys
}

// loud makes keys that are accepted and have no effect, and whose loss the user has
// to know of: what they ask for is not done.
func loud(source, remedy string, names ...string) []Key {
	keys := inert(source, remedy, names...)
	for i := range keys {
		keys[i].Loud = true
	}
	return keys
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
		{Name: "script", Source: fromKitchen, DefaultDoc: "`bootstrap.sh`, where it is found", value: pathField(func(i *Instance) *string { return &i.Provisioner.Shell.Script }),
			Doc: "The script to run inside the runner."},
		{Name: "command", For: []string{string(ProvisionerShell), string(ProvisionerTool)}, Source: fromKitchen, value: textField("", func(i *Instance) *string { return &i.Provisioner.Shell.Command }),
			Doc: "A shell command in place of the script. For `tool` it is what runs the tool, and may hold `{{.Root}}`, `{{.Instance}}`, `{{.Suite}}`, `{{.Platform}}` and `{{.Binary}}`."},
		{Name: "arguments", Source: fromKitchen, value: commandField(func(i *Instance) *[]string { return &i.Provisioner.Shell.Arguments }),
			Doc: "Words behind the script or command."},
	}, string(ProvisionerShell))
}
