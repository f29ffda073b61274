// Package list is `galley list`.
package list

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/changed"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/console"
)

// Options are what list is asked for.
type Options struct {
	*cmdutil.Factory
	// Bare prints names only.
	Bare, JSON bool
	// Matrix is the CI system for which a matrix of jobs is printed: github, gitlab or "".
	Matrix string
	// Orphans lists what is left over of the project in place of its instances.
	Orphans bool
	// ChangedSince is a commit, to list instances to which a change since then may matter; empty takes all.
	ChangedSince string
	// Instances select by name or pattern.
	Instances []string
}

// NewCmdList lists instances. runF replaces the work in tests.
func NewCmdList(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "list [INSTANCE|REGEXP|all]...", Aliases: []string{"status"},
		Short: "List instances and where they are in their life", ValidArgsFunction: f.CompleteInstances,
		Example: `  galley list
  galley list debian --json
  galley list --matrix github    # a job for each instance
  galley list --bare --changed-since origin/main`,
		RunE: cmdutil.Run(o, &o.Instances, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.Bare, "bare", "b", "print names only")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "j", "print JSON")
	settings.Bool(cmd.Flags(), &o.Orphans, "orphans", "",
		"list what is left over of this project and belongs to no instance of kitchen.yml")
	cmdutil.Accepted(cmd.Flags(), "live", "what runs is always shown")
	cmdutil.Accepted(cmd.Flags(), "probe", "what runs is always shown")
	cmdutil.Words(cmd.Flags(), "debug", "d", false, "the details of an instance are what `galley diagnose` prints")
	cmd.Flags().StringVar(&o.ChangedSince, changed.Flag, "", changed.Usage)
	cmd.Flags().StringVar(&o.Matrix, "matrix", "", "print a matrix of jobs, one for each instance: github or gitlab")
	f.Flags.Add(cmd.Flags(), "shard", "shard-times", "reuse", "reuse-max-age")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	if o.Orphans {
		return o.listOrphans(ctx)
	}
	instances, problems, err := o.instances(ctx)
	if err != nil {
		return err
	}
	return cmp.Or(o.print(ctx, instances), problems)
}

// instances are those that are asked for. It decodes no settings unless it is asked for what has changed, so that
// listing is quick and works while some of them are wrong. problems are what keeps them from being run.
func (o *Options) instances(ctx context.Context) (chosen []kitchen.RawInstance, problems, err error) {
	conf, err := o.Config(ctx)
	if err != nil {
		return nil, nil, err
	}
	if o.ChangedSince != "" {
		chosen, err = o.changed(ctx, conf)
		return chosen, nil, err
	}
	o.Notices(conf)
	problems = o.Problems(conf, nil)
	if chosen, err = cmdutil.Choose(conf.Instances, o.Instances); err != nil {
		return nil, nil, cmp.Or(problems, err)
	}
	if o.Matrix == "" {
		chosen = cmdutil.WithEngines(conf.Instances, chosen)
	}
	return chosen, problems, nil
}

// changed are those that are asked for and to which a change may matter.
func (o *Options) changed(ctx context.Context, conf *kitchen.Config) ([]kitchen.RawInstance, error) {
	resolved, err := o.Load(ctx, o.Instances)
	if err == nil {
		resolved, err = changed.Select(ctx, o.Factory, o.ChangedSince, resolved)
	}
	names := map[string]bool{}
	for _, i := range resolved {
		names[i.Name] = true
	}
	return slices.DeleteFunc(slices.Clone(conf.Instances), func(i kitchen.RawInstance) bool { return !names[i.Name] }), err
}

// print prints instances in the form that the flags ask for.
func (o *Options) print(ctx context.Context, instances []kitchen.RawInstance) error {
	set, err := o.Settings()
	if err != nil {
		return err
	}
	if instances, err = cmdutil.Sharded(set.Settings, instances, cmdutil.RawUnit); err != nil {
		return err
	}
	if o.Matrix != "" {
		return printMatrix(o.Out, o.Matrix, instances)
	}
	if o.Bare {
		terminal := console.IsTerminal(o.Out, os.Getenv)
		for _, i := range instances {
			name := i.Name // as it is for a program that reads it
			if terminal {
				name = o.Clean(name)
			}
			if _, err := fmt.Fprintln(o.Out, name); err != nil {
				return err
			}
		}
		return nil
	}
	return o.statuses(ctx, instances)
}

