// Package cli is galley's command line: it puts the commands together, runs one and turns its error into text and an
// exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/cli/compare"
	"github.com/galley-kitchen/galley/internal/cli/config"
	"github.com/galley-kitchen/galley/internal/cli/cp"
	"github.com/galley-kitchen/galley/internal/cli/diagnose"
	"github.com/galley-kitchen/galley/internal/cli/diff"
	"github.com/galley-kitchen/galley/internal/cli/doctor"
	"github.com/galley-kitchen/galley/internal/cli/engines"
	"github.com/galley-kitchen/galley/internal/cli/exec"
	"github.com/galley-kitchen/galley/internal/cli/explain"
	initcmd "github.com/galley-kitchen/galley/internal/cli/init"
	"github.com/galley-kitchen/galley/internal/cli/lint"
	"github.com/galley-kitchen/galley/internal/cli/list"
	"github.com/galley-kitchen/galley/internal/cli/lock"
	"github.com/galley-kitchen/galley/internal/cli/login"
	"github.com/galley-kitchen/galley/internal/cli/logs"
	"github.com/galley-kitchen/galley/internal/cli/phases"
	"github.com/galley-kitchen/galley/internal/cli/prune"
	"github.com/galley-kitchen/galley/internal/cli/publish"
	reportcmd "github.com/galley-kitchen/galley/internal/cli/report"
	"github.com/galley-kitchen/galley/internal/cli/schema"
	"github.com/galley-kitchen/galley/internal/cli/snapshot"
	"github.com/galley-kitchen/galley/internal/cli/version"
	"github.com/galley-kitchen/galley/internal/cli/watch"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/internal/suggest"
	"github.com/galley-kitchen/galley/lifecycle"
	publishing "github.com/galley-kitchen/galley/lifecycle/publish"
	"github.com/galley-kitchen/galley/report"
)

const longHelp = `galley runs the Test Kitchen life cycle in containers, on Docker or on Podman,
whichever is there. It reads the kitchen.yml that you have for kitchen-dokken.

An instance is a suite on a platform. Name one, several, a regular expression,
or "all"; no name means all. Each flag that is on or off has its --no- form.`

// Main runs galley with the process's arguments and streams and returns the exit code. linked is the version that the
// linker set, or empty.
func Main(linked string) int {
	if os.Getenv("GOGC") == "" {
		// Most runs are over before they have allocated what one collection of garbage would be worth.
		debug.SetGCPercent(200)
	}
	ctx, cancel := interruptible(os.Stderr)
	defer cancel()
	s := cmdutil.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	f := cmdutil.NewFactory(s, version.String(linked))
	f.Engines = knownEngines()
	return Run(ctx, os.Args[1:], f)
}

// knownEngines are the engines that galley has: see docs/contributing/new-backend.md.
func knownEngines() backend.Engines {
	return backend.Engines{
		docker.Engine(),
		podman.Engine(),
	}
}

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, args []string, f *cmdutil.Factory) int {
	root := NewCmdRoot(f) //nolint:contextcheck // the commands have it from ExecuteContext
	// What the shell asks for alone is there when it asks: it is a third of what all commands and flags cost.
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		for _, cmd := range append(root.Commands(), root) {
			completeValues(cmd)
		}
	}
	root.SetArgs(joinConcurrency(root, args))
	err := root.ExecuteContext(f.Observing(ctx))
	if e := f.EndObserving(); e != nil {
		printError(f, e)
		if err == nil {
			return cmdutil.ExitUsage
		}
	}
	var own cmdutil.ExitCode
	if err != nil && !errors.As(err, &own) {
		printError(f, err)
	}
	return codeOf(ctx, err)
}

// NewCmdRoot puts the commands together.
func NewCmdRoot(f *cmdutil.Factory) *cobra.Command {
	root := &cobra.Command{
		Use:           "galley",
		Short:         "Test infrastructure code in containers, on Docker or Podman",
		Long:          longHelp,
		Version:       f.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Without Args, an unknown command is answered with those that are near.
		RunE:             func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(cmd *cobra.Command, _ []string) { f.Command = cmd.Name() },
	}
	root.SetVersionTemplate("galley {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.Err)
	f.Flags.Add(root.PersistentFlags(), "engine", "host", "tls-cert-path", "tls-verify", "log-level", "quiet", "verbose",
		"color", "erb", "erb-commands", "log-overwrite", "trace", "pprof")
	root.AddCommand(phases.NewCmds(f, nil)...)
	root.AddCommand(list.NewCmdList(f, nil), login.NewCmdLogin(f, nil), exec.NewCmdExec(f, nil), cp.NewCmdCp(f, nil),
		compare.NewCmdCompare(f, nil), diff.NewCmdDiff(f, nil), logs.NewCmdLogs(f, nil),
		engines.NewCmdEngines(f, nil), prune.NewCmdPrune(f, nil),
		publish.NewCmdPublish(f, nil), publish.NewCmdPackage(f, nil), version.NewCmdVersion(f),
		reportcmd.NewCmdReport(f, nil), initcmd.NewCmdInit(f), diagnose.NewCmdDiagnose(f, nil),
		explain.NewCmdExplain(f, nil), lint.NewCmdLint(f, nil), lock.NewCmdLock(f, nil), schema.NewCmdSchema(f),
		config.NewCmdConfig(f, nil), snapshot.NewCmdSnapshot(f, nil), watch.NewCmdWatch(f, nil),
		doctor.NewCmdDoctor(f, nil), doctor.NewCmdAgent(),
		cmdutil.NewCmdWords("console",
			"`galley diagnose` prints the configuration, and `galley login` opens a shell in a runner"))
	// As in Test Kitchen, flags may have underscores, and commands may be cut short as long as they are clear.
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	cobra.EnablePrefixMatching = true
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		refuseUnknown(cmd)
		switch cmd.Name() {
		case "completion":
			cmd.Example = "  source <(galley completion bash)\n  galley completion fish > ~/.config/fish/completions/galley.fish"
		case "help":
			cmd.Example = "  galley help converge"
			// The help of an unknown command is the error that the command itself is; without this help prints the
			// usage of galley and succeeds.
			cmd.Args = func(_ *cobra.Command, args []string) error {
				_, _, err := root.Find(args)
				return err
			}
		}
	}
	return root
}

