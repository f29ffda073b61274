package provisioner

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
)

// chefCases are provisioner blocks, and what else a case needs.
func chefCases() map[string]chefCase {
	return map[string]chefCase{
		"defaults":       {},
		"cinc":           {keys: "product_name: cinc"},
		"chef-zero":      {name: "chef_zero", keys: "product_version: 17"},
		"cinc-by-name":   {name: "cinc"},
		"binary":         {keys: "chef_binary: /bin/true"},
		"solo":           {keys: "chef_binary: /opt/chef/bin/chef-solo, chef_options: ''"},
		"options":        {keys: "chef_options: '-z --color', chef_output_format: minimal, command_prefix: nice -n 5"},
		"levels":         {keys: "log_level: info"},
		"chef-log-level": {keys: "log_level: info, chef_log_level: error"},
		"debug":          {change: func(b *bed) { b.project.Debug = true }},
		"reports":        {keys: "profile_ruby: true, slow_resource_report: true, log_file: /var/log/chef run.log"},
		"slow-ten":       {keys: "slow_resource_report: 10, chef_zero_host: 127.0.0.1, chef_zero_port: 8890"},
		"client-rb": {keys: `client_rb: {log_level: ":trace", ssl_verify_mode: ":verify_none", node_name: 'other ` +
			`"one" #{x} \n', list: [1, true, a], nested: {a: {b: 1.5}}, none: ~, chef_license: accept}`},
		"no-json": {keys: "json_attributes: false"},
		"attributes": {keys: `attributes: {a: {b: [1, 2.0, 2.5, "<&>"], c: true, d: ~}, text: "it's ü"}, ` +
			`run_list: ["recipe[a::b]", "role[c]"]`},
		"deprecations": {keys: "deprecations_as_errors: true, named_run_list: other"},
		"licence": {keys: "chef_license: accept-no-persist, chef_license_key: some-key, chef_license_server: " +
			"[http://one, http://two]"},
		"multiple":    {keys: "multiple_converge: 3"},
		"enforce":     {keys: "multiple_converge: 2, enforce_idempotency: true"},
		"idempotence": {change: func(b *bed) { b.project.Idempotence = true }},
		"environment": {keys: `env: {A: "it's", B: "$HOME"}, http_proxy: "http://proxy:3128", no_proxy: "a,b"`,
			environ: []string{"CI=true", "TKENV_X=1 2", "TKENV_=no", "CHEF_LICENSE=accept",
				"HTTPS_PROXY=http://other"}},
		"keep-cache":         {keys: "clean_dokken_sandbox: false"},
		"root-path":          {keys: "root_path: /tmp/kitchen dir"},
		"legacy-provisioner": {name: "chef_solo", keys: "require_chef_omnibus: true, run_list: [a]"},
		"data": {keys: "roles_path: some/roles", files: map[string]string{
			"some/roles/r.json": "{}", "test/integration/default/data_bags/bag/item.json": "{}",
			"test/integration/nodes/other.json": "{}",
			"environments/e.json":               "{}", "clients/c.json": "{}", "data/d": "1",
			"test/integration/encrypted_data_bag_secret_key": "secret"}},
	}
}

type chefCase struct {
	name, keys string
	environ    []string
	files      map[string]string
	change     func(*bed)
}

// The client's settings and command line for many configurations.
func TestChefGolden(t *testing.T) {
	cases := chefCases()
	require.GreaterOrEqual(t, len(cases), 20)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			if c.name == "" {
				c.name = "dokken"
			}
			keys := ""
			if c.keys != "" {
				keys = ", " + c.keys
			}
			files := map[string]string{"kitchen.yml": "provisioner: {name: " + c.name + keys + "}\n" + platform}
			maps.Copy(files, c.files)
			b := newBed(t, files)
			b.project.Environ = c.environ
			if c.change != nil {
				c.change(b)
			}
			if root := b.instances[0].Provisioner.RootPath; root != "" {
				b.box.Remote = root
			}
			var text strings.Builder
			files = b.prepare()
			for _, f := range slices.Sorted(maps.Keys(files)) {
				fmt.Fprintf(&text, "=== %s\n%s", f, files[f])
			}
			golden.Equal(t, filepath.Join("testdata", "chef", name+".golden"), text.String())
		})
	}
}
