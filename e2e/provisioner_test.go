//go:build linux

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// toolKitchen is a kitchen.yml with the suites good and bad on one platform.
func toolKitchen(image, provisioner, verify string) string {
	return `
driver: {name: dokken, image: ` + image + `}
provisioner:
` + provisioner + `
verifier:
  name: shell
  remote_exec: true
  command: ` + quoteYAML(verify) + `
platforms: [name: ` + image + `]
suites: [name: good, name: bad]
`
}

// read reads a file of the project.
func (p *project) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(p.t, err)
	return string(text)
}

// Cinc from its own volume, and a recipe that is not idempotent.
func TestCinc(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "cinc")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": toolKitchen("busybox", `
  name: dokken
  product_name: cinc
  chef_license: accept
  env: {WORD: "it's"}
`, `test -f /made && grep -qx "it's" /word && test -f /opt/cinc/TOOL-IMAGE && ! test -e /opt/chef`),
			"metadata.rb":       "name 'mine'\n",
			"recipes/once.rb":   "execute 'echo \"$WORD\" > /word' do\n  not_if 'test -e /word'\nend\nfile '/made' do\n  content 'x'\nend\n",
			"recipes/always.rb": "execute 'true'\n",
			"kitchen.local.yml": "suites:\n  - name: good\n    run_list: ['recipe[mine::once]']\n  - name: bad\n    run_list: ['recipe[mine::always]']\n",
		})
		p.ok("verify", "good", "--idempotence", "--report", "ndjson=events")
		require.Contains(t, p.read("events"),
			`"text":"Cinc Client finished, 2/2 resources updated in 00 seconds; then Cinc Client finished, 0/2`)
		r := p.galley("converge", "bad", "--idempotence")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "not idempotent: the second run of cinc-client changed 1 resource")
		require.Contains(t, r.String(), "  execute[true] (mine::always line 1)\n")
		p.write("recipes/always.rb", "Chef.deprecated(:generic, 'old')\n")
		p.ok("converge", "bad")
		p.write("kitchen.local.yml", "provisioner: {deprecations_as_errors: true}\nsuites:\n  - name: good\n  - name: bad\n    run_list: ['recipe[mine::always]']\n")
		r = p.galley("converge", "bad")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "DeprecatedFeatureError: old")
	})
}

// Chef from packages of Habitat: its volume goes before a Chef that the platform has itself. A run that asks to be
// repeated is, with what it left; the next converge finds nothing of it, unless it shall.
func TestHabitat(t *testing.T) {
	const image = "docker.io/library/chef-hab:19"
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "platform-with-chef", "tool")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": `
driver: {name: dokken, image: platform-with-chef, chef_image: ` + image + `}
provisioner:
  name: dokken
  run_list: ['recipe[app]']
  attributes: {galley: {exit_once: 35}}
  wait_for_retry: 0
platforms: [name: p]
suites: [name: s]
`,
			"cookbooks/app/recipes/default.rb": "execute 'test ! -e /hab/none && ls /opt/kitchen/cache > /seen'\n",
		})
		buildImage(t, p.backend(), image,
			map[string]string{"Dockerfile": "FROM docker.io/chef/chef:latest AS chef\nFROM docker.io/library/busybox:latest\n" +
				"COPY --from=chef /opt/chef/bin/chef-client /hab/pkgs/chef/chef-infra-client/19.1.164/20250919111111/bin/chef-client\nVOLUME [\"/hab\"]\n"})
		t.Cleanup(func() { p.ok("destroy"); p.ok("prune") }) // before the image goes
		seen := func() string { return p.ok("exec", "--", "cat", "/seen").stdout }
		r := p.ok("converge")
		require.Contains(t, r.String(), "chef-client exited with code 35: a reboot was requested")
		require.Contains(t, seen(), "exited-once", "the second try found what the first one left")
		r = p.ok("converge")
		require.Contains(t, r.String(), "chef-client exited with code 35", "and the second converge did not")
		p.write("kitchen.local.yml", "provisioner: {clean_dokken_sandbox: false}\n")
		r = p.ok("converge")
		require.NotContains(t, r.String(), "chef-client exited with code 35")
		p.write("kitchen.local.yml", "provisioner: {retry_on_exit_code: []}\n")
		r = p.galley("converge")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "Remove 35 from provisioner.retry_on_exit_code")
	})
}

// chefCLI stands in for chef-cli: it notes what it is asked, and exports the policy of
// one cookbook as the real one does.
const chefCLI = `#!/bin/sh
set -e
echo "$*" >> "$CALLS"
case $1 in
install | update) echo '{"name": "web", "cookbook_locks": {"hello": {"source": "cookbooks/hello"}}}' > "${2%.rb}.lock.json" ;;
export)
	mkdir -p "$3/policies" "$3/policy_groups" "$3/cookbook_artifacts"
	cp -R cookbooks/hello "$3/cookbook_artifacts/hello-1"
	echo '{"run_list": ["recipe[hello]"], "cookbook_locks": {"hello": {"identifier": "1"}}}' > "$3/policies/web-7.json"
	echo '{"policies": {"web": {"revision_id": "7"}}}' > "$3/policy_groups/local.json" ;;
