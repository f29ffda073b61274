package ansible

import (
	"path"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// script is run_command for a run in the runner.
func (a Ansible) script(l *layout) converge.Script {
	p := a.Provisioner
	var s converge.Script
	s.Default(a.environment(l))
	s.In(l.work)
	s.Tool("ansible", p.Tool.Binary, a.places(), playbookCommand)
	// Small images have no sudo, and all have su.
	s.Add("command -v sudo > /dev/null || export ANSIBLE_BECOME_METHOD=su")
	if r := l.requirements; r.digest != "" {
		done := runner.Quote(path.Join(r.dir, ".done"))
		s.Add(`galaxy=$(dirname "$ansible")/ansible-galaxy; [ -x "$galaxy" ] || galaxy=ansible-galaxy`)
		s.Add(`if [ "$(cat %s 2> /dev/null)" != %s ]; then`, done, r.digest)
		s.Add("  rm -rf %s; mkdir -p %s", runner.Quote(r.dir), runner.Quote(r.dir))
		for _, args := range a.galaxy(r) {
			s.Add(`  "$galaxy" %s || exit`, runner.QuoteAll(args))
		}
		s.Add("  echo %s > %s", r.digest, done)
		s.Add("fi")
	}
	line := `"$ansible" ` + runner.QuoteAll(a.arguments(l))
	if args := a.secondArguments(); len(args) > 0 {
		s.Add(`set --; [ -z "${%s-}" ] || set -- %s`, secondRun, runner.QuoteAll(args))
		line += ` "$@"`
	}
	if f := p.Ansible.ExtraFlags; f != "" {
		line += " " + f
	}
	s.Line(line + " " + runner.Quote(l.playbook))
	return s
}

// environment are Ansible's settings that have no option, with where its roles and collections are.
func (a Ansible) environment(l *layout) map[string]string {
	roles := l.roles
	if r := l.requirements; r.digest != "" {
		roles = append(roles, path.Join(r.dir, "roles"))
		l.env["ANSIBLE_COLLECTIONS_PATH"] = path.Join(r.dir, "collections") + ":/usr/share/ansible/collections"
	}
	l.env["ANSIBLE_ROLES_PATH"] = strings.Join(append(roles, "/etc/ansible/roles"), ":")
	return l.env
}

// galaxy are the command lines that install requirements.
func (a Ansible) galaxy(r requirements) [][]string {
	var lines [][]string
	add := func(args ...string) {
		if a.Provisioner.Ansible.IgnoreCerts {
			args = append(args, "--ignore-certs")
		}
		lines = append(lines, args)
	}
	if r.file != "" {
		add("role", "install", "-r", r.file, "-p", path.Join(r.dir, "roles"))
	}
	for _, file := range r.collections {
		add("collection", "install", "-r", file, "-p", path.Join(r.dir, "collections"))
	}
	return lines
}

// secondRun tells the script that it is the run that shows idempotence.
const secondRun = "GALLEY_SECOND_RUN"

// secondArguments are those of the second run alone. Ansible adds up tags.
func (a Ansible) secondArguments() (args runner.Words) {
	k := a.Provisioner.Ansible
	args.If(len(k.IdempotencyTags) > 0, "--tags", strings.Join(k.IdempotencyTags, ","))
	args.If(len(k.IdempotencySkipTags) > 0, "--skip-tags", strings.Join(k.IdempotencySkipTags, ","))
	return args
}

// arguments are those of ansible-playbook, without raw flags and the playbook.
func (a Ansible) arguments(l *layout) (args runner.Words) {
	k := a.Provisioner.Ansible
	args.If(l.inventory != "", "-i", l.inventory)
	for _, f := range l.extraVars {
		args.Add("-e", "@"+f)
	}
	for _, f := range l.vaults {
		args.Add("--vault-password-file", f)
	}
	args.If(len(k.Tags) > 0, "--tags", strings.Join(k.Tags, ","))
	args.If(len(k.SkipTags) > 0, "--skip-tags", strings.Join(k.SkipTags, ","))
	switch {
	case k.Limit != "":
		args.Add("--limit", k.Limit)
	case a.Peers != nil && k.Inventory == "":
		args.Add("--limit", "localhost")
	}
	args.If(k.Diff, "--diff")
	args.If(k.Check, "--check")
	if k.Verbose || a.Debug {
		n := min(max(k.Verbosity, 1), 4)
		if a.Debug {
			n = max(n, 3)
		}
		args.Add("-" + strings.Repeat("v", n))
	}
	return args
}
