package main

import (
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
			instances, err := a.load(cmd.Context(), args)
			if err != nil {
				return err
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
		},
	}
	cmd.Flags().BoolP("bare", "b", false, "print names only")
	cmd.Flags().BoolP("json", "j", false, "print JSON")
	return cmd
}

// list prints where the instances are. An engine that cannot be asked is a
// warning: what is known is still worth showing.
func (a *app) list(cmd *cobra.Command, instances []config.Instance) (err error) {
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
	statuses, askErr := r.Statuses(cmd.Context(), instances)
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
		rows = append(rows, []string{i.Name, i.Driver.Name, i.Provisioner.Name, i.Verifier.Name, i.Transport.Name, last, failed, string(s.Live)})
	}
	return table(a.out, rows)
}

// listJSON prints Test Kitchen's keys, and galley's own after them.
func (a *app) listJSON(instances []config.Instance, statuses []lifecycle.Status) error {
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
		r := row{Instance: i.Name, Driver: i.Driver.Name, Provisioner: i.Provisioner.Name, Verifier: i.Verifier.Name,
			Transport: i.Transport.Name, FailedAction: string(s.FailedAction), Runner: string(s.Live)}
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
