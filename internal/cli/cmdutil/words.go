package cmdutil

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Words defines a flag of Test Kitchen's that does not exist here and answers what to do in its place.
func Words(set *pflag.FlagSet, name, short string, takesValue bool, answer string) {
	set.FuncP(name, short, answer, func(string) error { return errors.New(answer) })
	flag := set.Lookup(name)
	flag.Hidden = true
	if !takesValue {
		flag.NoOptDefVal = "true"
	}
}

// Accepted defines a flag of Test Kitchen's that changes nothing here.
func Accepted(set *pflag.FlagSet, name, reason string) {
	set.BoolFunc(name, reason, func(string) error { return nil })
	set.Lookup(name).Hidden = true
}

// Or returns the function that a test gave to do a command's work, or else the command's own.
func Or[O any](given, own func(context.Context, *O) error) func(context.Context, *O) error {
	if given != nil {
		return given
	}
	return own
}

// Run returns what a command runs: own with its options, or what a test gave in its place. The words of the command
// line are noted in instances, nil for a command that takes none.
func Run[O any](
	o *O, instances *[]string, given, own func(context.Context, *O) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if instances != nil {
			*instances = args
		}
		return Or(given, own)(cmd.Context(), o)
	}
}

// NewCmdWords is a command of Test Kitchen's that does not exist here and answers what to do in its place.
func NewCmdWords(name, answer string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true, Short: answer,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("galley has no command %s\n%s", name, answer) },
	}
}
