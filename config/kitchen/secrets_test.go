package kitchen

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecrets(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": `
driver:
  name: dokken
  env: ["DB_PASSWORD=from-list", SHOWN=plain]
  docker_host_url: tcp://user:from-address@host:2376
  run_options: -e API_TOKEN=from-options --name x
provisioner:
  name: shell
  command: curl --token "from command" --api-key='from key' --secret=from-flag
  password: &p from-anchor
  attributes: {credentials: {user: from-below, list: [from-list-below]}, token: 0123}
  elsewhere: *p
platforms: [{name: p, driver: {build_args: {NPM_TOKEN: from-platform}}}]
suites: [{name: s, lifecycle: {pre_create: [{local: x, environment: {K_SECRET: from-hook}}]}}]
`})
	require.NoError(t, err)
	require.Equal(t, []string{
		"0123", "83", "from-address", "from-anchor", "from-below", "from-env", "from-flag", "from-hook", "from-list",
		"from-list-below", "from-options", "from-platform", "from command", "from key",
	}, sortedBy(c.Secrets([]string{"CI_TOKEN=from-env", "HOME=/root", "EMPTY_TOKEN="})))
}

// sortedBy sorts texts with a blank last.
func sortedBy(list []string) []string {
	slices.SortStableFunc(list, func(a, b string) int {
		return strings.Compare(strings.ReplaceAll(a, " ", "~"), strings.ReplaceAll(b, " ", "~"))
	})
	return list
}

// TestSecretsOfAFileThatIsNoYAML: what can be told by its lines is masked.
func TestSecretsOfAFileThatIsNoYAML(t *testing.T) {
	c := &Config{Files: []File{{Present: true, Rendered: []byte("a: [\nDB_PASSWORD: hunter2-x\n")}}}
	require.Equal(t, []string{"hunter2-x"}, c.Secrets(nil))
}

func TestPlugins(t *testing.T) {
	c, err := load(t, map[string]string{"kitchen.yml": "driver: podman\nverifier: inspec\n" + oneOfEach})
	require.NoError(t, err)
	driver, provisioner, verifier, transport := c.Instances[0].Plugins()
	require.Equal(t, []string{"podman", "shell", "inspec", "ssh"}, []string{driver, provisioner, verifier, transport})
	name, value := PluginName(c.Instances[0].Transport)
	require.Equal(t, "ssh", name)
	require.Nil(t, value, "nobody wrote it")
}
