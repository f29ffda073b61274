package provisioner

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// listing is a sandbox as a text: the names of all files, and the content of those that galley wrote.
func listing(files map[string]string, show ...string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "=== %s\n", name)
		if slices.Contains(show, filepath.Base(name)) {
			b.WriteString(files[name])
		}
	}
	return b.String()
}

// The sandboxes and scripts of shell, tool, puppet and ansible.
func TestToolsGolden(t *testing.T) {
	role := map[string]string{"tasks/main.yml": "- debug:\n", "meta/main.yml": "{}", "README.md": "",
		"test/integration/default/default.yml": "- hosts: all\n"}
	for name, c := range map[string]struct {
		keys  string
		files map[string]string
	}{
		"shell-script": {"name: shell, arguments: [a b, \"it's\"], command_prefix: nice",
			map[string]string{"bootstrap.sh": "#!/bin/sh\n", "data/a/b": ""}},
		"shell-command": {"name: shell, script: no, command: 'echo $HOME | cat', arguments: x, data_path: some",
			map[string]string{"some/a": ""}},
		"shell-nothing": {"name: shell", nil},
		"tool": {"name: tool, image: some/tool, files: {a: b/, dir: c, d.txt: e.txt}, command: '{{.Root}}/x " +
			"{{.Suite}} {{quote .Instance}} {{.Platform}}', env: {A: b}", map[string]string{"a": "", "dir/x/y": "",
			"d.txt": ""}},
		"puppet": {"name: puppet_apply", map[string]string{"test/integration/default/manifests/site.pp": "",
			"modules/a/manifests/init.pp": ""}},
		"puppet-all": {"name: puppet, manifests_path: m, manifest: x.pp, modules_path: 'mods:more', puppet_show_diff: " +
			"true, files_path: f, hiera_config_path: h.yaml, hiera_data_path: hd, hiera_data_remote_path: /var/lib/hiera, " +
			"facterlib: facts, custom_facts: {a: {b: [1]}}, puppet_config_path: p.conf, puppet_environment: dev, " +
			"puppet_noop: true, puppet_verbose: true, puppet_debug: true, custom_options: [--trace, --no-splay], binary: " +
			"/x/puppet",
			map[string]string{"m/x.pp": "", "m/y.pp": "", "mods/a/x": "", "mods/b/y": "", "more/a/x": "", "f/1": "",
				"h.yaml": "", "hd/all.yaml": "", "facts/x.rb": "", "p.conf": ""}},
		"puppet-module": {"name: puppet_apply", map[string]string{"manifests/init.pp": "",
			"metadata.json": `{"name": "me-mine"}`, "lib/x.rb": "", "spec/y": "",
			"test/integration/manifests/one.pp": ""}},
		"ansible": {"name: ansible_playbook, hosts: kitchens", map[string]string{"playbook.yml": "",
			"roles/r/tasks/main.yml": "", ".git/x": "", "a.retry": ""}},
		"ansible-role": {"name: ansible_playbook, hosts: localhost, role_name: mine", role},
		"ansible-all": {"name: ansible, hosts: [a, b], playbook: p/site.yml, ansible_inventory: inv, group_vars_path: gv, " +
			"host_vars_path: hv, requirements_path: req.yml, galaxy_ignore_certs: true, " +
			"extra_vars: {x: {y: 1}}, extra_vars_file: [v.yml], ansible_vault_password_file: vault, tags: [t1, t2], " +
			"skip_tags: s, ansible_limit: l, ansible_verbose: true, ansible_verbosity: 2, " +
			"ansible_diff: true, ansible_check: true, ansible_extra_flags: ['--flush-cache', '-f 1'], ansible_binary_path: " +
			"/usr/local/bin, ansible_cfg_path: a.cfg, ansible_python_interpreter: /usr/bin/python3, " +
			"library_plugins_path: lib, filter_plugins_path: filters, callback_plugins_path: calls, lookup_plugins_path: " +
			"lookups, additional_copy_path: extra, recursive_additional_copy_path: data, additional_copy_role_path: " +
			"[common], ignore_paths_from_root: [docs], ignore_extensions_from_root: .bak, roles_path: more",
			map[string]string{"p/site.yml": "", "inv": "", "gv/all": "", "hv/x": "",
				"req.yml": "roles: []\ncollections: []\n",
				"v.yml":   "", "vault": "", "a.cfg": "", "lib/m.py": "",
				"filters/f.py": "", "calls/c.py": "", "lookups/l.py": "", "data/d": "", "common/r2/tasks/main.yml": "",
				"extra/e": "", "docs/x": "", "x.bak": "", "more/r/tasks/main.yml": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"kitchen.yml": "provisioner: {" + c.keys + "}\n" + platform}
			maps.Copy(files, c.files)
			golden.Equal(t, filepath.Join("testdata", "tools", name+".golden"),
				listing(newBed(t, files).prepare(), converge.RunCommand, "hosts", "galley_vars.json", "galley.json",
					"environment.conf"))
		})
	}
}

