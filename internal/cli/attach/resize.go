package attach

import (
	"context"

	"github.com/galley-kitchen/galley/backend"
)

// sendSizes sends the terminal's size when it may have changed, until ctx ends, and then calls stop.
func sendSizes[T any](
	ctx context.Context, mayHaveChanged <-chan T, stop func(), size func() backend.TerminalSize,
) <-chan backend.TerminalSize {
	sizes := make(chan backend.TerminalSize)
	go func() {
		defer close(sizes)
		defer stop()
		for last := (backend.TerminalSize{}); ; {
			select {
			case <-ctx.Done():
				return
			case <-mayHaveChanged:
			}
			now := size()
			if now == last {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case sizes <- now:
				last = now
			}
		}
	}()
	return sizes
}
