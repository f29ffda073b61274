//go:build linux

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// canaries are secrets by the places where a project keeps them.
type canaries map[string]string

var place = regexp.MustCompile(`\{\{([a-z ._-]+)\}\}`)

// fill puts a secret of its own into each {{place}} of a text.
func (c canaries) fill(text string) string {
	return place.ReplaceAllStringFunc(text, func(m string) string {
		name := place.FindStringSubmatch(m)[1]
		if c[name] == "" {
			c[name] = fmt.Sprintf("zq%016x%08x", rand.Uint64(), rand.Uint32())
		}
		return c[name]
	})
}

// seen returns the places whose secrets a text shows, also in base64 or as part of an address.
func (c canaries) seen(text string) []string {
	var list []string
	for name, secret := range c {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)),
			url.QueryEscape(secret)} {
			if strings.Contains(text, form) {
				list = append(list, name)
				break
			}
		}
	}
	slices.Sort(list)
	return list
}

const secretsKitchen = `
driver:
  name: dokken
  env: {API_TOKEN: "{{driver.env}}"}
  creds_file: creds.json
provisioner:
  name: shell
  script: converge.sh
  env: {DB_PASSWORD: "{{provisioner.env}}"}
  arguments: ["--password={{provisioner.arguments}}"]
  http_proxy: "http://me:{{http_proxy}}@127.0.0.1:1"
verifier:
  name: shell
  remote_exec: true
  env: {VERIFY_SECRET: "{{verifier.env}}"}
  command: 'echo "it has $VERIFY_SECRET and $API_TOKEN"; echo "password: $DB_PASSWORD" >&2'
lifecycle:
  pre_create:
    - local: 'echo "hook $HOOK_TOKEN <%= ENV["DEPLOY_TOKEN"] %> $AWS_SECRET_ACCESS_KEY"'
      environment: {HOOK_TOKEN: "{{hook environment}}"}
  post_create:
    - remote: 'echo "remote hook $REMOTE_PASSWORD"'
      environment: {REMOTE_PASSWORD: "{{remote hook environment}}"}
    - local: 'echo "curl https://me:{{address in a hook}}@example.com; ghp_{{well-known token}}"'
platforms:
  - name: busybox
    driver: {image: busybox, intermediate_instructions: ["RUN echo built"]}
  - name: private
    driver: {image: "PRIVATE", pull: always}
  - {name: testers, driver: {image: testers}}
  - {name: ansible, driver: {image: ansible}}
  - {name: puppet, driver: {image: puppet}}
  - {name: debian, driver: {image: debian, chef_version: 15}}
suites:
  - {name: shell, includes: [busybox]}
  - {name: private, includes: [private]}
  - name: fails
    includes: [busybox]
    provisioner: {script: fails.sh, env: {FAIL_TOKEN: "{{failing converge}}"}}
  - name: hook-fails
    includes: [busybox]
    lifecycle: {post_create: [{local: "curl -fsS -H 'Authorization: Bearer {{line of a failing hook}}' http://127.0.0.1:1/ 2>/dev/null || exit 7", environment: {BEARER_TOKEN: "{{line of a failing hook}}"}}]}
  - name: results
    includes: [testers]
    verifier: {name: bats, env: {BATS_SECRET: "{{test output}}"}}
  - name: inspec
    includes: [busybox]
    verifier: {name: inspec, location: host, inputs: {admin_password: "{{inspec input}}"}, env: {INSPEC_TOKEN: "{{inspec.env}}"}}
  - name: ansible
    includes: [ansible]
    provisioner:
      name: ansible_playbook
      hosts: all
      playbook: playbook.yml
      extra_vars: {db_password: "{{ansible.extra_vars}}"}
      ansible_vault_password_file: vault-password
      env: {ANSIBLE_SECRET: "{{ansible.env}}"}
  - name: puppet
    includes: [puppet]
    provisioner: {name: puppet_apply, manifest: site.pp, custom_facts: {api_token: "{{puppet.custom_facts}}"}}
  - name: cinc
    includes: [debian]
    run_list: ["recipe[app]"]
    attributes: {app: {password: "{{chef.attributes}}"}}
    provisioner:
      name: dokken
      product_name: cinc
      chef_license_key: "{{chef.license_key}}"
      client_rb: {data_collector.token: "{{chef.client_rb}}"}
      data_bags_path: data_bags
      encrypted_data_bag_secret_key_path: bag-secret
`

