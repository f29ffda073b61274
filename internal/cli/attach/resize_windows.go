package attach

import (
	"context"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// sizePoll is how often the console is asked for its size: Windows has no signal
// that tells.
const sizePoll = 500 * time.Millisecond

// watchSize sends the terminal's size whenever it changes, until ctx ends.
func watchSize(ctx context.Context, size func() backend.TerminalSize) <-chan backend.TerminalSize {
	sizes := make(chan backend.TerminalSize)
	go func() {
		defer close(sizes)
		tick := time.NewTicker(sizePoll)
		defer tick.Stop()
		last := size()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
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
