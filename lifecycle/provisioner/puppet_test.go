package provisioner

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// The first module of a name is taken whole; a path that is not there is passed over.
func TestPuppetModules(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: puppet_apply, manifests_path: m, " +
		"modules_path: 'one:none:two'}\n" + platform, "m/site.pp": "",
		"one/a/manifests/init.pp": "one", "two/a/manifests/init.pp": "two", "two/a/lib/extra.rb": "", "two/b/x": "",
		"two/README":    "",
		"metadata.json": `{"name": "me-own"}`, "two/own/manifests/init.pp": "not this", "manifests/init.pp": "own"})
	files := b.prepare()
	var names []string
	for name := range files {
		if strings.HasPrefix(name, "modules/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	require.Equal(t, []string{"modules/a/manifests/init.pp", "modules/b/x", "modules/own/manifests/init.pp",
		"modules/own/metadata.json"}, names)
	require.Equal(t, "one", files["modules/a/manifests/init.pp"])
	require.Equal(t, "own", files["modules/own/manifests/init.pp"])
	require.Len(t, b.said, 2)
	require.Contains(t, b.said[0], "there is no directory")
	require.Equal(t, "provisioner.modules_path: a is taken from one/a, not from two/a", b.said[1])
}

// Where Puppet's things are looked for, and where Hiera's data goes.
func TestPuppetFinds(t *testing.T) {
	const defaults = "cp -R \"$data/.\" /var/lib/hiera ||"
	const collections = "cp -R \"$data/.\" /etc/puppetlabs/code/environments/production/hieradata ||"
	for name, c := range map[string]struct {
		files      []string
		keys       string
		hiera      string
		want, lack []string
		said       string
	}{
		"the suite's own": {files: []string{"test/integration/default/puppet/manifests/site.pp", "manifests/other.pp"},
			want: []string{"=== manifests/site.pp"}, lack: []string{"other.pp", "hiera"}},
		"in the suite": {files: []string{"test/integration/default/manifests/site.pp",
			"test/integration/manifests/other.pp"}, want: []string{"=== manifests/site.pp"},
			lack: []string{"other.pp"}},
		"the global layer": {files: []string{"manifests/site.pp", "hiera.yaml", "test/integration/hiera.global.yaml",
			"data/x.yaml"}, want: []string{"=== data/x.yaml", "=== hiera.yaml", defaults, collections}},
		"data alone": {files: []string{"manifests/site.pp", "hiera/common.yaml"},
			want: []string{"=== hiera/common.yaml", "for data in hiera;", defaults, collections},
			lack: []string{"--hiera_config"}, said: "Hiera has data but no configuration"},
		"a place of its own": {files: []string{"manifests/site.pp", "hiera/common.yaml"},
			keys: ", hiera_data_remote_path: /srv/hiera", want: []string{"cp -R \"$data/.\" /srv/hiera"},
			lack: []string{"/var/lib/hiera"}},
		"no data": {files: []string{"manifests/site.pp"}, hiera: "version: 5\ndefaults: {datadir: secrets}\n",
			said: "Hiera finds no data: hiera.yaml looks in secrets"},
		"another datadir": {files: []string{"manifests/site.pp", "conf/hiera/x.yaml"},
			hiera: "version: 5\nhierarchy: [{name: a, datadir: conf/hiera, path: x.yaml}]\n",
			want:  []string{"=== conf/hiera/x.yaml", "--hiera_config"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"kitchen.yml": "provisioner: {name: puppet_apply" + c.keys + "}\n" + platform}
			for _, f := range c.files {
				files[f] = ""
			}
			if c.hiera != "" {
				files["hiera.yaml"] = c.hiera
			}
			b := newBed(t, files)
			got := listing(b.prepare(), converge.RunCommand)
			for _, w := range c.want {
				require.Contains(t, got, w)
			}
			for _, l := range c.lack {
				require.NotContains(t, got, l)
			}
			if c.said != "" {
				require.Contains(t, strings.Join(b.said, "\n"), c.said)
			}
		})
	}
}