// statuses prints where the instances are. An engine that cannot be asked is a warning: what is known is still worth
// showing.
func (o *Options) statuses(ctx context.Context, instances []kitchen.RawInstance) error {
	var all []string
	groups := map[string]bool{}
	for _, i := range instances {
		all = append(all, i.Name)
		if i.Group != nil && !groups[i.Group.Name] {
			groups[i.Group.Name] = true
			all = append(all, i.Group.Name)
		}
	}
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	// A project without an ID has made nothing that it remembers, which is no reason to start a service.
	o.NoService = ro.Project.ID == ""
	return cmdutil.WithRun(ro, func(r *lifecycle.Run) error {
		statuses, askErr := r.Statuses(ctx, all)
		if askErr != nil {
			o.Warn(fmt.Sprintf("this is what galley remembers, since not all could be read or asked: %v", askErr))
		}
		var warmths map[string]lifecycle.Warmth
		if ro.Reuse.On {
			warmths = o.warmths(ctx, r)
		}
		show := o.printTable
		if o.JSON {
			show = o.printJSON
		}
		byName := map[string]lifecycle.Status{}
		for n, name := range all {
			byName[name] = statuses[n]
		}
		if err := show(instances, byName, warmths); err != nil || askErr != nil {
			return err
		}
		return o.tellOrphans(ctx, r)
	})
}

// warmths tells of which instances a checkpoint would spare the converge. That it cannot be told is a warning.
func (o *Options) warmths(ctx context.Context, r *lifecycle.Run) map[string]lifecycle.Warmth {
	list := map[string]lifecycle.Warmth{}
	instances, err := o.Load(ctx, o.Instances)
	for _, i := range instances {
		var x lifecycle.Explanation
		if x, err = r.Explain(ctx, i); err != nil {
			break
		}
		list[i.Name] = x.State
	}
	if err != nil {
		o.Warn(fmt.Sprintf("it is not known which instances a checkpoint would spare the converge: %v", err))
	}
	return list
}

// orphanTime is how long `galley list` waits for an engine to tell what is left over.
const orphanTime = 3 * time.Second

// tellOrphans tells what is left over of the project. That the engine cannot be asked is only told by --orphans: where
// it matters for an instance it was told already.
func (o *Options) tellOrphans(ctx context.Context, r *lifecycle.Run) error {
	names, err := o.AllInstances(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, orphanTime)
	defer cancel()
	list, _ := r.Orphans(ctx, names)
	for _, left := range list {
		o.Warn("left over: " + o.OrphanText(left))
	}
	if len(list) > 0 {
		o.Warn("no instance of kitchen.yml needs this any more: `galley destroy --orphans` removes it")
	}
	return nil
}

// listOrphans prints what is left over of the project.
func (o *Options) listOrphans(ctx context.Context) error {
	ro, err := o.RunOptions()
	if err != nil {
		return err
	}
	list, err := o.LeftOver(ctx, ro, false)
	switch {
	case o.JSON:
		return cmp.Or(cmdutil.PrintJSON(o.Out, append([]lifecycle.Orphan{}, list...)), err) // [] and not null
	case o.Bare:
		for _, left := range list {
			fmt.Fprintln(o.Out, o.Clean(left.Instance))
		}
		return err
	}
	if len(list) == 0 {
		if err == nil {
			_, err = fmt.Fprintln(o.Out, "nothing is left over")
		}
		return err
	}
	rows := [][]string{{"Instance", "Runner", "State", "Engine", "Directory", "Host"}}
	for _, left := range list {
		rows = append(rows, []string{left.Instance, left.Runner, string(left.State), left.Endpoint, left.ProjectDir,
			left.Host})
	}
	return cmp.Or(o.Table(rows), err)
}

