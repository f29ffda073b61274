package kitchen

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// instanceNames are the names in order.
func instanceNames(c *Config) []string {
	var out []string
	for _, i := range c.Instances {
		out = append(out, i.Name)
	}
	return out
}

func TestInstanceNames(t *testing.T) {
	for _, c := range []struct{ suite, platform, want string }{
		{"default", "ubuntu-20.04", "default-ubuntu-2004"},
		{"my_suite.v1/x", "a,b", "my-suitev1-x-a-b"},
		{"MixedCase", "sp ace", "MixedCase-sp ace"},
		{"", "é.ü", "-éü"},
	} {
		require.Equal(t, c.want, instanceName(c.suite, c.platform))
	}
}

func TestLayersAndDefaults(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": `
driver: {name: dokken, a: root, b: root, m: {x: root, l: [1, 2]}}
lifecycle: {pre_create: one}
kitchen: {log_level: debug}
platforms:
  - name: windows-10
    driver: {b: platform, m: {y: platform}, log_level: dropped}
    run_list: [p, ~, [q]]
    lifecycle: {pre_create: [{local: two}, ~]}
  - name: linux
suites:
  - name: s
    driver: {m: {l: [3]}}
    run_list: [s]
    verifier: inspec
    lifecycle: {pre_create: {remote: three}, post_converge: four}
`})
	require.NoError(t, err)
	require.Empty(t, c.Diagnostics)
	require.Equal(t, []string{"s-windows-10", "s-linux"}, instanceNames(c))
	type m = map[string]any
	type l = []any
	i := c.Instances[0]
	require.Equal(t, m{"name": "dokken", "a": "root", "b": "platform", "log_level": "debug",
		"m": m{"x": "root", "y": "platform", "l": l{int64(3)}}}, i.Driver.Any())
	require.Equal(t, m{"name": "shell", "run_list": l{"p", "q", "s"}}, i.Provisioner.Any())
	require.Equal(t, m{"name": "inspec", "log_level": "debug"}, i.Verifier.Any())
	require.Equal(t, m{"name": "winrm", "log_level": "debug"}, i.Transport.Any())
	require.Equal(t, m{"pre_create": l{"one", m{"local": "two"}, m{"remote": "three"}}, "post_converge": l{"four"},
		"log_level": "debug"}, i.Lifecycle.Any())
	require.Equal(t, []string{"windows", "powershell"}, []string{i.OSType, i.ShellType})
	i = c.Instances[1]
	require.Equal(t, "ssh", i.Transport.Map.Get("name").Str)
	require.Equal(t, []string{"unix", "bourne"}, []string{i.OSType, i.ShellType})
}

func TestRootRunList(t *testing.T) {
	const root = "provisioner: {name: p, run_list: [root, ~]}\nplatforms: [{name: a}]\n"
	c, err := load(t, map[string]string{"kitchen.yml": root + "suites: [{name: s}]\n"})
	require.NoError(t, err)
	require.Equal(t, []any{"root"}, c.Instances[0].Provisioner.Map.Get("run_list").Any())
	require.Empty(t, c.Diagnostics)

	c, err = load(t, map[string]string{"kitchen.yml": root + "suites: [{name: s, run_list: [x]}]\n"})
	require.NoError(t, err)
	require.Equal(t, []any{"x"}, c.Instances[0].Provisioner.Map.Get("run_list").Any())
	require.Len(t, warnings(c), 1)
	require.Contains(t, warnings(c)[0].Msg, "root's provisioner.run_list is ignored")
}

func TestFilters(t *testing.T) {
	const platforms = "platforms: [{name: ubuntu-20.04}, {name: ubuntu-22.04}, {name: centos-7}]\n"
	for filter, want := range map[string]string{
		"includes: centos-7":                                      "centos-7",
		"includes: [centos-7, ubuntu-20.04]":                      "ubuntu-2004 centos-7",
		"excludes: centos-7":                                      "ubuntu-2004 ubuntu-2204",
		"includes: [centos-7], excludes: [centos-7]":              "centos-7",
		"includes: [], excludes: [centos-7]":                      "ubuntu-2004 ubuntu-2204",
		"includes: ubuntu":                                        "",
		"includes: '/UBUNTU/i'":                                   "ubuntu-2004 ubuntu-2204",
		"includes: '/ubuntu - 2 0/x'":                             "ubuntu-2004",
		"includes: '/ubuntu/m'":                                   "",
		"includes: '/ubuntu-(?!20)/'":                             "ubuntu-2204",
		"excludes: ['/[[:digit:]]{2}/']":                          "centos-7",
		"includes: ":                                              "ubuntu-2004 ubuntu-2204 centos-7",
		"includes: ['//']":                                        "ubuntu-2004 ubuntu-2204 centos-7",
		"excludes: ['/^u/', centos-7]":                            "",
		"includes: ubuntu-20.04, excludes: '/never looked at (/'": "error",
	} {
		t.Run(filter, func(t *testing.T) {
			c, err := load(t, map[string]string{"kitchen.yml": platforms + "suites: [{name: suite, " + filter + "}]\n"})
			if want == "error" {
				require.ErrorContains(t, err,
					"regular expression: end pattern with unmatched parenthesis: /never looked at (/")
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, strings.ReplaceAll(strings.Join(instanceNames(c), " "), "suite-", ""))
		})
	}
}

func TestDuplicateNamesAreListedAndReported(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": `
platforms:
  - {name: u-20.04, driver: {v: 1}}
  - {name: u-2004, driver: {v: 2}}
suites:
  - {name: s}
  - {name: s}
`})
	require.NoError(t, err)
	require.Equal(t, []string{"s-u-2004", "s-u-2004", "s-u-2004", "s-u-2004"}, instanceNames(c))
	require.NotEmpty(t, c.Errors())
	require.Contains(t, c.Errors()[0].String(),
		`kitchen.yml:4:12: error: two instances are named "s-u-2004": suite "s" on platform "u-20.04", and suite "s" on platform "u-2004" (the first is named at kitchen.yml:3:12)`)
	require.Contains(t, c.Errors()[1].String(), `kitchen.yml:7:12: error: two instances are named`)
}

func TestDataOfTheFirstOfTwoSuitesOfOneName(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": "platforms: [{name: a}, {name: b}]\nsuites:\n- {name: s, run_list: [x], includes: [a]}\n- {name: s, run_list: [y], excludes: [a]}\n"})
	require.NoError(t, err)
	require.Equal(t, []string{"s-a", "s-b"}, instanceNames(c))
	require.Equal(t, []any{"x"}, c.Instances[1].Provisioner.Map.Get("run_list").Any())
}

func TestConflictsCountOnlyForPairsThatRun(t *testing.T) {
	const data = "driver: {name: d, k: {x: 1}}\nplatforms:\n- {name: a, driver: {k: scalar}}\n- {name: b}\n"
	_, err := load(t, map[string]string{"kitchen.yml": data + "suites: [{name: s}, {name: t}]\n"})
	require.EqualError(t, err, "kitchen.yml:3:25: error: driver.k is a string here, which cannot override the mapping at kitchen.yml:1:22; "+
		"write a mapping here too, or remove the one of the two that is not meant\n    3 | - {name: a, driver: {k: scalar}}\n      |                         ^")
	c, err := load(t, map[string]string{"kitchen.yml": data + "suites: [{name: s, excludes: [a]}]\n"})
	require.NoError(t, err)
	require.Equal(t, []string{"s-b"}, instanceNames(c))
}

func TestBadData(t *testing.T) {
	for src, want := range map[string]string{
		"suites:\n":         "kitchen.yml:1:8: error: suites is empty (null), expected a list",
		"suites: {a: {}}\n": "kitchen.yml:1:9: error: suites is a mapping, expected a list",
		"platforms: [{name: a}]\nsuites: [{name: s, steps: x}]\n":   "kitchen.yml:2:27: error: suites[0].steps is a string, expected a list",
		"platforms: [{name: a}]\nsuites: [{name: s, steps: [x]}]\n": "suites[0].steps[0] is a string, expected a mapping such as {name: upgrade}",
		"platforms: [p]\n":                                                   "kitchen.yml:1:13: error: platforms[0] is a string, expected a mapping; write `- name: …`",
		"suites: [{run_list: [a]}]\n":                                        "kitchen.yml:1:10: error: suites[0] has no name; add `name: …`",
		"suites: [{name: {}}]\n":                                             "suites[0].name is a mapping, expected a text",
		"platforms: [{name: 20.04}]\n":                                       "kitchen.yml:1:20: error: platforms[0].name is a float, expected a text; put the name in quotes",
		"platforms: [{name: ~}]\n":                                           "platforms[0].name is empty (null), expected a text",
		"driver: [a]\n" + oneOfEach:                                          "kitchen.yml:1:9: error: driver is a list, expected a name or a mapping",
		"driver: false\n" + oneOfEach:                                        "driver is a boolean, expected a name or a mapping",
		"services: [a]\n" + oneOfEach:                                        "services is a list, expected a mapping such as {db: {image: postgres:17}}",
		"networks: back\n" + oneOfEach:                                       "networks is a string, expected a mapping such as {back: {internal: true}}",
		"lifecycle: [a]\n" + oneOfEach:                                       "lifecycle is a list, expected a name or a mapping",
		"driver_config: 5\n" + oneOfEach:                                     "driver_config is an integer, expected a mapping",
		"busser: [x]\n" + oneOfEach:                                          "busser is a list, expected a version or a mapping",
		"kitchen: x\n" + oneOfEach:                                           "kitchen is a string, expected a mapping",
		"platforms: [{name: a}]\nsuites: [{name: s, includes: [~]}]\n":       "suites[0].includes has empty (null), expected the name of a platform",
		"platforms: [{name: a}]\nsuites:\n- name: s\n  excludes: [a, [b]]\n": "kitchen.yml:4:17: error: suites[0].excludes has a list",
		"platforms: [{name: a}]\nsuites:\n- name: s\n  includes:\n  - :a\n":  "suites[0].includes has a symbol, expected a text; write a without the colon",
		"driver: {pre_create_command: x}\nlifecycle: s\n" +
			oneOfEach: "lifecycle is a string, expected a mapping",
		"driver: {http_proxy: x}\nprovisioner: [a]\n" +
			oneOfEach: "provisioner is a list, expected a name or a mapping",
		"platforms: [{name: a, transport: 5}]\nsuites: [{name: s}]\n":                      "platforms[0].transport is an integer, expected a name or a mapping",
		"platforms: [{name: a, os_type: [x]}]\nsuites: [{name: s}]\n":                      "platforms[0].os_type is a list, expected a text",
		"driver: {require_chef_omnibus: {a: 1}}\nprovisioner: {require_chef_omnibus: 1}\n": "provisioner.require_chef_omnibus is an integer here, which cannot override the mapping at kitchen.yml:1:32",
	} {
		t.Run(src, func(t *testing.T) {
			_, err := load(t, map[string]string{"kitchen.yml": src})
			var failed *LoadError
			require.ErrorAs(t, err, &failed)
			require.Contains(t, err.Error(), want)
		})
	}
}

func TestAllProblemsAreCollected(t *testing.T) {
	_, err := load(t, map[string]string{"kitchen.yml": "platforms: [{name: 1}, {}]\nsuites: [{name: s, includes: [5]}, 7]\n"})
	var failed *LoadError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Diagnostics, 1, "wrong types come first")
	_, err = load(t, map[string]string{"kitchen.yml": "platforms: [{name: 1}, {}]\nsuites: [{name: s, includes: [5]}]\n"})
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Diagnostics, 3)
}

func TestEmptyBlocksAreEmptyMappings(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": "kitchen:\ndriver_config:\nplatforms: [{name: p, transport: winrm}]\nsuites: [{name: s, provisioner: ~, busser: ~, run_list: [a]}]\n"})
	require.NoError(t, err)
	i := c.Instances[0]
	require.Equal(t, map[string]any{"name": "shell", "run_list": []any{"a"}}, i.Provisioner.Any())
	require.Equal(t, "busser", i.Verifier.Map.Get("name").Str)
	require.Equal(t, "windows", i.OSType)
}

func TestTooManyInstances(t *testing.T) {
	src := "platforms:\n" + strings.Repeat("- {name: p}\n", 400) + "suites:\n" + strings.Repeat("- {name: s}\n", 400)
	_, err := load(t, map[string]string{"kitchen.yml": src})
	require.ErrorContains(t, err, "make 160000 instances, more than the 100000 allowed")
}

// The bound is on what all instances copy together: here the third of them goes beyond it.
func TestTooManyKeysInAll(t *testing.T) {
	const source = "driver: {a: 1, b: 2, c: 3}\nplatforms: [{name: p, driver: {d: 1}}]\n" +
		"suites: [{name: x, driver: {e: 1}}, {name: y, driver: {e: 1}}, {name: z, driver: {e: 1}}]\n"
	instances := func(copied int) (*munger, []RawInstance) {
		m := newMunger(parseMapping(t, "kitchen.yml", source), &Diagnostics{})
		m.merger.copied = copied
		return m, m.instances()
	}
	m, all := instances(0)
	require.Len(t, all, 3)
	needed := m.merger.copied
	m, all = instances(maxCopied - needed)
	require.Len(t, all, 3)
	require.Empty(t, m.diags.List)
	m, all = instances(maxCopied - needed + 1)
	require.Empty(t, all)
	require.Len(t, m.diags.List, 1)
	require.Contains(t, m.diags.List[0].String(), "too many keys in all")
}

func TestDiagnosticsAreLimited(t *testing.T) {
	_, err := load(t, map[string]string{"kitchen.yml": "suites:\n" + strings.Repeat("- {}\n", 500)})
	var failed *LoadError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Diagnostics, maxDiagnostics+1)
	require.Equal(t, "error: 400 further ones are not shown", failed.Diagnostics[maxDiagnostics].String())
}

func TestHookMappingBesidePreCreateCommandWarns(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": "driver: {pre_create_command: x}\nlifecycle: {pre_create: {local: y}}\n" + oneOfEach})
	require.NoError(t, err)
	require.Equal(t, []any{"local", "y", map[string]any{"local": "x"}},
		c.Instances[0].Lifecycle.Map.Get("pre_create").Any())
	require.Len(t, warnings(c), 1)
}
