// Package login is `galley login`.
package login

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Options are what login is asked for.
type Options struct {
	*cmdutil.Factory
	// Command is a shell line to run in place of an interactive shell.
	Command   string
	Instances []string
}

// NewCmdLogin opens a shell in a runner. runF replaces the work in tests.
func NewCmdLogin(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "login [INSTANCE|REGEXP][/SERVICE]", SuggestFor: []string{"shell", "ssh"}, Short: "Open a shell in a runner",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: f.CompleteInstances,
		Long: `Open a shell in an instance's runner, or in its service: bash where there is one, else sh. The
exit code is the shell's. With -c a line is run in it instead. The name may be
left out where there is one instance.`,
		Example: `  galley login default-debian-12
  galley login default -c 'journalctl -b'    # a line on this terminal`,
		RunE: cmdutil.Run(o, &o.Instances, runF, run),
	}
	cmd.Flags().StringVarP(&o.Command, "command", "c", attach.Shell, "a shell line to run instead of an interactive shell")
	cmd.Flags().Lookup("command").DefValue = ""
	return cmd
}

func run(ctx context.Context, o *Options) error {
	return o.Reach(ctx, o.Instances, cmdutil.WantOne, func(r []cmdutil.Reached) error {
		return attach.Run(ctx, o.Factory, r[0], runner.Shell(o.Command), o.In)
	})
}
