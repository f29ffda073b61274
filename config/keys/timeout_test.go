package keys

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

// TestEveryTimeoutIsTyped walks the table of keys: what is named after a time is either told to have no effect, or has
// a duration in the instance that each form of a time fills.
func TestEveryTimeoutIsTyped(t *testing.T) {
	named := regexp.MustCompile(`timeout|sleep|wait|interval`)
	var typed []string
	for _, k := range theSchema().keys {
		if !named.MatchString(k.Name) || k.Inert != "" {
			continue
		}
		require.Equal(t, TypeSeconds, k.Type, k.path())
		typed = append(typed, k.path())
		if k.Section == SectionHook || k.Section == SectionReady {
			continue // see below
		}
		for text, want := range map[string]time.Duration{"5": 5 * time.Second, "1.5": 1500 * time.Millisecond,
			"90s": 90 * time.Second, "2m": 2 * time.Minute} {
			inst := theSchema().blank
			d := &decoder{into: &inst, key: &k, spelt: k.path(), diags: &kitchen.Diagnostics{}}
			k.read(d, mapOf(t, "t: "+text).Map.Get("t"))
			require.Empty(t, d.diags.List)
			require.Equal(t, want, k.show(&inst), "%s: %s", k.path(), text)
		}
	}
	require.Equal(t, []string{
		"provisioner.wait_for_retry", "verifier.sleep", "hook.timeout", "ready.timeout", "ready.interval", "driver.sleep",
		"provisioner.sleep",
	}, typed)
	i := resolveOne(t, `
driver: dokken
provisioner: shell
verifier: {name: shell, command: x, shellout_opts: {timeout: 90s}}
lifecycle: {pre_create: [{local: x, timeout: 5}, {local: y, timeout: 2m}], post_converge: [{remote: z, timeout: 1.5}]}
platforms: [{name: debian-12}]
suites: [{name: default}]
`)
	require.Equal(t, 90*time.Second, i.Verifier.Shell.Timeout)
	require.Equal(t, 5*time.Second, i.Hooks["pre_create"][0].Timeout)
	require.Equal(t, 2*time.Minute, i.Hooks["pre_create"][1].Timeout)
	require.Equal(t, 1500*time.Millisecond, i.Hooks["post_converge"][0].Timeout)
}
