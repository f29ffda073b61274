package engine

import (
	"context"
	"time"
)

// The first and the longest pause between two looks of Poll.
const (
	shortestPause = 5 * time.Millisecond
	longestPause  = 500 * time.Millisecond
)

// Poll looks until look is done or fails, or ctx ends. The first look is at once,
// and the pauses between the others grow.
func Poll(ctx context.Context, look func(context.Context) (done bool, err error)) error {
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		done, err := look(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