esac
`

// Eight instances share a Policyfile and one resolution, while another project on the
// same engine is at the same; neither sees anything of the other.
func TestPolicyfileOfTwoProjects(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		policy := func(word string, suites int) *project {
			kitchen := "driver: {name: dokken, image: busybox, chef_image: chef/chef, chef_version: latest}\nprovisioner: {name: dokken}\n" +
				"verifier: {name: shell, remote_exec: true, command: 'grep -qx " + word +
				" /word'}\nplatforms: [name: p]\nsuites:\n"
			for n := range suites {
				kitchen += fmt.Sprintf("  - name: s%d\n", n)
			}
			p := newProject(t, e, map[string]string{
				"kitchen.yml": kitchen, "Policyfile.rb": "name 'web'\n", "bin/chef-cli": chefCLI,
				"cookbooks/hello/recipes/default.rb": "file '/word' do\n  content '" + word + "'\nend\n",
			})
			p.env = append(p.env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"),
				"CALLS="+filepath.Join(p.dir, "calls"))
			return p
		}
		one, other := policy("one", 8), policy("other", 2)
		beside := other.command(t.Context(), "verify", "-c")
		var out bytes.Buffer
		beside.Stdout, beside.Stderr = &out, &out
		require.NoError(t, beside.Start())
		one.ok("verify", "-c")
		require.NoError(t, beside.Wait(), out.String())
		require.Len(t, one.runners(), 8)
		require.Len(t, other.runners(), 2)
		for _, p := range []*project{one, other} {
			calls := strings.Split(strings.TrimSpace(p.read("calls")), "\n")
			require.Len(t, calls, 2)
			require.Regexp(t, "^install "+p.dir+"/Policyfile.rb$", calls[0])
			require.Regexp(t, "^export "+p.dir+"/Policyfile.rb .* --force$", calls[1])
		}
		one.ok("destroy", "-c")
		require.Len(t, other.runners(), 2)
		other.ok("verify", "-c")
	})
}

// Real Puppet: a module, Hiera, custom facts, and what idempotence finds.
func TestPuppet(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "puppet")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": toolKitchen("puppet", `
  name: puppet_apply
  custom_facts: {colour: green, nested: {deep: blue}}
`, `test "$(cat /etc/hello)" = "green blue yellow" && stat -c %a /etc/hello | grep -q 640`),
			"hiera.yaml":                              "version: 5\nhierarchy: [{name: all, path: all.yaml}]\ndefaults: {datadir: data, data_hash: yaml_data}\n",
			"data/all.yaml":                           "hello::third: yellow\n",
			"modules/hello/manifests/init.pp":         "class hello(String $third) {\n  file { '/etc/hello':\n    content => epp('hello/hello.epp', {'third' => $third}),\n    mode => '0640',\n  }\n}\n",
			"modules/hello/templates/hello.epp":       "<%- | String $third | -%>\n<%= $facts['colour'] %> <%= $facts['nested']['deep'] %> <%= $third %>\n",
			"test/integration/good/manifests/site.pp": "include hello\n",
			"test/integration/bad/manifests/site.pp":  "include hello\nexec { 'again and again': command => '/bin/true' }\n",
		})
		p.ok("verify", "good", "--idempotence", "--report", "ndjson=events")
		require.Regexp(t, `"text":"1 changed, 0 failed of \d+ resources","changed":1`, p.read("events"))
		r := p.galley("converge", "bad", "--idempotence")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "not idempotent: the second run of puppet apply changed 1 resource")
		require.Contains(t, r.String(), "Exec[again and again]")
		require.NotContains(t, p.galley("list", "--json").stdout, "File[/etc/hello]")

		p.write("test/integration/bad/manifests/site.pp", "exec { 'fails': command => '/bin/false' }\n")
		r = p.galley("converge", "bad")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "puppet apply exited with code 4: resources failed")
	})
}

// ansibleFiles is a project with a role, a template, variables and a playbook for each suite.
func ansibleFiles(image, keys string) map[string]string {
	return map[string]string{
		"kitchen.yml": toolKitchen(image, `
  name: ansible_playbook
  hosts: kitchens
  requirements_path: requirements.yml
  extra_vars: {colour: green, secret_word: "it's \"quoted\""}