func TestMistakesAroundTools(t *testing.T) {
	for keys, want := range map[string]string{
		"name: shell, script: none":                "provisioner.script: ",
		"name: shell, script: test":                "is a directory; name the script in it",
		"name: tool":                               "has nothing to run\nSet provisioner.command",
		"name: tool, command: '{{.Rot}}'":          "It may hold {{.Root}}",
		"name: tool, command: '{{'":                "provisioner.command: ",
		"name: tool, command: x, files: {none: x}": "provisioner.files: ",
		"name: puppet_apply": "there are no manifests for " +
			"default-debian-12\nPut them into",
		"name: puppet_apply, manifests_path: test, manifest: x.pp":       "provisioner.manifest: there is no x.pp in ",
		"name: puppet_apply, manifests_path: none":                       "provisioner.manifests_path: ",
		"name: puppet_apply, manifests_path: test, modules_path: test/x": "provisioner.modules_path: ",
		"name: ansible_playbook": "there is no playbook for default-debian-12\n" +
			"Put a default.yml into",
		"name: ansible_playbook, playbook: none.yml":                        "provisioner.playbook: ",
		"name: ansible_playbook, playbook: test/x, requirements_path: none": "provisioner.requirements_path: ",
		"name: ansible_playbook, playbook: test/x, extra_vars_file: none":   "provisioner.extra_vars_file: ",
		"name: ansible_playbook, playbook: test/x, roles_path: none":        "provisioner.roles_path: ",
	} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {" + keys + "}\n" + platform, "test/x": ""})
		require.ErrorContains(t, b.provisioner().Prepare(t.Context(), b.box), want, keys)
	}
}

// What the exit codes of tools mean, and what they say of themselves.
func TestToolsExit(t *testing.T) {
	const recap = "PLAY RECAP ***\none : ok=1 changed=1 unreachable=0 failed=0\n"
	for _, c := range []struct {
		keys, stdout string
		code         int
		changed      int
		want         string
	}{
		{keys: "name: shell, command: x", changed: -1},
		{keys: "name: shell, command: x", code: 3, changed: -1,
			want: "the shell provisioner's command exited with code 3"},
		{keys: "name: shell, script: kitchen.yml", code: 3, changed: -1, want: "kitchen.yml exited with code 3"},
		{keys: "name: tool, command: x, changed_exit_codes: [2]", code: 2, changed: 1},
		{keys: "name: tool, command: x, success_exit_codes: [0, 5]", code: 5, changed: -1},
		{keys: "name: tool, command: x, success_exit_codes: [5]", changed: -1,
			want: "the tool's command exited with code 0"},
		{keys: "name: puppet, manifests_path: m", code: 2, stdout: "Resources:\n   Changed: 1\n", changed: 1},
		{keys: "name: puppet, manifests_path: m", code: 6, stdout: "Resources:\n   Changed: 1\n   Failed: 1\n",
			changed: 1,
			want:    "puppet apply exited with code 6: some resources changed and some failed"},
		{keys: "name: puppet, manifests_path: m, puppet_whitelist_exit_code: [6]", code: 6,
			stdout: "Resources:\n   Changed: 1\n", changed: 1},
		{keys: "name: ansible, ansible_from: runner, playbook: m", stdout: recap, changed: 1},
		{keys: "name: ansible, ansible_from: runner, playbook: m", stdout: recap, code: 2, changed: 1,
			want: "ansible-playbook exited with code 2: tasks failed"},
	} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {" + c.keys + "}\n" + platform, "m": ""})
		s, _, err := b.converge(&scripted{runs: []scriptedRun{{c.stdout, c.code}}})
		require.Equal(t, c.changed, s.Changed, c.keys)
		if c.want == "" {
			require.NoError(t, err, c.keys)
		} else {
			require.EqualError(t, err, c.want, c.keys)
		}
	}
}

