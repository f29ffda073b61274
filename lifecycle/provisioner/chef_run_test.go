package provisioner

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// standIn builds the chef-client of the test images, which takes the real one's
// command line, checks every path in client.rb and applies simple recipes.
func standIn(t *testing.T, name string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in runs where runners do")
	}
	bin := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("go", "build", "-o", bin, "../../e2e/images/chef-client").CombinedOutput()
	require.NoError(t, err, string(out))
	return bin
}

// A run of the stand-in on this machine: all that Prepare laid out is found.
func TestChefRuns(t *testing.T) {
	client := standIn(t, "chef-client")
	kitchen := func(keys string) string {
		return "provisioner: {name: dokken, chef_binary: " + client + ", run_list: ['recipe[hello]']" + keys + "}\n" +
			platform
	}
	hello := func(t *testing.T, keys, recipe string) *bed {
		return newBed(t, map[string]string{
			"kitchen.yml":                        kitchen(keys),
			"cookbooks/hello/metadata.rb":        "name 'hello'\n",
			"cookbooks/hello/recipes/default.rb": recipe,
			"data_bags/bag/item.json":            "{}",
		})
	}
	t.Run("converges", func(t *testing.T) {
		b := hello(t, ", attributes: {path: one}, multiple_converge: 2, log_file: run.log, profile_ruby: true, "+
			"slow_resource_report: 5", "")
		r := b.here()
		b.write(map[string]string{"cookbooks/hello/recipes/default.rb": "file '" + filepath.Join(r.dir, "made") +
			"' do\n  content node['path']\nend\n"})
		s, out, err := b.converge(r)
		require.NoError(t, err, out)
		require.Equal(t, 1, s.Changed)
		require.Zero(t, s.Failed)
		require.Equal(t, []string{"file[" + filepath.Join(r.dir, "made") + "]"}, s.Changes)
		require.Regexp(t, `^Chef Infra Client finished, 1/1 resources updated in .*; then Chef Infra Client finished, 0/1 `,
			s.Text)
		require.FileExists(t, filepath.Join(r.dir, "made"))
		require.FileExists(t, filepath.Join(r.dir, "run.log"))
		require.DirExists(t, filepath.Join(b.box.Local, "cache"))

		// What the client wrote does not survive, unless it shall.
		b.write(map[string]string{"cookbooks/hello/recipes/default.rb": "execute 'test ! -e " +
			filepath.Join(b.box.Local,
				"cache", "mark") + "'\n"})
		b.writeBox("cache/mark")
		_, out, err = b.converge(r)
		require.NoError(t, err, out)
		b.instances[0].Provisioner.Chef.CleanSandbox = false
		b.writeBox("cache/mark")
		_, out, err = b.converge(r)
		var exit *runner.ExitError
		require.ErrorAs(t, err, &exit, out)
		require.Equal(t, 1, exit.Code)
		require.Equal(t, "chef-client", exit.What)
	})
	t.Run("idempotence", func(t *testing.T) {
		b := hello(t, ", enforce_idempotency: true", "")
		r := b.here()
		b.write(map[string]string{"cookbooks/hello/recipes/default.rb": "file '" + filepath.Join(r.dir, "once") +
			"' do\n  content 'x'\nend\nexecute 'true'\n"})
		s, out, err := b.converge(r)
		var again *ChangedAgainError
		require.ErrorAs(t, err, &again, out)
		require.Equal(t, 1, again.Count)
		require.Equal(t, []string{"execute[true] (hello::default line 4)"}, again.Changes)
		require.ErrorContains(t, err, "not idempotent: the second run of chef-client changed 1 resource\n  execute[true] "+
			"(hello::default line 4)\nGuard these")
		require.Equal(t, 3, s.Changed)

		b.write(map[string]string{"cookbooks/hello/recipes/default.rb": "execute 'false'\n"})
		_, _, err = b.converge(r)
		var exit *runner.ExitError
		require.ErrorAs(t, err, &exit, "a run that fails is no question of idempotence")
	})
	t.Run("fails", func(t *testing.T) {
		b := hello(t, "", "raise 'no'\n")
		s, out, err := b.converge(b.here())
		require.EqualError(t, err, "chef-client exited with code 1", out)
		require.Equal(t, 1, s.Failed)
		require.Contains(t, s.Text, "failed")
	})
	t.Run("deprecations", func(t *testing.T) {
		b := hello(t, "", "Chef.deprecated(:generic, 'old')\n")
		_, out, err := b.converge(b.here())
		require.NoError(t, err, out)
		b = hello(t, ", deprecations_as_errors: true", "Chef.deprecated(:generic, 'old')\n")
		_, out, err = b.converge(b.here())
		require.EqualError(t, err, "chef-client exited with code 1", out)
		require.Contains(t, out, "DeprecatedFeatureError: old")
	})
	t.Run("tries again", func(t *testing.T) {
		b := hello(t, ", attributes: {galley: {exit_once: 35}}, wait_for_retry: 0", "")
		_, out, err := b.converge(b.here())
		require.NoError(t, err, out)
		require.Contains(t, out, "exited with code 35: a reboot was requested, which a container without an init cannot do; trying again "+
			"in 0s (1 of 1)\nRemove 35 ")
		b.instances[0].Provisioner.Chef.Attributes = config.Hash{{Key: "galley",
			Value: config.Hash{{Key: "exit", Value: 213}}}}
		_, out, err = b.converge(b.here())
		require.ErrorContains(t, err, "chef-client exited with code 213: the client has replaced itself", out)
	})
	t.Run("environment", func(t *testing.T) {
		b := hello(t, ", env: {WORD: \"it's $HOME\"}", "execute 'sh check'\n")
		r := b.here()
		b.project.Environ = []string{"TKENV_MINE=a  b"}
		require.NoError(t, writeFile(filepath.Join(r.dir, "check"),
			`test "$WORD" = "it's \$HOME" && test "$TEST_KITCHEN" = 1 && test "$MINE" = "a  b"`))
		_, out, err := b.converge(r)
		require.NoError(t, err, out)
	})
	t.Run("no client", func(t *testing.T) {
		b := hello(t, "", "")
		b.instances[0].Provisioner.Chef.Binary = ""
		b.instances[0].Provisioner.Chef.ProductName = "cinc"
		_, out, err := b.converge(b.here())
		require.ErrorContains(t, err, "cinc-client exited with code 127: the client was not found in the runner", out)
		require.Contains(t, out, "/opt/cinc/bin/cinc-client")
	})
}

