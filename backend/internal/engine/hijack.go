package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/galley-kitchen/galley/backend/dial"
)

// Stream is a connection that has stopped being HTTP and carries the raw bytes of a process's input and output.
type Stream struct {
	net.Conn
	// output reads the connection, after what came together with the response's header.
	output  io.Reader
	release func() bool
}

// Hijack sends a POST request of body as JSON over a connection of its own and hands over that connection. The client
// libraries of both engines have such a function, but Docker's drops the engine's message and cannot be cancelled, and
// Podman's swaps the transport of a connection that others use. The connection is closed when ctx ends. Errors:
// *StatusError, *SlowError, those of connect, and ctx's.
func Hijack(ctx context.Context, connect dial.Func, path string, body any) (*Stream, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the request for %s: %w", path, err)
	}
	slow := &SlowError{doTime}
	answered, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer time.AfterFunc(doTime, func() { cancel(slow) }).Stop()
	req, err := http.NewRequestWithContext(answered, http.MethodPost, "http://localhost"+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make the request for %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "tcp")

	var conn net.Conn
	transport := &http.Transport{
		DialContext: func(context.Context, string, string) (_ net.Conn, err error) {
			conn, err = connect(ctx)
			return conn, err
		},
		DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader,
	}
	resp, err := transport.RoundTrip(req)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &BrokenError{slowOr(answered, slow, err)}
	case resp.StatusCode != http.StatusSwitchingProtocols:
		defer func() { _ = resp.Body.Close() }()
		return nil, ReadStatusError(resp)
	}
	// A read or write that blocks knows nothing of ctx: closing ends it.
	return &Stream{conn, resp.Body, context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
}

// Read reads output of the process.
func (s *Stream) Read(p []byte) (int, error) { return s.output.Read(p) }

// CloseWrite tells the process that its input has ended, while its output can still be read.
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
