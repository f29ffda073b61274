// Package dummy does what kitchen.yml's dummies do: nothing, slowly, and it may fail.
package dummy

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/galley-kitchen/galley/config"
)

// Do is as slow as the dummy's sleep says, and fails with the text failure as its keys for that say.
func Do(ctx context.Context, d config.Dummy, failure string) error {
	if err := Pause(ctx, d.Sleep); err != nil {
		return err
	}
	if d.Fail || d.RandomFailure && rand.IntN(2) == 0 {
		return errors.New(failure)
	}
	return nil
}

// Pause waits, unless ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
