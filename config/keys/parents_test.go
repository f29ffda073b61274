package keys

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

// suitesYAML is a kitchen.yml with these suites on the platforms a and b.
func suitesYAML(suites string) string {
	return "driver: dokken\nprovisioner: {name: shell}\nverifier: {name: dummy}\n" +
		"platforms: [{name: a}, {name: b}]\nsuites:\n" + suites
}

func TestSuitesStartFromOthers(t *testing.T) {
	c := configOf(t, suitesYAML(`
- {name: later, from: upgrade, excludes: [b]}
- {name: upgrade, from: default}
- {name: default}
`))
	all, diags := Resolve(c, ResolveOptions{})
	require.Empty(t, diags)
	require.Equal(t, "later-a", all[0].Name)
	require.Equal(t, "upgrade-a", all[0].From.Name)
	require.Equal(t, "default-a", all[0].From.From.Name)
	require.Equal(t, "default-b", all[2].From.Name)
	require.Nil(t, all[3].From)

	// Those that are not selected are resolved for the ones that start from them, with what is wrong with them.
	c = configOf(t, suitesYAML("- {name: upgrade, from: default}\n- {name: default, driver: {privileged: maybe}}\n"))
	all, diags = Resolve(c, ResolveOptions{Select: func(r kitchen.RawInstance) bool { return r.Name == "upgrade-b" }})
	require.Len(t, all, 1)
	require.Equal(t, "default-b", all[0].From.Name)
	require.Len(t, diags, 1)
}

func TestSuitesThatCannotStart(t *testing.T) {
	for text, want := range map[string]string{
		"- {name: upgrade, from: defualt}\n- {name: default}": "kitchen.yml:6:25: error: suites.from: there is no suite " +
			"defualt|did you mean `default`?",
		"- {name: upgrade, from: default}\n- {name: default, excludes: [b]}": "kitchen.yml:6:25: error: suites.from: default " +
			"does not run on the platform b, on which upgrade starts from it|`excludes` of upgrade",
		"- {name: x, from: x}": "kitchen.yml:6:19: error: suites.from: none of these suites can be the first: " +
			"x starts from x|remove `from`",
		"- {name: w, from: x}\n- {name: x, from: y}\n- {name: y, from: z}\n- {name: z, from: x}": "kitchen.yml:7:19: error: " +
			"suites.from: none of these suites can be the first: x starts from y starts from z starts from x|remove",
		"- {name: x, from: [y]}": "expected the name of a suite|write `from: NAME`",
	} {
		_, diags := resolveText(t, suitesYAML(text))
		require.Len(t, diags, 1, text)
		for want := range strings.SplitSeq(want, "|") {
			require.Contains(t, strings.Join(strings.Fields(diags[0].String()), " "), want)
		}
	}
}
