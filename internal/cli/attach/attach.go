// Package attach runs a command in a runner on this process's terminal or streams, for `galley login` and
// `galley exec`.
package attach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// Shell is the shell line that starts the best shell that the runner has.
const Shell = `if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi`

// Run runs a command in a runner on this terminal, or on plain streams where there is no terminal. It reads in, which
// has what is typed. On a terminal the runner's output is not changed; in the log of a CI system it has no secrets.
func Run(ctx context.Context, f *cmdutil.Factory, r cmdutil.Reached, argv []string, in io.Reader) error {
	e := backend.ExecSpec{Command: argv, Stdin: in, Stdout: f.Out, Stderr: f.Err, Env: map[string]string{}}
	if term.IsTerminal(int(f.In.Fd())) && term.IsTerminal(int(f.Out.Fd())) {
		e.Tty = true
		e.Env["TERM"] = cmp.Or(strings.TrimSpace(os.Getenv("TERM")), "xterm")
		restore, err := raw(ctx, f, &e)
		if err != nil {
			return err
		}
		defer restore()
	}
	defer SurviveBrokenPipe()()
	shown := func() error { return nil }
	if !e.Tty {
		var closeOut, closeErr func() error
		e.Stdout, closeOut = f.Masked(f.Out)
		e.Stderr, closeErr = f.Masked(f.Err)
		shown = func() error { return errors.Join(closeOut(), closeErr()) }
	}
	code, err := r.Engine.Exec(ctx, r.Runner.ID, e)
	err = errors.Join(err, shown())
	if errors.Is(err, syscall.EPIPE) {
		return cmdutil.ExitCode(cmdutil.ExitBrokenPipe)
	}
	if err != nil {
		return fmt.Errorf("in the runner of %s: %w", r.Instance.Name, err)
	}
	if code != 0 {
		return cmdutil.ExitCode(code)
	}
	return nil
}

// SurviveBrokenPipe has writing to a reader that has gone, as in `galley exec … | head`,
// fail in place of ending galley on the spot: the command in the runner would go on.
func SurviveBrokenPipe() (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGPIPE)
	return func() { signal.Stop(signals) }
}

// raw hands the terminal over to the runner: keys such as Ctrl-C go there, and a
// changed window size too. restore gives it back.
func raw(ctx context.Context, f *cmdutil.Factory, e *backend.ExecSpec) (restore func(), err error) {
	fd := int(f.In.Fd())
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("prepare the terminal: %w", err)
	}
	size := func() backend.TerminalSize {
		w, h, err := term.GetSize(int(f.Out.Fd()))
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
			fmt.Fprintf(f.Err, "galley: the terminal could not be restored (%v); type `reset`\n", err)
		}
	}, nil
}

// sendSizes sends the terminal's size when it may have changed, until ctx ends, and then calls stop.
func sendSizes[T any](
	ctx context.Context, mayHaveChanged <-chan T, stop func(), size func() backend.TerminalSize,
) <-chan backend.TerminalSize {
	sizes := make(chan backend.TerminalSize)
	go func() {
		defer close(sizes)
		defer stop()
		for last := (backend.TerminalSize{}); ; {
			select {
			case <-ctx.Done():
				return
			case <-mayHaveChanged:
			}
			now := size()
			if now == last {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case sizes <- now:
				last = now
			}
		}
	}()
	return sizes
}
