//go:build unix

package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// A terminal that goes stops galley as Ctrl-C does.
func TestEndOfTheTerminal(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("these tests run under nohup")
	}
	ctx, cancel := interruptible(io.Discard)
	defer cancel()
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("SIGHUP does not stop galley")
	}
	require.Equal(t, cmdutil.ErrInterrupted, context.Cause(ctx))
}

// The second signal ends galley at once, unless it is the terminal's, which says twice that it goes.
func TestSecondSignal(t *testing.T) {
	for _, c := range []struct {
		signals []os.Signal
		want    []string
	}{
		{[]os.Signal{syscall.SIGHUP, syscall.SIGHUP}, []string{"stop"}},
		{[]os.Signal{os.Interrupt, syscall.SIGHUP}, []string{"stop"}},
		{[]os.Signal{os.Interrupt, os.Interrupt}, []string{"stop", "exit"}},
		{[]os.Signal{syscall.SIGHUP, syscall.SIGHUP, syscall.SIGTERM}, []string{"stop", "exit"}},
	} {
		signals := make(chan os.Signal, len(c.signals))
		for _, s := range c.signals {
			signals <- s
		}
		close(signals)
		var did []string
		handleSignals(signals, func() { did = append(did, "stop") }, func() { did = append(did, "exit") })
		require.Equal(t, c.want, did, "%v", c.signals)
	}
}
