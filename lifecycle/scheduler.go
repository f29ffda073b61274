package lifecycle

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/config"
)

// schedule runs do for each instance, in order, n at a time. With FailFast, or
// when ctx has ended, no further instance is started; those under way end by
// themselves.
func (r *Run) schedule(ctx context.Context, n int, instances []config.Instance,
	do func(context.Context, config.Instance) *Failure) (failures []Failure, skipped []string) {
	started, failed := make([]bool, len(instances)), make([]*Failure, len(instances))
	var stop atomic.Bool
	var g errgroup.Group
	g.SetLimit(n)
	for k, inst := range instances {
		g.Go(func() error {
			if stop.Load() || ctx.Err() != nil {
				return nil
			}
			started[k], failed[k] = true, do(ctx, inst)
			if failed[k] != nil && r.o.FailFast {
				stop.Store(true)
			}
			return nil
		})
	}
	_ = g.Wait() // one that failed is in failed
	for k, inst := range instances {
		switch {
		case !started[k]:
			skipped = append(skipped, inst.Name)
		case failed[k] != nil:
			failures = append(failures, *failed[k])
		}
	}
	return failures, skipped
}