`+keys, `grep -q "green yellow it's" /etc/hello && test -f /etc/wanted`),
		"roles/hello/tasks/main.yml":           "- name: say hello\n  template: {src: hello.j2, dest: /etc/hello, mode: '0640'}\n  notify: tell\n",
		"roles/hello/handlers/main.yml":        "- name: tell\n  command: touch /etc/told\n",
		"roles/hello/templates/hello.j2":       "{{ colour }} {{ second }} {{ secret_word }}\n",
		"roles/hello/defaults/main.yml":        "colour: none\nsecond: none\n",
		"test/integration/good/default.yml":    "- hosts: kitchens\n  become: yes\n  roles: [hello, wanted]\n",
		"requirements.yml":                     "roles:\n  - {name: wanted, src: wanted.tar.gz}\n",
		"test/integration/bad/default.yml":     "- hosts: all\n  gather_facts: no\n  tasks:\n    - name: again and again\n      command: 'true'\n",
		"test/integration/good/group_vars/all": "second: yellow\n",
	}
}

// Real Ansible inside of the runner.
func TestAnsibleInRunner(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "ansible")
		p := newProject(t, e, ansibleFiles("ansible", ""))
		requireAnsible(t, p)
	})
}

// Real Ansible on this machine, by way of galley into a runner that only has Python.
func TestAnsibleFromHost(t *testing.T) {
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skipf("Ansible is not on this machine: %v", err)
	}
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "ansible")
		p := newProject(t, e, ansibleFiles("ansible", "  ansible_from: host\n"))
		requireAnsible(t, p)
	})
}

// roleArchive is a role as ansible-galaxy installs it.
func roleArchive(t *testing.T) string {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	require.NoError(t, archive.Write(zip, []sandbox.File{
		{Path: "wanted/meta/main.yml", Data: []byte("galaxy_info: {author: a, description: d, license: l, min_ansible_version: '2.9'}\ndependencies: []\n")},
		{Path: "wanted/tasks/main.yml", Data: []byte("- name: have what is wanted\n  copy: {content: wanted, dest: /etc/wanted}\n")},
	}))
	require.NoError(t, zip.Close())
	return packed.String()
}

func requireAnsible(t *testing.T, p *project) {
	t.Helper()
	p.write("wanted.tar.gz", roleArchive(t))
	r := p.ok("verify", "good", "--idempotence", "--report", "ndjson=events")
	require.Contains(t, p.read("events"), `"text":"ok=4 changed=3 failed=0","changed":3`)
	require.NotContains(t, r.String(), "it's", "extra variables are not shown")
	r = p.galley("converge", "bad", "--idempotence")
	require.Equal(t, 20, r.code, r.String())
	require.Contains(t, r.String(), "not idempotent: the second run of ansible-playbook changed 1 task")
	require.Contains(t, r.String(), "again and again")

	p.write("test/integration/bad/default.yml",
		"- hosts: all\n  gather_facts: no\n  tasks:\n    - name: fails\n      command: 'false'\n")
	r = p.galley("converge", "bad")
	require.Equal(t, 20, r.code, r.String())
	require.Contains(t, r.String(), "ansible-playbook exited with code 2: tasks failed")
}

// A tool that is built from lines brings its volume into an unchanged image; the shell provisioner can have one too.
func TestToolFromInstructions(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": toolKitchen("busybox", `
  name: tool
  instructions:
    - FROM busybox AS tools
    - FROM tools
    - COPY write /opt/writer/bin/write
  build_context: tools
  volume: /opt/writer
  files: {wanted: wanted/}
  env: {SUFFIX: "it's"}
  command: /opt/writer/bin/write {{.Root}}/wanted /etc/written-{{.Suite}}
  changed_pattern: '^wrote (\S+)'
  summary_pattern: '^\d+ files in all'
  uploads: {upload.txt: /etc/uploads/}
  downloads: {/etc/written-good: got/}
`, `test -f /opt/writer/bin/write && grep -q "one it's" /etc/written-$KITCHEN_SUITE/a && test -f /etc/uploads/upload.txt`),
			"tools/write": `#!/bin/sh
mkdir -p "$2"
for f in "$1"/*; do
  to=$2/${f##*/}
  echo "$(cat "$f") $SUFFIX" > /tmp/new
  cmp -s /tmp/new "$to" && case $2 in *good) continue ;; esac
  cp /tmp/new "$to" && echo "wrote ${f##*/}"
