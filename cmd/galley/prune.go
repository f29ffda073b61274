package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/lifecycle"
)

func (a *app) pruneCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "prune", SuggestFor: []string{"clean"}, Short: "Remove what galley keeps for later runs: tool containers, work images, the network", Args: cobra.NoArgs,
		Long: `Remove what galley shares between projects and keeps for later runs: tool
containers with their volumes, work images and the network. Only things that
carry galley's labels are touched, and nothing that is in use. --all removes
runners too, of every project.`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			all, _ := cmd.Flags().GetBool("all")
			dry, _ := cmd.Flags().GetBool("dry-run")
			be, _, err := a.open(cmd.Context(), "", "")
			if err != nil {
				return err
			}
			defer func() { err = firstError(err, be.Close()) }()
			removed, err := lifecycle.Prune(cmd.Context(), be, all, dry)
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				if removed == nil {
					removed = []lifecycle.Pruned{}
				}
				return firstError(printJSON(a.out, removed), err)
			}
			verb := "removed"
			if dry {
				verb = "would remove"
			}
			for _, p := range removed {
				fmt.Fprintf(a.out, "%s %s %s (%s)\n", verb, p.Kind, p.Name, p.Role)
			}
			if len(removed) == 0 && err == nil {
				fmt.Fprintln(a.out, "nothing to remove")
			}
			return err
		},
	}
	cmd.Flags().Bool("all", false, "remove runners too, of every project")
	cmd.Flags().Bool("dry-run", false, "only print what would be removed")
	cmd.Flags().Bool("json", false, "print JSON")
	return cmd
}
