package config

import (
	"regexp"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// toolKinds are the provisioners whose tool may come from an image.
func toolKinds() []string {
	return []string{string(ProvisionerTool), string(ProvisionerShell), string(ProvisionerPuppet), string(ProvisionerAnsible)}
}

// toolProvisionerKeys are the keys of the tool provisioner, and of what is built on it.
func toolProvisionerKeys() []Key {
	tool := func(i *Instance) *ToolProvisioner { return &i.Provisioner.Tool }
	only := []string{string(ProvisionerTool)}
	keys := []Key{
		{Name: "image", DefaultDoc: "the runner's own tool", value: imageField(func(i *Instance) *string { return &tool(i).Image }),
			Doc: "An image that brings the tool: its volumes are mounted into the runner."},
		{Name: "instructions", DefaultDoc: "the runner's own tool", value: field[[]string]{form: TypeStrings, at: func(i *Instance) *[]string { return &tool(i).Instructions }, parse: instructions},
			Doc: "Lines of a Dockerfile that make the image that brings the tool, in place of `image`. It is built once and shared."},
		{Name: "build_context", value: pathField(func(i *Instance) *string { return &tool(i).BuildContext }),
			Doc: "A directory that `instructions` may `COPY` from."},
		{Name: "volume", Aliases: []string{"volumes"}, DefaultDoc: "those that the image declares", value: textsField(func(i *Instance) *[]string { return &tool(i).Volumes }),
			Doc: "Directories of the image that are mounted into the runner."},
		{Name: "binary", Aliases: []string{"puppet_binary"}, DefaultDoc: "found in the tool's volume, then on the runner's PATH", value: textField("", func(i *Instance) *string { return &tool(i).Binary }),
			Doc: "The tool's command inside the runner."},
		{Name: "files", For: only, value: textMapField(func(i *Instance) *map[string]string { return &tool(i).Files }),
			Doc: "Files and directories of the project to carry into the sandbox: `path: path below root_path`."},
		{Name: "changed_exit_codes", For: only, value: numbersField(func(i *Instance) *[]int { return &tool(i).ChangedExitCodes }),
			Doc: "Exit codes which say that all went well and something changed."},
		{Name: "success_exit_codes", For: only, DefaultDoc: "`[0]`", value: numbersField(func(i *Instance) *[]int { return &tool(i).SuccessExitCodes }),
			Doc: "Exit codes which say that all went well."},
		{Name: "changed_pattern", For: only, value: patternField(func(i *Instance) *string { return &tool(i).ChangedPattern }),
			Doc: "A regular expression that finds what changed in the output, line by line: a number in its first group is added up, any other text names one change."},
		{Name: "summary_pattern", For: only, value: patternField(func(i *Instance) *string { return &tool(i).SummaryPattern }),
			Doc: "A regular expression that finds the tool's summary line; its last match counts."},
	}
	for i := range keys {
		keys[i].Source = fromGalley
	}
	return inSection(SectionProvisioner, keys, toolKinds()...)
}

// numbersField is a list of whole numbers.
func numbersField(at func(*Instance) *[]int) field[[]int] {
	return field[[]int]{form: TypeInts, at: at, parse: numbers}
}

// flagsField is raw words of a command line: a text, or a list of texts.
func flagsField(at func(*Instance) *string) field[string] {
	return field[string]{form: TypeStrings, at: at, parse: func(d *decoder, v *yaml11.Value) (string, bool) {
		list, ok := texts(d, v)
		return strings.Join(list, " "), ok
	}}
}

// patternField is a regular expression.
func patternField(at func(*Instance) *string) field[string] {
	return field[string]{form: TypeString, at: at, parse: pattern}
}

// enum reads a word of the key's Enum.
func enum[T ~string](d *decoder, v *yaml11.Value) (T, bool) {
	s, ok := word(d, v)
	return T(s), ok
}

// pattern reads a regular expression of Go's syntax.
func pattern(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok {
		return "", false
	}
	if _, err := regexp.Compile(s); err != nil {
		d.errorAt(v, "see https://pkg.go.dev/regexp/syntax", "%v", err)
		return "", false
	}
	return s, true
}
