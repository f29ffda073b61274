// Package snapshot is `galley snapshot`.
package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/cli/phases"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
)

// Options are what a command of snapshots is asked for.
type Options struct {
	*cmdutil.Factory
	// Action is lifecycle.ActionSave or ActionRestore; list and rm have none.
	Action lifecycle.Action
	lifecycle.SnapshotOptions
	// Instances select by name or pattern, and Names are those of snapshots.
	Instances, Names []string
	// All removes all snapshots of the chosen instances.
	All bool
	// Forget leaves the images of engines that do not answer.
	Forget bool
	JSON   bool
}

// NewCmdSnapshot keeps runners' states and brings them back. runF replaces the work in tests.
func NewCmdSnapshot(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: "snapshot", Short: "Keep the state of a runner, and bring it back",
		Long: `Keep the state of a runner as an image on its engine while the runner goes on, and
make a runner from it later, with the last action that was recorded then: one that
was saved converged is verified without another converge.`,
		Example: `  galley snapshot save default-debian-12 before-upgrade
  galley snapshot restore default-debian-12
  galley snapshot list`,
	}
	cmd.AddCommand(newCmdSave(f, runF), newCmdRestore(f, runF), newCmdList(f, runF), newCmdRm(f, runF))
	return cmd
}

func newCmdSave(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f, Action: lifecycle.ActionSave}
	cmd := &cobra.Command{
		Use: "save INSTANCE [NAME]", Short: "Keep the state of a runner", Args: cobra.RangeArgs(1, 2),
		Long: `Make an image of a runner's files while it runs, under a name of your own or the
time. What is in volumes is not in it, unless --volumes keeps that in files of the
project; what is in memory and which processes run never is. What is left out is
said.`,
		Example: `  galley snapshot save default-debian-12
  galley snapshot save default-debian-12 "before the upgrade" --volumes`,
		ValidArgsFunction: f.CompleteInstances,
		RunE:              runNamed(o, runF),
	}
	settings.Bool(cmd.Flags(), &o.Replace, "replace", "", "take the place of a snapshot of that name")
	settings.Bool(cmd.Flags(), &o.Volumes, "volumes", "", "keep the content of the runner's volumes too")
	return cmd
}

func newCmdRestore(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f, Action: lifecycle.ActionRestore}
	cmd := &cobra.Command{
		Use: "restore INSTANCE [NAME]", Short: "Make a runner from a snapshot", Args: cobra.RangeArgs(1, 2),
		Long: `Destroy an instance's runner, if there is one, and make another one from a
snapshot: the newest, if none is named. All of create is done, with its hooks; only
the image is the snapshot's.`,
		Example: `  galley snapshot restore default-debian-12 "before the upgrade"
  galley verify default-debian-12`,
		ValidArgsFunction: completeNames(f),
		RunE:              runNamed(o, runF),
	}
	settings.Bool(cmd.Flags(), &o.Force, "force", "", "restore it although kitchen.yml has changed since")
	return cmd
}

func newCmdList(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "list [INSTANCE|REGEXP|all]...", Short: "List the snapshots of this project",
		ValidArgsFunction: completeNames(f),
		Example:           `  galley snapshot list --json`,
		RunE:              cmdutil.Run(o, &o.Instances, runF, list),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON")
	return cmd
}

func newCmdRm(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, remove)
	cmd := &cobra.Command{
		Use: "rm INSTANCE NAME... | rm --all [INSTANCE|REGEXP]...", Short: "Remove snapshots",
		Example: `  galley snapshot rm default-debian-12 "before the upgrade"
  galley snapshot rm --all`,
		ValidArgsFunction: completeNames(f),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.All:
				o.Instances = args
			case len(args) < 2:
				return errors.New("name an instance and its snapshots, or ask for --all")
			default:
				o.Instances, o.Names = args[:1], args[1:]
			}
			return runF(cmd.Context(), o)
		},
	}
	settings.Bool(cmd.Flags(), &o.All, "all", "", "remove all snapshots of these instances, or of the project")
	settings.Bool(cmd.Flags(), &o.Forget, "forget", "",
		"leave the image behind where its engine does not answer, in place of failing")
	return cmd
}

// runNamed saves or restores a snapshot of an instance, whose name may follow that of the instance.
func runNamed(o *Options, runF func(context.Context, *Options) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.Instances, o.Name = args[:1], strings.Join(args[1:], "")
		return cmdutil.Or(runF, act)(cmd.Context(), o)
	}
}

// act saves or restores, and shows it as other actions are shown.
func act(ctx context.Context, o *Options) error {
	return phases.Run(ctx, &phases.Options{Factory: o.Factory, Action: o.Action, Instances: o.Instances, One: true,
		NoReports: true, Snapshot: o.SnapshotOptions})
}

