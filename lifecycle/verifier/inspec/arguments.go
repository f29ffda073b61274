package inspec

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
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
		if file != "" && !filepath.IsAbs(file) {
			file = filepath.Join(n.Root, filepath.FromSlash(file))
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
	words := []string{"exec"}
	for i, t := range n.targets {
		words = append(words, t.argument(at, i))
	}
	// A lock file would be left in the user's own profile.
	words = append(words, "--no-create-lockfile")
	if !c.BackendCache {
		words = append(words, "--no-backend-cache")
	}
	if !c.LoadPlugins {
		words = append(words, "--disable-user-plugins")
	}
	if c.Color && c.ColorSet {
		words = append(words, "--color")
	} else { // the output goes to a log
		words = append(words, "--no-color")
	}
	if c.ProfilesPath != "" {
		words = append(words, "--profiles-path", at.carried(c.ProfilesPath))
	}
	if len(c.PluginConfig) > 0 {
		words = append(words, "--config", at.written(configFile))
	}
	words = append(words, n.Verifier.Tool.Options...)
	// Each of these takes all words up to the next option.
	words = append(words, listOption("--controls", c.Controls)...)
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
	words = append(words, listOption("--input-file", inputs)...)
	words = append(words, listOption("--waiver-file", waivers)...)
	words = append(words, "--reporter")
	for _, r := range reports {
		if r.file != "" {
			r.name += ":" + r.file
		}
		words = append(words, r.name)
	}
	return words
}

// listOption is an option with its values, or nothing.
func listOption(option string, values []string) []string {
	if len(values) == 0 {
		return nil
	}
	return append([]string{option}, values...)
}

// written are the files that galley writes for InSpec.
func (n *InSpec) written() ([]sandbox.File, error) {
	c := n.Verifier.Inspec
	var files []sandbox.File
	add := func(name string, content any) error {
		data, err := config.MarshalPlain(content)
		if err != nil {
			return fmt.Errorf("write %s for InSpec: %w", name, err)
		}
		files = append(files, sandbox.File{Path: path.Join(Dir, name), Data: data, Mode: 0o600})
		return nil
	}
	if len(c.Inputs) > 0 {
		if err := add(inputsFile, c.Inputs); err != nil {
			return nil, err
		}
	}
	if len(c.PluginConfig) > 0 {
		if err := add(configFile, map[string]any{"version": "1.2", "plugins": c.PluginConfig}); err != nil {
			return nil, err
		}
	}
	for i, t := range n.targets {
		if len(t.depends) == 0 {
			continue
		}
		name := wrapperName(i)
		if err := add(path.Join(name, "inspec.yml"), map[string]any{
			"name": name, "version": "0.1.0", "title": "the tests of " + t.depends["name"], "depends": []any{t.depends},
		}); err != nil {
			return nil, err
		}
		files = append(files, sandbox.File{Path: path.Join(Dir, name, "controls", "all.rb"),
			Data: []byte("include_controls " + rubyString(t.depends["name"]) + "\n")})
	}
	return files, nil
}

// rubyString is a text as Ruby writes it in single quotes.
func rubyString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
