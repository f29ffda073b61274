package inspec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The files that galley writes for InSpec. JSON is YAML too, which is what InSpec takes inputs for by the file's name.
const (
	inputsFile = "inputs.yml"
	configFile = "config.json"
)

// reporter is a reporter and the file that it writes, or "" for the screen.
type reporter struct{ name, file string }

// ownReport is what becomes of the report that galley reads: InSpec may have each
// reporter once only, so a json reporter of kitchen.yml's is served from it.
type ownReport struct {
	// echo: kitchen.yml wants it on the screen.
	echo bool
	// copy is the file of this machine that kitchen.yml wants it in, or empty.
	copy string
}

// deliver does with the report what kitchen.yml wants.
func (o ownReport) deliver(report []byte, screen io.Writer) error {
	if o.echo {
		if _, err := fmt.Fprintf(screen, "%s\n", report); err != nil {
			return err
		}
	}
	if o.copy == "" {
		return nil
	}
	if err := makeParent(o.copy); err != nil {
		return err
	}
	if err := os.WriteFile(o.copy, report, 0o666); err != nil {
		return fmt.Errorf("verifier.reporter: %w", err)
	}
	return nil
}

// makeParent makes the directory that a report is to lie in.
func makeParent(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("verifier.reporter: %w", err)
	}
	return nil
}

// reporters are those that kitchen.yml names, with its placeholders filled in and files as paths of this machine.
func (n *InSpec) reporters() (others []reporter, own ownReport) {
	c := n.Verifier.Inspec
	names := c.Reporter
	if len(names) == 0 {
		names = []string{"cli"}
		if c.Output != "" {
			names = []string{"cli:" + c.Output}
		}
	}
	fill := strings.NewReplacer("%{platform}", n.Platform, "%{suite}", n.Suite)
	for _, text := range names {
		name, file, _ := strings.Cut(fill.Replace(text), ":")
		if file == "-" {
			file = ""
		}
		if file != "" {
			file = n.Abs(file)
		}
		if name == "json" {
			own = ownReport{echo: file == "", copy: file}
			continue
		}
		others = append(others, reporter{name, file})
	}
	return others, own
}

// arguments are the words after the command. The last ones are reporters: the
// caller adds the one that writes galley's report.
func (n *InSpec) arguments(at paths, reports []reporter) []string {
	c := n.Verifier.Inspec
	words := runner.Words{"exec"}
	for i, t := range n.targets {
		words.Add(t.argument(at, i))
	}
	// A lock file would be left in the user's own profile.
	words.Add("--no-create-lockfile")
	words.If(!c.BackendCache, "--no-backend-cache")
	words.If(!c.LoadPlugins, "--disable-user-plugins")
	colored := c.Color && c.ColorSet // else not: the output goes to a log
	words.If(colored, "--color")
	words.If(!colored, "--no-color")
	words.If(c.ProfilesPath != "", "--profiles-path", at.carried(c.ProfilesPath))
	words.If(len(c.PluginConfig) > 0, "--config", at.written(configFile))
	words.Add(n.Verifier.Tool.Options...)
	// Each of these takes all words up to the next option.
	list := func(option string, values []string) {
		words.If(len(values) > 0, append([]string{option}, values...)...)
	}
	list("--controls", c.Controls)
	var inputs, waivers []string
	for _, f := range c.InputFiles {
		inputs = append(inputs, at.carried(f))
	}
	if len(c.Inputs) > 0 {
		inputs = append(inputs, at.written(inputsFile))
	}
	for _, f := range c.WaiverFiles {
		waivers = append(waivers, at.carried(f))
	}
	list("--input-file", inputs)
	list("--waiver-file", waivers)
	words.Add("--reporter")
	for _, r := range reports {
		if r.file != "" {
			r.name += ":" + r.file
		}
		words.Add(r.name)
	}
	return words
}

// written are the files that galley writes for InSpec.
func (n *InSpec) written() (files []sandbox.File, err error) {
	c := n.Verifier.Inspec
	add := func(name string, content any) {
		data, failed := config.MarshalPlain(content)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("write %s for InSpec: %w", name, failed))
		}
		files = append(files, sandbox.File{Path: path.Join(Dir, name), Data: data, Mode: 0o600})
	}
	if len(c.Inputs) > 0 {
		add(inputsFile, c.Inputs)
	}
	if len(c.PluginConfig) > 0 {
		add(configFile, map[string]any{"version": "1.2", "plugins": c.PluginConfig})
	}
	for i, t := range n.targets {
		if len(t.depends) == 0 {
			continue
		}
		name := wrapperName(i)
		add(path.Join(name, "inspec.yml"), map[string]any{"name": name, "version": "0.1.0",
			"title": "the tests of " + t.depends["name"], "depends": []any{t.depends}})
		files = append(files, sandbox.File{Path: path.Join(Dir, name, "controls", "all.rb"),
			Data: []byte("include_controls " + rubyString(t.depends["name"]) + "\n")})
	}
	return files, err
}

// rubyString is a text as Ruby writes it in single quotes.
func rubyString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
