package ansible

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/runner"
)

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
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
