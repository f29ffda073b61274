// Package compare is `galley compare`.
package compare

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/machine"
	reportrun "github.com/galley-kitchen/galley/report/run"
)

// Options are what compare is asked for.
type Options struct {
	*cmdutil.Factory
	JSON bool
	// Strict has a difference fail the command.
	Strict bool
	// ShowNoise also compares and shows what is known to differ.
	ShowNoise bool
	// A and B are the names of the instances.
	A, B string
}

// NewCmdCompare compares the runners of two instances. runF replaces the work in tests.
func NewCmdCompare(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, run)
	cmd := &cobra.Command{
		Use: "compare INSTANCE INSTANCE", Short: "Show in what two converged machines differ",
		ValidArgsFunction: f.CompleteInstances,
		Long: `Show in what the runners of two instances differ: in the files that converge changed
in either, users, groups, packages, services, open ports, mounts, environment and
kernel settings. What both have as their images have it is not shown, and neither
is what always differs, such as times, host names and random keys: the last line
counts it.`,
		Example: `  galley compare default-debian-12 default-ubuntu-2404
  galley compare old-debian upgraded-debian --strict --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("compare takes the names of two instances, and has %d\n"+
					"For example: galley compare default-debian-12 default-ubuntu-2404", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.A, o.B = args[0], args[1]
			return runF(cmd.Context(), o)
		},
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON")
	settings.Bool(cmd.Flags(), &o.Strict, "strict", "", "exit with 20 when they differ")
	settings.Bool(cmd.Flags(), &o.ShowNoise, "show-noise", "",
		"also compare and show what differs between machines that are alike")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	a, b, err := o.pair(ctx)
	if err != nil {
		return err
	}
	var r machine.Report
	err = cmdutil.WithRun(ro, func(run *lifecycle.Run) error {
		r, err = run.CompareMachines(ctx, a, b, o.ShowNoise)
		return err
	})
	if err != nil {
		return err
	}
	if o.JSON {
		err = cmdutil.PrintJSON(o.Out, reportrun.Comparison{A: a.Name, B: b.Name, Report: mask.Texts(r, o.Secrets.String)})
	} else {
		for _, line := range mask.Texts(r, o.Clean).Lines(o.Clean(a.Name), o.Clean(b.Name)) {
			fmt.Fprintln(o.Out, line)
		}
	}
	if err == nil && o.Strict && r.Real() > 0 {
		return cmdutil.ExitCode(cmdutil.ExitAction)
	}
	return err
}

// pair are the two instances, each of which one word selects.
func (o *Options) pair(ctx context.Context) (a, b config.Instance, err error) {
	conf, err := o.Config(ctx)
	if err != nil {
		return a, b, err
	}
	var chosen []string
	for _, word := range []string{o.A, o.B} {
		list, err := cmdutil.Choose(conf.Instances, []string{word})
		if err != nil {
			return a, b, err
		}
		if len(list) != 1 {
			return a, b, fmt.Errorf("%q has to mean one instance, and %d match:%s", word, len(list),
				cmdutil.Names(list, cmdutil.RawName))
		}
		chosen = append(chosen, list[0].Name)
	}
	if chosen[0] == chosen[1] {
		return a, b, fmt.Errorf("%q and %q both mean %s: compare it with another instance", o.A, o.B, chosen[0])
	}
	list, err := o.Load(ctx, chosen)
	if err != nil {
		return a, b, err
	}
	if list[0].Name != chosen[0] {
		slices.Reverse(list)
	}
	return list[0], list[1], nil
}
