package initcmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/chef"
)

// kind is something that a project can be.
type kind struct {
	// name is for --kind, what for people.
	name, what string
	// sign is the path by which a directory is known to be of the kind, "" when it is not.
	sign func(dir string) string
	// start is what a project of the kind in a directory starts with.
	start func(dir string) (start, error)
}

// kinds are all, those first that say most of a project. The last is for a directory that is nothing else.
func kinds() []kind {
	return []kind{
		{"chef", "a Chef project", chefSign, startChef},
		{"molecule", "a molecule scenario", anyOf(scenario), startMolecule},
		{"ansible", "an Ansible role or playbook", anyOf("tasks/main.yml", "tasks/main.yaml", "playbook.yml", "site.yml"),
			startAnsible},
		{"puppet", "a Puppet module", puppetSign, startPuppet},
		{"salt", "a Salt formula", anyOf("FORMULA", "top.sls", "*/init.sls"), startSalt},
		{"devcontainer", "a dev container", anyOf(".devcontainer/devcontainer.json", ".devcontainer.json"),
			startDevContainer},
		{"shell", "scripts", scriptSign, startShell},
	}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// start is what is written.
type start struct {
	// provisioner and verifier are the text of their blocks, verifier empty for what the tests' layout says.
	provisioner, verifier string
	platforms             []platform
	// services is the text of the block of services, and took says which they are.
	services, took string
	// suite is the text behind the name of the suite.
	suite string
	// files are written beside kitchen.yml where they do not exist.
	files []file
	// left is what was not carried over.
	left []string
}

type platform struct {
	Name   string         `yaml:"name"`
	Driver map[string]any `yaml:"driver"`
}

type file struct{ name, text string }

// layout stands in a kitchen.yml without a verifier.
const layout = `# Tests are found in test/integration/default by their names: *.bats, goss.yaml, test_*.py, *_spec.rb.
`

// moreSuites and moreServices stand at the end of a kitchen.yml.
const (
	moreSuites = `
  # Without the first # of their lines, these are suites too: one of several converges with a fault between them, and one of
  # machines that find each other by their names.
  #- name: outage
  #  steps: [{name: good}, {name: offline, network: {cut: [db]}, verify: false}, {name: back, heal: true}]
  #- name: cluster
  #  nodes: {app: {}, web: {after: [app]}}
`
	moreServices = `
# And these are services that each runner finds by their names.
#services:
#  db: {image: postgres:17, environment: {POSTGRES_PASSWORD: secret}, ready: {port: 5432}}
`
)

// kitchen is the text of kitchen.yml.
func (s start) kitchen(driver string) (string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "---\ndriver:\n  name: %s\n\nprovisioner:\n%s\n", driver, s.provisioner)
	if s.verifier == "" {
		b.WriteString(layout + "\n")
	} else {
		fmt.Fprintf(&b, "transport:\n  name: dokken\n\nverifier:\n%s\n", s.verifier)
	}
	platforms, err := encode(map[string]any{"platforms": s.platforms})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s\nsuites:\n  - name: default\n%s%s", platforms, s.suite, moreSuites)
	if s.services == "" {
		b.WriteString(moreServices)
	} else {
		b.WriteString("\n# The runner finds them by their names.\nservices:\n" + s.services)
	}
	return strings.ReplaceAll(b.String(), "<%", "<%%"), nil // which is no template
}

