package attach

import (
	"context"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// sizePoll is how often the console is asked for its size, since Windows does not notify of changes.
const sizePoll = 500 * time.Millisecond

// watchSize sends the terminal's size whenever it changes, until ctx ends.
func watchSize(ctx context.Context, size func() backend.TerminalSize) <-chan backend.TerminalSize {
	tick := time.NewTicker(sizePoll)
	return sendSizes(ctx, tick.C, tick.Stop, size)
}
