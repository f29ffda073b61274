package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/credentials"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// manyWorkers is what `-c` without a number and --parallel mean: as many as there are
// instances.
const manyWorkers = 9999

func (a *app) phaseCommands() []*cobra.Command {
	var list []*cobra.Command
	for _, c := range []struct {
		action lifecycle.Action
		short  string
	}{
		{"create", "Create runners"},
		{"converge", "Create runners if needed, and bring them to their desired state"},
		{"setup", "Converge if needed, and run the hooks around setup"},
		{"verify", "Set up if needed, and run the tests"},
		{"destroy", "Remove runners and what belongs to them"},
	} {
		cmd := &cobra.Command{
			Use: string(c.action) + " [INSTANCE|REGEXP|all]...", Short: c.short,
			ValidArgsFunction: a.completeInstances,
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.act(cmd, c.action, args)
			},
		}
		actionFlags(cmd.Flags())
		list = append(list, cmd)
	}
	return list
}

func (a *app) testCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test [INSTANCE|REGEXP|all]...", Short: "Destroy, create, converge, set up, verify, and destroy again",
		ValidArgsFunction: a.completeInstances,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.act(cmd, lifecycle.ActionTest, args)
		},
	}
	actionFlags(cmd.Flags())
	cmd.Flags().StringP("destroy", "d", string(lifecycle.DestroyPassing), "when to destroy at the end: passing, always or never")
	return cmd
}

func actionFlags(f *pflag.FlagSet) {
	f.StringP("concurrency", "c", "1", "how many instances run side by side; -c alone means all")
	f.Lookup("concurrency").NoOptDefVal = strconv.Itoa(manyWorkers)
	f.BoolP("parallel", "p", false, "run all instances side by side")
	f.BoolP("fail-fast", "f", false, "start no further instance after one failed")
	f.BoolP("debug", "D", false, "let provisioner and verifier say more")
	f.StringP("test-base-path", "t", "", "the directory of the tests (default: test/integration)")
	f.Bool("idempotence", false, "converge twice, and fail when the second time changes anything")
	f.Bool("no-recreate", false, "keep a runner although its configuration changed")
	f.String("pull", "", "when to pull images, whatever kitchen.yml says: always, missing, newer or never")
	f.Bool("require-tests", false, "fail an instance whose verifier found no tests")
	f.Int("retry", 0, "how many more times to run tests that failed; one that passes then is reported as flaky")
	shardFlags(f)
	f.StringArray("report", nil, "write a report: junit=FILE, json=FILE, ndjson=FILE or html=FILE; may be repeated")
}