func TestRetry(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: shell, command: x, retry_on_exit_code: [7], " +
		"max_retries: 2, wait_for_retry: 0}\n" + platform})
	_, out, err := b.converge(&scripted{runs: []scriptedRun{{code: 7}, {code: 7}, {}}})
	require.NoError(t, err)
	require.Contains(t, out, "exited with code 7; trying again in 0s (2 of 2)")

	// A tool that dies in the middle of a line does not take the next line with it.
	_, out, err = b.converge(&scripted{runs: []scriptedRun{{stdout: "half", code: 7}, {stdout: "whole\n"}}})
	require.NoError(t, err)
	require.Contains(t, out, "half\n")
	require.Contains(t, out, "\nwhole\n")

	_, _, err = b.converge(&scripted{runs: []scriptedRun{{code: 7}, {code: 7}, {code: 7}}})
	require.EqualError(t, err, "the shell provisioner's command exited with code 7")
	_, _, err = b.converge(&scripted{runs: []scriptedRun{{code: 8}}})
	require.EqualError(t, err, "the shell provisioner's command exited with code 8")
}

// The second converge of every tool must change nothing.
func TestIdempotence(t *testing.T) {
	change := scriptedRun{"TASK [do it] ***\nchanged: [one]\nPLAY RECAP ***\none : ok=1 changed=1 unreachable=0 failed=0\n", 0}
	same := scriptedRun{"PLAY RECAP ***\none : ok=1 changed=0 unreachable=0 failed=0\n", 0}
	for _, how := range []string{", idempotence: true", ", idempotency_test: true", ""} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, ansible_from: runner, playbook: m" +
			how + "}\n" + platform, "m": ""})
		b.project.Idempotence = how == ""
		r := &scripted{runs: []scriptedRun{change, same}}
		s, _, err := b.converge(r)
		require.NoError(t, err)
		require.Equal(t, 1, s.Changed, "what is told is the first run")
		require.Contains(t, r.env, "GALLEY_SECOND_RUN")
		_, _, err = b.converge(&scripted{runs: []scriptedRun{change, change}})
		require.EqualError(t, err, "not idempotent: the second run of ansible-playbook changed 1 task\n  do it")
		_, _, err = b.converge(&scripted{runs: []scriptedRun{change, {"", 2}}})
		require.EqualError(t, err, "the second run, which shows idempotence: ansible-playbook exited with code 2: tasks "+
			"failed")
		_, _, err = b.converge(&scripted{runs: []scriptedRun{{"", 2}}})
		require.EqualError(t, err, "ansible-playbook exited with code 2: tasks failed")
	}
}

// Of a tool that does not tell what it changed, the runner's files do.
func TestIdempotenceByFiles(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: shell, command: x, idempotence: true}\n" +
		platform})
	found := ""
	r := &scripted{others: func(c runner.Command) int {
		if c.Argv[0] == "find" {
			_, err := io.WriteString(c.Stdout, found)
			require.NoError(t, err)
			require.Contains(t, c.Argv, "/opt/kitchen/.galley-second-run")
		}
		return 0
	}}
	r.runs = []scriptedRun{{}, {}}
	_, _, err := b.converge(r)
	require.NoError(t, err)
	require.Equal(t, []string{"rm", "-f", "/opt/kitchen/.galley-second-run"}, r.calls[len(r.calls)-1])
	require.NotContains(t, r.env, "GALLEY_SECOND_RUN", "it is for Ansible")
	found = "/\n/etc\n/etc/date\n"
	r.runs = []scriptedRun{{}, {}}
	_, _, err = b.converge(r)
	require.EqualError(t, err, "not idempotent: the second run of the shell provisioner's command changed 2 files\n  "+
		"/etc\n  /etc/date")
	r.others = func(c runner.Command) int { return map[string]int{"find": 127}[c.Argv[0]] }
	r.runs = []scriptedRun{{}, {}}
	_, _, err = b.converge(r)
	require.ErrorContains(t, err, "find in the runner exited with code 127")
}

