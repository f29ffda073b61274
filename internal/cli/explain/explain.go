// Package explain is `galley explain`.
package explain

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
)

// Options are what explain is asked for.
type Options struct {
	*cmdutil.Factory
	JSON      bool
	Instances []string
}

// NewCmdExplain reports whether a checkpoint would spare a converge. runF replaces the work in tests.
func NewCmdExplain(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "explain [INSTANCE|REGEXP|all]...", Short: "Tell whether a checkpoint would spare a converge, and why not",
		ValidArgsFunction: f.CompleteInstances,
		Long: `Tell whether the next converge with --reuse would be taken from a checkpoint, and
if not, what has changed since the last one was made, or why none can be made.
Nothing is pulled, built or recorded.`,
		Example: `  galley explain default-debian-12
  galley explain all --json`,
		RunE: cmdutil.Run(o, &o.Instances, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON, with a digest of each input")
	f.Flags.Add(cmd.Flags(), "reuse", "reuse-max-age", "idempotence")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	set, err := o.Settings()
	if err != nil {
		return err
	}
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	ro.Idempotence = set.Idempotence
	instances, err := o.Load(ctx, o.Instances)
	if err != nil {
		return err
	}
	return cmdutil.WithRun(ro, func(r *lifecycle.Run) error {
		list := []lifecycle.Explanation{}
		for _, i := range instances {
			x, err := r.Explain(ctx, i)
			if err != nil {
				return fmt.Errorf("%s: %w", i.Name, err)
			}
			list = append(list, x)
		}
		if o.JSON {
			return cmdutil.PrintJSON(o.Out, list)
		}
		for _, x := range list {
			o.print(o.Out, x)
		}
		return nil
	})
}

// print says it to people: the inputs are only of use beside a checkpoint that differs in one.
func (o *Options) print(w io.Writer, x lifecycle.Explanation) {
	if x.Repository != "" {
		fmt.Fprintf(w, "%s is warm: %s has a checkpoint of the same inputs\n", o.Clean(x.Instance), o.Clean(x.Repository))
		return
	}
	if x.State == lifecycle.Warm {
		fmt.Fprintf(w, "%s is warm: the checkpoint of %s is of the same inputs\n", o.Clean(x.Instance),
			x.Created.UTC().Format("2006-01-02 15:04 UTC"))
		return
	}
	fmt.Fprintf(w, "%s is cold: %s\n", o.Clean(x.Instance), o.Clean(x.Why))
	if len(x.Changed) == 0 {
		return
	}
	for _, input := range x.Inputs {
		state := "the same"
		if slices.Contains(x.Changed, input.Name) {
			state = "changed"
		}
		fmt.Fprintf(w, "  %-32s %s\n", input.Name, state)
	}
}
