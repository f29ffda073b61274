package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// serve answers one connection on a unix socket, and returns the way to it.
func serve(t *testing.T, answer func(req *http.Request, in *bufio.Reader, out net.Conn)) dial.Func {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip("this system has no unix sockets: ", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		in := bufio.NewReader(conn)
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		answer(req, in, conn)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", listener.Addr().String())
	}
}

const upgraded = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

func frame(kind byte, text string) []byte {
	header := make([]byte, frameHeader)
	header[0] = kind
	binary.BigEndian.PutUint32(header[4:], uint32(len(text)))
	return append(header, text...)
}

// TestAttachStreams: output that comes together with the answer's header is not lost,
// input reaches its end, and the output can still be read after that.
func TestAttachStreams(t *testing.T) {
	connect := serve(t, func(req *http.Request, in *bufio.Reader, out net.Conn) {
		body, err := io.ReadAll(req.Body)
		asked := fmt.Sprintln(req.Method, req.URL.Path, req.Header.Get("Upgrade"), string(body), err)
		_, _ = out.Write(append([]byte(upgraded), frame(frameStdout, asked)...))
		text, err := io.ReadAll(in)
		_, _ = out.Write(frame(frameStderr, fmt.Sprint(string(text), " ", err, "\n")))
	})
	stream, err := Hijack(t.Context(), connect, "/exec/1/start", struct{ Tty bool }{})
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	spec := backend.ExecSpec{Stdin: bytes.NewBufferString("some input"), Stdout: &stdout, Stderr: &stderr}
	require.NoError(t, AttachStreams(stream, spec, never(t)))
	require.NoError(t, stream.Close())
	require.NoError(t, stream.Close(), "a second time")
	require.Equal(t, "POST /exec/1/start tcp {\"Tty\":false} <nil>\n", stdout.String())
	require.Equal(t, "some input <nil>\n", stderr.String())
}

// never fails the test when it is waited for the start of a command.
func never(t *testing.T) func() { return func() { t.Error("waited for the start of the command") } }

// TestAttachEmptyInput: an input that has nothing in it ends when the command runs, and not before.
func TestAttachEmptyInput(t *testing.T) {
	var runs atomic.Bool
	connect := serve(t, func(req *http.Request, in *bufio.Reader, out net.Conn) {
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(out, upgraded)
		text, err := io.ReadAll(in)
		_, _ = out.Write(frame(frameStdout, fmt.Sprintf("%q %v %v", text, err, runs.Load())))
	})
	stream, err := Hijack(t.Context(), connect, "/", struct{}{})
	require.NoError(t, err)
	var stdout bytes.Buffer
	spec := backend.ExecSpec{Stdin: bytes.NewReader(nil), Stdout: &stdout}
	require.NoError(t, AttachStreams(stream, spec, func() { runs.Store(true) }))
	require.NoError(t, stream.Close())
	require.Equal(t, `"" <nil> true`, stdout.String())
}

func TestConverseTerminal(t *testing.T) {
	connect := serve(t, func(_ *http.Request, _ *bufio.Reader, out net.Conn) { _, _ = io.WriteString(out, upgraded+"raw\r\n") })
	stream, err := Hijack(t.Context(), connect, "/", struct{}{})
	require.NoError(t, err)
	var stdout bytes.Buffer
	require.NoError(t, AttachStreams(stream, backend.ExecSpec{Tty: true, Stdout: &stdout}, never(t)))
	require.Equal(t, "raw\r\n", stdout.String())
	require.NoError(t, stream.Close())
}

// TestConverseBadInput: a command must not wait for ever for input that cannot be read.
func TestConverseBadInput(t *testing.T) {
	connect := serve(t, func(_ *http.Request, in *bufio.Reader, out net.Conn) {
		_, _ = io.WriteString(out, upgraded)
		_, _ = io.Copy(io.Discard, in)
	})
	stream, err := Hijack(t.Context(), connect, "/", struct{}{})
	require.NoError(t, err)
	broken := errors.New("the disk is on fire")
	err = AttachStreams(stream, backend.ExecSpec{Stdin: io.MultiReader(bytes.NewBufferString("x"), failing{broken})}, never(t))
	require.ErrorIs(t, err, broken)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestHijackRefused(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"container is paused"}`: "container is paused", "plain": "plain", "": "409 Conflict",
	} {
		connect := serve(t, func(_ *http.Request, _ *bufio.Reader, out net.Conn) {
			_, _ = fmt.Fprintf(out, "HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		})
		_, err := Hijack(t.Context(), connect, "/", struct{}{})
		var refused *StatusError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, StatusError{Status: http.StatusConflict, Message: want}, *refused)
	}
}

// TestHijackCancelled: both while the answer is awaited, and afterwards.
func TestHijackCancelled(t *testing.T) {
	asked := make(chan struct{})
	connect := serve(t, func(_ *http.Request, in *bufio.Reader, _ net.Conn) {
		close(asked)
		_, _ = io.Copy(io.Discard, in)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := Hijack(ctx, connect, "/", struct{}{})
	require.ErrorIs(t, err, context.Canceled)

	connect = serve(t, func(_ *http.Request, in *bufio.Reader, out net.Conn) {
		_, _ = io.WriteString(out, upgraded)
		_, _ = io.Copy(io.Discard, in)
	})
	ctx, cancel = context.WithCancel(t.Context())
	stream, err := Hijack(ctx, connect, "/", struct{}{})
	require.NoError(t, err)
	cancel()
	require.Error(t, AttachStreams(stream, backend.ExecSpec{}, never(t)))
}

func TestHijackUnreachable(t *testing.T) {
	refusal := errors.New("no such socket")
	_, err := Hijack(t.Context(), func(context.Context) (net.Conn, error) { return nil, refusal }, "/", struct{}{})
	require.ErrorIs(t, err, refusal)

	connect := serve(t, func(*http.Request, *bufio.Reader, net.Conn) {})
	_, err = Hijack(t.Context(), connect, "/", struct{}{})
	require.ErrorIs(t, err, io.EOF)
}

// TestCloseWriteUnsupported: a command must not wait for ever for the end of its
// input because the connection cannot tell it.
func TestCloseWriteUnsupported(t *testing.T) {
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() })
	s := &Stream{Conn: near, output: near, release: func() bool { return true }}
	require.ErrorIs(t, AttachStreams(s, backend.ExecSpec{Stdin: bytes.NewReader(nil)}, func() {}), errors.ErrUnsupported)
}
