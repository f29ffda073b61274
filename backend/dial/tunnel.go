package dial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/process"
)

const (
	// tunnelStop is how long an ssh may take to end once it was asked to, and how long what it left behind may hold its
	// stderr open.
	tunnelStop = 2 * time.Second
	// maxGreeting bounds what a login shell may print before the remote host is ready.
	maxGreeting = 64 << 10
)

// errNotReady is the end of an ssh whose far side never ran galley's script.
var errNotReady = errors.New("the remote host ended before it was ready")

// tunnel is a connection through the standard streams of an ssh.
type tunnel struct {
	ep     backend.Endpoint
	in     *os.File // ssh's input
	out    *os.File // ssh's output
	read   *bufio.Reader
	errOut *process.Tail
	stop   context.CancelFunc
	exited chan struct{} // closed when exit is set
	exit   error
}

// startTunnel runs ssh and returns when the remote host is ready.
func startTunnel(ctx context.Context, ep backend.Endpoint, program string, args []string) (net.Conn, error) {
	t, err := runTunnel(ctx, ep, program, args)
	if err != nil {
		return nil, unreachable(ep, err)
	}
	ready := make(chan error, 1)
	go func() { ready <- t.awaitReady() }()
	timer := time.NewTimer(loginTimeout)
	defer timer.Stop()
	select {
	case err = <-ready:
		if err == nil {
			return t, nil
		}
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = t.failure(fmt.Errorf("the login did not end within %s", loginTimeout))
	}
	return nil, errors.Join(err, t.Close())
}

func runTunnel(ctx context.Context, ep backend.Endpoint, program string, args []string) (*tunnel, error) {
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inRead.Close(), inWrite.Close())
	}
	// The connection outlives the call that made it, so it does not end with ctx.
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	t := &tunnel{ep: ep, in: inWrite, out: outRead, read: bufio.NewReaderSize(outRead, maxGreeting),
		errOut: &process.Tail{}, stop: stop, exited: make(chan struct{})}
	cmd := process.Command(life, tunnelStop, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inRead, outWrite, t.errOut
	// A Ctrl-C in the terminal must not end an ssh that galley still needs to clean up.
	cmd.OwnSession()
	err = cmd.Start()
	if err = errors.Join(err, inRead.Close(), outWrite.Close()); err != nil {
		stop()
		return nil, errors.Join(err, inWrite.Close(), outRead.Close())
	}
	go func() {
		t.exit = cmd.Wait()
		close(t.exited)
	}()
	return t, nil
}

// awaitReady reads up to the line that says that the engine's words follow.
func (t *tunnel) awaitReady() error {
	for seen := 0; seen < maxGreeting; {
		line, err := t.read.ReadSlice('\n')
		if strings.TrimRight(string(line), "\r\n") == remoteReady {
			return nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		if errors.Is(err, io.EOF) {
			return t.failure(errNotReady)
		}
		if err != nil {
			return t.failure(err)
		}
		seen += len(line)
	}
	return explainSSH(t.ep, t.errOut.String(), errors.New("the remote host's login shell prints without end"))
}

// failure is why the tunnel ended, or else cause.
func (t *tunnel) failure(cause error) error {
	timer := time.NewTimer(2 * tunnelStop)
	defer timer.Stop()
	select {
	case <-t.exited:
		if t.exit == nil && errors.Is(cause, io.EOF) {
			return io.EOF
		}
	case <-timer.C:
	}
	return explainSSH(t.ep, t.errOut.String(), cause)
}

// Read reads what the engine says. The end of an ssh that failed is an error with its reason.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.read.Read(p)
	if errors.Is(err, io.EOF) && n == 0 {
		return 0, t.failure(err)
	}
	return n, err
}

// Write sends something to the engine.
func (t *tunnel) Write(p []byte) (int, error) { return t.in.Write(p) }

// CloseWrite tells the engine that nothing more will be sent.
func (t *tunnel) CloseWrite() error { return t.in.Close() }

// Close ends the connection and its ssh. Closing twice is not an error.
func (t *tunnel) Close() error {
	t.stop()
	// Either may be closed already.
	_ = t.in.Close()
	_ = t.out.Close()
	return nil
}

// The addresses say nothing: ssh knows them.
func (t *tunnel) LocalAddr() net.Addr  { return &net.UnixAddr{Net: "ssh", Name: t.ep.URI} }
func (t *tunnel) RemoteAddr() net.Addr { return t.LocalAddr() }

// SetDeadline is that of a net.Conn.
func (t *tunnel) SetDeadline(at time.Time) error {
	return errors.Join(t.SetReadDeadline(at), t.SetWriteDeadline(at))
}

// SetReadDeadline is that of a net.Conn.
func (t *tunnel) SetReadDeadline(at time.Time) error { return t.out.SetReadDeadline(at) }

// SetWriteDeadline is that of a net.Conn.
func (t *tunnel) SetWriteDeadline(at time.Time) error { return t.in.SetWriteDeadline(at) }
