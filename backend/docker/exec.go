package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// consoleSize is the version of the API from which a terminal can have a size from
// its start.
const consoleSize = "1.42"

// Exec runs a command in three calls: create it, start it attached over a
// connection of its own, and ask for its exit code when its output has ended.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	op := "run a command in container " + id
	cli, err := b.api(ctx)
	if err != nil {
		return 0, wrap(op, err)
	}
	marker := engine.NewExecMarker(e)
	session, err := b.createExec(ctx, cli, op, id, execConfigFrom(e, marker))
	if err != nil {
		return 0, err
	}
	refusal := newRefusal(e)
	err = b.converse(ctx, cli, session, refusal.spec)
	if engine.NeverStarted(err) {
		return 0, wrap(op, ended(ctx, err))
	}
	code := 0
	if err = wrap(op, ended(ctx, err)); err == nil {
		code, err = b.exitCode(ctx, cli, op, session)
	}
	if err != nil {
		return 0, errors.Join(err, b.killExec(ctx, cli, id, session, e, marker))
	}
	return refusal.settle(code)
}

func (b *Backend) createExec(ctx context.Context, cli *client.Client, op, id string, config container.ExecOptions) (session string, err error) {
	answer, err := cli.ContainerExecCreate(ctx, id, config)
	return answer.ID, wrap(op, err)
}

// execConfigFrom translates a command. The marker is for finding its processes
// should they have to be killed.
func execConfigFrom(e backend.ExecSpec, marker string) container.ExecOptions {
	env := engine.EnvList(e.Env)
	if marker != "" {
		env = append(env, backend.ExecVar+"="+marker)
	}
	return container.ExecOptions{
		Cmd: e.Command, Env: env,
		User: e.User, WorkingDir: e.WorkDir, Privileged: e.Privileged, Tty: e.Tty, ConsoleSize: sizeOf(e),
		AttachStdin: e.Stdin != nil, AttachStdout: true, AttachStderr: true,
	}
}

// sizeOf is the first size of a command's terminal, or nil.
func sizeOf(e backend.ExecSpec) *[2]uint {
	if !e.Tty || e.Size == (backend.TerminalSize{}) {
		return nil
	}
	return &[2]uint{e.Size.Height, e.Size.Width}
}

// converse starts a session and carries its input and output to the end.
func (b *Backend) converse(ctx context.Context, cli *client.Client, session string, e backend.ExecSpec) error {
	start := container.ExecStartOptions{Tty: e.Tty}
	first := sizeOf(e)
	if first != nil && atLeast(cli, consoleSize) {
		start.ConsoleSize, first = first, nil
	}
	stream, err := engine.Hijack(ctx, b.connect, "/v"+cli.ClientVersion()+"/exec/"+session+"/start", start)
	if err != nil {
		return err
	}
	if e.Tty && (e.Resize != nil || first != nil) {
		done, sized := make(chan struct{}), make(chan struct{})
		defer close(done)
		go b.followSize(ctx, cli, session, e, first != nil, sized, done)
		if first != nil && e.Stdin != nil {
			e.Stdin = &heldReader{Reader: e.Stdin, until: sized, done: done}
		}
	}
	return errors.Join(engine.Converse(stream, e), stream.Close())
}

// firstSizeTime bounds how long a terminal's input waits for its first size.
const firstSizeTime = 5 * time.Second

// heldReader is a terminal's input that waits until the terminal has its first size:
// what a user typed ahead must not run in one without.
type heldReader struct {
	io.Reader
	until, done <-chan struct{}
}

// Read reads once the wait is over; a session that ends before has no more input.
func (r *heldReader) Read(p []byte) (int, error) {
	select {
	case <-r.until:
		return r.Reader.Read(p)
	case <-r.done:
		return 0, io.EOF
	}
}

// followSize tells the session of every new size of the user's terminal, and of
// the first, closing sized then, where the start could not. A size that cannot be
// set leaves the old one, which is no reason to end the command.
func (b *Backend) followSize(ctx context.Context, cli *client.Client, session string, e backend.ExecSpec, first bool, sized chan<- struct{}, done <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	resize := func(size backend.TerminalSize) error {
		return cli.ContainerExecResize(ctx, session, container.ResizeOptions{Height: size.Height, Width: size.Width})
	}
	if first {
		// The process may not be there yet, though its stream is.
		soon, cancel := context.WithTimeout(ctx, firstSizeTime)
		_ = engine.Poll(soon, func(context.Context) (bool, error) { return resize(e.Size) == nil, nil })
		cancel()
		close(sized)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case size, ok := <-e.Resize:
			if !ok {
				return
			}
			_ = resize(size)
		}
	}
}

