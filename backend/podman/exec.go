package podman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// execConfig is the body of POST /containers/{id}/exec.
type execConfig struct {
	Command      []string `json:"Cmd"`
	Env          []string
	User         string `json:",omitempty"`
	WorkDir      string `json:"WorkingDir,omitempty"`
	Privileged   bool
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

// Exec runs a command in three calls: create it, start it attached over a
// connection of its own, and ask for its exit code when its output has ended.
// Never detached: such a session seems to run for minutes after its end.
func (b *Backend) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	op := "run a command in container " + id
	marker := engine.NewExecMarker(e)
	session, err := b.createExec(ctx, op, id, execConfigFrom(e, marker))
	if err != nil {
		return 0, err
	}
	said := &engineWords{w: engine.OrDiscard(e.Stderr), newline: "\n"}
	watched := e
	if e.Tty {
		said.w, said.newline = engine.OrDiscard(e.Stdout), "\r\n"
		watched.Stdout = said
	} else {
		watched.Stderr = said
	}
	err = b.converse(ctx, session, watched)
	if engine.NeverStarted(err) {
		return 0, wrap(op, ended(ctx, err))
	}
	code := 0
	if err = wrap(op, ended(ctx, err)); err == nil {
		code, err = b.exitCode(ctx, op, session)
	}
	if err != nil {
		return 0, errors.Join(err, said.flush(), b.killExec(ctx, id, session, e, marker))
	}
	return code, said.end(code)
}

func (b *Backend) createExec(ctx context.Context, op, id string, config execConfig) (session string, err error) {
	var answer struct {
		ID string `json:"Id"`
	}
	err = b.call(ctx, request{
		op: op, method: http.MethodPost, path: "/containers/%s/exec", args: []string{id}, json: config,
	}, &answer)
	return answer.ID, err
}

// execConfigFrom translates a command. The marker is for finding its processes
// should they have to be killed.
func execConfigFrom(e backend.ExecSpec, marker string) execConfig {
	env := engine.EnvList(e.Env)
	if marker != "" {
		env = append(env, backend.ExecVar+"="+marker)
	}
	return execConfig{
		Command: e.Command, Env: env,
		User: e.User, WorkDir: e.WorkDir, Privileged: e.Privileged, Tty: e.Tty,
		AttachStdin: e.Stdin != nil, AttachStdout: true, AttachStderr: true,
	}
}

// converse starts a session and carries its input and output to the end.
func (b *Backend) converse(ctx context.Context, session string, e backend.ExecSpec) error {
	start := execStart{Tty: e.Tty}
	if e.Tty {
		start.Height, start.Width = e.Size.Height, e.Size.Width
	}
	stream, err := engine.Hijack(ctx, b.connect, "/v"+apiVersion+"/libpod/exec/"+url.PathEscape(session)+"/start", start)
	if err != nil {
		return err
	}
	if e.Tty && e.Resize != nil {
		done := make(chan struct{})
		defer close(done)
		go b.followSize(ctx, session, e.Resize, done)
	}
	return errors.Join(engine.Converse(stream, e), stream.Close())
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
	// refused and unread are held back, since only the end tells whether they are the server's.
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
	if u.refused != nil && (code == codeCannotRun || code == codeNotFound) {
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

// followSize tells the session of every new size of the user's terminal. A size
// that cannot be set leaves the old one, which is no reason to end the command.
func (b *Backend) followSize(ctx context.Context, session string, sizes <-chan backend.TerminalSize, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case size, ok := <-sizes:
			if !ok {
				return
			}
			_ = b.call(ctx, request{
				op: "resize a terminal", method: http.MethodPost, path: "/exec/%s/resize", args: []string{session},
				query: url.Values{
					"h": {strconv.FormatUint(uint64(size.Height), 10)}, "w": {strconv.FormatUint(uint64(size.Width), 10)},
				},
			}, nil)
		}
	}
}

// execAnswer is what galley reads of an inspected session.
type execAnswer struct {
	Running  bool
	ExitCode int
}

// exitCode asks for the exit code of a session whose output has ended. The server
// may still be writing it down.
func (b *Backend) exitCode(ctx context.Context, op, session string) (int, error) {
	var answer execAnswer
	err := engine.Poll(ctx, func(ctx context.Context) (done bool, err error) {
		answer, err = b.inspectExec(ctx, op, session)
		return !answer.Running, err
	})
	if err != nil && ctx.Err() != nil {
		return 0, wrap(op, ctx.Err())
	}
	return answer.ExitCode, err
}

func (b *Backend) inspectExec(ctx context.Context, op, session string) (execAnswer, error) {
	var answer execAnswer
	err := b.call(ctx, request{op: op, method: http.MethodGet, path: "/exec/%s/json", args: []string{session}}, &answer)
	return answer, err
}

// killTimeout bounds how long a cancelled command may hold up its caller.
const killTimeout = 5 * time.Second

// unstartedLooks is how often a session that has not started is looked at before
// it is taken for one that never will: its start may be on the way.
const unstartedLooks = 6

// killExec kills the processes of a command whose caller has gone, and sees them
// end: Podman leaves them running, and could only signal the first of them.
func (b *Backend) killExec(ctx context.Context, id, session string, e backend.ExecSpec, marker string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	const op = "kill the command"
	killer := backend.ExecSpec{Command: backend.KillCommand(marker), User: e.User, Privileged: e.Privileged}
	unstarted := 0
	err := engine.Poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := b.inspectExec(ctx, op, session)
		if err != nil {
			return false, err
		}
		if answer.Running {
			return false, b.runKiller(ctx, op, id, killer)
		}
		unstarted++
		return answer.ExitCode != 0 || unstarted > unstartedLooks, nil
	})
	if errors.Is(err, backend.ErrNotFound) || errors.Is(err, backend.ErrNotRunning) {
		return nil // it went with its container
	}
	if err != nil {
		return fmt.Errorf("the command may still run: %w", err)
	}
	return nil
}

// The codes of a command that could not be started.
const (
	codeCannotRun = 126
	codeNotFound  = 127
)

func (b *Backend) runKiller(ctx context.Context, op, id string, killer backend.ExecSpec) error {
	session, err := b.createExec(ctx, op, id, execConfigFrom(killer, ""))
	if err != nil {
		return err
	}
	if err := b.converse(ctx, session, killer); err != nil {
		return wrap(op, ended(ctx, err))
	}
	code, err := b.exitCode(ctx, op, session)
	if code == codeCannotRun || code == codeNotFound {
		return fmt.Errorf("%s: there is no shell in the container to do it with", op)
	}
	return err
}
