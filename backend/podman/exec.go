package podman

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strconv"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// execConfig is the body of POST /containers/{id}/exec.
type execConfig struct {
	Command      []string `json:"Cmd"`
	Env          []string
	User         string `json:",omitempty"`
	WorkDir      string `json:"WorkingDir,omitempty"`
	Tty          bool
	AttachStdin  bool
	AttachStdout bool
	AttachStderr bool
}

// execStart is the body of POST /exec/{id}/start.
type execStart struct {
	Detach bool
	Tty    bool
	Height uint `json:"h,omitempty"`
	Width  uint `json:"w,omitempty"`
}

// Exec runs a command. It is never detached: such a session seems to run for minutes after its end.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	output := &e.Stderr
	if e.Tty {
		output = &e.Stdout
	}
	said := newServerWords(*output, e.Tty)
	*output = said
	code, err := engine.Exec(ctx, execCalls{b}, id, e)
	if err != nil {
		return 0, errors.Join(err, said.end(0))
	}
	return code, said.end(code)
}

// execCalls are Podman's calls for commands.
type execCalls struct{ b *Backend }

func (x execCalls) Wrap(op string, err error) error { return wrap(op, err) }

func (x execCalls) CreateExec(ctx context.Context, op, id string, e backend.ExecSpec, env []string) (session string,
	err error) {
	var answer creation
	err = x.b.call(ctx, request{
		op: op, path: "POST /containers/%s/exec", arg: id, json: execConfig{
			Command: e.Command, Env: env,
			User: e.User, WorkDir: e.WorkDir, Tty: e.Tty,
			AttachStdin: e.Stdin != nil, AttachStdout: true, AttachStderr: true,
		},
	}, &answer)
	return answer.ID, err
}

func (x execCalls) StartExec(ctx context.Context, session string, e backend.ExecSpec) (s *engine.Stream, sized bool,
	err error) {
	start := execStart{Tty: e.Tty}
	if e.Tty {
		start.Height, start.Width = e.Size.Height, e.Size.Width
	}
	s, err = engine.Hijack(ctx, x.b.connect, "/v"+apiVersion+"/libpod/exec/"+url.PathEscape(session)+"/start", start)
	return s, true, err
}

func (x execCalls) ResizeExec(ctx context.Context, session string, size backend.TerminalSize) error {
	return x.b.call(ctx, request{
		op: "resize a terminal", path: "POST /exec/%s/resize", arg: session,
		query: url.Values{
			"h": {strconv.FormatUint(uint64(size.Height), 10)}, "w": {strconv.FormatUint(uint64(size.Width), 10)},
		},
	}, nil)
}

func (x execCalls) InspectExec(ctx context.Context, op, session string) (engine.ExecState, error) {
	var answer struct {
		Running  bool
		ExitCode int
	}
	err := x.b.call(ctx, request{op: op, path: "GET /exec/%s/json", arg: session}, &answer)
	return engine.ExecState{Running: answer.Running, Started: answer.Running || answer.ExitCode != 0,
		ExitCode: answer.ExitCode}, err
}

// inputRefused is how Podman's server ends the stderr of a command that has ended before it read all its input.
var inputRefused = lazyregexp.New(`^Error: (?:read|write) unixpacket \S*/attach: (?:read|write): ` +
	`(?:connection reset by peer|broken pipe)\n$`)

// startRefused is how Podman's server says, in the place of the output, that a command could not be started.
var startRefused = lazyregexp.New(`^Error: (?:[a-z]+: )?.*: OCI (?:runtime|permission) [a-z ]+\r?\n?$`)

// serverWords passes output on, and puts plain words in the place of what the server itself writes there: that a
// command could not be started, and that it has not read all its input, which is no failure.
type serverWords struct {
	*engine.Refusal
	out io.Writer
	// unread waits for the end, which tells if it is the server's.
	unread []byte
}

func newServerWords(out io.Writer, tty bool) *serverWords {
	return &serverWords{Refusal: engine.NewRefusal(startRefused(), out, out, tty), out: engine.LocalWriter(out)}
}

func (w *serverWords) Write(p []byte) (int, error) {
	if inputRefused().Match(p) && w.unread == nil {
		w.unread = bytes.Clone(p)
		return len(p), nil
	}
	if w.unread != nil {
		held := w.unread
		w.unread = nil
		if _, err := w.Refusal.Write(held); err != nil {
			return 0, err
		}
	}
	return w.Refusal.Write(p)
}

// end is for the end of the output of a command, of which the server may have kept some back.
func (w *serverWords) end(code int) error {
	reason, err := w.Refusal.End(code)
	if err == nil && reason == "" && w.unread != nil {
		_, err = io.WriteString(w.out, "galley: the command ended without reading all its input; "+
			"Podman may have lost the end of its output\n")
	}
	return err
}

// ContainerLogs copies the log by GET /containers/{id}/logs, which comes in frames here even from a terminal.
func (b *Backend) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	op := "read the log of container " + id
	query := url.Values{
		"stdout": {strconv.FormatBool(o.Stdout != nil)},
		"stderr": {strconv.FormatBool(o.Stderr != nil)},
		"follow": {strconv.FormatBool(o.Follow)},
	}
	if o.Stdout == nil && o.Stderr == nil {
		query.Set("stdout", "true") // the server wants one; it is thrown away
	}
	if o.Tail > 0 {
		query.Set("tail", strconv.Itoa(o.Tail))
	}
	resp, err := b.send(ctx, request{op: op, path: "GET /containers/%s/logs", arg: id, query: query})
	if err != nil {
		return err
	}
	err = engine.Demultiplex(resp.Body, o.Stdout, o.Stderr)
	return wrap(op, errors.Join(err, resp.Body.Close()))
}
