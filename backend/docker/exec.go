package docker

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// consoleSize is the version of the API from which a terminal can have a size from its start.
const consoleSize = "1.42"

// reasonPattern is how a reason for not starting a command begins.
var reasonPattern = lazyregexp.New(`^(OCI runtime exec failed: |unable to find (user|group) )`)

// missingPattern are the reasons that mean that there is no such command. Docker tells code 126 with them as well.
var missingPattern = lazyregexp.New(`executable file not found in|` +
	`exec: "[^"]*": (stat [^:]*: )?no such file or directory`)

// Exec runs a command, and finds out whether it could be started.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	told := e.Stderr
	if e.Tty {
		told = e.Stdout
	}
	output := engine.NewRefusal(reasonPattern(), e.Stdout, told, e.Tty)
	e.Stdout = output
	code, err := engine.Exec(ctx, execCalls{b}, id, e)
	if err != nil {
		return 0, err
	}
	reason, err := output.End(code)
	if missingPattern().MatchString(reason) {
		code = engine.CodeNotFound
	}
	return code, err
}

// execCalls are Docker's calls for commands.
type execCalls struct{ *Backend }

func (x execCalls) Wrap(op string, err error) error { return wrap(op, err) }

func (x execCalls) CreateExec(ctx context.Context, op, id string, e backend.ExecSpec, env []string) (session string,
	err error) {
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

func (x execCalls) StartExec(ctx context.Context, session string, e backend.ExecSpec) (s *engine.Stream, sized bool,
	err error) {
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
	return engine.ExecState{Running: a.Running, Started: a.Pid != 0 || a.ExitCode != 0, ExitCode: a.ExitCode},
		wrap(op, err)
}

// ContainerLogs writes what PID 1 printed, by GET /containers/{id}/logs. Before it the container is inspected, since
// Docker sends the log of a terminal as it is and any other in frames.
func (b *Backend) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	op := "logs of container " + id
	answer, err := b.client.ContainerInspect(ctx, id)
	if err != nil {
		return wrap(op, err)
	}
	if o.Stdout == nil && o.Stderr == nil {
		return nil
	}
	stream, err := b.client.ContainerLogs(ctx, id, logsOptions(o))
	if err != nil {
		return wrap(op, err)
	}
	if answer.Config != nil && answer.Config.Tty {
		_, err = io.Copy(engine.LocalWriter(o.Stdout), stream)
	} else {
		err = engine.Demultiplex(stream, o.Stdout, o.Stderr)
	}
	return wrap(op, errors.Join(err, stream.Close()))
}

// logsOptions translates the part of a log that is wanted.
func logsOptions(o backend.LogOptions) container.LogsOptions {
	options := container.LogsOptions{ShowStdout: o.Stdout != nil, ShowStderr: o.Stderr != nil, Follow: o.Follow}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	return options
}
