// Package dummy does what kitchen.yml's dummies do: nothing, slowly, and it may fail.
package dummy

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Do is as slow as the dummy's sleep says, and fails with the text failure as its keys for that say.
func Do(ctx context.Context, d config.Dummy, failure string) error {
	if err := runner.Pause(ctx, d.Sleep); err != nil {
		return err
	}
	if d.Fail || d.RandomFailure && rand.IntN(2) == 0 {
		return errors.New(failure)
	}
	return nil
}
