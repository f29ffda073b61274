// Package watch is `galley watch`.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/cli/phases"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// settleTime is how long nothing must change before the phases run: an editor writes a file in several steps, and git
// many files.
const settleTime = 200 * time.Millisecond

// Options are what watch is asked for.
type Options struct {
	*cmdutil.Factory
	// Phase is how far instances are taken: converge or verify.
	Phase     lifecycle.Phase
	Instances []string
}

// NewCmdWatch runs phases again whenever a file changes. runF replaces the work in tests.
func NewCmdWatch(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f, Phase: lifecycle.PhaseVerify}
	runF = cmdutil.Or(runF, run)
	verbs := []string{string(lifecycle.PhaseConverge), string(lifecycle.PhaseVerify)}
	cmd := &cobra.Command{
		Use: "watch [converge|verify] [INSTANCE|REGEXP|all]...", Short: "Converge and verify again whenever a file is saved",
		Long: `Converge and verify, and do it again whenever a file of the project is saved:
only verify for a test, converge and verify for anything else. The runner stays,
unless its configuration has changed. Files whose names begin with a dot, those
of git and of galley, and the tests of other suites do not count.

While it waits: r runs all again, l logs in to the runner, q quits.`,
		Example: `  galley watch                       # converge and verify all instances
  galley watch default-debian-12     # one of them
  galley watch converge default      # without the tests`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion,
			cobra.ShellCompDirective) {
			names, directive := f.CompleteInstances(cmd, args, word)
			if len(args) == 0 {
				names = append(verbs, names...)
			}
			return names, directive
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == verbs[0] || args[0] == verbs[1]) {
				o.Phase, args = lifecycle.Phase(args[0]), args[1:]
			}
			o.Instances = args
			return runF(cmd.Context(), o)
		},
	}
	f.Flags.Add(cmd.Flags(), "concurrency", "debug", "test-base-path", "idempotence", "pull", "images", "locked",
		"require-tests", "retry", "report")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	project, err := o.project(ctx)
	if err != nil {
		return err
	}
	files, err := watchFiles(ctx, project.root)
	if err != nil {
		return err
	}
	defer files.Close()
	l := &loop{phase: o.Phase, events: files.events, touched: project.touched, out: o.Out,
		settle: func() <-chan time.Time { return time.After(settleTime) },
		act:    o.act, login: o.login}
	if term.IsTerminal(int(o.In.Fd())) && term.IsTerminal(int(o.Out.Fd())) {
		l.keys = &attach.Keyboard{In: o.In}
		l.raw = func() (func(), error) {
			old, err := term.MakeRaw(int(o.In.Fd()))
			return func() { _ = term.Restore(int(o.In.Fd()), old) }, err // a later raw mode would tell of it
		}
	}
	return l.watch(ctx)
}

// again is the factory of a process that begins now: settings and kitchen.yml may have changed.
func (o *Options) again() *cmdutil.Factory {
	f := cmdutil.NewFactory(o.Streams, o.Version)
	f.Engines = o.Engines
	f.Flags = o.Flags
	return f
}

// act does an action, and reports whether it went well. What went wrong is told; an error means that the run was
// interrupted.
func (o *Options) act(ctx context.Context, a lifecycle.Action) (ok bool, err error) {
	f := o.again() //nolint:contextcheck // as in main, exporters outlive a run
	err = phases.Run(ctx, &phases.Options{Factory: f, Action: a, Instances: o.Instances})
	err = errors.Join(err, f.EndObserving())
	var failed *lifecycle.ActionError
	switch {
	case ctx.Err() != nil:
		return false, err
	case err != nil && !errors.As(err, &failed): // what an action failed with was shown
		for line := range strings.SplitSeq(f.Clean(err.Error()), "\n") {
			fmt.Fprintln(o.Err, ">>>>>> "+line)
		}
	}
	return err == nil, nil
}

// login opens a shell in the runner.
func (o *Options) login(ctx context.Context, in io.Reader) (err error) {
	f := o.again() //nolint:contextcheck // as in main, exporters outlive a run
	defer func() { err = errors.Join(err, f.EndObserving()) }()
	return f.Reach(ctx, o.Instances, cmdutil.WantOne, func(r []cmdutil.Reached) error {
		return attach.Run(ctx, f, r[0], runner.Shell(attach.Shell), in)
	})
}
