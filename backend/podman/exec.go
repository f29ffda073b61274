package podman

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
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

// Exec runs a command. It is never detached: such a session seems to run for minutes
// after its end.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	said := &engineWords{w: engine.OrDiscard(e.Stderr), newline: "\n"}
	if e.Tty {
		said.w, said.newline = engine.OrDiscard(e.Stdout), "\r\n"
		e.Stdout = said
	} else {
		e.Stderr = said
	}
	code, err := engine.Exec(ctx, execCalls{b}, id, e)
	if err != nil {
		return 0, errors.Join(err, said.flush())
	}
	return code, said.end(code)
}

// execCalls are Podman's calls for commands.
type execCalls struct{ b *Backend }

func (x execCalls) Wrap(op string, err error) error { return wrap(op, err) }

func (x execCalls) CreateExec(ctx context.Context, op, id string, e backend.ExecSpec, env []string) (session string, err error) {
	var answer struct {
		ID string `json:"Id"`
	}
	err = x.b.call(ctx, request{
		op: op, method: http.MethodPost, path: "/containers/%s/exec", args: []string{id}, json: execConfig{
			Command: e.Command, Env: env,
			User: e.User, WorkDir: e.WorkDir, Tty: e.Tty,
			AttachStdin: e.Stdin != nil, AttachStdout: true, AttachStderr: true,
		},
	}, &answer)
	return answer.ID, err
}

func (x execCalls) StartExec(ctx context.Context, session string, e backend.ExecSpec) (s *engine.Stream, sized bool, err error) {
	start := execStart{Tty: e.Tty}
	if e.Tty {
		start.Height, start.Width = e.Size.Height, e.Size.Width
	}
	s, err = engine.Hijack(ctx, x.b.connect, "/v"+apiVersion+"/libpod/exec/"+url.PathEscape(session)+"/start", start)
	return s, true, err
}

func (x execCalls) ResizeExec(ctx context.Context, session string, size backend.TerminalSize) error {
	return x.b.call(ctx, request{
		op: "resize a terminal", method: http.MethodPost, path: "/exec/%s/resize", args: []string{session},
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
	err := x.b.call(ctx, request{op: op, method: http.MethodGet, path: "/exec/%s/json", args: []string{session}}, &answer)
	return engine.ExecState{Running: answer.Running, Started: answer.ExitCode != 0, ExitCode: answer.ExitCode}, err
}

// inputRefused is how Podman's server ends the stderr of a command that has ended
// before it read all its input.
var inputRefused = regexp.MustCompile(`^Error: (?:read|write) unixpacket \S*/attach: (?:read|write): (?:connection reset by peer|broken pipe)\n$`)

// startRefused is how Podman's server says, in the place of the output, that a command
// could not be started.
var startRefused = regexp.MustCompile(`^Error: (?:[a-z]+: )?.*: OCI (?:runtime|permission) [a-z ]+\r?\n?$`)

// engineWords passes stderr on, and puts plain words in the place of what the server
// itself writes there: that a command could not be started, and that it has not read all
// its input, which is no failure.
type engineWords struct {
	w io.Writer
	// newline ends the engine's own lines: a terminal's are its own.
	newline string
	// refused and unread are held back, since only the end reports whether they are the server's.
	refused, unread []byte
	begun           bool
}

func (u *engineWords) Write(p []byte) (int, error) {
	if inputRefused.Match(p) && u.unread == nil {
		u.unread = bytes.Clone(p)
		return len(p), nil
	}
	if !u.begun && u.refused == nil && startRefused.Match(p) {
		u.refused = bytes.Clone(p)
		return len(p), nil
	}
	if err := u.flush(); err != nil {
		return 0, err
	}
	u.begun = true
	return u.w.Write(p)
}

// flush passes on what is held back, as it came.
func (u *engineWords) flush() error {
	held := slices.Concat(u.refused, u.unread)
	u.refused, u.unread = nil, nil
	if len(held) == 0 {
		return nil
	}
	_, err := u.w.Write(held)
	return err
}

// end is for the end of the output of a command, of which the server may have kept some
// back.
func (u *engineWords) end(code int) error {
	if u.refused != nil && (code == engine.CodeCannotRun || code == engine.CodeNotFound) {
		text := strings.TrimPrefix(strings.TrimSpace(string(u.refused)), "Error: ")
		_, err := io.WriteString(u.w, backend.PlainReason(text)+u.newline)
		return err
	}
	if u.unread == nil {
		return u.flush()
	}
	u.unread = []byte("galley: the command ended without reading all its input; Podman may have lost the end of its output\n")
	return u.flush()
}