// act runs an action over the chosen instances.
func (a *app) act(cmd *cobra.Command, action lifecycle.Action, args []string) (err error) {
	ctx := cmd.Context()
	o, err := a.runOptions(cmd)
	if err != nil {
		return err
	}
	instances, err := a.load(ctx, args)
	if err != nil {
		return err
	}
	if instances, err = sharded(a, instances, instanceName); err != nil {
		return err
	}
	logs, err := report.NewLogFiles(o.Project.LogDir(), report.LogOptions{Append: !a.set.v.GetBool("log-overwrite")})
	if err != nil {
		return err
	}
	o.LogPath = logs.Path
	sinks, err := a.sinks(logs)
	if err != nil {
		return errors.Join(err, logs.Close())
	}
	defer func() { err = errors.Join(err, sinks.Close()) }()
	o.Sink = sinks
	r, err := lifecycle.New(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Do(ctx, action, instances)
}

// runOptions reads the flags and settings of an action.
func (a *app) runOptions(cmd *cobra.Command) (lifecycle.Options, error) {
	project, err := lifecycle.NewProject(a.dir)
	if err != nil {
		return lifecycle.Options{}, fmt.Errorf("find the project: %w", err)
	}
	o := lifecycle.Options{Project: project, Version: versionString(), Open: a.open, Credentials: findCredentials, Environ: os.Environ()}
	if cmd.Flags().Lookup("concurrency") == nil {
		return o, nil // not an action
	}
	v := a.set.v
	if o.Concurrency = v.GetInt("concurrency"); o.Concurrency < 1 {
		return o, fmt.Errorf("--concurrency %q: write a number from 1 up", v.GetString("concurrency"))
	}
	if v.GetBool("parallel") && !cmd.Flags().Changed("concurrency") {
		o.Concurrency = manyWorkers
	}
	o.FailFast, o.NoRecreate = v.GetBool("fail-fast"), v.GetBool("no-recreate")
	o.RequireTests = v.GetBool("require-tests")
	if o.Retry, err = strconv.Atoi(v.GetString("retry")); err != nil || o.Retry < 0 {
		return o, fmt.Errorf("--retry %q: write a number from 0 up", v.GetString("retry"))
	}
	o.Debug, o.Idempotence = v.GetBool("debug"), v.GetBool("idempotence")
	if t := v.GetString("test-base-path"); t != "" {
		if o.TestBase, err = filepath.Abs(t); err != nil {
			return o, err
		}
	}
	switch o.Pull = config.PullPolicy(v.GetString("pull")); o.Pull {
	case "", config.PullAlways, config.PullMissing, config.PullNewer, config.PullNever:
	default:
		return o, fmt.Errorf("--pull %q: write always, missing, newer or never", o.Pull)
	}
	if cmd.Flags().Lookup("destroy") != nil {
		if o.Destroy, err = lifecycle.ParseDestroyMode(v.GetString("destroy")); err != nil {
			return o, err
		}
	}
	return o, nil
}

// findCredentials looks where the instance's settings allow it to.
func findCredentials(ctx context.Context, i config.Instance, ref string) (*backend.Credentials, error) {
	f := credentials.Finder{Home: homeDir(), UID: os.Getuid(), Getenv: os.Getenv}
	return f.Find(ctx, ref, credentials.Source{File: i.Driver.CredsFile, DockerConfig: i.Driver.DockerConfigCreds})
}

// completeInstances offers instance names to the shell.
func (a *app) completeInstances(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	a.dir = dir
	if a.set, err = newSettings(cmd.Flags(), dir); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	conf, err := a.loadRaw(context.WithoutCancel(cmd.Context()))
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var list []string
	for _, i := range conf.Instances {
		if strings.HasPrefix(i.Name, prefix) {
			list = append(list, i.Name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// sinks are where the events of a run go: the screen, the reports, the log files.
func (a *app) sinks(logs *report.LogFiles) (*report.Multi, error) {
	v := a.set.v
	terminal := report.IsTerminal(a.out, os.Getenv)
	level, err := report.ParseLevel(v.GetString("log-level"))
	if err != nil {
		return nil, err
	}
	o := report.Options{Level: level, Fold: report.FoldFor(os.Getenv),
		Color: report.UseColor(a.colorWish(), os.Getenv, terminal)}
	specs := v.GetStringSlice("report")
	var list []report.SinkCloser
	switch {
	case terminal:
		list = append(list, report.NewConsole(report.NewTerminal(a.out), a.err, o))
	case slices.ContainsFunc(specs, func(s string) bool { return strings.HasSuffix(s, "=-") }):
		list = append(list, report.NewPlain(a.err, a.err, o)) // stdout is for the report
	default:
		list = append(list, report.NewPlain(a.out, a.err, o))
	}
	asked := slices.ContainsFunc(specs, func(s string) bool { return s == "github" || strings.HasPrefix(s, "github=") })
	if os.Getenv("GITHUB_ACTIONS") == "true" && !asked {
		list = append(list, report.NewGitHub(a.out, os.Getenv("GITHUB_STEP_SUMMARY")))
	}
	for _, spec := range specs {
		s, err := report.Open(spec, report.Env{Stdout: a.out, Getenv: os.Getenv})
		if err != nil {
			for _, opened := range list {
				err = errors.Join(err, opened.Close())
			}
			return nil, err
		}
		list = append(list, s)
	}
	all := []lifecycle.Sink{logs}
	for _, s := range list {
		all = append(all, s)
	}
	return report.NewMulti(all...), nil
}

// colorWish is what --color says; unset leaves it to the environment.
func (a *app) colorWish() report.ColorWish {
	switch {
	case !a.set.v.GetBool("color"):
		return report.ColorNever
	case a.set.given("color"):
		return report.ColorAlways
	default:
		return report.ColorAuto
	}
}
