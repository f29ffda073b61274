//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A terminal that goes stops galley as Ctrl-C does, and not at once when it says so
// twice.
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
	require.Equal(t, errInterrupted, context.Cause(ctx))
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	time.Sleep(50 * time.Millisecond) // long enough for the process to end, were it to
}
