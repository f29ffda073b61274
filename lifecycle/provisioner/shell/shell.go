// Package shell is the provisioners that run a command in the runner: shell, which runs
// a script or a line, and tool, which brings what it runs in a volume.
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Shell runs a script or a command in the runner.
type Shell struct{ converge.Base }

const (
	// defaultScript is what Test Kitchen runs when kitchen.yml names no script.
	defaultScript = "bootstrap.sh"
	// dataDir is where the script finds data_path.
	dataDir = "data"
)

// Prepare copies the script and its data, and writes the script that runs them.
func (s Shell) Prepare(_ context.Context, sb sandbox.Dir) error {
	f := s.Files()
	var run converge.Script
	run.In(sb.Remote)
	s.line(f, &run, sb)
	data := s.Find(s.Suite, "data")
	if named := s.Provisioner.Shell.DataPath; named != "" {
		data = s.Abs(named)
	}
	f.Carry("data_path", data, dataDir)
	return f.Sync(sb, run, nil)
}

// line adds the command, or the script's path in the runner with the script's file and what must hold before it runs.
func (s Shell) line(f *converge.Files, run *converge.Script, sb sandbox.Dir) {
	k := s.Provisioner.Shell
	if k.Command != "" {
		line, err := withArguments(k.Command, k.Arguments)
		f.Fail(err)
		run.Line(line)
		return
	}
	source, err := s.script()
	switch {
	case err != nil:
		f.Fail(err)
		return
	case source == "":
		s.Notice("nothing to converge: there is neither provisioner.command nor provisioner.script nor a %s", defaultScript)
		run.Line("true")
		return
	}
	name := filepath.Base(source)
	script, err := sandbox.Script(sandbox.File{Path: name, Source: source, Mode: 0o755})
	f.Fail(err)
	f.Add(script)
	if check := checkInterpreter(source); check != "" {
		run.Line(check)
	}
	run.Line(runner.QuoteAll(append([]string{path.Join(sb.Remote, name)}, k.Arguments...)))
}

// errNoPlace says that arguments cannot follow a command.
var errNoPlace = errors.New("provisioner.arguments cannot follow a command that ends in a block or has a " +
	"here-document\nWrite them into provisioner.command")

// withArguments puts arguments behind the last command of a shell text: before a
// comment, a semicolon or an ampersand that follows it.
func withArguments(command string, arguments []string) (string, error) {
	if len(arguments) == 0 {
		return command, nil
	}
	at := endOfCommand(command)
	head := strings.TrimRight(command[:at], " \t\n;&")
	if head == "" || strings.Contains(command, "<<") || endsBlock(head) {
		return "", errNoPlace
	}
	return head + " " + runner.QuoteAll(arguments) + command[len(head):], nil
}

// endsBlock reports whether a shell text ends with a block, whose last word stands where a command could, or with a
// subshell.
func endsBlock(text string) bool {
	last := strings.LastIndexAny(text, " \t\n;&|") + 1
	switch text[last:] {
	case "fi", "done", "esac", "}":
		before := strings.TrimRight(text[:last], " \t")
		return before == "" || strings.ContainsAny(before[len(before)-1:], ";\n&|)}") || endsBlock(before)
	}
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			depth--
		}
		if depth == 0 { // "$(" and its kin are words
			return i < len(text)-1 && (i == 0 || !strings.ContainsAny(text[i-1:i], "$<>"))
		}
	}
	return false
}

// endOfCommand is the index behind the last character of a shell text that is neither blank nor part of a comment.
func endOfCommand(text string) int {
	end, quote, word := 0, byte(0), false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
			end, word = min(i+1, len(text)), true
			continue
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '#' && !word:
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		}
		blank := quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0
		word = !blank && (quote != 0 || strings.IndexByte(";&|()", c) < 0)
		if !blank {
			end = i + 1
		}
	}
	return end
}

// script is the file to run, or "" when there is none and none was named.
func (s Shell) script() (string, error) {
	name := s.Provisioner.Shell.Script
	if name == "" {
		return s.Find(s.Suite, defaultScript), nil
	}
	name = s.Abs(name)
	if st, err := os.Stat(name); err != nil {
		return "", fmt.Errorf("provisioner.script: %w", err)
	} else if st.IsDir() {
		return "", fmt.Errorf("provisioner.script: %s is a directory; name the script in it", name)
	}
	return name, nil
}

// Converge runs the script or the command.
func (s Shell) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	j := converge.Job{What: "the shell provisioner's command"}
	if source, err := s.script(); s.Provisioner.Shell.Command == "" && err == nil && source != "" {
		j.What = filepath.Base(source)
		// By these a shell says that it could not run something: the script itself is there.
		j.Hints = map[int]string{
			126: "its interpreter, or a command in it, cannot be executed in the runner",
			127: "its interpreter, or a command in it, was not found in the runner",
		}
	}
	return s.Run(ctx, j, r)
}

// interpreter is the program of a script's first line ("#!"), or "". For env it is the program that env is to find.
func interpreter(script string) (program string, onPath bool) {
	f, err := os.Open(script)
	if err != nil {
		return "", false
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 512)).ReadString('\n')
	line = strings.TrimPrefix(line, "\ufeff") // which sandbox.Script takes away
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if err != nil && !errors.Is(err, io.EOF) || !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return "", false
	}
	if path.Base(words[0]) != "env" {
		return words[0], false
	}
	for _, w := range words[1:] {
		if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
			return w, true
		}
	}
	return words[0], false
}

// checkInterpreter is the shell text that says so when the interpreter of a script is not
// in the runner: the shell itself would say that the script is not there.
func checkInterpreter(script string) string {
	program, onPath := interpreter(script)
	if program == "" {
		return ""
	}
	test := "[ -x " + runner.Quote(program) + " ]"
	if onPath {
		test = "command -v " + runner.Quote(program) + " > /dev/null"
	}
	return test + " || { echo " + runner.Quote(filepath.Base(script)+" wants the interpreter "+program+
		", which is not in the runner") + " >&2; exit 127; }"
}
