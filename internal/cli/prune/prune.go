// Package prune is `galley prune`.
package prune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	units "github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
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
	// Older keeps what is younger; 0 keeps nothing for its age.
	Older time.Duration
	JSON  bool
}

// NewCmdPrune removes what galley keeps for later runs. runF replaces the work in tests.
func NewCmdPrune(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "prune", SuggestFor: []string{"clean"}, Args: cobra.NoArgs,
		Short: "Remove what galley keeps for later runs: tool containers, work images, checkpoints, the network",
		Long: `Remove what galley shares between projects and keeps for later runs: tool
containers with their volumes, work images and the network, and checkpoints of
converged runners. Only things that carry galley's labels are touched, and
nothing that is in use. --all removes runners too, of every project; --orphans
those of this project that belong to no instance of kitchen.yml. --older keeps what is younger, and the network. The size
of an image counts layers that it shares with others, so that less may be freed.`,
		Example: `  galley prune --dry-run         # what there is, how large and how old
  galley prune --older 24h`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.All, "all", "", "remove runners too, of every project")
	settings.Bool(cmd.Flags(), &o.Orphans, "orphans", "",
		"remove what is left over of this project too, as galley destroy --orphans does")
	cmd.Flags().DurationVar(&o.Older, "older", 0, "only what is older than this: 24h, 90m")
	settings.Bool(cmd.Flags(), &o.DryRun, "dry-run", "", "only print what would be removed")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON")
	return cmd
}

func run(ctx context.Context, o *Options) (err error) {
	switch {
	case o.Older < 0:
		return errors.New("--older: write how old a thing has to be, such as 24h")
	case o.Older > 0 && o.Orphans:
		return errors.New("--older does not count for what is left over: leave out --orphans, or --older")
	}
	project, err := o.Project()
	if err != nil {
		return err
	}
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
	removed, err := lifecycle.Prune(ctx, be,
		lifecycle.PruneOptions{Project: project, All: o.All, DryRun: o.DryRun, Older: o.Older})
	for _, left := range orphans {
		p := lifecycle.Pruned{Kind: "runner", Name: left.Runner, Role: left.Instance}
		if left.Runner == "" {
			p.Kind, p.Name = "record", left.Instance
		}
		removed = append(removed, p)
	}
	if o.JSON {
		return cmp.Or(cmdutil.PrintJSON(o.Out, append([]lifecycle.Pruned{}, removed...)), err) // [] and not null
	}
	verb := "removed"
	if o.DryRun {
		verb = "would remove"
	}
	var size int64
	for _, p := range removed {
		about := []string{o.Clean(p.Role)}
		if p.Size > 0 {
			about = append(about, text.Size(p.Size))
		}
		if !p.Created.IsZero() {
			about = append(about, "made "+strings.ToLower(units.HumanDuration(time.Since(p.Created)))+" ago")
		}
		fmt.Fprintf(o.Out, "%s %s %s (%s)\n", verb, p.Kind, o.Clean(p.Name), strings.Join(about, ", "))
		size += p.Size
	}
	switch {
	case len(removed) == 0 && err == nil:
		fmt.Fprintln(o.Out, "nothing to remove")
	case size > 0:
		fmt.Fprintf(o.Out, "%s %d in all, images of up to %s\n", verb, len(removed), text.Size(size))
	}
	return err
}
