// Package cp is `galley cp`.
package cp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle/archive"
)

// Options are what cp is asked for.
type Options struct {
	*cmdutil.Factory
	from, to copyPath
}

// NewCmdCp copies files between a runner and this machine. runF replaces the work in tests.
func NewCmdCp(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	runF = cmdutil.Or(runF, run)
	return &cobra.Command{
		Use: "cp INSTANCE:PATH LOCAL | cp LOCAL INSTANCE:PATH", Short: "Copy files between a runner and this machine",
		Args: cobra.ExactArgs(2),
		Long: `Copy a file or a directory out of an instance's runner, or into it. What is
copied goes into the target when that is a directory, and takes its place
otherwise; DIR/. means what is in a directory. These are the rules of "docker cp".
A link that is named is followed; links that lead out of a directory, pipes and
devices are left out and told. LOCAL may be - for a tar stream. It works through
the engine, wherever that is.`,
		Example: `  galley cp default-debian-12:/var/log/app ./logs/
  galley cp fixture.json default-debian-12:/srv/app/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := &Options{f, parseCopyPath(args[0], runtime.GOOS), parseCopyPath(args[1], runtime.GOOS)}
			return runF(cmd.Context(), o)
		},
	}
}

func run(ctx context.Context, o *Options) error {
	switch from, to := o.from, o.to; {
	case from.instance != "" && to.instance != "":
		return errors.New("galley does not copy from one runner to another: copy to this machine first")
	case from.instance != "":
		return o.Reach(ctx, []string{from.instance}, cmdutil.WantOne, func(r []cmdutil.Reached) error {
			return copyOut(ctx, o.Factory, r[0], from.path, to.path)
		})
	case to.instance != "":
		return o.Reach(ctx, []string{to.instance}, cmdutil.WantOne, func(r []cmdutil.Reached) error {
			return copyIn(ctx, o.Factory, r[0], from.path, to.path)
		})
	default:
		return errors.New("one of the two must be in a runner: write INSTANCE:PATH")
	}
}

// copyPath is one side of a copy; instance is empty for this machine.
type copyPath struct{ instance, path string }

// parseCopyPath reads INSTANCE:PATH. What looks like a path before the colon, or a
// drive's letter on Windows, makes it one of this machine.
func parseCopyPath(arg, goos string) copyPath {
	instance, rest, found := strings.Cut(arg, ":")
	drive := goos == "windows" && len(instance) == 1
	if !found || instance == "" || drive || strings.ContainsAny(instance, `/\`) || strings.HasPrefix(instance, ".") {
		return copyPath{path: arg}
	}
	if !path.IsAbs(rest) {
		rest = "/" + rest // of a runner only the root is certain
	}
	return copyPath{instance, rest}
}

// stdio stands for the standard streams in place of a path.
const stdio = "-"

// copyOut copies from a runner to this machine.
func copyOut(ctx context.Context, f *cmdutil.Factory, r cmdutil.Reached, from, to string) error {
	var err error
	if to == stdio {
		var stream io.ReadCloser
		if stream, err = r.Engine.CopyFrom(ctx, r.Runner.ID, from); err == nil {
			defer stream.Close()
			_, err = io.Copy(f.Out, stream)
		}
	} else {
		err = archive.CopyOut(ctx, r.Engine, r.Runner.ID, from, to)
	}
	return copied(f, err, "from", r)
}

// copyIn copies from this machine into a runner.
func copyIn(ctx context.Context, f *cmdutil.Factory, r cmdutil.Reached, from, to string) error {
	var err error
	if from == stdio {
		err = r.Engine.CopyTo(ctx, r.Runner.ID, to, f.In)
	} else {
		err = archive.CopyIn(ctx, r.Engine, r.Runner.ID, from, to)
	}
	return copied(f, err, "into", r)
}

// copied tells what was left out, and in which copy an error was.
func copied(f *cmdutil.Factory, err error, way string, r cmdutil.Reached) error {
	var skipped *archive.SkippedError
	if errors.As(err, &skipped) {
		f.Warn(skipped.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s the runner of %s: %w", way, r.Instance.Name, err)
	}
	return nil
}
