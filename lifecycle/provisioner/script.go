package provisioner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// script is a shell script for a runner: exports, then command lines. Values are
// quoted, so that none of them can break out.
type script struct {
	env   map[string]string
	lines []string
}

func (s *script) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// commandEnv is what every command of a converge finds in its environment.
func commandEnv(p Project, i config.Instance) map[string]string {
	env := runner.KitchenEnv(p.Environ, i.Provisioner.Proxy)
	maps.Copy(env, i.Provisioner.Env)
	return env
}

// String renders the script for the plainest of shells.
func (s script) String() string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	for _, k := range slices.Sorted(maps.Keys(s.env)) {
		fmt.Fprintf(&b, "%s=%s; export %s\n", k, runner.Quote(s.env[k]), k)
	}
	for _, l := range s.lines {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// locate sets a variable to the place of a tool in the runner: the first of the
// places where there is a program (of several versions the last one), else where
// the PATH has command. A place in a volume goes before all that the runner's own
// image has: VOLUME/bin/PROGRAM, or VOLUME/pkgs/… of Habitat. A script without the
// tool ends with code 127.
func (s *script) locate(variable string, places []string, command string) {
	wanted := slices.Clone(places)
	slices.Reverse(wanted)
	s.add(`%s= mounted= mounts=" $(while read -r what at rest; do printf '%%s ' "$at"; done < /proc/mounts)"`, variable)
	s.add(`for place in %s; do`, strings.Join(wanted, " "))
	s.add(`  [ -x "$place" ] || continue`)
	s.add(`  case $mounts in`)
	s.add(`  *" ${place%%/bin/*} "* | *" ${place%%%%/pkgs/*} "*) %s=$place mounted=yes ;;`, variable)
	s.add(`  *) [ -n "$mounted" ] || %s=$place ;;`, variable)
	s.add(`  esac`)
	s.add(`done`)
	looked := strings.Join(places, ", ")
	if command != "" {
		s.add(`[ -n "$%s" ] || %s=$(command -v %s)`, variable, variable, command)
		looked += " and for " + command + " on the PATH"
	}
	s.add(`if [ -z "$%s" ]; then echo %s >&2; exit 127; fi`, variable, runner.Quote("the tool is not in the runner: looked for "+looked))
}

// utf8 makes the script's locale one of UTF-8, where the runner has not chosen.
func (s *script) utf8() { s.add(`: "${LANG:=C.UTF-8}"; export LANG`) }

// prefixed puts command_prefix in front of a command.
func prefixed(p config.Provisioner, command string) string {
	if p.CommandPrefix == "" {
		return command
	}
	return p.CommandPrefix + " " + command
}
