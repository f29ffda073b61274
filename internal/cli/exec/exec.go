// Package exec is `galley exec`.
package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Options are what exec is asked for.
type Options struct {
	*cmdutil.Factory
	// Command is the program to run and its arguments.
	Command   []string
	Instances []string
}

// NewCmdExec runs a command in runners. runF replaces the work in tests.
func NewCmdExec(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, run)
	var line string
	cmd := &cobra.Command{
		Use: "exec [INSTANCE|REGEXP|all][/SERVICE]... (-c LINE | -- COMMAND [ARG]...)", SuggestFor: []string{"run"},
		Short: "Run a command in runners", ValidArgsFunction: f.CompleteInstances,
		Long: `Run a command in the runners of one or more instances. What follows -- is run as
it is, without a shell; -c runs a line in the runner's shell. With one instance
the exit code is the command's; with several they run side by side, each line is
prefixed with the instance, and the exit code is 20 if one failed. With
INSTANCE/SERVICE it runs in a service.`,
		Example: `  galley exec default-debian-12 -- cat /etc/os-release
  galley exec default-debian-12/db -- psql -U postgres -l
  galley exec 'debian' -c 'systemctl status nginx | head -3'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Instances = args
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				o.Command, o.Instances = args[dash:], args[:dash]
			}
			switch {
			case line != "" && len(o.Command) > 0:
				return errors.New("give either -c LINE or -- COMMAND, not both")
			case line != "":
				o.Command = runner.Shell(line)
			case len(o.Command) == 0:
				return errors.New("there is nothing to run: give -c 'shell line' or -- COMMAND and its arguments")
			}
			return runF(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&line, "command", "c", "", "a shell line to run")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	return o.Reach(ctx, o.Instances, cmdutil.WantAll, func(r []cmdutil.Reached) error {
		if len(r) == 1 {
			return attach.Run(ctx, o.Factory, r[0], o.Command, o.In)
		}
		return execAll(ctx, o.Factory, r, o.Command)
	})
}

// execAll runs a command in several runners side by side.
func execAll(ctx context.Context, f *cmdutil.Factory, list []cmdutil.Reached, argv []string) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed atomic.Bool
	defer attach.SurviveBrokenPipe()()
	for _, r := range list {
		wg.Go(func() {
			prefix := "[" + f.Clean(r.Name()) + "] "
			form := func(line string) string { return prefix + f.Secrets.String(line) }
			out := cmdutil.Lines(f.Out, &mu, form)
			errOut := cmdutil.Lines(f.Err, &mu, form)
			code, err := r.Engine.Exec(ctx, r.Runner.ID, backend.ExecSpec{Command: argv, Stdout: out, Stderr: errOut})
			err = errors.Join(err, out.Flush())
			if err != nil {
				fmt.Fprintln(errOut, f.Clean(err.Error()))
			} else if code != 0 {
				fmt.Fprintf(errOut, "exited with code %d\n", code)
			}
			if err = errors.Join(err, errOut.Flush()); err != nil || code != 0 {
				failed.Store(true)
			}
		})
	}
	wg.Wait()
	if failed.Load() && ctx.Err() == nil {
		return cmdutil.ExitCode(cmdutil.ExitAction)
	}
	return context.Cause(ctx) // interrupted, or nil
}
