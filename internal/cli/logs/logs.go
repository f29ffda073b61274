// Package logs is `galley logs`.
package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/report/files"
)

// Options are what logs is asked for.
type Options struct {
	*cmdutil.Factory
	// Runner prints the output of the runner's PID 1, and Follow goes on until it ends.
	Runner, Follow bool
	// Raw prints the bytes as they are.
	Raw       bool
	Instances []string
}

// NewCmdLogs prints the log of an instance. runF replaces the work in tests.
func NewCmdLogs(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	if runF == nil {
		runF = run
	}
	cmd := &cobra.Command{
		Use: "logs [INSTANCE|REGEXP]", Short: "Print the log of an instance",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: f.CompleteInstances,
		Long: `Print what galley logged of an instance. With --runner, print what PID 1 of its
runner has printed; -f follows that until the runner stops. The name may be left
out where there is one instance.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Instances = args
			return runF(cmd.Context(), o)
		},
	}
	settings.Bool(cmd.Flags(), &o.Runner, "runner", "", false, "print the output of the runner's PID 1")
	settings.Bool(cmd.Flags(), &o.Follow, "follow", "f", false, "follow the output of the runner's PID 1")
	settings.Bool(cmd.Flags(), &o.Raw, "raw", "", false, "print terminal escapes too; so it is where the output goes to a file or a program")
	return cmd
}

// shown is where a log is written. On a terminal and in the log of a CI system its escapes and commands are harmless.
func (o *Options) shown(f *os.File) (w io.Writer, flush func() error) {
	if o.Raw || !cmdutil.Seen(f) {
		return o.Masked(f)
	}
	l := &cmdutil.Lines{W: f, Form: func(line string) string { return cmdutil.Clean(o.Secrets.String(line)) }}
	return l, l.Flush
}

func run(ctx context.Context, o *Options) error {
	if o.Runner || o.Follow {
		return o.Reach(ctx, o.Instances, cmdutil.WantOneOrEnded, func(r []cmdutil.Reached) error {
			out, flushOut := o.shown(o.Out)
			errOut, flushErr := o.shown(o.Err)
			err := r[0].Engine.ContainerLogs(ctx, r[0].Runner.ID, backend.LogOptions{Stdout: out, Stderr: errOut, Follow: o.Follow})
			return errors.Join(err, flushOut(), flushErr())
		})
	}
	i, err := o.One(ctx, o.Instances)
	if err != nil {
		return err
	}
	project, err := o.Project()
	if err != nil {
		return err
	}
	f, err := os.Open(files.LogPath(project.LogDir(), i.Name))
	if err != nil {
		return fmt.Errorf("there is no log of %s yet: %w", i.Name, err)
	}
	defer f.Close()
	out, flush := o.shown(o.Out)
	_, err = io.Copy(out, f)
	if err = errors.Join(err, flush()); err != nil {
		return fmt.Errorf("print the log: %w", err)
	}
	return nil
}
