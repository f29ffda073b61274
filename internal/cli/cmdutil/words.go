package cmdutil

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Words defines a flag of Test Kitchen's that does not exist here and answers what to do in its place.
func Words(set *pflag.FlagSet, name, short string, takesValue bool, answer string) {
	flag := set.VarPF(answering(answer), name, short, answer)
	flag.Hidden = true
	if !takesValue {
		flag.NoOptDefVal = "true"
	}
}

// answering is the value of a flag that cannot be set.
type answering string

// Set fails with the answer.
func (a answering) Set(string) error { return errors.New(string(a)) }

// String is empty: there is no value.
func (a answering) String() string { return "" }

// Type is the word that help would print for the value.
func (a answering) Type() string { return "string" }

// Accepted defines a flag of Test Kitchen's that changes nothing here.
func Accepted(set *pflag.FlagSet, name, short, reason string) {
	flag := set.VarPF(nothing{}, name, short, reason)
	flag.Hidden, flag.NoOptDefVal = true, "true"
}

// nothing is the value of a flag without effect.
type nothing struct{}

// Set takes every value.
func (nothing) Set(string) error { return nil }

// String is the default.
func (nothing) String() string { return "false" }

// Type is the word that help would print for the value.
func (nothing) Type() string { return "bool" }

// NewCmdWords is a command of Test Kitchen's that does not exist here and answers what to do in its place.
func NewCmdWords(name, answer string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true, Short: answer,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("galley has no command %s\n%s", name, answer) },
	}
}
