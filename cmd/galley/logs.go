package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

func (a *app) logsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "logs INSTANCE|REGEXP", Short: "Print the log of an instance", Args: cobra.ExactArgs(1),
		ValidArgsFunction: a.completeInstances,
		Long: `Print what galley logged of an instance. With --runner, print what PID 1 of its
runner has printed; -f follows that until the runner stops.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			runner, _ := cmd.Flags().GetBool("runner")
			follow, _ := cmd.Flags().GetBool("follow")
			if runner || follow {
				return a.reach(cmd, args, true, func(r []reached) error {
					return r[0].engine.ContainerLogs(cmd.Context(), r[0].runner.ID, backend.LogOptions{Stdout: a.out, Stderr: a.err, Follow: follow})
				})
			}
			return a.printLog(cmd, args)
		},
	}
	cmd.Flags().Bool("runner", false, "print the output of the runner's PID 1")
	cmd.Flags().BoolP("follow", "f", false, "follow the output of the runner's PID 1")
	return cmd
}

func (a *app) printLog(cmd *cobra.Command, args []string) error {
	chosen, err := a.load(cmd.Context(), args)
	if err != nil {
		return err
	}
	if len(chosen) != 1 {
		return fmt.Errorf("logs works on one instance, and %d match:%s", len(chosen), names(chosen, instanceName))
	}
	project, err := lifecycle.NewProject(a.dir)
	if err != nil {
		return err
	}
	f, err := os.Open(report.LogPath(project.LogDir(), chosen[0].Name))
	if err != nil {
		return fmt.Errorf("there is no log of %s yet: %w", chosen[0].Name, err)
	}
	defer f.Close()
	if _, err := io.Copy(a.out, f); err != nil {
		return fmt.Errorf("print the log: %w", err)
	}
	return nil
}
