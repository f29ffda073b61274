package keys

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

const faultyYAML = `driver: dokken
provisioner: {name: shell}
verifier: {name: shell}
platforms: [{name: debian-12}]
services: {db: {image: x}}
`

func TestFaults(t *testing.T) {
	i := resolveOne(t, faultyYAML+`lifecycle: {pre_verify: [echo first, {pause: db}, {network: {cut: [db]}}], post_verify: {heal: true}}
suites:
  - name: s
    steps:
      - {name: a, network: {delay: 100ms, jitter: 10ms, loss: 5%, rate: 1mbit, cut: db, for: 30s}}
      - {name: b, kill: [db], commands: [echo x]}
      - {name: c, restart: db, heal: false, run_list: [x]}
`)
	require.Equal(t, config.Hooks{"pre_verify": {{Local: "echo first"}, {Fault: &config.Fault{Pause: []string{"db"}}},
		{Fault: &config.Fault{Network: &config.NetworkFault{Cut: []string{"db"}}}}},
		"post_verify": {{Fault: &config.Fault{Heal: true}}}}, i.Hooks)
	require.Equal(t, []config.Hook{{Fault: &config.Fault{Network: &config.NetworkFault{Delay: 100 * time.Millisecond,
		Jitter: 10 * time.Millisecond, Loss: 5, Rate: "1mbit", Cut: []string{"db"}, For: 30 * time.Second}}}}, i.Steps[0].Commands)
	require.False(t, i.Steps[0].Converge)
	require.Equal(t, []config.Hook{{Fault: &config.Fault{Kill: []string{"db"}}}, {Local: "echo x"}}, i.Steps[1].Commands)
	require.Len(t, i.Steps[2].Commands, 1)
	require.True(t, i.Steps[2].Converge)
}

func TestFaultsRefused(t *testing.T) {
	for fault, want := range map[string]string{
		"pause: bd":              `kitchen.yml:6:34: error: pause: s-debian-12 has no service "bd"`,
		"network: {cut: [web]}":  `error: network.cut: s-debian-12 has no service or other node "web"; there is db`,
		"network: cut":           "lifecycle.pre_verify.network: expected a hash such as {cut: [db]}",
		"network: {dealy: 1s}":   `did you mean "delay"?`,
		"network: {loss: 500%}":  "expected a part of all packets such as 5%",
		"network: {rate: fast}":  "expected a rate such as 1mbit",
		"network: {jitter: 1s}":  "jitter without a delay",
		"network: {for: 0}":      "network.for: expected a time above 0",
		"pause: db, kill: db":    "a hook has one fault",
		"pause: db, local: echo": "a hook has either a command or a fault",
	} {
		_, diags := resolveText(t, faultyYAML+"lifecycle: {pre_verify: [{"+fault+"}]}\nsuites: [{name: s}]\n")
		var all []string
		for _, d := range diags {
			all = append(all, d.String())
		}
		require.Contains(t, strings.Join(all, "\n"), want, fault)
	}
}

// A fault of a shared service is told to be that.
func TestFaultsOfSharedServices(t *testing.T) {
	for _, fault := range []string{"pause: db", "network: {cut: [db]}"} {
		_, diags := resolveText(t, strings.Replace(faultyYAML, "image: x", "image: x, shared: true", 1)+
			"lifecycle: {pre_verify: [{"+fault+"}]}\nsuites: [{name: s}]\n")
		require.Len(t, diags, 1)
		require.Contains(t, diags[0].String(), `: "db" is shared, and a shared service has no faults; remove its `+"`shared`")
	}
}