var secretsFiles = map[string]string{
	"converge.sh":                             "#!/bin/sh\necho \"$DB_PASSWORD $API_TOKEN\" \"$@\"\nprintf %s \"$API_TOKEN\" | base64\necho \"$http_proxy\"\n",
	"fails.sh":                                "#!/bin/sh\necho \"cannot log in with $FAIL_TOKEN\" >&2\nexit 3\n",
	"test/integration/results/bats/x.bats":    "@test \"shows $BATS_SECRET\" {\n  echo \"was $BATS_SECRET\"\n  false\n}\n",
	"test/integration/inspec/default_test.rb": "describe file('/etc/passwd')\n",
	"playbook.yml":                            "- hosts: all\n  gather_facts: no\n  tasks:\n    - debug: {msg: 'it is {{ db_password }}'}\n    - shell: 'echo {{ db_password }} $ANSIBLE_SECRET; exit 1'\n",
	"vault-password":                          "{{vault password}}",
	"site.pp":                                 "notify { \"token ${facts['api_token']}\": }\n",
	"metadata.rb":                             "name 'app'\n",
	"recipes/default.rb":                      "log \"password #{node['app']['password']}\"\nexecute \"echo #{node['app']['password']}\"\nraise \"the password is #{node['app']['password']}\"\n",
	"data_bags/keys/one.json":                 `{"id": "one", "secret": "{{data bag}}"}`,
	"bag-secret":                              "{{data bag key}}",
	"creds.json":                              `{"username": "tester", "password": "{{creds_file}}", "serveraddress": "http://registry.example.com"}`,
}

// Secrets in every place where a project may keep them: galley's console, logs, reports, state, errors, labels, image
// history, the arguments of its programs and files that others may read show none of them.
func TestSecretsStaySecret(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "ansible", "puppet", "debian", "cinc15", "testers")
		shelf := newShelf(t, e, "private")
		c := canaries{"registry login": shelf.Password}
		if len(shelf.Password) < 12 {
			delete(c, "registry login") // a short word is everywhere
		}
		files := map[string]string{}
		for name, text := range secretsFiles {
			files[name] = c.fillFile(name, text)
		}
		files["kitchen.yml"] = strings.Replace(c.fill(secretsKitchen), "PRIVATE", shelf.private(), 1)
		files[".home/.docker/config.json"] = c.fill(fmt.Sprintf(`{"auths": {%q: {"auth": %q}, "registry.example.com": {"auth": "%s"}}}`,
			shelf.AuthAddress, base64.StdEncoding.EncodeToString([]byte(shelf.User+":"+shelf.Password)),
			base64.StdEncoding.EncodeToString([]byte("me:"+c.fill("{{docker login}}")))))
		standIn, err := os.ReadFile("testdata/bin/inspec")
		require.NoError(t, err)
		files["bin/inspec"] = string(standIn)
		p := newProject(t, e, files)
		p.env = append(p.env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"),
			"DEPLOY_TOKEN="+c.fill("{{environment by erb}}"), "AWS_SECRET_ACCESS_KEY="+c.fill("{{environment}}"),
			"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+filepath.Join(p.dir, "out", "summary.md"))
		bin, err := built()
		require.NoError(t, err)
		show := map[string]string{} // by sink
		stop := watchArguments(t, filepath.Base(filepath.Dir(bin)), show)
		for _, level := range []string{"debug", "info"} {
			r := p.galley("verify", "-c", "2", "--log-level", level, "--report", "junit=out/"+level+".xml", "--report",
				"json=out/"+level+".json",
				"--report", "html=out/"+level+".html", "--report", "ndjson=out/"+level+".ndjson")
			show["console at "+level] = r.String()
			require.Equal(t, 20, r.code, "some suites fail on purpose")
		}
		for _, args := range [][]string{
			{"list"}, {"list", "--json"}, {"diagnose"}, {"diagnose", "--json"}, {"diagnose", "--merged"},
			{"diagnose", "--rendered"}, {"lint"},
			{"config"}, {"config", "--json"}, {"logs", "shell-busybox"},
			{"engines", "--host", "tcp://me:" + c.fill("{{password of a host}}") + "@127.0.0.1:1"},
		} {
			show["galley "+args[0]+strings.Join(args[1:], " ")] = p.galley(args...).String()
		}
		stop()
		show["labels and image history"] = p.labelsAndHistory()
		require.NoError(t, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(p.dir, path)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint:nilerr // a file of a container's own user
			}
			switch {
			case strings.HasPrefix(name, ".kitchen/logs"), strings.HasPrefix(name, "out/"),
				strings.HasPrefix(name, ".kitchen/galley") && !strings.Contains(name, "sandbox/"):
				show[name] = string(text)
			case strings.HasPrefix(name, ".kitchen") && readableByOthers(p.dir, path):
				show[name+" (others may read it)"] = string(text)
			}
			return nil
		}))
		require.GreaterOrEqual(t, len(c), 25)
		for _, sink := range slices.Sorted(maps.Keys(show)) {
			assert.Empty(t, c.seen(show[sink]), "%s shows secrets", sink)
		}
		// The test sees what was shown: these words stand beside the secrets.
		require.Contains(t, show["console at info"], "it has ")
		require.Contains(t, show["out/info.xml"], "was ")
		require.Contains(t, show["console at info"], "cannot log in with ")
	})
}