// snapshots are those of the chosen instances, also of such that kitchen.yml does not have any more.
func (o *Options) snapshots(ctx context.Context, r *lifecycle.Run) ([]lifecycle.SnapshotStatus, error) {
	all, askErr := r.Snapshots(ctx)
	if all == nil || len(o.Instances) == 0 {
		return all, askErr
	}
	var names []kitchen.RawInstance
	for _, s := range all {
		names = append(names, kitchen.RawInstance{Name: s.Instance})
	}
	same := func(a, b kitchen.RawInstance) bool { return a.Name == b.Name }
	chosen, err := cmdutil.Choose(slices.CompactFunc(names, same), o.Instances)
	if err != nil {
		return nil, err
	}
	isChosen := cmdutil.OneOf(chosen)
	return slices.DeleteFunc(all, func(s lifecycle.SnapshotStatus) bool {
		return !isChosen(kitchen.RawInstance{Name: s.Instance})
	}), askErr
}

// withRun gives the life cycle to do.
func (o *Options) withRun(do func(*lifecycle.Run) error) error {
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	ro.Forget = o.Forget
	return cmdutil.WithRun(ro, do)
}

func list(ctx context.Context, o *Options) error {
	return o.withRun(func(r *lifecycle.Run) error {
		found, err := o.snapshots(ctx, r)
		if err != nil && found == nil {
			return err
		}
		if err != nil {
			o.Warn(fmt.Sprintf("this is what galley remembers, since not all engines could be asked: %v", err))
		}
		if o.JSON {
			return printJSON(o, found)
		}
		if len(found) == 0 {
			fmt.Fprintln(o.Out, "there are no snapshots")
			return nil
		}
		rows := [][]string{{"Instance", "Snapshot", "Age", "Last Action", "Size", "Volumes", "Image"}}
		for _, s := range found {
			size, volumes := "", ""
			if s.Size > 0 {
				size = units.HumanSize(float64(s.Size))
			}
			if len(s.Volumes) > 0 {
				volumes = fmt.Sprintf("%d, %s", len(s.Volumes), units.HumanSize(float64(s.VolumesSize())))
			}
			rows = append(rows, []string{s.Instance, s.Name, units.HumanDuration(time.Since(s.Created)),
				s.LastAction.Done(), size, volumes, string(s.State)})
		}
		return o.Table(rows)
	})
}

func printJSON(o *Options, found []lifecycle.SnapshotStatus) error {
	type row struct {
		Instance   string                     `json:"instance"`
		Name       string                     `json:"name"`
		Created    time.Time                  `json:"created"`
		LastAction string                     `json:"last_action"`
		Volumes    []lifecycle.SnapshotVolume `json:"volumes"`
		Image      string                     `json:"image"`
		State      lifecycle.ImageState       `json:"state"`
		Size       int64                      `json:"size,omitempty"`
		Endpoint   string                     `json:"endpoint,omitempty"`
	}
	rows := []row{}
	for _, s := range found {
		volumes := append([]lifecycle.SnapshotVolume{}, s.Volumes...)
		rows = append(rows, row{s.Instance, s.Name, s.Created, string(s.LastAction), volumes, s.Image, s.State, s.Size,
			s.Endpoint})
	}
	return cmdutil.PrintJSON(o.Out, rows)
}

func remove(ctx context.Context, o *Options) error {
	return o.withRun(func(r *lifecycle.Run) error {
		found, err := o.snapshots(ctx, r)
		if found == nil {
			return cmp.Or(err, errors.New("there are no snapshots\nMake one with `galley snapshot save INSTANCE`"))
		}
		var instances []string
		for _, s := range found {
			instances = append(instances, s.Instance)
		}
		instances = slices.Compact(instances)
		if !o.All && len(instances) != 1 {
			return fmt.Errorf("this works on one instance, and %d match: %s", len(instances), strings.Join(instances, ", "))
		}
		for _, instance := range instances {
			removed, err := r.RemoveSnapshots(ctx, instance, o.Names)
			for _, s := range removed {
				fmt.Fprintf(o.Out, "removed %s of %s\n", o.Clean(s.Name), o.Clean(s.Instance))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// completeNames offers the names of instances that have snapshots, and behind one those of its snapshots.
func completeNames(f *cmdutil.Factory) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, prefix string) (words []string, _ cobra.ShellCompDirective) {
		p, err := f.Project()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		recorded, err := lifecycle.RecordedSnapshots(p)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, s := range recorded {
			word := s.Instance
			if len(args) > 0 {
				word = s.Name
			}
			if (len(args) == 0 || s.Instance == args[0]) && strings.HasPrefix(word, prefix) && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
