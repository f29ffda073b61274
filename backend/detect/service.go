package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

const (
	// serviceIdle is after how many seconds without a client the service ends by
	// itself: the time it outlives a galley that was killed.
	serviceIdle = "5"
	// serviceStart bounds how long the service may take to answer: the first
	// start of a rootless Podman sets up a user namespace and its storage.
	serviceStart = 60 * time.Second
	// serviceStop is how long the service may take to end when asked.
	serviceStop = 5 * time.Second
)

// service is a `podman system service` that belongs to this process.
//
// Its idle time-out is short, so that it ends by itself after a kill -9, and where the
// kernel can, it ends at once; a stream of events, held open as a leash, keeps it
// alive as long as galley is.
type service struct {
	cmd    *exec.Cmd
	dir    *serviceDir
	leash  net.Conn
	exited chan struct{}
	once   sync.Once
}

// startService runs a private Podman service and returns once it answers.
func startService(ctx context.Context, h Host) (backend.Endpoint, func() error, error) {
	fail := func(err error, detail string) (backend.Endpoint, func() error, error) {
		return backend.Endpoint{}, nil, &backend.Error{Op: "start a private podman service", Kind: backend.ErrUnreachable, Detail: detail, Err: err}
	}
	podman, err := h.LookPath("podman")
	if err != nil {
		return fail(err, "")
	}
	dir, err := makeServiceDir(shortTempDir(h))
	if err != nil {
		return fail(err, "")
	}
	ep := backend.Endpoint{URI: "unix://" + filepath.Join(dir.path, "podman.sock")}
	var output bytes.Buffer
	cmd := exec.Command(podman, "system", "service", "--time="+serviceIdle, ep.URI)
	cmd.Stdout, cmd.Stderr = &output, &output
	ownGroup(cmd)
	s := &service{cmd: cmd, dir: dir, exited: make(chan struct{})}
	if err := s.start(); err != nil {
		return fail(errors.Join(err, dir.remove()), "")
	}
	if err := s.await(ctx, &ep); err != nil {
		stopErr := s.stop()
		if errors.Is(err, backend.ErrUnsupported) {
			return backend.Endpoint{}, nil, errors.Join(err, stopErr)
		}
		return fail(errors.Join(err, stopErr), fmt.Sprintf("%v%s", err, lastWords(&output, s.exited)))
	}
	if err := s.hold(ctx, ep); err != nil {
		return fail(errors.Join(err, s.stop()), err.Error())
	}
	return ep, s.stop, nil
}

// start starts the service, on a thread that stays until it has ended: with that
// thread, the kernel would end it (see endWithParent).
func (s *service) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.exited)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			// How it ended is told by what it printed, which the caller reads.
			_ = s.cmd.Wait()
		}
	}()
	return <-started
}

// shortTempDir is a directory for the socket: the path of a socket may not be
// longer than about 100 bytes.
func shortTempDir(h Host) string {
	if d := h.runtimeDir(); d != "" && len(d) < 60 {
		if st, err := os.Stat(d); err == nil && st.IsDir() {
			return d
		}
	}
	if d := os.TempDir(); len(d) < 60 {
		return d
	}
	return "/tmp"
}

// await returns when the service answers a ping, or cannot any more. Errors:
// backend.ErrUnsupported for a Podman that is too old.
func (s *service) await(ctx context.Context, ep *backend.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, serviceStart)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx, ep)
		if err == nil || errors.Is(err, backend.ErrUnsupported) {
			return err
		}
		select {
		case <-s.exited:
			return errors.New("podman system service ended at once")
		case <-ctx.Done():
			return fmt.Errorf("podman system service did not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// hold opens the event stream that keeps the service from ending. What comes
// through it is of no interest.
func (s *service) hold(ctx context.Context, ep backend.Endpoint) error {
	f, err := dial.New(ep)
	if err != nil {
		return err
	}
	if s.leash, err = f(ctx); err != nil {
		return err
	}
	if _, err := io.WriteString(s.leash, "GET /v4.0.0/libpod/events?stream=true HTTP/1.1\r\nHost: engine\r\n\r\n"); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, s.leash) }()
	return nil
}

// stop ends the service and removes its directory.
func (s *service) stop() (err error) {
	s.once.Do(func() {
		if s.leash != nil {
			err = s.leash.Close()
		}
		terminate(s.cmd)
		select {
		case <-s.exited:
		case <-time.After(serviceStop):
			kill(s.cmd)
			<-s.exited
		}
		err = errors.Join(err, s.dir.remove())
	})
	return err
}

// lastWords is what a service printed before it ended; while it still runs, its
// output may not be read.
func lastWords(output *bytes.Buffer, exited <-chan struct{}) string {
	select {
	case <-exited:
		if text := bytes.TrimSpace(output.Bytes()); len(text) > 0 {
			return ": " + string(text)
		}
	default:
	}
	return ""
}
