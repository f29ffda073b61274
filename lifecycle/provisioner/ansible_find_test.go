package provisioner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// What kitchen.yml does not name is looked for as kitchen-ansible's calculate_path does: among the suite's tests, first
// in a directory of Ansible's own, among all tests, in the project.
func TestAnsibleFinds(t *testing.T) {
	places := []string{"test/integration/default/ansible/", "test/integration/default/", "test/integration/", ""}
	for name, want := range map[string]string{
		"group_vars/x":                "=== inventory/group_vars/x\n",
		"host_vars/localhost":         "=== inventory/host_vars/localhost\n",
		"library/m.py":                "ANSIBLE_LIBRARY=/opt/kitchen/project/PLACElibrary;",
		"modules/m.py":                "ANSIBLE_LIBRARY=/opt/kitchen/project/PLACEmodules;",
		"filter_plugins/f.py":         "ANSIBLE_FILTER_PLUGINS=/opt/kitchen/project/PLACEfilter_plugins;",
		"lookup_plugins/l.py":         "ANSIBLE_LOOKUP_PLUGINS=/opt/kitchen/project/PLACElookup_plugins;",
		"callback_plugins/c":          "ANSIBLE_CALLBACK_PLUGINS=/opt/kitchen/project/PLACEcallback_plugins;",
		"ansible.cfg":                 "ANSIBLE_CONFIG=/opt/kitchen/project/PLACEansible.cfg;",
		"roles/r/tasks/x":             "ANSIBLE_ROLES_PATH=/opt/kitchen/project/PLACEroles:",
		"additional_copy/a":           "=== project/test/integration/default/ansible/additional_copy/a\n",
		"default.yml":                 "/opt/kitchen/project/PLACEdefault.yml\n",
		"recursive_additional_copy/a": "=== recursive_additional_copy/a\n",
		"ansible-vault-password":      "--vault-password-file /opt/kitchen/project/PLACEansible-vault-password",
	} {
		for i, place := range places {
			files := map[string]string{"kitchen.yml": "provisioner: {name: ansible_playbook}\n" + platform,
				place + name: "",
				"test/integration/default/ansible/site.yml": ""}
			for _, later := range places[i:] { // the first place counts
				files[later+name] = ""
			}
			got := listing(newBed(t, files).prepare(), converge.RunCommand)
			require.Contains(t, got, strings.ReplaceAll(want, "PLACE", place), "%s%s", place, name)
		}
	}
}

// The names under which a playbook may know the role that a directory is.
func TestAnsibleRoleNames(t *testing.T) {
	for name, c := range map[string]struct {
		keys, meta string
		want       []string
	}{
		"ansible-role-ssh": {want: []string{"ansible-role-ssh", "ssh"}},
		"ansible-ssh":      {want: []string{"ansible-ssh", "ssh"}},
		"ssh":              {want: []string{"ssh"}},
		"thing": {meta: "galaxy_info: {role_name: ssh, namespace: me}",
			want: []string{"me.ssh", "ssh", "thing"}},
		"broken": {meta: "{{", want: []string{"broken"}},
		"other":  {keys: ", role_name: mine", meta: "galaxy_info: {role_name: ssh}", want: []string{"mine"}},
	} {
		for _, explicit := range []bool{false, true} {
			at, keys := "", c.keys
			if explicit {
				at, keys = name+"/", keys+", roles_path: "+name
			}
			b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible_playbook" + keys + "}\n" +
				platform,
				"default.yml": ""})
			if !explicit {
				b.root = filepath.Join(t.TempDir(), name)
				b.project.Root, b.project.TestBase = b.root, filepath.Join(b.root, "test", "integration")
			}
			b.write(map[string]string{"default.yml": "", at + "tasks/main.yml": "x", at + "meta/main.yml": c.meta})
			var got []string
			for file := range b.prepare() {
				if role, ok := strings.CutSuffix(file, "/tasks/main.yml"); ok && strings.HasPrefix(role, "roles/") {
					got = append(got, strings.TrimPrefix(role, "roles/"))
				}
			}
			require.ElementsMatch(t, c.want, got, "%s %v", name, explicit)
		}
	}
}

