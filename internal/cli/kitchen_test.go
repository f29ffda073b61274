package cli

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the generated part of docs/differences.md")

// verdict says how a flag of Test Kitchen's is met.
type verdict int

const (
	// same: it exists and does the same, or what the note says.
	same verdict = iota
	// accepted: it changes nothing.
	accepted
	// answered: it is an error that says what to do.
	answered
)

// kitchenFlag is a flag of `kitchen` 4.1, as `kitchen help COMMAND` prints it.
type kitchenFlag struct {
	// commands are those that have it, separated by blanks.
	commands, name, short string
	// boolean flags have a --no- form.
	boolean bool
	verdict verdict
	// note says what differs, or is empty.
	there, here string
}

const (
	actions = "create converge setup verify destroy test"
	all     = actions + " list diagnose login exec logs"
)

func kitchenFlags() []kitchenFlag {
	return []kitchenFlag{
		{all, "log-level", "l", false, same, "An unknown level is a warning, and `info`", "An error"},
		{all, "log-overwrite", "", true, same, "", ""},
		{all, "color", "", true, same, "`--color` in a pipe stays without colours", "It brings colours there too"},
		{actions + " diagnose", "test-base-path", "t", false, same, "", ""},
		{actions, "concurrency", "c", false, same, "", ""},
		{actions, "parallel", "p", true, same, "", ""},
		{"converge verify test", "debug", "D", true, same, "Only with `converge`, `verify` and `test`",
			"With all actions"},
		{"create converge setup verify destroy", "fail-fast", "f", true, same, "Has no effect, and `test` lacks it",
			"Starts no further instance after one failed, also with `test`"},
		{"test", "destroy", "d", false, same, "", ""},
		{"test", "auto-init", "", true, same,
			"Also writes a file beside `kitchen.yml`, since it looks for `.kitchen.yml` alone",
			"Only where neither is there"},
		{"list", "bare", "b", true, same, "", ""},
		{"list", "json", "j", true, same, "", ""},
		{"list", "live", "", true, accepted, "A column of its own", "What runs is always shown, in the column Runner"},
		{"list", "probe", "", true, accepted, "Connects to the instance", "As `--live`"},
		{"list", "debug", "d", false, answered, "An error and the help", "An error that names `galley diagnose`"},
		{"diagnose", "loader", "", true, accepted, "Prints the files' raw data",
			"Files are always listed; `--rendered` and `--merged` print what is in them"},
		{"diagnose", "plugins", "", false, answered, "Lists the plugins", "An error: there are none"},
		{"diagnose", "instances", "", true, same, "", ""},
		{"diagnose", "all", "", true, accepted, "Prints files and plugins too", "Has no effect"},
		{"logs", "level", "", false, same, "", ""},
		{"logs", "format", "", false, same, "", ""},
		{"logs", "follow", "f", true, same, "Follows the log", "Follows what PID 1 of the runner prints"},
		{"logs", "session-id", "", false, answered, "Selects a session",
			"An error: a log is that of the last run, or of all with `--no-log-overwrite`"},
		{"logs", "all-sessions", "", false, answered, "Prints the logs of all sessions", "As `--session-id`"},
		{"exec", "command", "c", false, same, "Without it nothing is run, with exit code 0",
			"An error; `-- COMMAND` runs a command without a shell"},
		{"init", "driver", "D", false, same, "Any driver; `kitchen-vagrant` without it",
			"`dokken`, `docker` or `podman`; `dokken` without it"},
		{"init", "provisioner", "P", false, same, "Any provisioner; `shell` without it",
			"`dokken`, `shell`, `ansible_playbook`, `puppet_apply` or `salt`; by what the project looks like without it"},
		{"init", "create-gemfile", "", false, answered, "Writes a Gemfile", "An error: none is needed"},
	}
}

// kitchenCommands are the commands of `kitchen` 4.1 and what differs.
func kitchenCommands() []struct{ name, there, here string } {
	return []struct{ name, there, here string }{
		{"list", "", ""},
		{"status", "", ""},
		{"diagnose", "Secrets are printed",
			"They are masked; `--show-secrets` with `--merged` and `--rendered` prints them"},
		{"create", "", ""},
		{"converge", "", ""},
		{"setup", "", ""},
		{"verify", "", ""},
		{"destroy", "", ""},
		{"test", "", ""},
		{"login", "Needs a name or pattern that one instance matches",
			"The name may be left out where there is one instance"},
		{"logs", "Needs a name or pattern that one instance matches", "As `login`"},
		{"package", "Does nothing with kitchen-dokken", "Makes an image, for the engine or a file; `package.cmd` has no effect"},
		{"doctor", "Asks driver, provisioner, transport and verifier",
			"Tries the engine: a container, a build, mounts, names, ports, systemd"},
		{"exec", "One instance after the other; ends at the first failure",
			"Side by side; with one instance the exit code is the command's"},
		{"version", "", ""},
		{"console", "A Ruby prompt", "An error that says what to do"},
		{"init", "Also writes `chefignore`, Rakefile, Thorfile and Gemfile lines",
			"Writes `kitchen.yml` for what the project is (also Ansible, Puppet, Salt, molecule, a dev container), and a first " +
				"script, playbook or manifest"},
		{"help", "", ""},
	}
}