// anyOf finds the first path in a directory that fits one of some patterns, the first pattern first.
func anyOf(patterns ...string) func(dir string) string {
	return func(dir string) string {
		for _, p := range patterns {
			if found, _ := fs.Glob(os.DirFS(dir), p); len(found) > 0 { // the patterns are well-formed
				return found[0]
			}
		}
		return ""
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
	return err == nil
}

// images are platforms that boot systemd and have what a cookbook or a script expects.
func images() []platform {
	return []platform{
		{"debian-12", map[string]any{"image": "dokken/debian-12"}},
		{"almalinux-9", map[string]any{"image": "dokken/almalinux-9"}},
	}
}

// debian is Debian with packages of its own.
func debian(packages string) []platform {
	return []platform{{"debian-12", map[string]any{"image": "debian:12", "intermediate_instructions": []string{
		"RUN apt-get update && apt-get install -y --no-install-recommends " + packages}}}}
}

func chefSign(dir string) string {
	if sign := anyOf("metadata.rb", "Policyfile.rb", "Berksfile", "cookbooks")(dir); sign != "" {
		return sign
	}
	if exists(dir, "metadata.json") && puppetSign(dir) == "" {
		return "metadata.json"
	}
	return ""
}

func startChef(dir string) (start, error) {
	s := start{provisioner: "  name: dokken\n", verifier: "  name: inspec\n", platforms: images()}
	if name, err := chef.CookbookName(dir); err == nil && name != "" { // else the run list is left to the user
		s.suite = "    run_list:\n      - recipe[" + name + "::default]\n"
	}
	return s, nil
}

// bootstrap is the script of a project that has none.
const bootstrap = `#!/bin/sh
# galley converge runs this in the runner. Write what brings it to its desired state.
set -e
echo "converged by galley" > /etc/motd
`

// scripts are those of a directory, those first whose names say that they set something up.
func scripts(dir string) []string {
	names, _ := fs.Glob(os.DirFS(dir), "*.sh") // the pattern is well-formed
	usual := []string{"bootstrap.sh", "install.sh", "setup.sh", "provision.sh"}
	rank := func(name string) int {
		if n := slices.Index(usual, name); n >= 0 {
			return n
		}
		return len(usual)
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func scriptSign(dir string) string {
	if list := scripts(dir); len(list) > 0 {
		return list[0]
	}
	return ""
}

func startShell(dir string) (start, error) {
	list := scripts(dir)
	if len(list) == 0 || list[0] == "bootstrap.sh" {
		return start{provisioner: "  name: shell\n  script: bootstrap.sh\n", platforms: images(),
			verifier: "  name: shell\n  remote_exec: true\n  command: test -f /etc/motd\n",
			files:    []file{{"bootstrap.sh", bootstrap}}}, nil
	}
	s := start{platforms: images()}
	var err error
	if s.provisioner, err = block(struct{ Name, Script string }{"shell", list[0]}); err != nil {
		return s, err
	}
	if len(list) > 1 {
		s.left = []string{strings.Join(list[1:], ", ") + ": provisioner.script names the one that is run"}
	}
	return s, nil
}

// block is a mapping as the text of a block of kitchen.yml.
func block(v any) (string, error) {
	text, err := encode(v)
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n", err
}

// encode is a value in YAML.
func encode(v any) (string, error) {
	var n yaml.Node
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := n.Encode(v)
	if err == nil {
		quote(&n)
		err = e.Encode(&n)
	}
	if err != nil {
		return "", fmt.Errorf("write kitchen.yml: %w", err)
	}
	return b.String(), nil
}

// quote puts quotes around texts that would be something else in kitchen.yml, such as Ruby's symbol :9001.
func quote(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && n.ShortTag() == "!!str" {
		read, _, err := yaml11.Parse("", []byte(n.Value))
		if err != nil || read.Kind != yaml11.String || read.Str != n.Value {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	for _, child := range n.Content {
		quote(child)
	}
}

// ownName is the name of a project by its directory.
func ownName(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	return filepath.Base(dir), err
}

// playbooks are where ansible_playbook looks first for a playbook, below the suite's tests and in the project.
var playbooks = []string{"default.yml", "playbook.yml", "site.yml"}

func startAnsible(dir string) (start, error) {
	s := start{provisioner: "  name: ansible_playbook\n", platforms: debian("ansible-core")}
	const tests = "test/integration/default"
	for _, place := range []string{tests + "/ansible", tests, path.Dir(tests), "."} {
		for _, name := range playbooks {
			if exists(dir, path.Join(place, name)) {
				return s, nil
			}
		}
	}
	name, err := ownName(dir)
	if err != nil {
		return s, err
	}
	play, err := yaml.Marshal([]any{map[string]any{"hosts": "all", "roles": []string{name}}})
	s.files = []file{{"test/integration/default/default.yml", "---\n" + string(play)}}
	return s, err
}

// startSalt leaves it to the provisioner which states there are. Distributions have no Salt any more, so it comes from
// the packages of its own project.
func startSalt(string) (start, error) {
	const packages = "https://packages.broadcom.com/artifactory/saltproject-deb"
	return start{provisioner: "  name: salt\n", platforms: []platform{{"debian-12", map[string]any{"image": "debian:12",
		"intermediate_instructions": []string{
			"RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl",
			"RUN curl -fsSL -o /etc/apt/keyrings/salt.asc " +
				"https://packages.broadcom.com/artifactory/api/security/keypair/SaltProjectKey/public",
			"RUN echo \"deb [signed-by=/etc/apt/keyrings/salt.asc] " + packages +
				" stable main\" > /etc/apt/sources.list.d/salt.list",
			"RUN apt-get update && apt-get install -y --no-install-recommends salt-minion",
		}}}}}, nil
}

// puppetSign is a class or another manifest of a module.
var puppetSign = anyOf("manifests/*.pp")

func startPuppet(dir string) (start, error) {
	s := start{provisioner: "  name: puppet_apply\n", platforms: debian("puppet-agent")}
	if !exists(dir, "manifests/init.pp") {
		return s, nil
	}
	class, err := os.ReadFile(filepath.Join(dir, "manifests", "init.pp"))
	if err != nil {
		return s, fmt.Errorf("read the module's class: %w", err)
	}
	for line := range strings.Lines(string(class)) {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n({", r) })
		if len(words) > 1 && words[0] == "class" {
			s.files = []file{{"test/integration/default/manifests/site.pp", "include " + words[1] + "\n"}}
			return s, nil
		}
	}
	return s, errors.New("manifests/init.pp has no class\n" +
		"Write test/integration/default/manifests/site.pp, and then `galley init` again")
}
