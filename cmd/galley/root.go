package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

const longHelp = `galley runs the Test Kitchen life cycle in containers, on Docker or on Podman,
whichever is there. It reads the kitchen.yml that you have for kitchen-dokken.

An instance is a suite on a platform. Name one, several, a regular expression,
or "all"; no name means all.`

// app is what all commands share: the streams and, once the command line was
// read, the settings.
type app struct {
	streams
	dir string
	set settings
}

func newRoot(s streams) *cobra.Command {
	a := &app{streams: s}
	root := &cobra.Command{
		Use:           "galley",
		Short:         "Test infrastructure code in containers, on Docker or Podman",
		Long:          longHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return fmt.Errorf("find the current directory: %w", err)
			}
			a.dir = dir
			a.set, err = newSettings(cmd.Flags(), dir)
			return err
		},
		// Without Args, an unknown command is answered with those that are near.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\nSee `%s --help`", err, cmd.CommandPath())
	})
	f := root.PersistentFlags()
	f.String("engine", "", "the engine to use: docker or podman (default: whichever answers first)")
	f.String("host", "", "the engine's address: unix://, tcp://, ssh:// or npipe://")
	f.String("tls-cert-path", "", "the directory with ca.pem, cert.pem and key.pem for a tcp:// address (default: DOCKER_CERT_PATH)")
	f.Bool("tls-verify", true, "check the certificate of an engine at a tcp:// address")
	f.StringP("log-level", "l", "info", "what to print: debug, info, warn or error")
	f.Bool("color", true, "use colours on a terminal (--color=false or NO_COLOR turns them off)")
	f.String("erb", "auto", "who evaluates <% %> in kitchen.yml: auto, builtin, ruby or off")
	f.Bool("erb-commands", true, "let templates run commands with backticks and %x()")
	f.Bool("log-overwrite", true, "start the log files anew instead of appending")
	root.AddCommand(a.listCommand(), a.loginCommand(), a.execCommand(), a.cpCommand(), a.logsCommand(), a.enginesCommand(),
		a.pruneCommand(), a.versionCommand(), a.testCommand(), a.reportCommand(), a.initCommand())
	root.AddCommand(a.phaseCommands()...)
	root.AddCommand(a.configCommands()...)
	return root
}
