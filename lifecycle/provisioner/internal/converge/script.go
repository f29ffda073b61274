package converge

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// RunCommand is the file in the sandbox with what a converge runs.
const RunCommand = "run_command"

// Script is what RunCommand holds: command lines for a POSIX shell. The environment that kitchen.yml and the user give
// is that of the exec (Job.Env), so that no variable's name or value is shell text.
type Script struct{ lines []string }

// Default sets and exports variables of galley's own where the environment has none.
func (s *Script) Default(env map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		s.Add(`[ -n "${%s+x}" ] || %s=%s; export %s`, name, name, runner.Quote(env[name]), name)
	}
}

// In goes to a directory.
func (s *Script) In(dir string) { s.Add("cd %s || exit", runner.Quote(dir)) }

// Tool makes the script's locale one of UTF-8, where the runner has not chosen, and sets a variable to the place of a
// tool: the one that kitchen.yml names, or else what Locate finds.
func (s *Script) Tool(variable, named string, places []string, command string) {
	s.Line(`: "${LANG:=C.UTF-8}"; export LANG`)
	if named != "" {
		s.Add("%s=%s", variable, runner.Quote(named))
		return
	}
	s.Locate(variable, places, command)
}

// Add adds a line.
func (s *Script) Add(format string, args ...any) { s.Line(fmt.Sprintf(format, args...)) }

// Line adds a line, or several, as they are.
func (s *Script) Line(text string) { s.lines = append(s.lines, text) }

// String renders the script.
func (s Script) String() string { return "#!/bin/sh\n" + strings.Join(s.lines, "\n") + "\n" }

// shellName matches the names that a shell's variable can have.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// command is the command that runs the script in the runner with an environment. command_prefix stands before a shell,
// so that it holds for all that the script does. Since sudo and the like clear the environment, that shell is told it
// again, as Test Kitchen has it: on its standard input, because a file would have to be readable by any user.
func command(p config.Provisioner, sb sandbox.Dir, env map[string]string) runner.Command {
	file := path.Join(sb.Remote, RunCommand)
	if p.CommandPrefix == "" {
		return runner.Command{Argv: []string{"sh", file}, Env: env}
	}
	var exports strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if shellName.MatchString(name) {
			fmt.Fprintf(&exports, "%s=%s; export %s\n", name, runner.Quote(env[name]), name)
		}
	}
	// All of it is read first: what a prefix prints that does not read, as one that is not there, is lost on Podman.
	line := `galley_env=$(cat); printf '%s\n' "$galley_env" | { ` + p.CommandPrefix +
		` sh -c 'eval "$(cat)"; exec sh "$0" < /dev/null' "$0"; }`
	return runner.Command{Argv: append(runner.Shell(line), file), Env: env, Stdin: strings.NewReader(exports.String())}
}

// locate is the part of a script that finds a tool. A place in a volume goes before all
// that the runner's own image has: VOLUME/bin/PROGRAM, or VOLUME/pkgs/ORIGIN/NAME/VERSION
// /RELEASE/bin/PROGRAM of Habitat, of which the newest version is taken.
const locate = `mounts=" $(while read -r device at rest; do printf '%s ' "$at"; done < /proc/mounts)"
version() { v=${1%/bin/*} r=${v##*/} v=${v%/*}; echo "${v##*/}.$r"; }
newer() {
  a=$(version "$1"). b=$(version "$2").
  while [ -n "$a$b" ]; do
    x=${a%%.*} y=${b%%.*} a=${a#*.} b=${b#*.}
    [ "$x" != "$y" ] || continue
    m=${x%%[!0-9]*} n=${y%%[!0-9]*}
    [ "${m:-0}" -eq "${n:-0}" ] || { [ "${m:-0}" -gt "${n:-0}" ]; return; }
    [ "$x" != "$m" ] || return 0
    [ "$y" != "$n" ] || return 1
    [ "$x" \> "$y" ]; return
  done
  return 1
}
consider() {
  best=
  for place; do
    [ -x "$place" ] && [ ! -d "$place" ] || continue
    if [ -z "$best" ] || newer "$place" "$best"; then best=$place; fi
  done
  [ -n "$best" ] || return 0
  case $mounts in
  *" ${best%/bin/*} "* | *" ${best%%/pkgs/*} "*) [ -n "$mounted" ] || tool=$best mounted=yes ;;
  *) [ -n "$tool" ] || tool=$best ;;
  esac
}
tool= mounted=`

// Locate sets a variable to the place of a tool in the runner: the first of the places,
// which may hold stars, where there is a program, else where the PATH has command
// unless that is empty. A script without the tool ends with code 127.
func (s *Script) Locate(variable string, places []string, command string) {
	s.Line(locate)
	for _, place := range places {
		s.Add("consider %s", runner.QuotePattern(place))
	}
	looked := strings.Join(places, ", ")
	if command != "" {
		s.Add(`[ -n "$tool" ] || tool=$(command -v %s)`, command)
		looked += " and for " + command + " on the PATH"
	}
	s.Add(`if [ -z "$tool" ]; then echo %s >&2; exit 127; fi`,
		runner.Quote("the tool is not in the runner: looked for "+looked))
	s.Add("%s=$tool", variable)
}
