package settings

import (
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// Flags are the settings that the command line gives, as it writes them, by their names.
type Flags map[string][]string

// Add defines the flags of some settings. Each boolean has its --no- form.
func (f Flags) Add(set *pflag.FlagSet, names ...string) {
	for _, name := range names {
		d, _, ok := lookup(name)
		if !ok {
			panic(fmt.Sprintf("settings: there is no setting %q", name))
		}
		set.VarPF(&flagValue{d: d, given: f}, d.name, d.short, d.usage).NoOptDefVal = d.bare
		if d.boolean() {
			addNo(set, set.Lookup(d.name))
		}
	}
}

// Bool defines a boolean flag that is not a setting, with its --no- form. What target is now is its default.
func Bool(set *pflag.FlagSet, target *bool, name, short, usage string) {
	standard := strconv.FormatBool(*target)
	set.BoolFuncP(name, short, usage, func(text string) (err error) {
		*target, err = ParseBool(text)
		return err
	})
	flag := set.Lookup(name)
	flag.DefValue = standard
	addNo(set, flag)
}

// addNo defines --no-NAME, which help does not show for each flag.
func addNo(set *pflag.FlagSet, flag *pflag.Flag) {
	set.BoolFunc("no-"+flag.Name, "turn off --"+flag.Name, func(text string) error {
		b, err := ParseBool(text)
		if err != nil {
			return err
		}
		flag.Changed = true
		return flag.Value.Set(strconv.FormatBool(!b))
	})
	set.Lookup("no-" + flag.Name).Hidden = true
}

// flagValue hands what the command line gives for one setting to Flags.
type flagValue struct {
	d     definition
	given Flags
}

// Set takes a value that the setting can have.
func (v *flagValue) Set(text string) error {
	if _, err := v.d.parse(text); err != nil {
		return err
	}
	if v.d.list {
		v.given[v.d.name] = append(v.given[v.d.name], text)
	} else {
		v.given[v.d.name] = []string{text}
	}
	return nil
}

// String is the default, which help prints.
func (v *flagValue) String() string { return v.d.standard }

// Type is the word that help prints for the value.
func (v *flagValue) Type() string {
	if v.d.list {
		return "stringArray"
	}
	return fmt.Sprintf("%T", v.d.fallback())
}
