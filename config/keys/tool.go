package keys

import (
	"regexp"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// toolKinds are the provisioners whose tool may come from an image.
func toolKinds() []string {
	return wordsOf(config.ProvisionerTool, config.ProvisionerShell, config.ProvisionerPuppet,
		config.ProvisionerAnsible)
}

// toolProvisionerKeys are the keys of the tool provisioner, and of what is built on it.
func toolProvisionerKeys() []Key {
	only := wordsOf(config.ProvisionerTool)
	keys := []Key{
		{Name: "image", value: imageField("Provisioner.Tool.Image")},
		{Name: "instructions", value: parsed(TypeStrings, "Provisioner.Tool.Instructions", instructions)},
		{Name: "build_context", value: pathField("Provisioner.Tool.BuildContext")},
		{Name: "volume", Aliases: "volumes", value: textsField("Provisioner.Tool.Volumes")},
		{Name: "binary", Aliases: "puppet_binary", value: textField("", "Provisioner.Tool.Binary")},
		{Name: "files", For: only, value: textMapField("Provisioner.Tool.Files")},
		{Name: "changed_exit_codes", For: only, value: numbersField("Provisioner.Tool.ChangedExitCodes")},
		{Name: "success_exit_codes", For: only, value: numbersField("Provisioner.Tool.SuccessExitCodes")},
		{Name: "changed_pattern", For: only, value: patternField("Provisioner.Tool.ChangedPattern")},
		{Name: "summary_pattern", For: only, value: patternField("Provisioner.Tool.SummaryPattern")},
	}
	return inSection(SectionProvisioner, keys, toolKinds()...)
}

// numbersField is a list of whole numbers.
func numbersField(path string) field[[]int] {
	return parsed(TypeInts, path, numbers)
}

// flagsField is raw words of a command line: a text, or a list of texts.
func flagsField(path string) field[string] {
	return parsed(TypeStrings, path, func(d *decoder, v *yaml11.Value) (string, bool) {
		list, ok := texts(d, v)
		return strings.Join(list, " "), ok
	})
}

// patternField is a regular expression.
func patternField(path string) field[string] {
	return parsed(TypeString, path, pattern)
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
		return "", d.errorAt(v, "see https://pkg.go.dev/regexp/syntax", "%v", err)
	}
	return s, true
}
