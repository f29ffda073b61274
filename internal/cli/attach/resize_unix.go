//go:build !windows

package attach

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/galley-kitchen/galley/backend"
)

// watchSize sends the terminal's size whenever it changes, until ctx ends.
func watchSize(ctx context.Context, size func() backend.TerminalSize) <-chan backend.TerminalSize {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	return sendSizes(ctx, changed, func() { signal.Stop(changed) }, size)
}
