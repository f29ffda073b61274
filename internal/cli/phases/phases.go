// Package phases is `galley create`, `converge`, `setup`, `verify`, `destroy` and `test`.
package phases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/changed"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	initcmd "github.com/galley-kitchen/galley/internal/cli/init"
	"github.com/galley-kitchen/galley/internal/limits"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
	"github.com/galley-kitchen/galley/report/files"
)

// Options are what an action is asked for; the rest are settings.
type Options struct {
	*cmdutil.Factory
	Action    lifecycle.Action
	Instances []string
	// Orphans has destroy remove what is left over and nothing else.
	Orphans bool
	// AutoInit has test write a kitchen.yml first where there is none.
	AutoInit bool
	// ChangedSince is a commit: instances to which no change since then matters are left out. Empty takes all.
	ChangedSince string
	// Forget has destroy forget runners whose engine does not answer.
	Forget bool
	// OnFailure is what to do when converge or verify fails: shell or nothing.
	OnFailure string
	// pause takes the terminal from the console until resume is called.
	pause func() (resume func())
	// Publish is for the actions that make images of runners, and test's --publish.
	Publish lifecycle.PublishOptions
	// One wants one instance and no more.
	One bool
	// Result leaves stdout to what the action gives, and shows the run on stderr.
	Result bool
	// Published is what was published, when Run has returned.
	Published []lifecycle.Published
	// Snapshot is for the actions of snapshots.
	Snapshot lifecycle.SnapshotOptions
	// DryRun prints what would be done, JSON as a program reads it.
	DryRun, JSON bool
	// On names the engines that each instance is put on, nothing for its own.
	On []string
	// Compare compares each instance on the engines, and Strict has a difference fail the command.
	Compare, Strict bool
	// NoReports leaves the reports alone that the settings ask for: they are of tests.
	NoReports bool
}

// NewCmds are the actions. runF replaces the work in tests.
func NewCmds(f *cmdutil.Factory, runF func(context.Context, *Options) error) []*cobra.Command {
	var list []*cobra.Command
	for _, c := range []struct {
		action         lifecycle.Action
		short, example string
	}{
		{"create", "Create runners", `  galley create default-debian-12
  galley create -c 4 debian    # of all whose names have debian in them, four at a time`},
		{"converge", "Create runners if needed, and bring them to their desired state", `  galley converge
  galley converge default-debian-12 --on-failure shell`},
		{"setup", "Converge if needed, and run the hooks around setup", `  galley setup default-debian-12`},
		{"verify", "Set up if needed, and run the tests", `  galley verify
  galley verify default --retry 2 --report junit=junit.xml`},
		{"destroy", "Remove runners and what belongs to them", `  galley destroy default-debian-12
  galley destroy --orphans    # what belongs to no instance any more`},
		{"test", "Destroy, create, converge, set up, verify, and destroy again",
			`  galley test -c                        # all, side by side
  galley test debian --destroy always
  galley test --dry-run                  # what it would do, and why
  galley test --changed-since origin/main
  galley test --shard 1/4 --report html=report.html`},
	} {
		o := &Options{Factory: f, Action: c.action}
		cmd := &cobra.Command{
			Use: string(c.action) + " [INSTANCE|REGEXP|all]...", Short: c.short, Example: c.example,
			ValidArgsFunction: f.CompleteInstances,
			RunE:              cmdutil.Run(o, &o.Instances, runF, Run),
		}
		f.Flags.Add(cmd.Flags(), "concurrency", "parallel", "fail-fast", "debug", "test-base-path", "idempotence", "recreate",
			"reuse", "reuse-max-age", "pull", "images", "locked", "require-tests", "retry", "timeout", "wait", "lease", "shard",
			"shard-times", "report", "report-changes")
		settings.Bool(cmd.Flags(), &o.DryRun, "dry-run", "",
			"print what would be pulled, made, replaced and run, and why; nothing is changed, and no registry asked")
		settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "with --dry-run: print JSON")
		is := func(actions ...lifecycle.Action) bool { return slices.Contains(actions, c.action) }
		if is("verify", "test") {
			f.Flags.Add(cmd.Flags(), "reuse-push")
		}
		cmd.Flags().StringArrayVar(&o.On, "on", nil, "do it on this `ENGINE`: docker, podman, an address, or NAME=ADDRESS; "+
			"may be repeated for several, which then work side by side")
		if is("converge", "verify", "test") {
			settings.Bool(cmd.Flags(), &o.Compare, "compare", "",
				"tell in what the converged machines differ between the engines of --on")
			settings.Bool(cmd.Flags(), &o.Strict, "strict", "", "with --compare, exit with 20 when they differ")
		}
		if !is("create", "destroy") {
			cmd.Flags().StringVar(&o.OnFailure, "on-failure", "",
				"shell: when converge, setup or verify fails, open a shell in the runner, and then ask how to go on")
		}
		if !is("destroy") {
			cmd.Flags().StringVar(&o.ChangedSince, changed.Flag, "", changed.Usage)
		}
		if is("test") {
			f.Flags.Add(cmd.Flags(), "destroy")
			settings.Bool(cmd.Flags(), &o.AutoInit, "auto-init", "", "write a kitchen.yml first where there is none")
			cmd.Flags().StringArrayVar(&o.Publish.Refs, "publish", nil,
				"publish each instance under `NAME` when its tests have passed, as galley publish does; may be repeated")
		}
		if is("destroy") {
			settings.Bool(cmd.Flags(), &o.Orphans, "orphans", "",
				"remove what is left over of this project and belongs to no instance of kitchen.yml")
			settings.Bool(cmd.Flags(), &o.Forget, "forget", "",
				"forget a runner whose engine does not answer, in place of failing; it is not removed")
		}
		list = append(list, cmd)
	}
	return list
}

