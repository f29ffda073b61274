package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/backend"
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

// AwaitName creates a container, and after a first conflict again for as long as limit while its name is taken by one
// that inspect does not find: engines take the name first, show the container when it is made, and give the name up
// last. So that is one which another process, or one that was killed since, has asked for, or one that goes. inspect
// returns a conflict that is not about the name. An error that says that the name is taken is about a container that
// there is.
func AwaitName(ctx context.Context, limit time.Duration, create func() error,
	inspect func(conflict error) error) error {
	err := create()
	if !errors.Is(err, backend.ErrConflict) {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_ = Poll(soon, func(context.Context) (done bool, _ error) { // what ends it is err
		if !errors.Is(inspect(err), backend.ErrNotFound) {
			return true, nil
		}
		err = create()
		return !errors.Is(err, backend.ErrConflict), nil
	})
	if errors.Is(err, backend.ErrConflict) && ctx.Err() != nil { // whether a container has the name was not found out
		return fmt.Errorf("wait for the name of a container: %w", ctx.Err())
	}
	return err
}
