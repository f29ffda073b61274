package keys

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// What a step says of provisioner and verifier is merged over what the instance has.
func TestSteps(t *testing.T) {
	i := resolveOne(t, `driver: dokken
provisioner: {name: dokken, log_level: info, attributes: {app: {version: 1, port: 80}}}
verifier: {name: shell, command: test -e /app, remote_exec: true}
platforms: [{name: debian-12}]
suites:
  - name: default
    run_list: [app]
    steps:
      - {name: v1, verify: {command: app --version | grep 1}}
      - {name: boot, reboot: true, verify: false, commands: [echo local, {remote: echo remote}]}
      - {name: v2, run_list: [app::two], attributes: {app: {version: 2}}, provisioner: {log_level: debug}}
`)
	require.Len(t, i.Steps, 3)
	v1, boot, v2 := i.Steps[0], i.Steps[1], i.Steps[2]
	require.Equal(t, []bool{true, false, true}, []bool{v1.Converge, boot.Converge, v2.Converge})
	require.Equal(t, []bool{true, false, true}, []bool{v1.Verify, boot.Verify, v2.Verify})
	require.Equal(t, i.Provisioner, v1.Provisioner)
	require.Equal(t, "app --version | grep 1", v1.Verifier.Shell.Command)
	require.True(t, v1.Verifier.Shell.Remote)
	require.Equal(t, "test -e /app", v2.Verifier.Shell.Command)
	require.True(t, boot.Reboot)
	require.Equal(t, []config.Hook{{Local: "echo local"}, {Remote: "echo remote"}}, boot.Commands)
	require.Equal(t, []string{"app::two"}, v2.Provisioner.Chef.RunList)
	require.Equal(t, "debug", v2.Provisioner.Chef.LogLevel)
	require.Equal(t, config.Hash{{Key: "app", Value: config.Hash{{Key: "version", Value: int64(2)},
		{Key: "port", Value: int64(80)}}}}, v2.Provisioner.Chef.Attributes)
}

func TestStepsRefused(t *testing.T) {
	head := "driver: dokken\nverifier: {name: shell}\nprovisioner: {name: shell}\nplatforms: [{name: p}]\n"
	for steps, want := range map[string]string{
		"[{reboot: true}]":         "steps: a step without a name",
		"[{name: a}, {name: a}]":   `kitchen.yml:5:46: error: steps: two steps are named "a"`,
		"[{name: a, reboot: 3}]":   "kitchen.yml:5:46: error: steps.a.reboot: expected true or false",
		"[{name: a, rebot: true}]": `kitchen.yml:5:38: warning: steps.rebot: unknown key`,
		"[{name: a, command: x}]": "kitchen.yml:5:38: warning: steps.command: unknown key, it has no effect; `command` is a key of the " +
			"provisioner: indent it below `provisioner:`",
		"[{name: a, tests: x}]":  "`tests` is a key of the verifier: indent it below `verify:`",
		"[{name: a, verify: x}]": "steps.a.verify: expected true, false, or a block of keys",
		"[{name: a, provisioner: {root_path: /x}}]": "steps.a: provisioner.root_path cannot be another one in a step; " +
			"write it in the suite",
		"[{name: a, provisioner: {scrpt: x}}]": `did you mean "script"?`,
		"[{name: a, commands: [{romote: x}]}]": "steps.a.commands",
	} {
		_, diags := resolveText(t, head+"suites: [{name: s, steps: "+steps+"}]\n")
		var all []string
		for _, d := range diags {
			all = append(all, d.String())
		}
		require.Contains(t, strings.Join(all, "\n"), want, steps)
	}
}