// Run runs an action over the chosen instances.
func Run(ctx context.Context, o *Options) (err error) {
	set, err := o.Settings()
	if err != nil {
		return err
	}
	if st, err := os.Stat(os.TempDir()); err != nil || !st.IsDir() {
		return fmt.Errorf("the directory for temporary files, %s, is not there\n"+
			"Make it, or set TMPDIR to one that exists", os.TempDir())
	}
	if err := o.checkOnFailure(); err != nil {
		return err
	}
	if err := o.checkDryRun(); err != nil {
		return err
	}
	on, err := o.engines(ctx)
	if err != nil {
		return err
	}
	ro, err := o.runOptions(set)
	if err != nil {
		return err
	}
	if ro.CompareEngines = o.Compare; set.Source("concurrency").Kind != settings.CommandLine {
		ro.Concurrency = max(ro.Concurrency, len(on))
	}
	if o.AutoInit {
		if err := initcmd.Ensure(o.Factory); err != nil {
			return err
		}
	}
	ro.Forget, ro.Snapshot = o.Forget, o.Snapshot
	if o.Orphans {
		return o.destroyOrphans(ctx, ro)
	}
	if ro.Publish, err = o.publishOptions(); err != nil {
		return err
	}
	instances, err := o.load(ctx)
	if err != nil {
		return err
	}
	if instances, err = changed.Select(ctx, o.Factory, o.ChangedSince, instances); err != nil {
		return err
	}
	if o.ChangedSince != "" && len(instances) == 0 {
		return nil // which was said
	}
	if instances, err = cmdutil.Sharded(set.Settings, instances, cmdutil.Unit); err != nil {
		return err
	}
	instances = cmdutil.PutOn(instances, on)
	if o.DryRun {
		return o.preview(ctx, ro, instances)
	}
	logs, err := files.NewLogFiles(ro.Project.LogDir(), !set.LogOverwrite)
	if err != nil {
		return err
	}
	ro.LogPath = logs.Path
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer attach.SurviveBrokenPipe()()
	sinks, err := o.sinks(set, logs, stop)
	if err != nil {
		return errors.Join(err, logs.Close())
	}
	defer func() { err = errors.Join(err, sinks.Close()) }()
	sinks.Mask(o.Secrets)
	ro.Sink = sinks
	if o.OnFailure != "" {
		var abort context.CancelCauseFunc
		ctx, abort = context.WithCancelCause(ctx)
		defer abort(nil)
		ro.OnFailure = o.newStopper(func() { abort(errors.New("aborted")) }).ask
	}
	r, err := lifecycle.New(ro)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	err = r.Do(ctx, o.Action, instances)
	o.Published = r.Published()
	if errors.Is(context.Cause(ctx), errReaderGone) {
		return cmdutil.ExitCode(cmdutil.ExitBrokenPipe)
	}
	if err == nil && o.Strict && r.Differences() > 0 {
		return cmdutil.ExitCode(cmdutil.ExitAction)
	}
	return err
}

