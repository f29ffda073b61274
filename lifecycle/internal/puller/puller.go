// Package puller pulls images from registries that may be busy.
package puller

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// attempts is how often an image is asked for. firstPause is doubled from one pause to the next, up to longestPause.
const (
	attempts     = 6
	firstPause   = time.Second
	longestPause = 15 * time.Second
)

// Pull pulls an image. When its registry cannot answer for now, or breaks off, it asks again after a pause, of which
// say tells the reason and the length.
func Pull(ctx context.Context, engine backend.ContainerBackend, o backend.PullOptions,
	say func(string)) (backend.Image, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		img, err := engine.PullImage(ctx, o)
		if !errors.Is(err, backend.ErrBusy) {
			return img, err
		}
		if attempt == attempts {
			return img, fmt.Errorf("asked %d times: %w", attempts, err)
		}
		wait := jitter(pause)
		say(fmt.Sprintf("%v\nAsking again in %.1f s, for time %d of %d.", reason(err), wait.Seconds(), attempt+1, attempts))
		if ended := runner.Pause(ctx, wait); ended != nil {
			return img, errors.Join(ended, err)
		}
		pause = min(2*pause, longestPause)
	}
}

// jitter is a pause that is a quarter longer or shorter, so that machines which were refused together do not come back
// together.
func jitter(pause time.Duration) time.Duration {
	return pause*3/4 + rand.N(pause/2)
}

// reason is the error without what the user can do about it, which comes with the last one.
func reason(err error) error {
	var e *backend.Error
	if !errors.As(err, &e) {
		return err
	}
	short := *e
	short.Remedy = ""
	return &short
}
