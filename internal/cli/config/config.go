// Package config is `galley config`.
package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/internal/settings"
)

// Options are what config is asked for.
type Options struct {
	*cmdutil.Factory
	JSON bool
}

// NewCmdConfig prints galley's own settings. runF replaces the work in tests.
func NewCmdConfig(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "config", SuggestFor: []string{"settings"}, Short: "Print galley's own settings and where each came from",
		Args: cobra.NoArgs,
		Long: `Print each of galley's own settings, its value and where that came from: a flag,
a variable, a file and line, or the default. What the project's .galley.yml sets
and may not set is marked. The configuration of kitchen.yml is what galley
diagnose prints.`,
		Example: `  galley config          # each setting, and where it came from
  galley config --json`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON")
	return cmd
}

func run(_ context.Context, o *Options) error {
	set, err := o.Settings()
	if err != nil {
		return err
	}
	if o.JSON {
		return printJSON(o, set)
	}
	rows := [][]string{{"Setting", "Value", "Source", "Refused"}}
	for _, e := range set.Entries {
		text := fmt.Sprint(shown(e))
		if list, ok := e.Value.([]string); ok {
			text = strings.Join(list, " ")
		}
		rows = append(rows, []string{e.Name, text, e.Source.String(), e.Refused})
	}
	return o.Table(rows)
}

func printJSON(o *Options, set *settings.Loaded) error {
	type row struct {
		Name    string `json:"name"`
		Value   any    `json:"value"`
		Kind    string `json:"kind"`
		Source  string `json:"source"`
		Refused string `json:"refused,omitempty"`
	}
	rows := []row{}
	for _, e := range set.Entries {
		rows = append(rows, row{e.Name, shown(e), string(e.Source.Kind), e.Source.String(), e.Refused})
	}
	return cmdutil.PrintJSON(o.Out, rows)
}

// shown is a value without the password that an address may hold.
func shown(e settings.Entry) any {
	if text, ok := e.Value.(string); ok && e.Name == "host" {
		return mask.Address(text)
	}
	return e.Value
}
