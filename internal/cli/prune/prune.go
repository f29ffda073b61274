// Package prune is `galley prune`.
package prune

import (
	"cmp"
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
	// Orphans removes what is left over of this project first.
	Orphans bool
	JSON    bool
}

// NewCmdPrune removes what galley keeps for later runs. runF replaces the work in tests.
func NewCmdPrune(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, run)
	cmd := &cobra.Command{
		Use: "prune", SuggestFor: []string{"clean"}, Args: cobra.NoArgs,
		Short: "Remove what galley keeps for later runs: tool containers, work images, the network",
		Long: `Remove what galley shares between projects and keeps for later runs: tool
containers with their volumes, work images and the network. Only things that
carry galley's labels are touched, and nothing that is in use. --all removes
runners too, of every project; --orphans those of this project that belong to no
instance of kitchen.yml.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runF(cmd.Context(), o) },
	}
	settings.Bool(cmd.Flags(), &o.All, "all", "", false, "remove runners too, of every project")
	settings.Bool(cmd.Flags(), &o.Orphans, "orphans", "", false,
		"remove what is left over of this project too, as galley destroy --orphans does")
	settings.Bool(cmd.Flags(), &o.DryRun, "dry-run", "", false, "only print what would be removed")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", false, "print JSON")
	return cmd
}

func run(ctx context.Context, o *Options) (err error) {
	var orphans []lifecycle.Orphan
	if o.Orphans {
		ro, err := o.RunOptions()
		if err == nil {
			orphans, err = o.LeftOver(ctx, ro, !o.DryRun)
		}
		if err != nil {
			return err
		}
	}
	be, _, err := o.Open(ctx, "", "")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, be.Close()) }()
	removed, err := lifecycle.Prune(ctx, be, o.All, o.DryRun)
	for _, left := range orphans {
		p := lifecycle.Pruned{Kind: "runner", Name: left.Runner, Role: left.Instance}
		if left.Runner == "" {
			p.Kind, p.Name = "record", left.Instance
		}
		removed = append(removed, p)
	}
	if o.JSON {
		if removed == nil {
			removed = []lifecycle.Pruned{}
		}
		return cmp.Or(cmdutil.PrintJSON(o.Out, removed), err)
	}
	verb := "removed"
	if o.DryRun {
		verb = "would remove"
	}
	for _, p := range removed {
		fmt.Fprintf(o.Out, "%s %s %s (%s)\n", verb, p.Kind, o.Clean(p.Name), o.Clean(p.Role))
	}
	if len(removed) == 0 && err == nil {
		fmt.Fprintln(o.Out, "nothing to remove")
	}
	return err
}