// flagError names the flag that is near to one that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	near := ""
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if name := suggest.Nearest(unknown.GetSpecifiedName(), names); name != "" {
			near = "\nDid you mean --" + name + "?"
		}
	}
	return fmt.Errorf("%w%s\nSee `%s --help`", err, near, cmd.CommandPath())
}

// refuseUnknown makes a word that is no command of a group an error; without it the group prints its help and succeeds.
func refuseUnknown(group *cobra.Command) {
	if !group.HasSubCommands() || group.Runnable() {
		return
	}
	group.Args = cobra.ArbitraryArgs
	group.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		near := ""
		if name := suggest.Nearest(args[0], names); name != "" {
			near = "\nDid you mean " + name + "?"
		}
		return fmt.Errorf("unknown command %q for %q: write one of %s%s",
			args[0], cmd.CommandPath(), strings.Join(names, ", "), near)
	}
}

// completeValues offers the values of flags to the shell, where they can be listed.
func completeValues(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		words, directive := settings.Words(flag.Name), cobra.ShellCompDirectiveNoFileComp
		switch {
		case flag.Value.Type() == "bool" || flag.Hidden:
			return
		case flag.Name == "report":
			for _, format := range report.Formats() {
				words = append(words, format+"=")
			}
			directive |= cobra.ShellCompDirectiveNoSpace
		case flag.Name == "matrix":
			words = []string{"github", "gitlab"}
		case flag.Name == "format":
			words = []string{"text", "ndjson"}
			switch cmd.Name() {
			case "lint":
				words = []string{"text", "json", "sarif"}
			case "package":
				words = []string{string(publishing.FormatDocker), string(publishing.FormatOCI)}
			}
		case flag.Name == "on-failure":
			words = []string{"shell"}
		case flag.Name == "level":
			words = []string{"debug", "info", "warn", "error"}
		}
		if words != nil {
			// It fails for a flag that is not there or has a completion, which is a mistake in this file.
			if err := cmd.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(words, directive)); err != nil {
				panic(err)
			}
		}
	})
}

// interruptible ends the context at the first SIGINT, SIGTERM or SIGHUP, and the process at the second. SIGHUP comes
// when the terminal goes, often twice, so that it is never the second one; nohup has it ignored.
func interruptible(stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go handleSignals(signals, func() {
		fmt.Fprintln(stderr, "\ngalley: stopping; once more to stop at once")
		cancel(cmdutil.ErrInterrupted)
	}, func() { os.Exit(cmdutil.ExitInterrupted) })
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// handleSignals stops at the first signal and exits at the second that is not SIGHUP.
func handleSignals(signals <-chan os.Signal, stop, exit func()) {
	<-signals
	stop()
	for s := range signals {
		if s != syscall.SIGHUP {
			exit()
		}
	}
}

// codeOf is the one place where errors become exit codes.
func codeOf(ctx context.Context, err error) int {
	var own cmdutil.ExitCode
	var action *lifecycle.ActionError
	switch {
	case err == nil:
		return cmdutil.ExitOK
	case errors.As(err, &own):
		return int(own)
	case errors.Is(context.Cause(ctx), cmdutil.ErrInterrupted):
		return cmdutil.ExitInterrupted
	case errors.As(err, &action):
		return cmdutil.ExitAction
	default:
		return cmdutil.ExitUsage
	}
}

// printError prints an error the way Test Kitchen marks them. What an action failed with was reported while it ran;
// what went wrong beside it, such as a report that could not be written, was not.
func printError(f *cmdutil.Factory, err error) {
	var action *lifecycle.ActionError
	if errors.As(err, &action) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, part := range joined.Unwrap() {
				printError(f, part)
			}
		}
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintln(f.Err, ">>>>>> "+f.Clean(line))
	}
}
