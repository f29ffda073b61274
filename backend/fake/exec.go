package fake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/galley-kitchen/galley/backend"
)

// ExecHook runs a command in a test's own way. The context is that of the call, and ends with the container, too. To
// leave the command to other hooks and to the fake it returns ErrNotHandled.
type ExecHook func(ctx context.Context, c backend.Container, e backend.ExecSpec) (exitCode int, err error)

// ErrNotHandled says that a hook is not for this command, or this build.
var ErrNotHandled = errors.New("not handled")

// killed is the exit code of what a signal KILL has ended.
const killed = 137

// OnExec adds a hook. The latest one is asked first. A hook may call the fake. What no hook handles ends at once
// without an effect: `false` with 1, `sh -c "exit N ..."` with N, and everything else with 0.
func (f *Engine) OnExec(hook ExecHook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.execs = append([]ExecHook{hook}, f.execs...)
}

// Exec implements backend.Containers.
func (f *Engine) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	call := newCall("Exec", append([]string{f.nameOf(id)}, e.Command...)...)
	return do(ctx, f, call, func() (int, error) {
		var hooks []ExecHook
		c, err := with(f, id, func(c *container) (container, error) {
			if c.state != backend.StateRunning {
				return *c, failure(backend.ErrNotRunning, "exec in "+c.name, "the container is "+string(c.state))
			}
			hooks = f.execs
			return *c, nil
		})
		if err != nil {
			return 0, err
		}
		e.Stdout, e.Stderr = cmp.Or(e.Stdout, io.Discard), cmp.Or(e.Stderr, io.Discard)
		running, end := context.WithCancel(ctx)
		defer end()
		defer context.AfterFunc(c.life, end)() //nolint:contextcheck // the command ends with ctx and with the container
		for _, hook := range hooks {
			code, err := hook(running, c.describe(), e)
			switch {
			case errors.Is(err, ErrNotHandled):
				continue
			case ctx.Err() != nil:
				return 0, fmt.Errorf("exec in %s: %w", c.name, ctx.Err())
			case running.Err() != nil: // the container has ended
				return killed, nil
			}
			return code, err
		}
		code, _ := exitCode(e.Command)
		return code, nil
	})
}

// exitCode reports whether a command is known to end at once without an effect, and how.
// As PID 1, all others run until they are killed.
func exitCode(argv []string) (code int, ends bool) {
	switch {
	case len(argv) > 0 && argv[0] == "true":
		return 0, true
	case len(argv) > 0 && argv[0] == "false":
		return 1, true
	case len(argv) == 3 && argv[0] == "sh":
		_, err := fmt.Sscanf(argv[2], "exit %d", &code)
		return code, err == nil
	}
	return 0, false
}
