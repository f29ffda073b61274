package detect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/userdir"
)

const (
	// serviceIdle is after how many seconds without a client the service ends by itself: the time it outlives a galley
	// that was killed.
	serviceIdle = "5"
	// serviceStart bounds how long the service may take to answer: the first start of a rootless Podman sets up a user
	// namespace and its storage.
	serviceStart = 60 * time.Second
	// serviceStop is how long the service may take to end when asked.
	serviceStop = 5 * time.Second
)

// service is a `podman system service` that belongs to this process.
//
// Its idle time-out is short, so that it ends by itself after a kill -9, and where the kernel can, it ends at once; a
// stream of events, held open as a leash, keeps it alive as long as galley is.
type service struct {
	cmd    *process.Cmd
	end    context.CancelFunc
	dir    *serviceDir
	leash  net.Conn
	exited chan struct{}
}

// Services are the private Podman services of one run of galley: one, however many engines are opened, since all would
// work on the same store. The zero value is ready for use, by several goroutines.
type Services struct {
	mu    sync.Mutex
	users int
	ep    backend.Endpoint
	stop  func() error
}

// open returns the service's endpoint, starting the service for the first user, and release, which ends it with the
// last one. Releasing twice is not an error.
func (s *Services) open(ctx context.Context, h Host) (ep backend.Endpoint, release func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		if s.ep, s.stop, err = startService(ctx, h); err != nil {
			return backend.Endpoint{}, nil, err
		}
	}
	s.users++
	return s.ep, sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.users--; s.users > 0 {
			return nil
		}
		return s.stop()
	}), nil
}

// startService runs a private Podman service and returns once it answers.
func startService(ctx context.Context, h Host) (backend.Endpoint, func() error, error) {
	fail := func(err error, said string) (backend.Endpoint, func() error, error) {
		return backend.Endpoint{}, nil, &backend.Error{Op: "start a private podman service", Kind: backend.ErrUnreachable,
			Detail: err.Error() + said, Err: err}
	}
	podman, err := h.LookPath("podman")
	if err != nil {
		return fail(err, "")
	}
	parent, err := serviceParent(h)
	if err != nil {
		return fail(err, "")
	}
	dir, err := makeServiceDir(ctx, parent)
	if err != nil {
		return fail(err, "")
	}
	ep := backend.Endpoint{URI: "unix://" + filepath.Join(dir.path, "podman.sock")}
	var output process.Tail
	// It ends with galley, or by stop, and not with the call that started it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	// Its own group keeps a Ctrl-C in the terminal from reaching it before galley has cleaned up through it. The
	// monitors of containers that it starts go on.
	cmd := process.Command(life, serviceStop, podman, "system", "service", "--time="+serviceIdle, ep.URI)
	cmd.GroupOnly()
	endWithParent(cmd)
	cmd.Env, cmd.Stdout, cmd.Stderr = serviceEnv(h), &output, &output
	s := &service{cmd: cmd, end: end, dir: dir, exited: make(chan struct{})}
	if err := s.start(); err != nil {
		end()
		return fail(errors.Join(err, dir.remove()), "")
	}
	if err := s.await(ctx, &ep); err != nil {
		old := errors.Is(err, backend.ErrUnsupported)
		if err = errors.Join(err, s.stop()); old {
			return backend.Endpoint{}, nil, err
		}
		return fail(err, strings.TrimSuffix(": "+output.String(), ": "))
	}
	if err := s.hold(ctx, ep); err != nil {
		return fail(errors.Join(err, s.stop()), "")
	}
	return ep, sync.OnceValue(s.stop), nil
}

// start starts the service, on a thread that stays until it has ended: with that thread, the kernel would end it (see
// endWithParent).
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

// await returns when the service answers a ping, or cannot any more. Errors: backend.ErrUnsupported for a Podman that
// is too old.
func (s *service) await(ctx context.Context, ep *backend.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, serviceStart)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx, nil, ep)
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

// hold opens the event stream that keeps the service from ending. What comes through it is of no interest.
func (s *service) hold(ctx context.Context, ep backend.Endpoint) error {
	f, err := dial.New(ep)
	if err != nil {
		return err
	}
	if s.leash, err = f(ctx); err != nil {
		return err
	}
	if _, err := io.WriteString(s.leash, "GET /v4.0.0/libpod/events?stream=true HTTP/1.1\r\n"+
		"Host: engine\r\n\r\n"); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, s.leash) }()
	return nil
}

// stop ends the service and removes its directory. Called once.
func (s *service) stop() (err error) {
	if s.leash != nil {
		err = s.leash.Close()
	}
	s.end()
	<-s.exited
	return errors.Join(err, s.dir.remove())
}

// overrideVariable names a file of settings that come over all others of Podman's, from 4.5. Older ones ignore it.
const overrideVariable = "CONTAINERS_CONF_OVERRIDE"

// serviceOverride ends the monitor of a finished command after ten seconds; Podman's own default is five minutes, and
// each converge leaves some. With less, the exit code may go before galley has asked for it, which fails the command.
const serviceOverride = "[engine]\nexit_command_delay = 10\n"

// serviceVariables are what a private service gets of galley's environment: what Podman needs to find its programs,
// configuration, storage and the network. Anything else stays here. An image with `Env: ["*"]` makes Podman before 5.0
// hand the whole environment of the service to the container, and a CI job's has secrets in it.
var serviceVariables = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LC_ALL",
	"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS",
	"CONTAINERS_CONF", overrideVariable, "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF",
	"CONTAINERS_REGISTRIES_CONF_DIR", "STORAGE_DRIVER", "STORAGE_OPTS", "BUILDAH_ISOLATION",
	// Set inside a user namespace of Podman's (podman unshare).
	"_CONTAINERS_USERNS_CONFIGURED", "_CONTAINERS_ROOTLESS_UID", "_CONTAINERS_ROOTLESS_GID",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	// Pulls are made by the service. Podman sets these in containers by itself; an address with a password in it is no
	// secret from the runners then.
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
}

// serviceEnv is the environment of a private service.
func serviceEnv(h Host) []string {
	env := []string{}
	for _, name := range serviceVariables {
		if value := h.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	if h.Getenv(overrideVariable) == "" {
		if file, err := overrideFile(); err == nil { // without it, monitors stay for longer
			env = append(env, overrideVariable+"="+file)
		}
	}
	return env
}

// overrideFile is the file with serviceOverride. It stays where it is when the service has ended: the monitors of
// containers inherit its path, and a Podman that misses it cannot clean up after a container.
func overrideFile() (string, error) {
	dir, err := userdir.Cache("galley", "podman")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "containers.conf")
	if have, err := os.ReadFile(file); err == nil && string(have) == serviceOverride {
		return file, nil
	}
	return file, os.WriteFile(file, []byte(serviceOverride), 0o600)
}
