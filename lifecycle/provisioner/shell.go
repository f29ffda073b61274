package provisioner

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// runCommand is the file in the sandbox with what a converge runs.
const runCommand = "run_command"

// shell runs a script or a command in the runner.
type shell struct {
	project  Project
	instance config.Instance
}

// defaultScript is what Test Kitchen runs when kitchen.yml names no script.
const defaultScript = "bootstrap.sh"

func (s *shell) Tool() *Tool { return nil }

// Prepare copies the script and its data, and writes the script that runs them.
func (s *shell) Prepare(_ context.Context, box sandbox.Dir) error {
	p, c := s.instance.Provisioner, s.instance.Provisioner.Shell
	run := script{env: commandEnv(s.project, p.Proxy, p.Env), lines: []string{"cd " + quote(box.Remote) + " || exit"}}
	var files []sandbox.File
	line := c.Command
	if line == "" {
		source, err := s.script()
		if err != nil {
			return err
		}
		if source != "" {
			name := filepath.Base(source)
			files = append(files, sandbox.File{Path: name, Source: source, Mode: 0o755})
			line = quote(path.Join(box.Remote, name))
		}
	}
	if line == "" {
		return fmt.Errorf("the shell provisioner of %s has nothing to run\nSet provisioner.command or provisioner.script, or put a %s into %s",
			s.instance.Name, defaultScript, s.project.Root)
	}
	words := []string{line}
	for _, a := range c.Arguments {
		words = append(words, quote(a))
	}
	line = strings.Join(words, " ")
	if p.CommandPrefix != "" {
		line = p.CommandPrefix + " " + line
	}
	run.lines = append(run.lines, line)
	if data := s.dataPath(); data != "" {
		tree, err := sandbox.Tree(data, filepath.Base(data), nil)
		if err != nil {
			return fmt.Errorf("provisioner.data_path: %w", err)
		}
		files = append(files, tree...)
	}
	files = append(files, sandbox.File{Path: runCommand, Data: []byte(run.String()), Mode: 0o755})
	return sandbox.Sync(box.Local, files, nil)
}

// script is the file to run, or "" when there is none and none was named.
func (s *shell) script() (string, error) {
	name := s.instance.Provisioner.Shell.Script
	if name == "" {
		if found := s.project.find(s.instance.Suite, defaultScript); found != "" {
			return found, nil
		}
		return "", nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.project.Root, name)
	}
	if st, err := os.Stat(name); err != nil {
		return "", fmt.Errorf("provisioner.script: %w", err)
	} else if st.IsDir() {
		return "", fmt.Errorf("provisioner.script: %s is a directory; name the script in it", name)
	}
	return name, nil
}

func (s *shell) dataPath() string {
	p := s.instance.Provisioner.Shell.DataPath
	switch {
	case p == "":
		return s.project.find(s.instance.Suite, "data")
	case filepath.IsAbs(p):
		return p
	default:
		return filepath.Join(s.project.Root, p)
	}
}

func (s *shell) Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	what := "the shell provisioner's command"
	if name := s.instance.Provisioner.Shell.Script; name != "" {
		what = filepath.Base(name)
	}
	return Summary{Changed: -1}, run(ctx, r, box, out, s.instance.Provisioner, what)
}

// find looks a name up as Test Kitchen does: in the suite's tests, in the tests,
// in the project. It returns "" when there is none.
func (p Project) find(suite, name string) string {
	for _, dir := range []string{filepath.Join(p.TestBase, suite), p.TestBase, p.Root} {
		candidate := filepath.Join(dir, name)
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	return ""
}
