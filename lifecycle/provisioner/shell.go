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

// shell runs a script or a command in the runner.
type shell struct {
	project  Project
	instance config.Instance
}

const (
	// defaultScript is what Test Kitchen runs when kitchen.yml names no script.
	defaultScript = "bootstrap.sh"
	// dataDir is where the script finds data_path.
	dataDir = "data"
)

// Tool is the image that kitchen.yml names, if any.
func (s *shell) Tool() *Tool { return ownTool(s.instance.Provisioner.Tool) }

// Prepare copies the script and its data, and writes the script that runs them.
func (s *shell) Prepare(_ context.Context, box sandbox.Dir) error {
	p := s.instance.Provisioner
	files, line, err := s.line(box)
	if err != nil {
		return err
	}
	run := script{env: commandEnv(s.project, s.instance)}
	run.add("cd %s || exit", runner.Quote(box.Remote))
	if line == "" {
		s.project.say("nothing to converge: there is neither provisioner.command nor provisioner.script nor a %s", defaultScript)
		run.add("true")
	} else {
		words := []string{line}
		for _, a := range p.Shell.Arguments {
			words = append(words, runner.Quote(a))
		}
		run.lines = append(run.lines, prefixed(p, strings.Join(words, " ")))
	}
	if data := s.dataPath(); data != "" {
		tree, err := sandbox.Tree(data, dataDir, nil)
		if err != nil {
			return fmt.Errorf("provisioner.data_path: %w", err)
		}
		files = append(files, tree...)
	}
	files = append(files, sandbox.File{Path: runCommand, Data: []byte(run.String()), Mode: 0o755})
	return sandbox.Sync(box.Local, files, nil)
}

// line is the command or the script's path in the runner, with the script's file.
func (s *shell) line(box sandbox.Dir) ([]sandbox.File, string, error) {
	if c := s.instance.Provisioner.Shell.Command; c != "" {
		return nil, c, nil
	}
	source, err := s.script()
	if err != nil || source == "" {
		return nil, "", err
	}
	name := filepath.Base(source)
	f, err := sandbox.Script(sandbox.File{Path: name, Source: source, Mode: 0o755})
	return []sandbox.File{f}, runner.Quote(path.Join(box.Remote, name)), err
}

// script is the file to run, or "" when there is none and none was named.
func (s *shell) script() (string, error) {
	name := s.instance.Provisioner.Shell.Script
	if name == "" {
		return s.project.find(s.instance.Suite, defaultScript), nil
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
	p := s.instance.Provisioner
	what := "the shell provisioner's command"
	if p.Shell.Script != "" {
		what = filepath.Base(p.Shell.Script)
	}
	again := func() job { return job{what: what, parser: silent{}, retry: p} }
	return converge(ctx, again, p.Idempotence || s.project.Idempotence, "", r, box, out)
}
