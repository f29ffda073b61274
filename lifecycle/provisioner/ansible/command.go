package ansible

import (
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// script is run_command for a run in the runner.
func (a *Ansible) script(l *layout) converge.Script {
	p := a.instance.Provisioner
	var s converge.Script
	s.Default(a.environment(l))
	s.Add("cd %s || exit", runner.Quote(l.work))
	s.UTF8()
	if p.Tool.Binary != "" {
		s.Add("ansible=%s", runner.Quote(p.Tool.Binary))
	} else {
		s.Locate("ansible", a.places(), playbookCommand)
	}
	// Small images have no sudo, and all have su.
	s.Add("command -v sudo > /dev/null || export ANSIBLE_BECOME_METHOD=su")
	if l.galaxy != "" {
		done := runner.Quote(path.Join(l.galaxy, ".done"))
		s.Add(`galaxy=$(dirname "$ansible")/ansible-galaxy; [ -x "$galaxy" ] || galaxy=ansible-galaxy`)
		s.Add(`if [ "$(cat %s 2> /dev/null)" != %s ]; then`, done, l.digest)
		s.Add("  rm -rf %s; mkdir -p %s", runner.Quote(l.galaxy), runner.Quote(l.galaxy))
		for _, args := range a.galaxy(l) {
			s.Add(`  "$galaxy" %s || exit`, runner.QuoteAll(args))
		}
		s.Add("  echo %s > %s", l.digest, done)
		s.Add("fi")
	}
	line := `"$ansible" ` + runner.QuoteAll(a.arguments(l))
	if f := p.Ansible.ExtraFlags; f != "" {
		line += " " + f
	}
	s.Line(line + " " + runner.Quote(l.playbook))
	return s
}

// environment are Ansible's settings that have no option.
func (a *Ansible) environment(l *layout) map[string]string {
	env := map[string]string{
		"ANSIBLE_NOCOLOR": "1", "ANSIBLE_RETRY_FILES_ENABLED": "0", "ANSIBLE_LOCALHOST_WARNING": "0", "PYTHONUNBUFFERED": "1",
		"ANSIBLE_ROLES_PATH": strings.Join(append(slices.Clone(l.roles), "/etc/ansible/roles"), ":"),
	}
	if l.galaxy != "" {
		env["ANSIBLE_COLLECTIONS_PATH"] = path.Join(l.galaxy, "collections") + ":/usr/share/ansible/collections"
	}
	for name, value := range map[string]string{
		"ANSIBLE_CONFIG": l.config, "ANSIBLE_LIBRARY": l.library, "ANSIBLE_FILTER_PLUGINS": l.filters,
		"ANSIBLE_CALLBACK_PLUGINS": l.callbacks, "ANSIBLE_LOOKUP_PLUGINS": l.lookups,
	} {
		if value != "" {
			env[name] = value
		}
	}
	return env
}

// galaxy are the command lines that install requirements.
func (a *Ansible) galaxy(l *layout) [][]string {
	var lines [][]string
	add := func(args ...string) {
		if a.instance.Provisioner.Ansible.IgnoreCerts {
			args = append(args, "--ignore-certs")
		}
		lines = append(lines, args)
	}
	if l.wantsRoles {
		add("role", "install", "-r", l.requirements, "-p", path.Join(l.galaxy, "roles"))
	}
	if l.wantsContents {
		add("collection", "install", "-r", l.requirements, "-p", path.Join(l.galaxy, "collections"))
	}
	return lines
}

// arguments are those of ansible-playbook, without raw flags and the playbook.
func (a *Ansible) arguments(l *layout) []string {
	k := a.instance.Provisioner.Ansible
	args := []string{"-i", l.inventory}
	add := func(w ...string) { args = append(args, w...) }
	for _, f := range l.extraVars {
		add("-e", "@"+f)
	}
	for _, f := range l.vaults {
		add("--vault-password-file", f)
	}
	if len(k.Tags) > 0 {
		add("--tags", strings.Join(k.Tags, ","))
	}
	if len(k.SkipTags) > 0 {
		add("--skip-tags", strings.Join(k.SkipTags, ","))
	}
	if k.Limit != "" {
		add("--limit", k.Limit)
	}
	if k.Diff {
		add("--diff")
	}
	if k.Check {
		add("--check")
	}
	if k.Verbose || a.Debug {
		n := min(max(k.Verbosity, 1), 4)
		if a.Debug {
			n = max(n, 3)
		}
		add("-" + strings.Repeat("v", n))
	}
	return args
}