// A link among the roles that leads back to the role which it lies in is one of its names: the copy has no such link.
func TestAnsibleRoleLinks(t *testing.T) {
	for _, roles := range []string{"tests/roles", "test/integration/default/roles", "mine"} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible_playbook, role_name: other, roles_path: mine}\n" + platform,
			"default.yml": "", "tasks/main.yml": "x", roles + "/sibling/tasks/main.yml": "x",
			"mine/x/tasks/main.yml": "x"})
		require.NoError(t, os.Symlink(b.root, filepath.Join(b.root, roles, "linked")))
		got := b.prepare()
		for _, name := range []string{"linked", "other"} {
			require.Contains(t, got, "roles/"+name+"/tasks/main.yml", roles)
		}
	}
}

// An inventory of the user's own: its scripts can be run, variables lie beside the playbook
// as in kitchen-ansible's sandbox, and "none" is Ansible's own.
func TestAnsibleInventory(t *testing.T) {
	for key, want := range map[string]string{"inv": "-i /opt/kitchen/project/inv ",
		"inv/script": "-i /opt/kitchen/project/inv/script ", "none": ""} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible_playbook, ansible_inventory: " +
			key + "}\n" + platform,
			"test/integration/default/default.yml": "", "test/integration/group_vars/all": "x",
			"test/integration/host_vars/localhost": "x",
			"inv/script":                           "#!/bin/sh\n", "inv/hosts": "localhost"})
		got := b.prepare()
		require.Contains(t, got, "project/test/integration/default/group_vars/all")
		require.Contains(t, got, "project/test/integration/default/host_vars/localhost")
		require.Contains(t, got["run_command"], `"$ansible" `+want, key)
		if want == "" {
			require.NotContains(t, got["run_command"], " -i ")
			continue
		}
		st, err := os.Stat(filepath.Join(b.box.Local, "project/inv/script"))
		require.NoError(t, err)
		require.NotZero(t, st.Mode()&0o100, key)
	}
}

// Requirements are known for what they are in every form of YAML.
func TestAnsibleRequirements(t *testing.T) {
	const roles, collections = `"$galaxy" role install`, `"$galaxy" collection install`
	for text, want := range map[string][]string{
		"- src: a":                             {roles},
		"---\n  - src: a\n":                    {roles},
		"[{src: a}]":                           {roles},
		"{roles: [a], collections: [b]}":       {roles, collections},
		"\ufeffcollections:\n- b\n":            {collections},
		"'collections': [b]\n# roles:\n":       {collections},
		"roles:\n- a\ncollections:\n":          {roles},
		"- src: a\n  name: |\n\n    x\n- b: {": {roles},
		"# nothing\n":                          nil,
	} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible_playbook, requirements_path: r.yml}\n" + platform, "default.yml": "", "r.yml": text})
		script := b.prepare()["run_command"]
		for _, line := range []string{roles, collections} {
			require.Equal(t, slices.Contains(want, line), strings.Contains(script, line), "%s: %s", text, line)
		}
	}
}

// The second run alone has the tags for it.
func TestAnsibleIdempotencyTags(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, ansible_from: runner, playbook: m, " +
		"tags: [a], idempotency_tags: [b c], idempotency_skip_tags: [d], idempotency_test: true, binary: BIN}\n" +
		platform,
		"m": ""})
	r := b.here()
	bin := filepath.Join(t.TempDir(), "play")
	require.NoError(t, writeFile(bin,
		"#!/bin/sh\nfor w; do printf '<%s>' \"$w\"; done; echo\nprintf '\\036galley: stats {\"changed\": 0}\\n'\n"))
	b.instances[0].Provisioner.Tool.Binary = bin
	_, out, err := b.converge(r)
	require.NoError(t, err, out)
	require.NotContains(t, out, "stats")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2, out)
	require.Contains(t, lines[0], "<--tags><a>")
	require.NotContains(t, lines[0], "<b c>")
	require.Contains(t, lines[1], "<--tags><a><--tags><b c><--skip-tags><d>")
}
