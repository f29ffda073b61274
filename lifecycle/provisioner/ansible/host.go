package ansible

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-shellwords"

	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// connectionPlugin is Ansible's connection to a runner, through this process.
//
//go:embed connection.py
var connectionPlugin []byte

// connection is its name. Under the names of the others that act on this machine it
// takes their place too, also for actions that ask for one of them by name.
const connection = "galley"

// forcedFile holds the variables that no playbook, inventory or flag can overrule: it is
// the last of the extra variables.
const forcedFile = "galley_forced.json"

// hostPlay runs ansible-playbook of this machine against the runner.
type hostPlay struct {
	program, dir, work string
	args, env          []string
	// second are further arguments of the second run.
	second []string
	server *connectionServer
}

// openHost lays a run from this machine out in a private directory: the runner can write
// to its sandbox, and nothing from there may run here.
func (a Ansible) openHost(ctx context.Context, program string, r runner.Runner) (_ *hostPlay, err error) {
	dir, err := userdir.MkdirTemp("galley-") // a socket's path has to be short
	if err != nil {
		return nil, fmt.Errorf("prepare Ansible: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	l, err := a.layout(filepath.ToSlash(dir), connection, 0o600)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{connection, "local"} {
		l.Add(sandbox.File{Path: "connection_plugins/" + name + ".py", Data: connectionPlugin})
	}
	l.Add(sandbox.File{Path: forcedFile, Data: []byte(`{"ansible_connection": "` + connection + `"}` + "\n")})
	if err := sandbox.Fill(dir, l.List); err != nil {
		return nil, err
	}
	if l.requirements.digest != "" {
		l.requirements.dir = filepath.Join(a.StateDir, galaxyDir, l.requirements.digest)
	}
	flags, err := shellwords.Parse(a.Provisioner.Ansible.ExtraFlags)
	if err != nil {
		return nil, fmt.Errorf("provisioner.ansible_extra_flags: %w", err)
	}
	h := &hostPlay{program: program, dir: dir, work: filepath.FromSlash(l.work), second: a.secondArguments()}
	h.args = append(append([]string{program}, a.arguments(l)...),
		append(flags, "-e", "@"+filepath.Join(dir, forcedFile), l.playbook)...)
	socket := filepath.Join(dir, "s")
	own := map[string]string{"ANSIBLE_CONNECTION_PLUGINS": filepath.Join(dir, "connection_plugins"),
		"GALLEY_SOCKET": socket, "GALLEY_ON_HOST": "1"}
	code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell("command -v sudo > /dev/null")})
	if err != nil {
		return nil, err
	}
	if code != 0 { // without sudo there is su
		own["ANSIBLE_BECOME_METHOD"] = "su"
	}
	h.env = a.EnvironWith(a.environment(l), a.Env(), own)
	if err := a.install(ctx, h, l.requirements); err != nil {
		return nil, err
	}
	h.server, err = serveConnection(ctx, socket, r)
	return h, err
}

// install installs requirements on this machine, once for each content of them.
func (a Ansible) install(ctx context.Context, h *hostPlay, r requirements) error {
	if r.digest == "" {
		return nil
	}
	done := filepath.Join(r.dir, ".done")
	if _, err := os.Stat(done); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, args := range a.galaxy(r) {
		var out bytes.Buffer
		galaxy := filepath.Join(filepath.Dir(h.program), "ansible-galaxy")
		code, err := hostexec.Run(ctx, hostexec.Command{Argv: append([]string{galaxy}, args...), Dir: h.work, Env: h.env,
			Stdout: &out, Stderr: &out})
		if err == nil && code != 0 {
			err = &runner.ExitError{What: "ansible-galaxy", Code: code, OnHost: true}
		}
		if err != nil {
			return fmt.Errorf("install what requirements_path names: %w\n%s", err, out.Bytes())
		}
	}
	return sandbox.WriteFile(done, nil, 0o600)
}

// play runs the playbook once and returns its exit code.
func (h *hostPlay) play(ctx context.Context, second bool, out runner.Output) (int, error) {
	argv := h.args
	if second {
		argv = slices.Insert(slices.Clone(argv), 1, h.second...)
	}
	return hostexec.Run(ctx, hostexec.Command{Argv: argv, Dir: h.work, Env: h.env,
		Stdout: out.Stdout, Stderr: out.Stderr})
}

func (h *hostPlay) close() error { return errors.Join(h.server.close(), os.RemoveAll(h.dir)) }

// connectionServer runs commands in a runner for connection.py. It listens at a socket in a directory that only this
// user may enter. One connection is one command: a line of JSON with its words, then its input up to the end; back come
// a line of JSON with the exit code and two lengths, then output and errors.
type connectionServer struct {
	listener net.Listener
	runner   runner.Runner
	cancel   context.CancelFunc
	calls    sync.WaitGroup
}

// connectionCall is what comes in, connectionAnswer what goes out.
type connectionCall struct {
	Argv []string `json:"argv"`
	User string   `json:"user,omitempty"`
}

type connectionAnswer struct {
	Code   int    `json:"code"`
	Stdout int    `json:"stdout"`
	Stderr int    `json:"stderr"`
	Error  string `json:"error,omitempty"`
}

// serveConnection listens until it is closed.
func serveConnection(ctx context.Context, socket string, r runner.Runner) (*connectionServer, error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen for Ansible: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &connectionServer{listener: l, runner: r, cancel: cancel}
	s.calls.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			s.calls.Go(func() { s.serve(ctx, conn) })
		}
	})
	return s, nil
}

// serve runs one command. A caller that hangs up early gets no answer.
func (s *connectionServer) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A caller that sends nothing must not keep close waiting.
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()
	in := bufio.NewReader(conn)
	var stdout, stderr bytes.Buffer
	answer := connectionAnswer{}
	var call connectionCall
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &call)
	}
	if err == nil {
		answer.Code, err = s.runner.Exec(ctx, runner.Command{Argv: call.Argv, User: call.User, Stdin: in, Stdout: &stdout,
			Stderr: &stderr})
	}
	if err != nil {
		answer.Error = err.Error()
	}
	answer.Stdout, answer.Stderr = stdout.Len(), stderr.Len()
	head, err := json.Marshal(answer)
	if err != nil {
		return // numbers and a text always have a form in JSON
	}
	whole := net.Buffers{append(head, '\n'), stdout.Bytes(), stderr.Bytes()}
	_, _ = whole.WriteTo(conn) // the other side says so when its answer is short
}

// close ends commands that still run.
func (s *connectionServer) close() error {
	s.cancel()
	err := s.listener.Close()
	s.calls.Wait()
	return err
}
