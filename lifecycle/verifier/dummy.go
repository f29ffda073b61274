package verifier

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// dummy tests nothing, slowly or in vain.
type dummy struct {
	c     config.Dummy
	sleep time.Duration
}

func (dummy) ToolImage() string { return "" }

func (dummy) Prepare(_ context.Context, sb sandbox.Dir) error {
	return sandbox.Sync(sb.Local, nil, nil)
}

// Verify is as slow as kitchen.yml's `sleep` says, and fails as `fail` and
// `random_failure` say.
func (d dummy) Verify(ctx context.Context, _ runner.Runner, _ Target, _ sandbox.Dir, _ runner.Output) ([]result.TestCase, error) {
	if err := pause(ctx, d.sleep); err != nil {
		return nil, err
	}
	if d.c.Fail || (d.c.RandomFailure && rand.IntN(2) == 0) {
		return nil, errors.New("the dummy verifier fails, as kitchen.yml asks it to")
	}
	return nil, &NoTestsError{}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
