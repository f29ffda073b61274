package phases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/report/text"
)

// checkOnFailure fails for what --on-failure cannot be.
func (o *Options) checkOnFailure() error {
	switch {
	case o.OnFailure == "":
		return nil
	case o.OnFailure != "shell":
		return fmt.Errorf("--on-failure %q: write shell", o.OnFailure)
	case !term.IsTerminal(int(o.In.Fd())) || !term.IsTerminal(int(o.Out.Fd())):
		return errors.New("--on-failure shell opens a terminal in the runner, and here is none\n" +
			"Run galley on a terminal, or leave it out and look afterwards with `galley login`")
	}
	return nil
}

// stopper opens a shell in the runner of an instance that failed, and asks how to go on. Of several instances, one has
// the terminal at a time.
type stopper struct {
	// pause takes the terminal from the console until resume is called.
	pause func() (resume func())
	// shell opens a shell in a runner; what is typed comes from in.
	shell func(ctx context.Context, s lifecycle.Stopped, in io.Reader) error
	keys  *attach.Keyboard
	out   io.Writer
	// abort ends the run.
	abort func()
	clean func(string) string

	mu sync.Mutex
}

func (o *Options) newStopper(abort func()) *stopper {
	return &stopper{pause: o.pause, keys: &attach.Keyboard{In: o.In}, out: o.Out, abort: abort, clean: o.Clean,
		shell: func(ctx context.Context, s lifecycle.Stopped, in io.Reader) error {
			return attach.Run(ctx, o.Factory, cmdutil.Reached{Instance: s.Instance, Engine: s.Engine, Runner: s.Runner},
				runner.Shell(attach.Shell), in)
		}}
}

// ask reports whether the phase that failed is to be done again.
func (p *stopper) ask(ctx context.Context, s lifecycle.Stopped) (again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	defer p.pause()()
	name := p.clean(s.Instance.Name)
	fmt.Fprintf(p.out, "%s of %s failed: %s\nHere is a shell in its runner; leave it with exit\n", s.Phase, name,
		p.clean(text.First(s.Err.Error())))
	p.open(ctx, s)
	for {
		fmt.Fprintf(p.out, "\n%s of %s: retry, go on without it, abort the run, or shell? [r/g/a/s] ", s.Phase, name)
		answer, err := p.answer(ctx)
		if err != nil { // an interrupt, or the end of the input
			fmt.Fprintln(p.out)
			return false
		}
		switch answer {
		case "r", "retry":
			return true
		case "g", "go", "go on":
			return false
		case "a", "abort":
			p.abort()
			return false
		case "s", "shell":
			p.open(ctx, s)
		}
	}
}

// open opens a shell. With which code it ends says nothing; that there is none is told.
func (p *stopper) open(ctx context.Context, s lifecycle.Stopped) {
	in := p.keys.Reader()
	defer in.Close()
	var code cmdutil.ExitCode
	if err := p.shell(ctx, s, in); err != nil && !errors.As(err, &code) {
		fmt.Fprintln(p.out, "there is no shell:", p.clean(err.Error()))
	}
}

// answer reads a line, unless the run is interrupted first.
func (p *stopper) answer(ctx context.Context) (string, error) {
	var line string
	done := make(chan error, 1)
	go func() {
		var err error
		line, err = p.keys.Line()
		done <- err
	}()
	select {
	case err := <-done:
		return strings.ToLower(line), err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
