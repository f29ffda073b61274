package provisioner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Of several versions of a package the newest is taken, compared number by number.
func TestNewestVersion(t *testing.T) {
	newBed(t, map[string]string{"kitchen.yml": dokken}).here() // a POSIX shell
	for want, others := range map[string][]string{
		"19.10.1/20250101000000": {"19.2.12/20260101000000", "9.99.9/1"},
		"19.2.12/20260101000000": {"19.2.12/20250101000000"},
		"19.2.0/1":               {"19.2.0-rc1/9", "19.1.9/1"},
		"20/1":                   {"19.99.99/1"},
		"19.2.1/1":               {"19.2/1"},
	} {
		root := t.TempDir()
		for _, v := range append(others, want) {
			require.NoError(t, writeFile(filepath.Join(root, "pkgs", "chef", "chef-infra-client", v, "bin",
				"chef-client"),
				"#!/bin/sh\n"))
		}
		var s converge.Script
		s.Locate("client", []string{root + "/pkgs/*/chef-infra-client/*/*/bin/chef-client"}, "")
		s.Line(`echo "$client"`)
		out, err := exec.Command("/bin/sh", "-c", s.String()).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, filepath.Join(root, "pkgs/chef/chef-infra-client", want, "bin/chef-client"),
			strings.TrimSpace(string(out)))
	}
}

// A variable of any name or value breaks nothing, and command_prefix holds for all of a
// command. A shell behind a prefix may drop what it cannot have as a variable.
func TestVariablesAndPrefix(t *testing.T) {
	for prefix, want := range map[string]string{
		"": "it's $HOME as \n1\n", ", command_prefix: 'env AS=prefix'": "it's $HOME as prefix\n",
		", command_prefix: 'env -i PATH=/usr/bin:/bin AS=cleared'": "it's $HOME as cleared\n",
	} {
		b := newBed(t, map[string]string{"kitchen.yml": `provisioner: {name: shell, command: "cd / && echo \"$PLAIN as ` +
			`$AS\"; tr '\\0' '\\n' < /proc/$$/environ | grep -c '^dotted.name=x y$'; true", ` +
			`env: {dotted.name: 'x y', PLAIN: "it's $HOME"}` + prefix + "}\n" + platform})
		r := b.here()
		b.project.Environ = []string{"TKENV_A.B=c"}
		_, out, err := b.converge(r)
		require.NoError(t, err, out)
		require.Contains(t, out, want)
		// The file is everybody's to read, and a variable may be a secret.
		script, err := os.ReadFile(filepath.Join(b.box.Local, converge.RunCommand))
		require.NoError(t, err)
		require.NotContains(t, string(script), "it's $HOME")
		require.NotContains(t, string(script), runner.Quote("it's $HOME"))
	}
}

// Arguments follow the last command of a text, whatever stands behind it.
func TestArguments(t *testing.T) {
	for command, want := range map[string]string{
		"show":                           "<a b><c>",
		"true\nshow\n":                   "<a b><c>",
		"show # why":                     "<a b><c>",
		"show 'x # y' # why\n# more\n\n": "<x # y><a b><c>",
		"show;":                          "<a b><c>",
		"show done":                      "<done><a b><c>",
		"show }":                         "<}><a b><c>",
		"show $(echo x)":                 "<x><a b><c>",
		"true && show \\\n  x":           "<x><a b><c>",
	} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: shell, command: x, arguments: [a b, c]}\n" +
			platform})
		r := b.here()
		b.instances[0].Provisioner.Shell.Command = "show() { for w; do printf '<%s>' \"$w\"; done; }\n" + command
		b.instances[0].Provisioner.Shell.Arguments = []string{"a b", "c"}
		_, out, err := b.converge(r)
		require.NoError(t, err, out)
		require.Equal(t, want, strings.TrimSpace(out), command)
	}
	for _, command := range []string{"if true; then x; fi", "cat <<E\nx\nE", "{ x; }", "# nothing", "( x )", "(x; y)",
		"for i in 1; do x\ndone", "case x in x) y;; esac", "{ if true; then x; fi }", "fi"} {
		b := newBed(t, map[string]string{"kitchen.yml": dokken})
		b.instances[0].Provisioner.Kind = "shell"
		b.instances[0].Provisioner.Shell.Command, b.instances[0].Provisioner.Shell.Arguments = command, []string{"a"}
		require.ErrorContains(t, b.provisioner().Prepare(t.Context(), b.box), "provisioner.arguments cannot follow",
			command)
	}
}

// A script whose interpreter is missing is not told as one that is missing.
func TestMissingInterpreter(t *testing.T) {
	for first, want := range map[string]string{"#!/no/such/shell": "/no/such/shell",
		"#!/usr/bin/env no-such-tool": "no-such-tool", "#! /no/such -x": "/no/such"} {
		b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: shell, script: s.sh}\n" + platform,
			"s.sh": first + "\n"})
		_, out, err := b.converge(b.here())
		require.ErrorContains(t, err, "s.sh exited with code 127: its interpreter, or a command in it, was not found in "+
			"the runner")
		require.Contains(t, out, "s.sh wants the interpreter "+want+", which is not in the runner")
	}
}
