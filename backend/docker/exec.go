package docker

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// consoleSize is the version of the API from which a terminal can have a size from
// its start.
const consoleSize = "1.42"

// Exec runs a command, and finds out whether it could be started.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	refusal := newRefusal(e)
	code, err := engine.Exec(ctx, execCalls{b}, id, refusal.spec)
	if err != nil {
		return 0, err
	}
	return refusal.settle(code)
}

// execCalls are Docker's calls for commands.
type execCalls struct{ *Backend }

func (x execCalls) Wrap(op string, err error) error { return wrap(op, err) }

func (x execCalls) CreateExec(ctx context.Context, op, id string, e backend.ExecSpec, env []string) (session string, err error) {
	answer, err := x.client.ContainerExecCreate(ctx, id, execConfigFrom(e, env))
	return answer.ID, wrap(op, err)
}

// execConfigFrom translates a command.
func execConfigFrom(e backend.ExecSpec, env []string) container.ExecOptions {
	return container.ExecOptions{
		Cmd: e.Command, Env: env,
		User: e.User, WorkingDir: e.WorkDir, Tty: e.Tty, ConsoleSize: sizeOf(e),
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

func (x execCalls) StartExec(ctx context.Context, session string, e backend.ExecSpec) (s *engine.Stream, sized bool, err error) {
	start := container.ExecStartOptions{Tty: e.Tty}
	if x.atLeast(consoleSize) {
		start.ConsoleSize, sized = sizeOf(e), true
	}
	s, err = engine.Hijack(ctx, x.connect, "/v"+x.client.ClientVersion()+"/exec/"+session+"/start", start)
	return s, sized, err
}

func (x execCalls) ResizeExec(ctx context.Context, session string, size backend.TerminalSize) error {
	return x.client.ContainerExecResize(ctx, session, container.ResizeOptions{Height: size.Height, Width: size.Width})
}

func (x execCalls) InspectExec(ctx context.Context, op, session string) (engine.ExecState, error) {
	a, err := x.client.ContainerExecInspect(ctx, session)
	return engine.ExecState{Running: a.Running, Started: a.Pid != 0 || a.ExitCode != 0, ExitCode: a.ExitCode}, wrap(op, err)
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
	if code != engine.CodeCannotRun && code != engine.CodeNotFound {
		return code, r.flush(r.stdout)
	}
	if missingPattern.Match(r.reason.Bytes()) {
		code = engine.CodeNotFound
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