func (o *Options) printTable(instances []kitchen.RawInstance, statuses map[string]lifecycle.Status,
	warmths map[string]lifecycle.Warmth) error {
	rows := [][]string{
		{"Instance", "Driver", "Provisioner", "Verifier", "Transport", "From", "Last Action", "Last Error",
			"Runner"},
	}
	add := func(name, from string, plugins ...string) {
		s := statuses[name]
		failed := "<None>"
		if s.LastError != "" {
			failed = string(s.FailedAction) + " failed"
		}
		last := s.LastAction.Done()
		if s.Reached != "" {
			last += " (" + s.Reached + ")"
		}
		rows = append(rows, append(append([]string{name}, plugins...), from, last, failed, liveText(s)))
	}
	var group *kitchen.Group
	for _, i := range instances {
		if i.Group != nil && i.Group != group {
			group = i.Group
			verifier, _ := kitchen.PluginName(group.Verifier)
			add(group.Name, "", "", "", verifier, "")
		}
		driver, provisioner, verifier, transport := i.Plugins()
		add(i.Name, i.FromSuite(), driver, provisioner, verifier, transport)
	}
	if warmths != nil {
		rows[0] = append(rows[0], "Reuse")
		for n := range rows[1:] {
			rows[n+1] = append(rows[n+1], string(warmths[rows[n+1][0]]))
		}
	}
	return o.Table(rows)
}

// liveText is the state of a runner, with its faults and the services that do not run.
func liveText(s lifecycle.Status) string {
	words := []string{}
	if s.Live != "" {
		words = append(words, string(s.Live))
		if s.Faults {
			words = append(words, "faults made")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Services)) {
		if state := s.Services[name]; state != backend.StateRunning {
			words = append(words, name+" "+string(state))
		}
	}
	return strings.Join(words, ", ")
}

// group is what a suite with nodes is on a platform as a whole.
type group struct {
	Name       string                   `json:"name"`
	LastAction string                   `json:"last_action,omitempty"`
	LastError  string                   `json:"last_error,omitempty"`
	Services   map[string]backend.State `json:"services,omitempty"`
}

// printJSON prints Test Kitchen's keys, and galley's own after them.
func (o *Options) printJSON(instances []kitchen.RawInstance, statuses map[string]lifecycle.Status,
	warmths map[string]lifecycle.Warmth) error {
	type row struct {
		Instance     string  `json:"instance"`
		Driver       string  `json:"driver"`
		Provisioner  string  `json:"provisioner"`
		Verifier     string  `json:"verifier"`
		Transport    string  `json:"transport"`
		LastAction   *string `json:"last_action"`
		LastError    *string `json:"last_error"`
		FailedAction string  `json:"failed_action,omitempty"`
		ReachedStep  string  `json:"reached_step,omitempty"`
		Faults       bool    `json:"faults,omitempty"`
		From         string  `json:"from,omitempty"`
		Runner       string  `json:"runner,omitempty"`
		Reuse        string  `json:"reuse,omitempty"`
		// Services are the states of services by their names.
		Services map[string]backend.State `json:"services,omitempty"`
		// Node is the name of a node among those of its suite, and After are the nodes that come before it.
		Node  string   `json:"node,omitempty"`
		After []string `json:"after,omitempty"`
		Group *group   `json:"group,omitempty"`
	}
	rows := []row{}
	for _, i := range instances {
		s := statuses[i.Name]
		r := row{Instance: i.Name, From: i.FromSuite(), FailedAction: string(s.FailedAction), Runner: string(s.Live),
			Reuse: string(warmths[i.Name]), Services: s.Services, ReachedStep: s.Reached, Faults: s.Faults}
		r.Driver, r.Provisioner, r.Verifier, r.Transport = i.Plugins()
		if g := i.Group; g != nil {
			s := statuses[g.Name]
			r.Node, r.After = i.Node, i.After
			r.Group = &group{g.Name, string(s.LastAction), s.LastError, s.Services}
		}
		if s.LastAction != "" {
			last := string(s.LastAction)
			r.LastAction = &last
		}
		if s.LastError != "" {
			r.LastError = &s.LastError
		}
		rows = append(rows, r)
	}
	return cmdutil.PrintJSON(o.Out, rows)
}