// engines are those of --on, each of which has answered.
func (o *Options) engines(ctx context.Context) ([]lifecycle.On, error) {
	switch {
	case o.Compare && len(o.On) < 2:
		return nil, errors.New("--compare compares engines: name two or more, as with --on docker --on podman\n" +
			"Two instances are compared by `galley compare A B`")
	case o.Strict && !o.Compare:
		return nil, errors.New("--strict goes with --compare: add it")
	case o.Orphans && len(o.On) > 0:
		return nil, errors.New("--orphans removes what belongs to no instance: leave --on out")
	case len(o.On) == 0:
		return nil, nil
	}
	return o.EnginesOn(ctx, o.On)
}

func (o *Options) load(ctx context.Context) ([]config.Instance, error) {
	if o.One {
		i, err := o.Factory.One(ctx, o.Instances)
		return []config.Instance{i}, err
	}
	if o.Action == lifecycle.Action(lifecycle.PhaseDestroy) && len(o.On) == 0 {
		return o.LoadWithEngines(ctx, o.Instances)
	}
	list, err := o.Load(ctx, o.Instances)
	n := slices.IndexFunc(list, func(i config.Instance) bool { return i.On != "" })
	if err == nil && n >= 0 && len(o.On) > 0 {
		return nil, fmt.Errorf("%s is on an engine already: leave --on out, or name %s", list[n].Name, list[n].PlainName())
	}
	return list, err
}

// publishOptions adds what this machine has to what was asked for.
func (o *Options) publishOptions() (lifecycle.PublishOptions, error) {
	p := o.Publish
	if o.Action != lifecycle.ActionPublish && o.Action != lifecycle.ActionPackage && len(p.Refs) == 0 {
		return p, nil
	}
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		p.Epoch = time.Unix(seconds, 0).UTC()
		if err != nil || seconds < 0 || p.Epoch.Year() > 9999 { // images have no later year
			return p, fmt.Errorf("SOURCE_DATE_EPOCH=%q: expected a number of seconds since 1970", text)
		}
	}
	return p, nil
}

// destroyOrphans removes what is left over of the project.
func (o *Options) destroyOrphans(ctx context.Context, ro lifecycle.Options) error {
	if len(o.Instances) > 0 {
		return errors.New("--orphans removes what belongs to no instance: leave the names out")
	}
	removed, err := o.LeftOver(ctx, ro, true)
	for _, left := range removed {
		fmt.Fprintln(o.Out, "removed", o.OrphanText(left))
	}
	if len(removed) == 0 && err == nil {
		fmt.Fprintln(o.Out, "nothing is left over")
	}
	return err
}

// runOptions are the life cycle's options as the settings have them.
func (o *Options) runOptions(s *settings.Loaded) (lifecycle.Options, error) {
	ro, err := o.RunOptions()
	if err != nil {
		return ro, err
	}
	ro.Concurrency = s.Concurrency
	if s.Parallel && s.Source("concurrency").Kind != settings.CommandLine {
		ro.Concurrency = settings.MaxConcurrency
	}
	ro.FailFast, ro.NoRecreate, ro.RequireTests, ro.Retry = s.FailFast, !s.Recreate, s.RequireTests, s.Retry
	ro.ReportChanges, ro.NoWait = s.ReportChanges, !s.Wait
	ro.Limits, _ = limits.Parse(s.Timeout)    // the settings have been checked
	ro.Lease, _ = time.ParseDuration(s.Lease) // 0 for none
	ro.Debug, ro.Idempotence, ro.Pull = s.Debug, s.Idempotence, config.PullPolicy(s.Pull)
	ro.Destroy = lifecycle.DestroyMode(s.Destroy)
	if s.Locked {
		ro.Locked, err = imagelock.Read(filepath.Join(ro.Project.Root, imagelock.Name))
		if errors.Is(err, fs.ErrNotExist) {
			return ro, fmt.Errorf("%s asks for the images of %s, which is not there\nMake it with galley lock",
				s.Source("locked"), imagelock.Name)
		} else if err != nil {
			return ro, err
		}
	}
	if s.TestBasePath != "" {
		ro.TestBase, err = filepath.Abs(s.TestBasePath)
	}
	return ro, err
}
