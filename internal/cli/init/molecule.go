package initcmd

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scenario is where molecule's default scenario is.
const scenario = "molecule/default/molecule.yml"

// moleculeKeys are the keys of a platform that mean the same as one of driver.
var moleculeKeys = map[string]string{
	"image": "image", "command": "pid_one_command", "privileged": "privileged", "volumes": "volumes", "tmpfs": "tmpfs",
	"capabilities": "cap_add", "env": "env", "environment": "env", "published_ports": "ports", "hostname": "hostname",
	"cgroupns_mode": "cgroupns_mode", "cgroupns": "cgroupns_mode", "security_opts": "security_opt", "ulimits": "ulimits",
	"sysctls": "sysctls", "shm_size": "shm_size", "devices": "devices", "dns_servers": "dns", "user": "user",
}

// silent are the keys that need no word: they are met in another way, or are of no use here.
var silent = []string{"name", "groups", "pre_build_image"}

// startMolecule carries over the platforms and the converge playbook of molecule's default scenario.
func startMolecule(dir string) (start, error) {
	var s start
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(scenario)))
	if err != nil {
		return s, fmt.Errorf("read the scenario: %w", err)
	}
	text := withDefaults(string(data), func(what string) { s.left = append(s.left, what) })
	var m struct {
		Dependency struct {
			Options map[string]any
		}
		Platforms   []map[string]any
		Provisioner struct {
			Playbooks map[string]string
			Env       map[string]any
			Inventory map[string]any
			Options   map[string]any `yaml:"config_options"`
		}
		Verifier struct{ Name string }
		Scenario map[string]any
	}
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		return s, fmt.Errorf("%s: %w", scenario, err)
	}
	left := func(what string, args ...any) { s.left = append(s.left, fmt.Sprintf(what, args...)) }
	var groups []string
	for n, p := range m.Platforms {
		name, _ := p["name"].(string)
		if name == "" {
			name = fmt.Sprintf("instance-%d", n+1)
		}
		if _, ok := p["image"].(string); !ok {
			left("platform %s: it has no image", name)
			continue
		}
		driver := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(p)) {
			switch to := moleculeKeys[key]; {
			case to != "" && p[key] != "" && p[key] != nil:
				driver[to] = p[key]
			case to == "" && !slices.Contains(silent, key):
				left("platform %s: %s", name, key)
			}
		}
		if list, ok := p["groups"].([]any); ok {
			for _, g := range list {
				if g, ok := g.(string); ok && !slices.Contains(groups, g) {
					groups = append(groups, g)
				}
			}
		}
		s.platforms = append(s.platforms, platform{name, driver})
	}
	if len(s.platforms) == 0 {
		return s, fmt.Errorf("%s: no platform has an image\nChoose what to write with `galley init --kind`", scenario)
	}
	if err := s.converge(dir, m.Provisioner.Playbooks["converge"], groups, m.Dependency.Options["role-file"]); err != nil {
		return s, err
	}
	for _, play := range slices.Sorted(maps.Keys(m.Provisioner.Playbooks)) {
		if play != "converge" {
			left("the playbook %s, %s", play, m.Provisioner.Playbooks[play])
		}
	}
	for _, play := range []string{"prepare", "verify", "side_effect", "cleanup"} {
		if name := path.Join(path.Dir(scenario), play+".yml"); m.Provisioner.Playbooks[play] == "" && exists(dir, name) {
			left("the playbook %s, %s", play, name)
		}
	}
	for _, part := range []struct {
		name string
		keys map[string]any
	}{{"provisioner.env", m.Provisioner.Env}, {"provisioner.inventory", m.Provisioner.Inventory},
		{"provisioner.config_options", m.Provisioner.Options}, {"scenario", m.Scenario}} {
		for _, key := range slices.Sorted(maps.Keys(part.keys)) {
			left("%s.%s", part.name, key)
		}
	}
	return s, s.verify(dir, m.Verifier.Name)
}

// converge is the provisioner, with the playbook of the scenario.
func (s *start) converge(dir, playbook string, groups []string, requirements any) error {
	p := struct {
		Name         string
		Playbook     string
		Hosts        []string          `yaml:"hosts,flow,omitempty"`
		From         string            `yaml:"ansible_from"`
		Requirements string            `yaml:"requirements_path,omitempty"`
		Env          map[string]string `yaml:"env,omitempty"`
	}{Name: "ansible_playbook", Playbook: path.Join(path.Dir(scenario), "converge.yml"), Hosts: groups,
		From: "host"} // as molecule does it
	if playbook != "" {
		p.Playbook = path.Join(path.Dir(scenario), filepath.ToSlash(playbook))
	}
	if file, ok := requirements.(string); ok && exists(dir, file) {
		p.Requirements = file
	}
	if data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p.Playbook))); err != nil {
		return fmt.Errorf("read the scenario's playbook: %w", err)
	} else if strings.Contains(string(data), "MOLECULE_PROJECT_DIRECTORY") { // whose last part is the role's name
		name, err := ownName(dir)
		if err != nil {
			return err
		}
		p.Env = map[string]string{"MOLECULE_PROJECT_DIRECTORY": "/" + name}
	}
	var err error
	s.provisioner, err = block(p)
	return err
}

// verify is the verifier of the scenario, where galley has it.
func (s *start) verify(dir, name string) (err error) {
	tests := path.Join(path.Dir(scenario), "tests")
	switch {
	case name == "testinfra" && asksMolecule(filepath.Join(dir, filepath.FromSlash(tests))):
		s.left = append(s.left, "the verifier testinfra: its tests ask molecule for the hosts")
	case (name == "testinfra" || name == "goss") && exists(dir, tests):
		pattern := map[string]string{"testinfra": "/test_*.py", "goss": "/*.y*ml"}[name]
		s.verifier, err = block(struct {
			Name  string
			Tests []string `yaml:"tests,flow"`
		}{name, []string{tests + pattern}})
	case name != "" && name != "ansible": // whose playbook is listed already
		s.left = append(s.left, "the verifier "+strings.TrimSpace(name))
	}
	return err
}

// asksMolecule reports whether the tests in a directory need what molecule tells them.
func asksMolecule(dir string) bool {
	tests, _ := filepath.Glob(filepath.Join(dir, "*.py")) // at worst there are none
	return slices.ContainsFunc(tests, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(text), "MOLECULE_")
	})
}
