package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kitchen writes a sandbox as galley does and returns the arguments that use it.
func kitchen(t *testing.T, dna, recipe string) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "cookbooks/app/recipes/default.rb"), strings.ReplaceAll(recipe, "DIR", dir))
	write(t, filepath.Join(dir, "validation.pem"), "key")
	write(t, filepath.Join(dir, "dna.json"), dna)
	write(t, filepath.Join(dir, "client.rb"), strings.ReplaceAll(`node_name "default-test"
checksum_path "DIR/checksums"
file_cache_path "DIR/cache"
file_backup_path "DIR/backup"
cookbook_path ["DIR/cookbooks", "DIR/site-cookbooks"]
data_bag_path "DIR/data_bags"
validation_key "DIR/validation.pem"
encrypted_data_bag_secret "DIR/encrypted_data_bag_secret"
chef_server_url "http://127.0.0.1:8889"
treat_deprecation_warnings_as_errors false
named_run_list {}
`, "DIR", dir))
	return dir, []string{
		"-z", "-l", "warn", "-F", "doc", "-c", "/nowhere/client.rb", "-j", dir + "/dna.json",
		"--config", dir + "/client.rb", "--log_level", "auto", "--force-formatter", "--no-color",
		"--json-attributes", dir + "/dna.json", "--chef-zero-port", "8889",
		"--slow-report", "5",
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func runHere(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run("chef-client", args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestConvergesAndIsIdempotent(t *testing.T) {
	dir, args := kitchen(t, `{"greeting": "hello", "run_list": ["recipe[app::default]", "app::more"]}`, `
file "DIR/motd" do
  content node['greeting']
end
execute 'echo ran; touch DIR/touched' do
  not_if 'test -e DIR/touched'
end
`)
	write(t, filepath.Join(dir, "cookbooks/app/recipes/more.rb"), "file '"+dir+"/more'\n")
	code, stdout, stderr := runHere(args...)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "    [execute] ran\n")
	require.Contains(t, stdout, "Chef Infra Client finished, 3/3 resources updated in 00 seconds\n")
	require.Equal(t, "hello", readFile(t, filepath.Join(dir, "motd")))
	require.FileExists(t, filepath.Join(dir, "touched"))
	require.FileExists(t, filepath.Join(dir, "more"))
	require.FileExists(t, filepath.Join(dir, "cache/nodes/default-test.json"))

	code, stdout, stderr = runHere(args...)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "Chef Infra Client finished, 0/3 resources updated in 00 seconds\n")
}

func TestExitStatus(t *testing.T) {
	_, args := kitchen(t, `{"galley": {"exit": 35}, "run_list": ["app"]}`, "execute 'true'\n")
	for range 2 {
		code, _, stderr := runHere(args...)
		require.Equal(t, 35, code)
		require.Contains(t, stderr, "status 35")
	}
	_, args = kitchen(t, `{"galley": {"exit_once": 213}, "run_list": ["app"]}`, "execute 'true'\n")
	code, _, _ := runHere(args...)
	require.Equal(t, 213, code)
	code, _, stderr := runHere(args...)
	require.Equal(t, 0, code, stderr)
}

func TestFailures(t *testing.T) {
	tests := map[string]struct {
		recipe, dna, want string
		change            func(dir string) error
	}{
		"failing command":  {recipe: "execute 'exit 3'\n", want: "exit status 3"},
		"raise":            {recipe: "raise 'no good'\n", want: "RuntimeError: no good"},
		"unknown resource": {recipe: "frobnicate 'x'\n", want: "default.rb:1: syntax error: frobnicate"},
		"syntax":           {recipe: "\nfile\n", want: "default.rb:2: syntax error"},
		"block without end": {
			recipe: "file '/x' do\n", want: "has no end",
		},
		"unknown cookbook": {dna: `{"run_list": ["recipe[other]"]}`, want: "cookbook other not found"},
		"broken dna.json":  {dna: `{`, want: "dna.json: unexpected end"},
		"no cookbooks": {change: func(dir string) error { return os.RemoveAll(dir + "/cookbooks") },
			want: "cookbook_path: none of"},
		"no validation key": {
			change: func(dir string) error { return os.Remove(dir + "/validation.pem") },
			want:   "validation_key: open",
		},
		"no client.rb": {change: func(dir string) error { return os.Remove(dir + "/client.rb") },
			want: "cannot load the configuration file"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dna := tc.dna
			if dna == "" {
				dna = `{"run_list": ["app"]}`
			}
			dir, args := kitchen(t, dna, tc.recipe)
			if tc.change != nil {
				require.NoError(t, tc.change(dir))
			}
			code, _, stderr := runHere(args...)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, tc.want)
		})
	}
}

