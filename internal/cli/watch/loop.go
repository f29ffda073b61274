package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
)

// scope is what must be done again after a change, the most last.
type scope int

const (
	nothing scope = iota
	// tests have changed: verify.
	tests
	// sandbox has changed, or the configuration: converge, and verify.
	sandbox
)

// loop does phases, and does them again when files change or a key asks for it.
type loop struct {
	phase lifecycle.Phase
	// events are the paths that changed; touched tells what they mean.
	events  <-chan string
	touched func(path string) scope
	// settle fires when nothing more is to be waited for.
	settle func() <-chan time.Time
	act    func(context.Context, lifecycle.Action) (ok bool, err error)
	login  func(ctx context.Context, in io.Reader) error
	out    io.Writer
	// keys is nil without a terminal; raw has it give each key at once until restore is called.
	keys *attach.Keyboard
	raw  func() (restore func(), err error)

	pending scope
}

// errQuit ends the loop.
var errQuit = errors.New("quit")

func (l *loop) watch(ctx context.Context) error {
	l.pending = sandbox
	for {
		if err := l.run(ctx); err != nil {
			return err
		}
		for l.pending == nothing {
			if err := l.wait(ctx); errors.Is(err, errQuit) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := l.settled(ctx); err != nil {
			return err
		}
	}
}

// actions are the fewest that do what is pending.
func (l *loop) actions() []lifecycle.Action {
	converge, verify := lifecycle.Action(lifecycle.PhaseConverge), lifecycle.Action(lifecycle.PhaseVerify)
	switch {
	case l.phase == lifecycle.PhaseConverge:
		return []lifecycle.Action{converge}
	case l.pending == tests:
		return []lifecycle.Action{verify}
	default:
		return []lifecycle.Action{converge, verify}
	}
}

// run does what is pending, and notes what changes meanwhile.
func (l *loop) run(ctx context.Context) error {
	actions := l.actions()
	l.pending = nothing
	done := make(chan error, 1)
	go func() {
		for _, a := range actions {
			if ok, err := l.act(ctx, a); err != nil || !ok {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			return err
		case path := <-l.events:
			l.note(path)
		}
	}
}

func (l *loop) note(path string) {
	s := l.touched(path)
	if l.phase == lifecycle.PhaseConverge && s == tests {
		s = nothing
	}
	l.pending = max(l.pending, s)
}

// settled waits until no more changes come.
func (l *loop) settled(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case path := <-l.events:
			l.note(path)
		case <-l.settle():
			return nil
		}
	}
}

// wait waits for a change that counts, or does what a key says.
func (l *loop) wait(ctx context.Context) error {
	if l.keys == nil {
		fmt.Fprintln(l.out, "waiting for changes; Ctrl-C ends it")
		_, err := l.next(ctx, nil)
		return err
	}
	restore, err := l.raw()
	if err != nil {
		return fmt.Errorf("prepare the terminal: %w", err)
	}
	// The prompt comes after raw: a key that is pressed while the terminal still gives lines is not seen before the
	// next one.
	fmt.Fprint(l.out, "waiting for changes; r runs again, l logs in, q quits ")
	in := l.keys.Reader()
	key, err := l.next(ctx, pressed(in))
	_ = in.Close() // it cannot fail
	restore()
	fmt.Fprintln(l.out)
	if err != nil {
		return err
	}
	switch key {
	case 'r', '\r', '\n':
		l.pending = sandbox
	case 'l':
		in := l.keys.Reader()
		defer in.Close()
		var code cmdutil.ExitCode
		if err := l.login(ctx, in); err != nil && !errors.As(err, &code) {
			fmt.Fprintln(l.out, err)
		}
	case 'q', ctrlD:
		return errQuit
	case ctrlC:
		return cmdutil.ExitCode(cmdutil.ExitInterrupted)
	}
	return nil
}

// The keys that a terminal acts on itself while it gives lines.
const (
	ctrlC = 3
	ctrlD = 4
)

// pressed gives the next key, and q when there will be none.
func pressed(in io.Reader) <-chan byte {
	keys := make(chan byte, 1)
	go func() {
		key := []byte{'q'}
		_, _ = in.Read(key) // at the end it is q still
		keys <- key[0]
	}()
	return keys
}

// next returns the next key, or 0 after a change that counts.
func (l *loop) next(ctx context.Context, keys <-chan byte) (byte, error) {
	for l.pending == nothing {
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case path := <-l.events:
			l.note(path)
		case key := <-keys:
			return key, nil
		}
	}
	return 0, nil
}