// Each command and flag of Test Kitchen's exists here or answers in words.
func TestKitchenCommandLine(t *testing.T) {
	for _, c := range kitchenCommands() {
		if c.name == "help" {
			continue // the library adds it when it runs
		}
		cmd, _, err := testRoot().Find([]string{c.name})
		require.NoError(t, err, c.name)
		require.NotEqual(t, "galley", cmd.Name(), c.name)
		if cmd.Hidden {
			require.ErrorContains(t, cmd.RunE(cmd, nil), "galley has no command "+c.name)
			require.NotEmpty(t, c.here, c.name)
		}
	}
	for _, k := range kitchenFlags() {
		for name := range strings.FieldsSeq(k.commands) {
			cmd, _, err := testRoot().Find([]string{name})
			require.NoError(t, err)
			cmd.InheritedFlags() // merges those of the root
			f := cmd.Flags().Lookup(k.name)
			require.NotNil(t, f, "galley %s --%s", name, k.name)
			require.Equal(t, k.short, f.Shorthand, "galley %s --%s", name, k.name)
			require.Equal(t, k.verdict != same, k.here != "" && f.Hidden, "galley %s --%s", name, k.name)
			if k.verdict == answered {
				require.Error(t, f.Value.Set("x"), "galley %s --%s", name, k.name)
			}
			if k.boolean {
				require.Equal(t, "true", f.NoOptDefVal, "galley %s --%s", name, k.name)
				require.NoError(t, f.Value.Set("true"), "galley %s --%s", name, k.name)
				if k.verdict == same {
					require.NotNil(t, cmd.Flags().Lookup("no-"+k.name), "galley %s --no-%s", name, k.name)
				}
			}
		}
	}
}

// Every flag that is on or off has its --no- form, on every command.
func TestNoForms(t *testing.T) {
	root := testRoot()
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.HasPrefix(f.Value.Type(), "bool") || f.Hidden || f.Name == "help" || f.Name == "version" {
				return
			}
			require.NotNil(t, cmd.Flags().Lookup("no-"+f.Name), "%s --%s", cmd.Name(), f.Name)
		})
	}
}

// Flags with underscores, commands cut short and the short form of version are understood, as in Test Kitchen.
func TestSpellings(t *testing.T) {
	root := testRoot()
	cmd, rest, err := root.Find([]string{"conv", "web"})
	require.NoError(t, err)
	require.Equal(t, "converge", cmd.Name())
	require.Equal(t, []string{"web"}, rest)
	require.NoError(t, cmd.ParseFlags([]string{"--log_level", "debug", "--fail_fast", "-l", "warn", "-fDp", "-t/x"}))
	require.Error(t, cmd.ParseFlags([]string{"--log-level=loud"}))
	cmd, _, err = root.Find([]string{"l"})
	require.True(t, err != nil || cmd.Name() == "galley", "list, login, logs and lint begin with it")
}

const (
	beginMark = "<!-- internal/cli/kitchen_test.go writes what follows: go test ./internal/cli -update -->"
	endMark   = "<!-- end -->"
)

// docs/differences.md has each command and flag that differs.
func TestDifferencesAreDocumented(t *testing.T) {
	const file = "../../docs/differences.md"
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(data), beginMark)
	require.True(t, ok, "the mark is missing")
	got, after, ok := strings.Cut(rest, endMark)
	require.True(t, ok, "the end mark is missing")
	want := differences()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+beginMark+want+endMark+after), 0o644))
		return
	}
	require.Equal(t, want, got, "run go test ./internal/cli -update")
}

func differences() string {
	var b strings.Builder
	b.WriteString("\n\n| Command or flag | Test Kitchen | galley |\n|---|---|---|\n")
	for _, c := range kitchenCommands() {
		if c.here != "" {
			fmt.Fprintf(&b, "| `%s` | %s. | %s. |\n", c.name, c.there, c.here)
		}
	}
	for _, k := range kitchenFlags() {
		if k.here == "" {
			continue
		}
		name := "`--" + k.name + "`"
		if commands := strings.Fields(k.commands); len(commands) == 1 {
			name = "`" + commands[0] + " --" + k.name + "`"
		}
		fmt.Fprintf(&b, "| %s | %s. | %s. |\n", name, k.there, k.here)
	}
	b.WriteString("\n")
	return b.String()
}
