package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend/dial"
)

// maxErrorBody bounds how much of an error's body is read.
const maxErrorBody = 1 << 20

// StatusError is an answer that is not the one hoped for.
type StatusError struct {
	// Status is the HTTP status.
	Status int
	// Message is what the engine said.
	Message string
}

// Error is what the engine said.
func (e *StatusError) Error() string { return e.Message }

// Stream is a connection that has stopped being HTTP and carries the raw bytes
// of a process's input and output.
type Stream struct {
	net.Conn
	// buffered holds what came together with the response's header.
	buffered *bufio.Reader
	// header bounds the header.
	header  *boundedReader
	release func() bool
}

// Hijack sends a POST request of body as JSON over a connection of its own and
// hands over that connection. The client libraries of both engines have such a
// function, but Docker's drops the engine's message and cannot be cancelled, and
// Podman's swaps the transport of a connection that others use. The connection
// is closed when ctx ends. Errors: *StatusError, those of connect, and ctx's.
func Hijack(ctx context.Context, connect dial.Func, path string, body any) (*Stream, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the request for %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make the request for %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "tcp")

	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	header := &boundedReader{Reader: conn, what: "header", limit: MaxHeader, left: MaxHeader}
	s := &Stream{Conn: conn, buffered: bufio.NewReader(header), header: header}
	// A read or write that blocks knows nothing of ctx: closing ends it.
	s.release = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := s.upgrade(req); err != nil {
		err = errors.Join(err, s.Close())
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return s, nil
}

// upgrade makes the request and reads the header of its answer. Errors: *SlowError.
func (s *Stream) upgrade(req *http.Request) error {
	// Not every connection has deadlines: closing it ends what blocks.
	timer := time.AfterFunc(doTime, func() { _ = s.Conn.Close() })
	resp, err := s.exchange(req)
	if !timer.Stop() {
		return &SlowError{doTime}
	}
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		s.header.left = math.MaxInt64
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	return ReadStatusError(resp)
}

func (s *Stream) exchange(req *http.Request) (*http.Response, error) {
	if err := req.Write(s.Conn); err != nil {
		return nil, fmt.Errorf("send the request for %s: %w", req.URL.Path, err)
	}
	resp, err := http.ReadResponse(s.buffered, req)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", req.URL.Path, err)
	}
	return resp, nil
}

// errorMessage finds the words of an error: both engines send them as JSON.
func errorMessage(body []byte, status string) string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Message != "" {
		return answer.Message
	}
	if text := strings.TrimSpace(string(body)); text != "" {
		return text
	}
	return status
}

// Read reads output of the process.
func (s *Stream) Read(p []byte) (int, error) { return s.buffered.Read(p) }

// CloseWrite tells the process that its input has ended, while its output can
// still be read.
func (s *Stream) CloseWrite() error {
	half, ok := s.Conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("end the command's input over a %T: %w", s.Conn, errors.ErrUnsupported)
	}
	return half.CloseWrite()
}

// Close ends the connection. Closing twice is not an error.
func (s *Stream) Close() error {
	s.release()
	if err := s.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