// A playbook from this machine: its command line, that the connection is forced, and that
// nothing of it is where the runner could change it.
func TestAnsibleOnHost(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, ansible_from: host, playbook: m, " +
		"hosts: g, extra_vars: {a: 1}, ansible_extra_flags: '--flush-cache -e ansible_connection=local'}\n" + platform,
		"m": "", "roles/x": ""})
	b.here()
	bin := t.TempDir()
	require.NoError(t, writeFile(filepath.Join(bin, "ansible-playbook"), `#!/bin/sh
[ -S "$GALLEY_SOCKET" ] && [ -f "$ANSIBLE_CONNECTION_PLUGINS/galley.py" ] && [ -f "$ANSIBLE_CONNECTION_PLUGINS/local.py" ] || exit 9
cat "$2"
for last; do [ "$last" = -e ] || { before=$arg arg=$last; }; done
cat "${before#@}"
echo "roles $ANSIBLE_ROLES_PATH become $ANSIBLE_BECOME_METHOD guard $GALLEY_ON_HOST"
echo "args $*"
ls -ld "${GALLEY_SOCKET%/*}"
`))
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	b.project.Environ = os.Environ()
	r := &scripted{others: func(runner.Command) int { return 1 }}
	_, out, err := b.converge(r)
	require.NoError(t, err, out)
	require.Contains(t, out, "localhost ansible_connection=galley\n\n[g]\nlocalhost\n{\"ansible_connection\": "+
		"\"galley\"}\n")
	require.Regexp(t, `roles \S+/project/roles:/etc/ansible/roles become su guard 1\n`, out)
	require.Regexp(t, `args -i \S+/hosts -e @\S+/galley_vars.json --flush-cache -e ansible_connection=local -e `+
		`@\S+/galley_forced.json \S+/project/m\n`, out)
	require.Contains(t, out, "drwx------")
	require.Empty(t, tree(t, b.box.Local))
}

// A run that does not report what it changed shows no idempotence.
func TestIdempotenceUnknown(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, ansible_from: runner, playbook: m, " +
		"idempotence: true}\n" + platform, "m": ""})
	_, _, err := b.converge(&scripted{runs: []scriptedRun{{"\x1egalley: stats {\"changed\": 1}\n", 0}, {"", 0}}})
	require.EqualError(t, err, "whether ansible-playbook is idempotent is not known: its second run did not report "+
		"what it changed")
}

// Without a key that says so, this machine's Ansible is never used.
func TestAnsibleIsNeverThisMachinesByItself(t *testing.T) {
	bin := t.TempDir()
	require.NoError(t, writeFile(filepath.Join(bin, "ansible-playbook"),
		"#!/bin/sh\ntouch "+filepath.Join(bin, "ran")+"\n"))
	t.Setenv("PATH", bin)
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, playbook: m}\n" + platform, "m": ""})
	_, _, err := b.converge(&scripted{others: func(runner.Command) int { return 1 }})
	require.ErrorContains(t, err, "ansible-playbook is not in the runner\nUse an image that has Ansible")
	require.ErrorContains(t, err, "provisioner.ansible_from: host")
	require.NoFileExists(t, filepath.Join(bin, "ran"))
	for _, keys := range []string{", ansible_from: runner", ", image: x", ", binary: /x"} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: ansible, playbook: m" + keys + "}\n" +
			platform,
			"m": ""})
		_, _, err := b.converge(&scripted{runs: []scriptedRun{{}}})
		require.NoError(t, err, keys)
	}
}
