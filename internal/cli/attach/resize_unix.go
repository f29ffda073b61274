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
	sizes := make(chan backend.TerminalSize)
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		defer close(sizes)
		defer signal.Stop(changed)
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			select {
			case <-ctx.Done():
				return
			case sizes <- size():
			}
		}
	}()
	return sizes
}