// The client is found by the volume that is there, and the product's own first.
func TestChefFindsTheClient(t *testing.T) {
	for _, c := range []struct {
		product string
		there   []string
		volume  string
		want    string
	}{
		{"chef", []string{"opt/chef/bin/chef-client", "opt/cinc/bin/cinc-client"}, "", "opt/chef/bin/chef-client"},
		{"cinc", []string{"opt/chef/bin/chef-client", "opt/cinc/bin/cinc-client"}, "", "opt/cinc/bin/cinc-client"},
		{"chef", []string{"opt/cinc/bin/cinc-client"}, "", "opt/cinc/bin/cinc-client"},
		{"chef", []string{"hab/pkgs/chef/chef-infra-client/19.1.0/1/bin/chef-client",
			"hab/pkgs/chef/chef-infra-client/19.2.0/1/bin/chef-client"},
			"", "hab/pkgs/chef/chef-infra-client/19.2.0/1/bin/chef-client"},
		{"cinc", []string{"hab/pkgs/cinc/cinc-client/19.1.0/1/bin/cinc-client"}, "",
			"hab/pkgs/cinc/cinc-client/19.1.0/1/bin/cinc-client"},
		// What the runner's own image has comes after all that a volume brings.
		{"chef", []string{"opt/chef/bin/chef-client", "hab/pkgs/chef/chef-infra-client/19.1.0/1/bin/chef-client"},
			"hab",
			"hab/pkgs/chef/chef-infra-client/19.1.0/1/bin/chef-client"},
		{"chef", []string{"opt/chef/bin/chef-client", "opt/cinc/bin/cinc-client"}, "opt/cinc",
			"opt/cinc/bin/cinc-client"},
	} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: dokken, product_name: " + c.product +
			"}\n" +
			platform})
		r := b.here()
		files := b.prepare()
		root := t.TempDir()
		for _, f := range c.there {
			require.NoError(t, writeFile(filepath.Join(root, f), "#!/bin/sh\necho found $0\n"))
		}
		mounts := "overlay / overlay rw 0 0\n"
		if c.volume != "" {
			mounts += "/dev/x " + filepath.Join(root, c.volume) + " ext4 rw 0 0\n"
		}
		require.NoError(t, writeFile(filepath.Join(root, "proc", "mounts"), mounts))
		// The same script in a place where those volumes are.
		require.NoError(t, writeFile(filepath.Join(b.box.Local, converge.RunCommand),
			relocate(files[converge.RunCommand], root)))
		p := b.provisioner()
		var out lockedBuffer
		_, err := p.Converge(t.Context(),
			runner.Run{Runner: r, Sandbox: b.box, Out: runner.Output{Stdout: &out, Stderr: &out}})
		require.NoError(t, err, out.String())
		require.Contains(t, out.String(), "found "+filepath.Join(root, c.want)+"\n")
	}
}
