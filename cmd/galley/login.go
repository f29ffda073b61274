package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// loginShell starts the best shell that the runner has.
const loginShell = `if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi`

func (a *app) loginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "login INSTANCE|REGEXP", SuggestFor: []string{"shell", "ssh"}, Short: "Open a shell in a runner", Args: cobra.ExactArgs(1),
		ValidArgsFunction: a.completeInstances,
		Long: `Open a shell in an instance's runner: bash where there is one, else sh. The
exit code is the shell's. With -c a line is run in it instead.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			line, _ := cmd.Flags().GetString("command")
			if line == "" {
				line = loginShell
			}
			return a.reach(cmd, args, true, func(r []reached) error {
				return a.attach(cmd.Context(), r[0], runner.Shell(line))
			})
		},
	}
	cmd.Flags().StringP("command", "c", "", "a shell line to run instead of an interactive shell")
	return cmd
}

// attach runs a command in a runner on this terminal, or on plain streams where
// there is no terminal.
func (a *app) attach(ctx context.Context, r reached, argv []string) error {
	e := backend.ExecSpec{Command: argv, Stdin: a.in, Stdout: a.out, Stderr: a.err, Env: map[string]string{}}
	if term.IsTerminal(int(a.in.Fd())) && term.IsTerminal(int(a.out.Fd())) {
		e.Tty = true
		e.Env["TERM"] = valueOr(os.Getenv("TERM"), "xterm")
		restore, err := a.raw(ctx, &e)
		if err != nil {
			return err
		}
		defer restore()
	}
	defer surviveBrokenPipe()()
	code, err := r.engine.Exec(ctx, r.runner.ID, e)
	if errors.Is(err, syscall.EPIPE) {
		return exitCode(exitBrokenPipe)
	}
	if err != nil {
		return fmt.Errorf("in the runner of %s: %w", r.instance.Name, err)
	}
	if code != 0 {
		return exitCode(code)
	}
	return nil
}

// surviveBrokenPipe has writing to a reader that has gone, as in `galley exec … | head`,
// fail in place of ending galley on the spot: the command in the runner would go on.
func surviveBrokenPipe() (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGPIPE)
	return func() { signal.Stop(signals) }
}

// raw hands the terminal over to the runner: keys such as Ctrl-C go there, and a
// changed window size too. restore gives it back.
func (a *app) raw(ctx context.Context, e *backend.ExecSpec) (restore func(), err error) {
	fd := int(a.in.Fd())
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("prepare the terminal: %w", err)
	}
	size := func() backend.TerminalSize {
		w, h, err := term.GetSize(int(a.out.Fd()))
		if err != nil {
			return backend.TerminalSize{}
		}
		return backend.TerminalSize{Width: uint(w), Height: uint(h)}
	}
	e.Size = size()
	ctx, stop := context.WithCancel(ctx)
	e.Resize = watchSize(ctx, size)
	return func() {
		stop()
		// There is nothing better to do than to tell, should this fail.
		if err := term.Restore(fd, old); err != nil {
			fmt.Fprintf(a.err, "galley: the terminal could not be restored (%v); type `reset`\n", err)
		}
	}, nil
}

func valueOr(s, other string) string {
	if strings.TrimSpace(s) != "" {
		return s
	}
	return other
}
