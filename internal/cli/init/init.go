// Package initcmd is `galley init`.
package initcmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	s := starter{out: f.Out}
	var drivers []string
	cmd := &cobra.Command{
		Use: "init", Short: "Write a kitchen.yml to start from", Args: cobra.NoArgs,
		Long: `Write a kitchen.yml for the project in this directory: for Chef where it is a
cookbook or has a Policyfile, else for a shell script, which is written too.
Files that exist are never changed, but for a line in .gitignore.`,
		Example: `  galley init
  galley init --provisioner shell`,
		RunE: func(*cobra.Command, []string) (err error) {
			if len(drivers) > 0 {
				s.driver = drivers[0]
			}
			if s.dir, err = f.Dir(); err != nil {
				return err
			}
			return s.write()
		},
	}
	cmd.Flags().StringSliceVarP(&drivers, "driver", "D", nil, "the driver to write: dokken (default), docker or podman")
	cmd.Flags().StringVarP(&s.provisioner, "provisioner", "P", "",
		"the provisioner to write: dokken or shell (default: what the project looks like)")
	cmdutil.Words(cmd.Flags(), "create-gemfile", "", false, "galley needs no Gemfile: it is one program without Ruby")
	return cmd
}

// Ensure writes a kitchen.yml where the project has none.
func Ensure(f *cmdutil.Factory) error {
	dir, err := f.Dir()
	if err != nil {
		return err
	}
	s := starter{dir: dir, out: f.Out}
	if s.existing() != "" || os.Getenv("KITCHEN_YAML") != "" {
		return nil
	}
	return s.write()
}

// starter writes the files of a new project.
type starter struct {
	dir string
	out io.Writer
	// driver and provisioner are the names that were asked for, or empty.
	driver, provisioner string
}

// existing is the kitchen.yml that the project has, or "".
func (s starter) existing() string {
	for _, name := range []string{"kitchen.yml", ".kitchen.yml"} {
		if _, err := os.Lstat(filepath.Join(s.dir, name)); err == nil {
			return name
		}
	}
	return ""
}

func (s starter) write() error {
	if name := s.existing(); name != "" {
		return fmt.Errorf("%s is there already, and galley does not overwrite it", name)
	}
	driver := cmp.Or(strings.TrimPrefix(s.driver, "kitchen-"), "dokken")
	if !slices.Contains([]string{"dokken", "docker", "podman"}, driver) {
		return fmt.Errorf("--driver %s: galley runs containers; write dokken, docker or podman", s.driver)
	}
	name, isChef := s.chefProject()
	switch s.provisioner {
	case "":
	case "shell", "dokken":
		isChef = s.provisioner == "dokken"
	default:
		return fmt.Errorf("--provisioner %s: write dokken (for Chef and Cinc) or shell; "+
			"docs/provisioners.md has the others, to be written by hand", s.provisioner)
	}
	kitchen := strings.Replace(kitchenHead, "dokken", driver, 1)
	switch {
	case !isChef:
		kitchen += shellPart + kitchenTail
	case name == "":
		kitchen += chefPart + kitchenTail
	default:
		kitchen += chefPart + kitchenTail + "    run_list:\n      - recipe[" + name + "::default]\n"
	}
	if err := s.writeNew("kitchen.yml", kitchen); err != nil {
		return err
	}
	if !isChef {
		if err := s.writeNew("bootstrap.sh", bootstrap); err != nil {
			return err
		}
	}
	return s.ignoreState()
}

// chefProject reports whether the directory is a Chef project, and the name of its cookbook if it is one.
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
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf(".gitignore is not a regular file: add the line %s to it yourself", line)
	}
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
