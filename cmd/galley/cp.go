package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/lifecycle/archive"
)

func (a *app) cpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cp INSTANCE:PATH LOCAL | cp LOCAL INSTANCE:PATH", Short: "Copy files between a runner and this machine", Args: cobra.ExactArgs(2),
		Long: `Copy a file or a directory out of an instance's runner, or into it. What is
copied goes into the target when that is a directory, and takes its place
otherwise; DIR/. means what is in a directory. These are the rules of "docker cp".
A link that is named is followed; links that lead out of a directory, pipes and
devices are left out and told. LOCAL may be - for a tar stream. It works through
the engine, wherever that is.`,
		Example: `  galley cp default-debian-12:/var/log/app ./logs/
  galley cp fixture.json default-debian-12:/srv/app/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to := parseCopyPath(args[0], runtime.GOOS), parseCopyPath(args[1], runtime.GOOS)
			switch {
			case from.instance != "" && to.instance != "":
				return errors.New("galley does not copy from one runner to another: copy to this machine first")
			case from.instance != "":
				return a.reach(cmd, []string{from.instance}, true, func(r []reached) error {
					return a.copyOut(cmd.Context(), r[0], from.path, to.path)
				})
			case to.instance != "":
				return a.reach(cmd, []string{to.instance}, true, func(r []reached) error {
					return a.copyIn(cmd.Context(), r[0], from.path, to.path)
				})
			default:
				return errors.New("one of the two must be in a runner: write INSTANCE:PATH")
			}
		},
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
func (a *app) copyOut(ctx context.Context, r reached, from, to string) error {
	var err error
	if to == stdio {
		var stream io.ReadCloser
		if stream, err = r.engine.CopyFrom(ctx, r.runner.ID, from); err == nil {
			defer stream.Close()
			_, err = io.Copy(a.out, stream)
		}
	} else {
		err = archive.CopyOut(ctx, r.engine, r.runner.ID, from, to)
	}
	return a.copied(err, "from", r)
}

// copyIn copies from this machine into a runner.
func (a *app) copyIn(ctx context.Context, r reached, from, to string) error {
	var err error
	if from == stdio {
		err = r.engine.CopyTo(ctx, r.runner.ID, to, a.in)
	} else {
		err = archive.CopyIn(ctx, r.engine, r.runner.ID, from, to)
	}
	return a.copied(err, "into", r)
}

// copied tells what was left out, and in which copy an error was.
func (a *app) copied(err error, way string, r reached) error {
	var skipped *archive.SkippedError
	if errors.As(err, &skipped) {
		fmt.Fprintln(a.err, "$$$$$$ "+skipped.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s the runner of %s: %w", way, r.instance.Name, err)
	}
	return nil
}
