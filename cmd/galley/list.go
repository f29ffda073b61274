package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [INSTANCE|REGEXP|all]...", Aliases: []string{"status"}, Short: "List instances and where they are in their life",
		ValidArgsFunction: a.completeInstances,
		RunE: func(cmd *cobra.Command, args []string) error {
			instances, problems, err := a.summaries(cmd.Context(), args)
			if err != nil {
				return err
			}
			return firstError(a.printList(cmd, instances), problems)
		},
	}
	cmd.Flags().BoolP("bare", "b", false, "print names only")
	cmd.Flags().BoolP("json", "j", false, "print JSON")
	cmd.Flags().String("matrix", "", "print a matrix of jobs, one for each instance: github or gitlab")
	shardFlags(cmd.Flags())
	return cmd
}

func summaryName(s config.Summary) string { return s.Name }

// summaries names the instances that args select. It decodes no settings, so that
// listing is quick and works while some of them are wrong. problems are what keeps
// them from being run.
func (a *app) summaries(ctx context.Context, args []string) (chosen []config.Summary, problems, err error) {
	conf, err := a.loadRaw(ctx)
	if err != nil {
		return nil, nil, err
	}
	a.tell(conf)
	problems = a.diagnose(conf, nil)
	if chosen, err = choose(conf.Summaries(), summaryName, args); err != nil {
		return nil, nil, firstError(problems, err)
	}
	return chosen, problems, nil
}

// printList prints instances in the form that the flags ask for.
func (a *app) printList(cmd *cobra.Command, instances []config.Summary) error {
	instances, err := sharded(a, instances, summaryName)
	if err != nil {
		return err
	}
	if system, _ := cmd.Flags().GetString("matrix"); system != "" {
		return printMatrix(a.out, system, instances)
	}
	if bare, _ := cmd.Flags().GetBool("bare"); bare {
		for _, i := range instances {
			if _, err := fmt.Fprintln(a.out, i.Name); err != nil {
				return err
			}
		}
		return nil
	}
	return a.list(cmd, instances)
}

// list prints where the instances are. An engine that cannot be asked is a
// warning: what is known is still worth showing.
func (a *app) list(cmd *cobra.Command, instances []config.Summary) (err error) {
	o, err := a.runOptions(cmd)
	if err != nil {
		return err
	}
	o.Sink = report.NewMulti()
	r, err := lifecycle.New(o)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, r.Close()) }()
	all := make([]string, len(instances))
	for n, i := range instances {
		all[n] = i.Name
	}
	statuses, askErr := r.Statuses(cmd.Context(), all)
	if askErr != nil {
		fmt.Fprintf(a.err, "$$$$$$ the engine could not be asked, so this is what galley remembers: %v\n", askErr)
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return a.listJSON(instances, statuses)
	}
	rows := [][]string{{"Instance", "Driver", "Provisioner", "Verifier", "Transport", "Last Action", "Last Error", "Runner"}}
	for n, i := range instances {
		s := statuses[n]
		last, failed := s.LastAction.Done(), "<None>"
		if s.LastError != "" {
			failed = string(s.FailedAction) + " failed"
		}
		rows = append(rows, []string{i.Name, i.Driver, i.Provisioner, i.Verifier, i.Transport, last, failed, string(s.Live)})
	}
	return table(a.out, rows)
}

// listJSON prints Test Kitchen's keys, and galley's own after them.
func (a *app) listJSON(instances []config.Summary, statuses []lifecycle.Status) error {
	type row struct {
		Instance     string  `json:"instance"`
		Driver       string  `json:"driver"`
		Provisioner  string  `json:"provisioner"`
		Verifier     string  `json:"verifier"`
		Transport    string  `json:"transport"`
		LastAction   *string `json:"last_action"`
		LastError    *string `json:"last_error"`
		FailedAction string  `json:"failed_action,omitempty"`
		Runner       string  `json:"runner,omitempty"`
	}
	rows := []row{}
	for n, i := range instances {
		s := statuses[n]
		r := row{Instance: i.Name, Driver: i.Driver, Provisioner: i.Provisioner, Verifier: i.Verifier,
			Transport: i.Transport, FailedAction: string(s.FailedAction), Runner: string(s.Live)}
		if s.LastAction != "" {
			last := string(s.LastAction)
			r.LastAction = &last
		}
		if s.LastError != "" {
			r.LastError = &s.LastError
		}
		rows = append(rows, r)
	}
	return printJSON(a.out, rows)
}