func TestCommandLineIsStrict(t *testing.T) {
	for args, want := range map[string]string{
		"--no-such-option":  "unknown flag: --no-such-option",
		"stray":             "unexpected argument: stray",
		"-z 7":              "unexpected argument: 7",
		"-z --config":       "flag needs an argument: --config",
		"-z --format fancy": "unknown formatter: fancy",
		"-z -l loud":        "unknown log level: loud",
		"--no-color=yes":    `invalid argument "yes" for "--no-color" flag`,
		"-c x":              "use --local-mode",
	} {
		code, _, stderr := runHere(strings.Fields(args)...)
		require.Equal(t, 1, code, args)
		require.Contains(t, stderr, want)
	}
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	require.Equal(t, 0, run("cinc-client", []string{"--version"}, &out, os.Stderr))
	require.Equal(t, "Cinc Client: "+version+"\n", out.String())
}

// A report handler names what was updated.
func TestReportHandler(t *testing.T) {
	dir, args := kitchen(t, `{"run_list": ["app"]}`, "file 'DIR/new'\n")
	clientRB := readFile(t, filepath.Join(dir, "client.rb"))
	write(t, filepath.Join(dir, "client.rb"), clientRB+"require \""+dir+"/handler.rb\"\nreport_handlers << Mine.new\n")
	code, _, stderr := runHere(args...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "require: open")
	write(t, filepath.Join(dir, "handler.rb"), "class Mine\n  puts \"updated: #{x}\"\nend\n")
	_, stdout, _ := runHere(args...)
	require.Contains(t, stdout, "\nupdated: file["+dir+"/new] (app::default line 1)\n")
	_, stdout, _ = runHere(args...)
	require.NotContains(t, stdout, "updated: ", "nothing is left to update")
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestPolicy(t *testing.T) {
	dir, args := kitchen(t, `{"policy_name": "web", "policy_group": "local"}`, "raise 'not this one'\n")
	code, _, stderr := runHere(args...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "cannot read the policy")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "cookbooks")))
	write(t, filepath.Join(dir, "policy_groups/local.json"), `{"policies": {"web": {"revision_id": "7"}}}`)
	write(t, filepath.Join(dir, "policies/web-7.json"),
		`{"run_list": ["recipe[app]"], "cookbook_locks": {"app": {"identifier": "a1"}}}`)
	write(t, filepath.Join(dir, "cookbook_artifacts/app-a1/recipes/default.rb"), "file '"+dir+"/made'\n")
	code, _, stderr = runHere(args...)
	require.Equal(t, 0, code, stderr)
	require.FileExists(t, filepath.Join(dir, "made"))
	write(t, filepath.Join(dir, "dna.json"), `{"policy_name": "web", "policy_group": "local", "run_list": []}`)
	_, _, stderr = runHere(args...)
	require.Contains(t, stderr, "the run list comes from the policy web")
}

func TestDeprecations(t *testing.T) {
	dir, args := kitchen(t, `{"run_list": ["app"]}`, "Chef.deprecated(:generic, 'old')\n")
	code, stdout, stderr := runHere(args...)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "Deprecated features used!\n  old\n")
	clientRB := readFile(t, filepath.Join(dir, "client.rb"))
	write(t, filepath.Join(dir, "client.rb"), strings.Replace(clientRB, "as_errors false", "as_errors true", 1))
	code, _, stderr = runHere(args...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "DeprecatedFeatureError: old")
}