// exitCode asks for the exit code of a session whose output has ended. The server
// may still be writing it down.
func (b *Backend) exitCode(ctx context.Context, cli *client.Client, op, session string) (int, error) {
	var answer container.ExecInspect
	err := engine.Poll(ctx, func(ctx context.Context) (done bool, err error) {
		answer, err = cli.ContainerExecInspect(ctx, session)
		return !answer.Running, err
	})
	if err != nil {
		return 0, wrap(op, err)
	}
	return answer.ExitCode, nil
}

// refusal finds out that a command could not be started. Docker then prints the
// reason where the command's output would be, and tells code 126 even for a
// command that is not there.
type refusal struct {
	// spec is the command with a standard output that looks for the reason.
	spec           backend.ExecSpec
	stdout, stderr io.Writer
	// reason is what has been held back of the output, as long as it may be one.
	reason bytes.Buffer
	// started is set when the output turned out to be the command's own.
	started bool
}

func newRefusal(e backend.ExecSpec) *refusal {
	r := &refusal{spec: e, stdout: engine.OrDiscard(e.Stdout), stderr: engine.OrDiscard(e.Stderr)}
	if e.Tty {
		r.stderr = r.stdout
	}
	r.spec.Stdout = writerFunc(r.write)
	return r
}

// The codes of a command that could not be started.
const (
	codeCannotRun = 126
	codeNotFound  = 127
)

// maxReason is longer than any reason that Docker gives.
const maxReason = 8 << 10

// reasonPattern is how the reasons begin.
var reasonPattern = regexp.MustCompile(`^(OCI runtime exec failed: |unable to find (user|group) )`)

// missingPattern are the reasons that mean that there is no such command.
var missingPattern = regexp.MustCompile(`executable file not found in|exec: "[^"]*": (stat [^:]*: )?no such file or directory`)

// write holds back output that begins like a reason.
func (r *refusal) write(p []byte) (int, error) {
	if !r.started && r.reason.Len()+len(p) <= maxReason && (r.reason.Len() > 0 || reasonPattern.Match(p)) {
		return r.reason.Write(p)
	}
	if err := r.flush(r.stdout); err != nil {
		return 0, err
	}
	r.started = true
	return r.stdout.Write(p)
}

func (r *refusal) flush(w io.Writer) error {
	_, err := r.reason.WriteTo(w)
	return err
}

// settle passes on what was held back, and returns the code that says what
// happened.
func (r *refusal) settle(code int) (int, error) {
	if r.reason.Len() == 0 {
		return code, nil
	}
	if code != codeCannotRun && code != codeNotFound {
		return code, r.flush(r.stdout)
	}
	if missingPattern.Match(r.reason.Bytes()) {
		code = codeNotFound
	}
	end := "\n"
	if r.spec.Tty {
		end = "\r\n"
	}
	_, err := io.WriteString(r.stderr, backend.PlainReason(strings.TrimSpace(r.reason.String()))+end)
	return code, err
}

// writerFunc is a function as a writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// killTimeout bounds how long a cancelled command may hold up its caller.
const killTimeout = 5 * time.Second

// unstartedLooks is how often a session that has not started is looked at before
// it is taken for one that never will: its start may be on the way.
const unstartedLooks = 6

// killExec kills the processes of a command whose caller has gone, and sees them
// end: Docker leaves them running, and has no call to signal them.
func (b *Backend) killExec(ctx context.Context, cli *client.Client, id, session string, e backend.ExecSpec, marker string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	const op = "kill the command"
	killer := backend.ExecSpec{Command: backend.KillCommand(marker), User: e.User, Privileged: e.Privileged}
	unstarted := 0
	err := engine.Poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := cli.ContainerExecInspect(ctx, session)
		if err != nil {
			return false, wrap(op, err)
		}
		if answer.Running {
			return false, b.runKiller(ctx, cli, op, id, killer)
		}
		started := answer.Pid != 0 || answer.ExitCode != 0
		unstarted++
		return started || unstarted > unstartedLooks, nil
	})
	if errors.Is(err, backend.ErrNotFound) || errors.Is(err, backend.ErrNotRunning) {
		return nil // it went with its container
	}
	if err != nil {
		return fmt.Errorf("the command may still run: %w", wrap(op, err))
	}
	return nil
}

func (b *Backend) runKiller(ctx context.Context, cli *client.Client, op, id string, killer backend.ExecSpec) error {
	session, err := b.createExec(ctx, cli, op, id, execConfigFrom(killer, ""))
	if err != nil {
		return err
	}
	if err := b.converse(ctx, cli, session, killer); err != nil {
		return wrap(op, ended(ctx, err))
	}
	code, err := b.exitCode(ctx, cli, op, session)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s: there is no shell in the container to do it with", op)
	}
	return err
}