done
echo "$(ls "$1" | wc -l) files in all"
`,
			"wanted/a": "one", "wanted/b": "two", "upload.txt": "up",
		})
		p.ok("verify", "good", "--idempotence", "--report", "ndjson=events")
		require.Contains(t, p.read("events"), `"text":"2 files in all","changed":2`)
		require.FileExists(t, filepath.Join(p.dir, "got", "a"))
		r := p.galley("converge", "bad", "--idempotence")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "changed 2 things\n")
		images, err := p.backend().ListImages(t.Context(), backend.Labels{label.Role: label.RoleWork})
		require.NoError(t, err)
		require.NotEmpty(t, images)
		p.ok("destroy")
		p.ok("prune")
	})
}

// The shell provisioner's script, arguments and data; what a second run changed is seen by the files.
func TestShellProvisioner(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": toolKitchen("busybox", `
  name: shell
  arguments: ["two words", "it's"]
  env: {COLOUR: green}
`, `grep -qx "two words|it's|green|yes" /etc/shell`),
			"test/integration/good/bootstrap.sh": "#!/bin/sh\ntest -e /etc/shell || echo \"$1|$2|$COLOUR|$(cat data/x)\" > /etc/shell\n",
			"test/integration/bad/bootstrap.sh":  "#!/bin/sh\ndate > /etc/always\n",
			"data/x":                             "yes",
		})
		p.ok("verify", "good", "--idempotence")
		r := p.galley("converge", "bad", "--idempotence")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "changed 1 file\n")
		require.Contains(t, r.String(), "/etc/always")

		// Behind a prefix that clears it, the environment is still there, and in no file of the runner.
		p.write("kitchen.yml", toolKitchen("busybox", `
  name: shell
  command: echo "$COLOUR" > /etc/shell; ! grep -r "it.s [g]reen" /opt/kitchen
  command_prefix: env -i PATH=/bin
  env: {COLOUR: it's green}
`, `grep -qx "it's green" /etc/shell`))
		p.ok("test", "good")
		p.write("kitchen.yml", toolKitchen("busybox", "\n  name: shell\n  command: \"true\"\n  command_prefix: no-such-prefix\n", "true"))
		r = p.galley("converge", "good")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "no-such-prefix")
	})
}

// What the runner's users left in the sandbox, and this user may not remove, never blocks and never remains.
func TestSandboxLeftovers(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("mkdir own; chown 1234 own; touch own/file; chmod 700 own; ls | wc -l", "true")})
		p.ok("converge")
		p.write("data/file", "x")
		r := p.ok("converge")
		require.Contains(t, r.stdout, "       3\n", "own, data and run_command: what was there before is gone")
		p.ok("destroy")
		p.ok("converge")
		for _, c := range p.runners() {
			require.NoError(t, p.backend().RemoveContainer(t.Context(), c.ID))
		}
		p.ok("destroy")
		left, err := filepath.Glob(filepath.Join(p.dir, ".kitchen", "galley", "sandbox", "*"))
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// berks stands in for Berkshelf in a Workstation image.
const berks = `#!/bin/sh
set -e
[ "$1" = vendor ] || exit 1
echo "DEPENDENCIES" > Berksfile.lock
mkdir -p "$2" && cp -R vendor/hello "$2/"
`

// Without Berkshelf on this machine cookbooks are resolved in a container, once for all instances.
func TestResolveInContainer(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		p := matrixProject(t, e)
		buildImage(t, p.backend(), "docker.io/library/workstation:latest",
			map[string]string{"Dockerfile": "FROM busybox\nCOPY berks /bin/berks\n", "berks": berks})
		p.write("kitchen.yml", strings.Replace(matrix, "provisioner:\n  name: dokken",
			"provisioner:\n  name: dokken\n  resolver: container\n  resolver_image: workstation", 1))
		p.write("Berksfile", "cookbook 'hello', path: 'vendor/hello'\n")
		p.write("vendor/hello/metadata.rb", "name 'hello'\n")
		p.write("vendor/hello/recipes/default.rb", helloRecipe)
		require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "cookbooks")))
		r := p.ok("verify", "one", "-c", "2")
		require.Equal(t, 1, strings.Count(r.stdout, "resolving cookbooks of Berksfile in a container of workstation"),
			r.String())
		require.Len(t, p.runners(), 2, "the container that resolved is gone")
		require.FileExists(t, filepath.Join(p.dir, "Berksfile.lock"))
	})
}

// buildImage builds a test image on an engine.
func buildImage(t *testing.T, be backend.ContainerBackend, tag string, files map[string]string) {
	t.Helper()
	var list []sandbox.File
	for name, text := range files {
		list = append(list, sandbox.File{Path: name, Data: []byte(text), Mode: 0o755})
	}
	var tar, log bytes.Buffer
	require.NoError(t, archive.Write(&tar, list))
	_, err := be.BuildImage(t.Context(), backend.BuildOptions{Context: &tar, Tag: tag, Output: &log})
	require.NoError(t, err, log.String())
	t.Cleanup(func() { require.NoError(t, be.RemoveImage(context.WithoutCancel(t.Context()), tag)) })
}
