// Package prune is `galley prune`.
package prune

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
)

// Options are what prune is asked for.
type Options struct {
	*cmdutil.Factory
	// All removes runners too, of every project.
	All bool
	// DryRun only prints what would be removed.
	DryRun bool
	JSON   bool
}

// NewCmdPrune removes what galley keeps for later runs. runF replaces the work in tests.
func NewCmdPrune(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	if runF == nil {
		runF = run
	}
	cmd := &cobra.Command{
		Use: "prune", SuggestFor: []string{"clean"}, Args: cobra.NoArgs,
		Short: "Remove what galley keeps for later runs: tool containers, work images, the network",
		Long: `Remove what galley shares between projects and keeps for later runs: tool
containers with their volumes, work images and the network. Only things that
carry galley's labels are touched, and nothing that is in use. --all removes
runners too, of every project.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runF(cmd.Context(), o) },
	}
	settings.Bool(cmd.Flags(), &o.All, "all", "", false, "remove runners too, of every project")
	settings.Bool(cmd.Flags(), &o.DryRun, "dry-run", "", false, "only print what would be removed")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", false, "print JSON")
	return cmd
}

func run(ctx context.Context, o *Options) (err error) {
	be, _, err := o.Open(ctx, "", "")
	if err != nil {
		return err
	}
	defer func() { err = cmdutil.FirstError(err, be.Close()) }()
	removed, err := lifecycle.Prune(ctx, be, o.All, o.DryRun)
	if o.JSON {
		if removed == nil {
			removed = []lifecycle.Pruned{}
		}
		return cmdutil.FirstError(cmdutil.PrintJSON(o.Out, removed), err)
	}
	verb := "removed"
	if o.DryRun {
		verb = "would remove"
	}
	for _, p := range removed {
		fmt.Fprintf(o.Out, "%s %s %s (%s)\n", verb, p.Kind, p.Name, p.Role)
	}
	if len(removed) == 0 && err == nil {
		fmt.Fprintln(o.Out, "nothing to remove")
	}
	return err
}
