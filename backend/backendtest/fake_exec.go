package backendtest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/galley-kitchen/galley/backend"
)

// ExecHook runs a command in a test's own way. The context is that of the call. To
// leave the command to other hooks and to the fake's shell it returns
// ErrNotHandled.
type ExecHook func(ctx context.Context, c backend.Container, e backend.ExecSpec) (exitCode int, err error)

// ErrNotHandled says that a hook is not for this command.
var ErrNotHandled = errors.New("not handled")

// OnExec adds a hook. The latest one is asked first. A hook may call the fake.
func (f *Fake) OnExec(hook ExecHook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append([]ExecHook{hook}, f.hooks...)
}

// Exec implements backend.Containers.
func (f *Fake) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	call := newCall("Exec", append([]string{f.nameOf(id)}, e.Command...)...)
	return do(ctx, f, call, func() (int, error) {
		f.mu.Lock()
		c, err := f.find(id)
		hooks := f.hooks
		f.mu.Unlock()
		if err != nil {
			return 0, err
		}
		if got := c.describe(); got.State != backend.StateRunning {
			return 0, failure(backend.ErrNotRunning, "exec in "+c.name, "the container is "+string(got.State))
		}
		if e.Stdout == nil {
			e.Stdout = io.Discard
		}
		if e.Stderr == nil {
			e.Stderr = io.Discard
		}
		for _, hook := range hooks {
			code, err := hook(ctx, c.describe(), e)
			if errors.Is(err, ErrNotHandled) {
				continue
			}
			if ctx.Err() != nil {
				return 0, fmt.Errorf("exec in %s: %w", c.name, ctx.Err())
			}
			return code, err
		}
		return c.exec(ctx, e)
	})
}

// exec runs a command in the fake's shell.
func (c *box) exec(ctx context.Context, e backend.ExecSpec) (int, error) {
	if len(e.Command) == 0 {
		return 0, invalid("exec in "+c.name, "there is no command")
	}
	p, err := c.process(e.Command, e)
	if err != nil {
		return 0, err
	}
	p.stdout, p.stderr = e.Stdout, e.Stderr
	if e.Tty {
		p.terminal = &terminal{size: e.Size}
		p.stdout = crlf{e.Stdout}
		p.stderr = p.stdout
	}
	input, feed := io.Pipe()
	p.stdin = input
	done := make(chan int, 1)
	c.mu.Lock()
	if c.state != backend.StateRunning {
		c.mu.Unlock()
		return 0, failure(backend.ErrNotRunning, "exec in "+c.name, "the container has just stopped")
	}
	c.launch(p, func(code int) { done <- code })
	c.mu.Unlock()
	go feedInput(feed, e.Stdin)
	callOff := p.atEnd(func(cause error) { input.CloseWithError(cause) })
	defer callOff()
	for {
		select {
		case code := <-done:
			return code, nil
		case size, ok := <-e.Resize:
			if !ok {
				e.Resize = nil
			} else if p.terminal != nil {
				p.terminal.resize(size)
			}
		case <-ctx.Done():
			p.signal(sigKill)
			<-done
			return 0, fmt.Errorf("exec in %s: %w", c.name, ctx.Err())
		}
	}
}

// feedInput copies the caller's input to a command, whose end of the pipe is closed
// when it ends.
func feedInput(feed *io.PipeWriter, stdin io.Reader) {
	if stdin == nil {
		feed.Close()
		return
	}
	_, err := io.Copy(feed, stdin)
	feed.CloseWithError(err)
}
