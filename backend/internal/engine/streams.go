package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// AttachStreams carries the input and output of a command over its stream until the output ends. Input that is left
// over then is not read; a reader that blocks is left to itself, since nothing can interrupt it. Errors: those of the
// writers, of e.Stdin, and a stream that breaks off. started returns when the command runs, or will not.
func AttachStreams(s *Stream, e backend.ExecSpec, started func()) error {
	input := make(chan error, 1)
	if e.Stdin != nil {
		go func() {
			err := feed(s, e.Stdin, started)
			input <- err
			if err != nil {
				// Without its input the command might wait for ever.
				_ = s.Close()
			}
		}()
	}
	err := copyOutput(s, e)
	select {
	case inputErr := <-input:
		if inputErr != nil {
			return inputErr
		}
	default:
	}
	return err
}

// NeverStarted reports whether an exec's stream failed before its request had been
// sent, or because the engine refused it: then there is no command to be killed.
func NeverStarted(err error) bool {
	var refused *StatusError
	var unreachable *backend.Error
	return errors.As(err, &refused) || errors.As(err, &unreachable)
}

// feed copies a command's input to its end. A command that ends before it has
// read everything is no failure, so what goes wrong on the stream is not one. Docker loses the end of an input that had
// nothing in it when it comes before the command has started, and the command waits for ever.
func feed(s *Stream, stdin io.Reader, started func()) error {
	source := NewLocalReader(stdin)
	sent, _ := io.Copy(s, source)
	if err := source.Failure(nil); err != nil {
		return fmt.Errorf("read the command's input: %w", err)
	}
	if sent == 0 {
		started()
	}
	if err := s.CloseWrite(); errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

func copyOutput(s *Stream, e backend.ExecSpec) error {
	var output io.Reader = s
	if e.Stdin != nil {
		output = untilReset{s}
	}
	if !e.Tty {
		return Demultiplex(output, e.Stdout, e.Stderr)
	}
	if _, err := io.Copy(LocalWriter(e.Stdout), output); err != nil {
		return fmt.Errorf("copy the output: %w", err)
	}
	return nil
}

// untilReset reads the output of a command that has input. An engine that closes its socket before it has read all
// input resets the connection: after the output, the reader is told of that in place of the end.
type untilReset struct{ io.Reader }

func (r untilReset) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, syscall.ECONNRESET) {
		err = io.EOF
	}
	return n, err
}

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
	return Upgrade(ctx, connect, path, "tcp", http.Header{"Content-Type": {"application/json"}}, payload)
}

// Upgrade is Hijack for a connection that speaks another protocol from then on.
func Upgrade(ctx context.Context, connect dial.Func, path, protocol string, header http.Header,
	payload []byte) (*Stream, error) {
	slow := &SlowError{doTime}
	answered, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer time.AfterFunc(doTime, func() { cancel(slow) }).Stop()
	req, err := http.NewRequestWithContext(answered, http.MethodPost, "http://localhost"+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make the request for %s: %w", path, err)
	}
	req.Header = header.Clone()
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", protocol)

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

// The kinds of frame: the first byte of a frame's header.
const (
	frameStdin  = 0
	frameStdout = 1
	frameStderr = 2
	frameError  = 3
)

// frameHeader is the length of a frame's header: kind, three zeros, and the
// length of what follows as a big-endian number.
const frameHeader = 8

// Demultiplex copies a stream of frames to stdout and stderr until it ends. A nil writer throws its part away. Errors:
// those of the writers, io.ErrUnexpectedEOF when the stream breaks off within a frame, and what an error frame says.
func Demultiplex(r io.Reader, stdout, stderr io.Writer) error {
	stdout, stderr = LocalWriter(stdout), LocalWriter(stderr)
	var header [frameHeader]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read the output: %w", err)
		}
		size := int64(binary.BigEndian.Uint32(header[4:]))
		var w io.Writer
		switch header[0] {
		case frameStdin, frameStdout:
			w = stdout
		case frameStderr:
			w = stderr
		case frameError:
			text, err := io.ReadAll(io.LimitReader(r, min(size, maxErrorBody)))
			if err != nil {
				return fmt.Errorf("read the output: %w", err)
			}
			return fmt.Errorf("the engine broke off the output: %s", text)
		default:
			return fmt.Errorf("the output is not in frames (kind %d)", header[0])
		}
		if _, err := io.CopyN(w, r, size); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("copy the output: %w", err)
		}
	}
}