// fillFile leaves Ansible's own braces alone.
func (c canaries) fillFile(name, text string) string {
	if name == "playbook.yml" {
		return text
	}
	return c.fill(text)
}

// readableByOthers reports whether another user of the machine could read a file below dir.
func readableByOthers(dir, path string) bool {
	st, err := os.Lstat(path)
	if err != nil || st.Mode().Perm()&0o004 == 0 {
		return false
	}
	for at := filepath.Dir(path); len(at) >= len(dir); at = filepath.Dir(at) {
		if st, err := os.Stat(at); err != nil || st.Mode().Perm()&0o001 == 0 {
			return false
		}
	}
	return true
}

// labelsAndHistory is what the engine shows of galley's containers and images to everybody who may ask it.
func (p *project) labelsAndHistory() string {
	p.t.Helper()
	var all strings.Builder
	cli := func(args ...string) string { return p.engine.Exec(p.t, append([]string{p.engine.Kind}, args...)...) }
	for _, c := range p.runners() {
		all.WriteString(cli("inspect", "--format", "{{json .Config.Labels}} {{.Name}}", c.ID) + "\n")
	}
	images, err := p.backend().ListImages(p.t.Context(), backend.Labels{label.Role: label.RoleWork})
	require.NoError(p.t, err)
	require.NotEmpty(p.t, images)
	for _, i := range images {
		all.WriteString(cli("history", "--no-trunc", i.ID) + cli("inspect", "--format", "{{json .Config}}", i.ID))
	}
	return all.String()
}

// watchArguments collects the arguments of the programs that galley, whose path holds the word binary, starts meanwhile
// on this machine, as any of its users may see them. What kitchen.yml itself writes into a command's text or arguments
// is its author's: in a local hook, and what runs in the runner.
func watchArguments(t *testing.T, binary string, show map[string]string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	lines := map[string]bool{}
	done.Go(func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			for _, pid := range children(strconv.Itoa(os.Getpid())) {
				line := commandLine(pid)
				words := strings.Fields(line)
				if len(words) < 2 || !strings.Contains(words[0], binary) {
					continue
				}
				lines[words[0]+" "+words[1]] = true // the others are this test's own
				for _, child := range children(pid) {
					argumentsBelow(child, line, lines)
				}
			}
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
		for line := range lines {
			show["arguments of programs"] += line + "\n"
		}
		require.Contains(t, show["arguments of programs"], "galley verify", "the watch sees what runs")
	}
}

// argumentsBelow adds the command lines of a process, whose parent's is above, and of all that it has started. It asks
// for no others: there may be thousands, and the watch would take a processor for itself.
func argumentsBelow(pid, above string, lines map[string]bool) {
	text := commandLine(pid)
	if strings.HasPrefix(text, "/bin/sh -c ") {
		return // a line of kitchen.yml, and what that starts
	}
	if text != above { // a copy of its parent, which is not yet what it will be
		lines[text] = true
	}
	for _, child := range children(pid) {
		argumentsBelow(child, text, lines)
	}
}

// commandLine is how a process was started, or "" when it has ended.
func commandLine(pid string) string {
	line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(line), "\x00", " ")
}

// children are the processes that the threads of a process have started and that run.
func children(pid string) []string {
	var all []string
	files, _ := filepath.Glob(filepath.Join("/proc", pid, "task/*/children"))
	for _, file := range files {
		if list, err := os.ReadFile(file); err == nil { // the thread may have ended
			all = append(all, strings.Fields(string(list))...)
		}
	}
	return all
}
