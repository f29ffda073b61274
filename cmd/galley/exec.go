package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

func (a *app) execCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "exec [INSTANCE|REGEXP|all]... (-c LINE | -- COMMAND [ARG]...)", SuggestFor: []string{"run"}, Short: "Run a command in runners",
		ValidArgsFunction: a.completeInstances,
		Long: `Run a command in the runners of one or more instances. What follows -- is run as
it is, without a shell; -c runs a line in the runner's shell. With one instance
the exit code is the command's; with several they run side by side, each line is
prefixed with the instance, and the exit code is 20 if one failed.`,
		Example: `  galley exec default-debian-12 -- cat /etc/os-release
  galley exec 'debian' -c 'systemctl status nginx | head -3'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			line, _ := cmd.Flags().GetString("command")
			var argv []string
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				argv, args = args[dash:], args[:dash]
			}
			switch {
			case line != "" && len(argv) > 0:
				return errors.New("give either -c LINE or -- COMMAND, not both")
			case line != "":
				argv = runner.Shell(line)
			case len(argv) == 0:
				return errors.New("there is nothing to run: give -c 'shell line' or -- COMMAND and its arguments")
			}
			return a.reach(cmd, args, false, func(r []reached) error {
				if len(r) == 1 {
					return a.attach(cmd.Context(), r[0], argv)
				}
				return a.execAll(cmd.Context(), r, argv)
			})
		},
	}
	cmd.Flags().StringP("command", "c", "", "a shell line to run")
	return cmd
}

// execAll runs a command in several runners side by side.
func (a *app) execAll(ctx context.Context, list []reached, argv []string) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := false
	defer surviveBrokenPipe()()
	for _, r := range list {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out := &prefixed{w: a.out, mu: &mu, prefix: "[" + r.instance.Name + "] "}
			errOut := &prefixed{w: a.err, mu: &mu, prefix: out.prefix}
			code, err := r.engine.Exec(ctx, r.runner.ID, backend.ExecSpec{Command: argv, Stdout: out, Stderr: errOut})
			out.flush()
			if err != nil {
				fmt.Fprintln(errOut, err)
			} else if code != 0 {
				fmt.Fprintf(errOut, "exited with code %d\n", code)
			}
			errOut.flush()
			if err != nil || code != 0 {
				mu.Lock()
				failed = true
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if failed && ctx.Err() == nil {
		return exitCode(exitAction)
	}
	return context.Cause(ctx) // interrupted, or nil
}

// prefixed writes whole lines with a prefix, so that those of several runners do
// not run into each other.
type prefixed struct {
	w      io.Writer
	mu     *sync.Mutex
	prefix string
	rest   []byte
}

// Write holds an unfinished line back until its end comes.
func (p *prefixed) Write(b []byte) (int, error) {
	p.rest = append(p.rest, b...)
	for {
		i := bytes.IndexByte(p.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		if err := p.line(p.rest[:i]); err != nil {
			return 0, err
		}
		p.rest = p.rest[i+1:]
	}
}

func (p *prefixed) line(text []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := fmt.Fprintf(p.w, "%s%s\n", p.prefix, text)
	return err
}

func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		_ = p.line(p.rest) // the screen is gone if this fails
		p.rest = nil
	}
}
