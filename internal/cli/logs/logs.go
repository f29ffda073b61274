// Package logs is `galley logs`.
package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
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
	Raw bool
	// Format is text or ndjson.
	Format string
	// Level is the least level of the lines to print, or empty for all.
	Level     string
	Instances []string
}

// NewCmdLogs prints the log of an instance. runF replaces the work in tests.
func NewCmdLogs(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, run)
	cmd := &cobra.Command{
		Use: "logs [INSTANCE|REGEXP] [SERVICE]", Short: "Print the log of an instance or of a service",
		Args: cobra.MaximumNArgs(2), ValidArgsFunction: f.CompleteInstances,
		Long: `Print what galley logged of an instance. With --runner, print what PID 1 of its
runner has printed; -f follows that until the runner stops. With the name of a
service, print what that has printed. The name may be left out where there is
one instance.`,
		Example: `  galley logs default-debian-12
  galley logs default --level warn
  galley logs -f default-debian-12 db    # a service
  galley logs default --runner -f    # what PID 1 prints`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				args = []string{args[0] + "/" + args[1]}
			}
			o.Instances = args
			return runF(cmd.Context(), o)
		},
	}
	settings.Bool(cmd.Flags(), &o.Runner, "runner", "", "print the output of the runner's PID 1")
	settings.Bool(cmd.Flags(), &o.Follow, "follow", "f", "follow the output of the runner's PID 1")
	settings.Bool(cmd.Flags(), &o.Raw, "raw", "",
		"print terminal escapes too; so it is where the output goes to a file or a program")
	cmd.Flags().StringVar(&o.Format, "format", "text", "text, or ndjson with an object for each line")
	cmd.Flags().StringVar(&o.Level, "level", "", "only lines of this level and above: debug, info, warn or error")
	for name, takesValue := range map[string]bool{"session-id": true, "all-sessions": false} {
		cmdutil.Words(cmd.Flags(), name, "", takesValue,
			"an instance has one log, of its last run; with --no-log-overwrite earlier runs stay in it")
	}
	return cmd
}

// shown is where a log is written. On a terminal and in the log of a CI system its escapes and commands are harmless.
func (o *Options) shown(f *os.File) (w io.Writer, flush func() error) {
	if o.Raw || !cmdutil.Seen(f) {
		return o.Masked(f)
	}
	l := cmdutil.Lines(f, new(sync.Mutex), o.Clean)
	return l, l.Flush
}

func run(ctx context.Context, o *Options) error {
	service, err := o.NamesService(ctx, o.Instances)
	if err != nil {
		return err
	}
	if o.Runner || o.Follow || service {
		return o.Reach(ctx, o.Instances, cmdutil.WantOneOrEnded, func(r []cmdutil.Reached) error {
			out, flushOut := o.shown(o.Out)
			errOut, flushErr := o.shown(o.Err)
			err := r[0].Engine.ContainerLogs(ctx, r[0].Runner.ID,
				backend.LogOptions{Stdout: out, Stderr: errOut, Follow: o.Follow})
			return errors.Join(err, flushOut(), flushErr())
		})
	}
	return o.printLog(ctx)
}

// logged is the instance, or the group of nodes as a whole, whose log is asked for.
func (o *Options) logged(ctx context.Context) (config.Instance, error) {
	conf, err := o.Config(ctx)
	if err != nil {
		return config.Instance{}, err
	}
	for _, i := range conf.Instances {
		if len(o.Instances) == 1 && i.Group != nil && o.Instances[0] == cmdutil.RawUnit(i) {
			return config.Instance{Name: o.Instances[0]}, nil
		}
	}
	return o.One(ctx, o.Instances)
}

// printLog prints what galley logged of an instance.
func (o *Options) printLog(ctx context.Context) (err error) {
	if o.Format != "text" && o.Format != "ndjson" {
		return fmt.Errorf("--format %q: write text or ndjson", o.Format)
	}
	i, err := o.logged(ctx)
	if err != nil {
		return err
	}
	project, err := o.Project()
	if err != nil {
		return err
	}
	file := files.LogPath(project.LogDir(), i.Name)
	if o.Format == "ndjson" || o.Level != "" {
		file = strings.TrimSuffix(file, filepath.Ext(file)) + ".ndjson"
	}
	if st, err := os.Stat(file); err != nil {
		return fmt.Errorf("there is no log of %s yet: %w", i.Name, err)
	} else if !st.Mode().IsRegular() {
		return fmt.Errorf("the log of %s is not a regular file: %s", i.Name, file)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("print the log: %w", err)
	}
	defer f.Close()
	out, flush := o.shown(o.Out)
	if o.Level == "" {
		_, err = io.Copy(out, f)
	} else {
		err = o.printLevel(out, f)
	}
	if err = errors.Join(err, flush()); err != nil {
		return fmt.Errorf("print the log: %w", err)
	}
	return nil
}

// printLevel prints the lines of a structured log that have a level or a higher one.
func (o *Options) printLevel(w io.Writer, r io.Reader) error {
	levels := []string{"debug", "info", "warn", "error"}
	least := slices.Index(levels, o.Level)
	if least < 0 {
		return fmt.Errorf("--level %q: write debug, info, warn or error", o.Level)
	}
	for d := json.NewDecoder(r); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var l struct{ Timestamp, Level, Message string }
		if err := json.Unmarshal(raw, &l); err != nil {
			return err
		}
		if slices.Index(levels, l.Level) < least {
			continue
		}
		text := string(raw)
		if o.Format == "text" {
			text = fmt.Sprintf("%s %-5s %s", l.Timestamp, strings.ToUpper(l.Level), l.Message)
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
}
