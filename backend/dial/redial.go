package dial

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// waitForRestart is how long a connection waits for an engine that was there a moment ago.
	waitForRestart = 10 * time.Second
	// firstPause is between the first two tries; each later one is twice as long, up to longestPause.
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
)

// errBusy marks a remote host that has no time for another login just now.
var errBusy = errors.New("the host is busy with other logins")

// withRedial tries again to connect to an engine that was met before, for as long as wait: it may be restarting, or be a
// service that ends when idle and is started by the next connection. Nothing has been sent yet, so trying again is
// always safe. An engine that was never met gets one try, so that looking for one is quick.
func withRedial(f Func, wait time.Duration) Func {
	var met atomic.Bool
	return func(ctx context.Context) (net.Conn, error) {
		started := time.Now()
		for pause := firstPause; ; pause = min(2*pause, longestPause) {
			c, err := f(ctx)
			if err == nil {
				met.Store(true)
				return c, nil
			}
			again := met.Load() && isRestart(err) || errors.Is(err, errBusy)
			if !again || time.Since(started)+pause > wait {
				return nil, err
			}
			if err := sleepContext(ctx, pause); err != nil {
				return nil, err
			}
		}
	}
}

// sleepContext waits, or returns the cause of ctx's end.
func sleepContext(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// isRestart reports whether a failure is what a restart looks like.
func isRestart(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, fs.ErrNotExist)
}
