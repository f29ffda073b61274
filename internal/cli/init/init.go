// Package initcmd is `galley init`.
package initcmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/chef"
)

// kitchenHead and kitchenTail are what `init` writes around the provisioner.
const (
	kitchenHead = `---
driver:
  name: dokken

`
	kitchenTail = `
platforms:
  - name: debian-12
    driver:
      image: dokken/debian-12
  - name: almalinux-9
    driver:
      image: dokken/almalinux-9

suites:
  - name: default
`
	chefPart = `provisioner:
  name: dokken

transport:
  name: dokken

verifier:
  name: inspec
`
	shellPart = `provisioner:
  name: shell
  script: bootstrap.sh

transport:
  name: dokken

verifier:
  name: shell
  remote_exec: true
  command: test -f /etc/motd
`
	bootstrap = `#!/bin/sh
# galley converge runs this in the runner. Write what brings it to its desired state.
set -e
echo "converged by galley" > /etc/motd
`
)

// NewCmdInit writes a kitchen.yml to start from.
func NewCmdInit(f *cmdutil.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write a kitchen.yml to start from", Args: cobra.NoArgs,
		Long: `Write a kitchen.yml for the project in this directory: for Chef where it is a
cookbook or has a Policyfile, else for a shell script, which is written too.
Files that exist are never changed, but for a line in .gitignore.`,
		RunE: func(*cobra.Command, []string) error {
			dir, err := f.Dir()
			if err != nil {
				return err
			}
			return starter{dir, f.Out}.write()
		},
	}
}

// starter writes the files of a new project.
type starter struct {
	dir string
	out io.Writer
}

func (s starter) write() error {
	for _, name := range []string{"kitchen.yml", ".kitchen.yml"} {
		if _, err := os.Stat(filepath.Join(s.dir, name)); err == nil {
			return fmt.Errorf("%s is there already, and galley does not overwrite it", name)
		}
	}
	files := map[string]string{}
	if name, isChef := s.chefProject(); isChef {
		files["kitchen.yml"] = kitchenHead + chefPart + kitchenTail
		if name != "" {
			files["kitchen.yml"] += "    run_list:\n      - recipe[" + name + "::default]\n"
		}
	} else {
		files["kitchen.yml"] = kitchenHead + shellPart + kitchenTail
		files["bootstrap.sh"] = bootstrap
	}
	for _, name := range []string{"kitchen.yml", "bootstrap.sh"} {
		text, wanted := files[name]
		if !wanted {
			continue
		}
		if err := s.writeNew(name, text); err != nil {
			return err
		}
	}
	return s.ignoreState()
}

// chefProject reports whether the directory is a Chef project, and the name of its
// cookbook if it is one.
func (s starter) chefProject() (name string, ok bool) {
	name, err := chef.CookbookName(s.dir)
	if err != nil || name != "" { // metadata that names nothing: the run list is left to the user
		return name, true
	}
	for _, sign := range []string{"Policyfile.rb", "Berksfile", "cookbooks"} {
		if _, err := os.Stat(filepath.Join(s.dir, sign)); err == nil {
			return "", true
		}
	}
	return "", false
}

// writeNew writes a file that does not exist, and leaves one that does alone.
func (s starter) writeNew(name, text string) error {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(s.out, "kept    %s\n", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintf(s.out, "wrote   %s\n", name)
	return nil
}

// ignoreState keeps galley's state out of a git repository.
func (s starter) ignoreState() error {
	if _, err := os.Stat(filepath.Join(s.dir, ".git")); err != nil {
		return nil
	}
	const line = ".kitchen/"
	path := filepath.Join(s.dir, ".gitignore")
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read .gitignore: %w", err)
	}
	for have := range strings.Lines(string(old)) {
		if strings.TrimSpace(have) == line {
			return nil
		}
	}
	text := string(old)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := os.WriteFile(path, []byte(text+line+"\n"), 0o644); err != nil {
		return fmt.Errorf("write .gitignore: %w", err)
	}
	fmt.Fprintf(s.out, "added   %s to .gitignore\n", line)
	return nil
}
