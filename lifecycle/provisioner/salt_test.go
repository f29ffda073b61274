package provisioner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// What goes where for each way to say where the states are.
func TestSaltFinds(t *testing.T) {
	for name, c := range map[string]struct {
		files      []string
		keys       string
		want, lack []string
		said       string
	}{
		"its own formula": {files: []string{"web/init.sls", "_modules/x.py", "docs/x"},
			want: []string{"=== srv/salt/web/init.sls", "=== srv/salt/_modules/x.py", "=== srv/salt/top.sls\n{\n  \"base\": {\n" +
				"    \"*\": [\n      \"web\"\n    ]", "file_client\": \"local\"", "\"/opt/kitchen/srv/salt\"",
				`"$salt_call" --local --retcode-passthrough --no-color --config-dir /opt/kitchen/etc/salt --log-level warning ` +
					"state.apply saltenv=base\n"},
			lack: []string{"docs/x", "grains", "srv/pillar/"}},
		"a named one": {files: []string{"web/init.sls", "db/init.sls", "vendor/ntp/init.sls"},
			keys: "formula: db, vendor_path: vendor, states: [db.server, ntp], log_level: info, dry_run: true, salt_env: prod",
			want: []string{"=== srv/salt/db/init.sls", "=== srv/salt/ntp/init.sls", `"prod": {`, `"db.server",`,
				"--log-level info", "saltenv=prod test=True"}, lack: []string{"salt/web"}},
		"a file root": {files: []string{"top.sls", "web/init.sls", "LICENSE"}, keys: "salt_copy_filter: [LICENSE]",
			want: []string{"=== srv/salt/top.sls\nof top.sls", "=== srv/salt/web/init.sls"}, lack: []string{"LICENSE"}},
		"a top in the block": {files: []string{"top.sls", "web/init.sls"}, keys: `state_top: {base: {'*': [web]}}`,
			want: []string{"=== srv/salt/top.sls\n{"}, lack: []string{"of top.sls"}},
		"a collection": {files: []string{"states/web/init.sls"},
			keys: "state_collection: states, collection_name: sub, states: sub.web",
			want: []string{"=== srv/salt/sub/web/init.sls", `"sub.web"`}},
		"a salt root": {files: []string{"setup/salt/top.sls", "setup/pillar/top.sls", "setup/pillar/a.sls"},
			keys: "local_salt_root: setup", want: []string{"=== srv/salt/top.sls", "=== srv/pillar/a.sls"}},
		"pillar and grains": {files: []string{"web/init.sls", "pillar.example", "more/x.sls"},
			keys: `pillars: {top.sls: {base: {'*': [web]}}, web.sls: {port: 80}}, pillars-from-files: {b.sls: pillar.example}, ` +
				`pillars_from_directories: [more], grains: {role: web}, salt_minion_id: me, salt_minion_extra_config: {a: {b: 1}}`,
			want: []string{"=== srv/pillar/web.sls\n{\n  \"port\": 80", "=== srv/pillar/b.sls\nof pillar.example",
				"=== srv/pillar/x.sls", "=== etc/salt/grains\n{\n  \"role\": \"web\"", `"id": "me"`, `"b": 1`}},
		"a pillar that is not seen": {files: []string{"web/init.sls"}, keys: "pillars: {a.sls: {}}",
			said: "there is no top.sls among them"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"kitchen.yml": "provisioner: {name: salt, " + c.keys + "}\n" + platform}
			for _, f := range c.files {
				files[f] = "of " + f + "\n"
			}
			b := newBed(t, files)
			got := listing(b.prepare(), "minion", "grains", "top.sls", "web.sls", "b.sls", converge.RunCommand)
			for _, w := range c.want {
				require.Contains(t, got, w)
			}
			for _, l := range c.lack {
				require.NotContains(t, got, l)
			}
			if c.said != "" {
				require.Contains(t, b.said[0], c.said)
			}
		})
	}
	for keys, want := range map[string]string{"": "Name the formula's directory", "formula: nothing": "there is no directory",
		"pillars: {../x: 1}, state_collection: true, states: x": "is not the path of a pillar's file",
		"state_collection: true, pillars: {}":                   "nothing says which states to apply"} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: salt_solo, " + keys + "}\n" + platform,
			"x/y.sls": ""})
		p, err := New(b.project, b.instances[0])
		require.NoError(t, err)
		require.ErrorContains(t, p.Prepare(t.Context(), sandbox.Dir{Local: t.TempDir(), Remote: "/opt/kitchen"}), want)
	}
}
