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
)

// NewCmdInit writes a kitchen.yml to start from.
func NewCmdInit(f *cmdutil.Factory) *cobra.Command {
	s := starter{out: f.Out}
	var drivers []string
	cmd := &cobra.Command{
		Use: "init", Short: "Write a kitchen.yml to start from", Args: cobra.NoArgs,
		Long: `Write a kitchen.yml for the project in this directory, by what it is: a Chef
cookbook, a molecule scenario, an Ansible role or playbook, a Puppet module, a
Salt formula, a dev container, or scripts. Where there is none of these, a script is written too.
Services of a compose file that have an image become services beside the runner.
What of a scenario, a dev container or a compose file cannot be carried over is
listed. Files that exist are never changed, but for a line in .gitignore.`,
		Example: `  galley init
  galley init --kind ansible
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
		"the provisioner to write: dokken, shell, ansible_playbook, puppet_apply or salt "+
			"(default: what the project looks like)")
	cmd.Flags().StringVarP(&s.kind, "kind", "k", "",
		"what the project is: "+strings.Join(kindNames(), ", ")+" (default: what it looks like)")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindNames(), cobra.ShellCompDirectiveNoFileComp))
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
	// driver, provisioner and kind are the names that were asked for, or empty.
	driver, provisioner, kind string
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
	k, err := s.choose()
	if err != nil {
		return err
	}
	first, err := k.start(s.dir)
	if err != nil {
		return err
	}
	if err := first.compose(s.dir); err != nil {
		return err
	}
	if first.took != "" {
		fmt.Fprintln(s.out, "took    "+first.took)
	}
	text, err := first.kitchen(driver)
	if err != nil {
		return err
	}
	if err := s.writeNew("kitchen.yml", text); err != nil {
		return err
	}
	for _, f := range first.files {
		if err := s.writeNew(f.name, f.text); err != nil {
			return err
		}
	}
	for _, what := range first.left {
		fmt.Fprintln(s.out, "left    "+what)
	}
	return s.ignoreState()
}

// choose finds what the project is, and says so where it could be something else.
func (s starter) choose() (kind, error) {
	wanted := s.kind
	if s.provisioner != "" {
		named := map[string]string{"dokken": "chef", "shell": "shell", "ansible_playbook": "ansible", "ansible": "ansible",
			"puppet_apply": "puppet", "puppet": "puppet", "salt": "salt"}[s.provisioner]
		switch {
		case named == "":
			return kind{}, fmt.Errorf("--provisioner %s: write dokken (for Chef and Cinc), shell, ansible_playbook, "+
				"puppet_apply or salt; docs/provisioners.md has the others, to be written by hand", s.provisioner)
		case wanted != "" && wanted != named:
			return kind{}, fmt.Errorf("--provisioner %s and --kind %s do not go together: write one of them",
				s.provisioner, wanted)
		}
		wanted = named
	}
	var found []kind
	for _, k := range kinds() {
		if wanted == k.name {
			return k, nil
		}
		if wanted == "" && k.sign(s.dir) != "" {
			found = append(found, k)
		}
	}
	switch {
	case wanted != "":
		return kind{}, fmt.Errorf("--kind %s: write one of %s", wanted, strings.Join(kindNames(), ", "))
	case len(found) == 0:
		return kinds()[len(kinds())-1], nil // a script, which is written
	}
	took := found[0]
	fmt.Fprintf(s.out, "took    %s, since there is %s\n", took.what, took.sign(s.dir))
	for _, k := range found[1:] {
		fmt.Fprintf(s.out, "also    %s, since there is %s: --kind %s takes that\n", k.what, k.sign(s.dir), k.name)
	}
	return took, nil
}

// writeNew writes a file that does not exist, and leaves one that does alone.
func (s starter) writeNew(name, text string) error {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // which may be ErrExist too
		return fmt.Errorf("write %s: %w", name, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(s.out, "kept    %s\n", name)
		return nil
	}
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
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
