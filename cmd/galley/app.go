package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/galley-kitchen/galley/lifecycle"
)

// The exit codes. docs/commands.md has this table too.
const (
	// exitOK: all went well.
	exitOK = 0
	// exitUsage: a wrong command line or configuration, nothing matched, no engine.
	exitUsage = 1
	// exitAction: an action failed.
	exitAction = 20
	// exitInterrupted: ended by Ctrl-C, SIGTERM or the end of the terminal.
	exitInterrupted = 130
	// exitBrokenPipe: nobody reads the output of a command in a runner any more. It
	// is what a shell has for a program that SIGPIPE ended.
	exitBrokenPipe = 141
)

// streams are where a command reads and writes.
type streams struct {
	in       *os.File
	out, err *os.File
}

// exitCode ends a command with a code of its own, such as that of a command run
// in a runner. Its text, if any, was printed already.
type exitCode int

// Error is only seen when somebody forgets to look at the code.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// Main runs galley with the process's arguments and streams and returns the exit
// code.
func Main() int {
	ctx, cancel := interruptible(os.Stderr)
	defer cancel()
	return run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
}

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// interruptible ends the context at the first SIGINT, SIGTERM or SIGHUP, and the
// process at the second. SIGHUP comes when the terminal goes, often twice, so that it
// is never the second one; nohup has it ignored.
func interruptible(stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go obey(signals, func() {
		fmt.Fprintln(stderr, "\ngalley: stopping; once more to stop at once")
		cancel(errInterrupted)
	}, func() { os.Exit(exitInterrupted) })
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// obey stops at the first signal and exits at the second that is no SIGHUP.
func obey(signals <-chan os.Signal, stop, exit func()) {
	<-signals
	stop()
	for s := range signals {
		if s != syscall.SIGHUP {
			exit()
		}
	}
}

func run(ctx context.Context, args []string, s streams) int {
	cmd := newRoot(s) //nolint:contextcheck // the commands have it from ExecuteContext
	cmd.SetArgs(joinConcurrency(args))
	cmd.SetIn(s.in)
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	err := cmd.ExecuteContext(ctx)
	code := codeOf(ctx, err)
	var own exitCode
	if err != nil && !errors.As(err, &own) {
		printError(s.err, err)
	}
	return code
}

// codeOf is the one place where errors become exit codes.
func codeOf(ctx context.Context, err error) int {
	var own exitCode
	var action *lifecycle.ActionError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		return int(own)
	case errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case errors.As(err, &action):
		return exitAction
	default:
		return exitUsage
	}
}

// printError prints an error the way Test Kitchen marks them. What an action
// failed with was reported while it ran.
func printError(w io.Writer, err error) {
	var action *lifecycle.ActionError
	if errors.As(err, &action) {
		return
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, ">>>>>> %s\n", strings.TrimRight(line, "\n"))
	}
}

// joinConcurrency writes "-c 4" as "-c=4". The number is optional, as in Test
// Kitchen, and the flag library takes an optional value only when it is joined.
func joinConcurrency(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		if (args[i] == "-c" || args[i] == "--concurrency") && i+1 < len(args) && isNumber(args[i+1]) {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
