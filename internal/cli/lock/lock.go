// Package lock is `galley lock`.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
)

// Options are what lock is asked for.
type Options struct {
	*cmdutil.Factory
	// Check compares the file with the registries, and writes nothing.
	Check bool
}

// NewCmdLock writes which images the names of kitchen.yml stand for. runF replaces the work in tests.
func NewCmdLock(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "lock", Short: "Write to galley.lock which images the names in kitchen.yml stand for", Args: cobra.NoArgs,
		Long: `Ask the registries which images the names of platforms and tools stand for now, and
write their digests to galley.lock in the project. With --locked, galley test and
the other actions use exactly these. No engine is needed, and nothing is pulled.
--check writes nothing, and fails when the file is not what it would be now.`,
		Example: `  galley lock && git add galley.lock
  galley test --locked
  galley lock --check`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.Check, "check", "", "compare the file with the registries, and write nothing")
	f.Flags.Add(cmd.Flags(), "images")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	now, path, err := o.ask(ctx)
	if err != nil {
		return err
	}
	before, err := imagelock.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		before = imagelock.Images{}
	case err != nil && o.Check:
		return err
	}
	changes := before.Differences(now)
	if !o.Check {
		for _, change := range changes {
			fmt.Fprintln(o.Out, o.Clean(change))
		}
		return now.Write(path)
	}
	if len(changes) > 0 {
		return fmt.Errorf("%s is not up to date:\n  %s\nBring it up to date with galley lock", imagelock.Name,
			strings.Join(changes, "\n  "))
	}
	return nil
}

// ask asks the registries, and tells where the file is.
func (o *Options) ask(ctx context.Context) (now imagelock.Images, path string, err error) {
	ro, err := o.RunOptions()
	if err != nil {
		return nil, "", err
	}
	instances, err := o.Load(ctx, nil)
	if err != nil {
		return nil, "", err
	}
	ro.Sink = notices{o.Factory}
	err = cmdutil.WithRun(ro, func(r *lifecycle.Run) error {
		now, err = r.ImageDigests(ctx, instances)
		return err
	})
	return now, filepath.Join(ro.Project.Root, imagelock.Name), err
}

// notices prints the notices among events.
type notices struct{ *cmdutil.Factory }

// Handle implements [lifecycle.Sink].
func (n notices) Handle(e lifecycle.Event) {
	if notice, ok := e.(lifecycle.Notice); ok {
		n.Warn(notice.Text)
	}
}
