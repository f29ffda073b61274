package lifecycle

import (
	"context"
	"sort"
	"sync"

	"github.com/galley-kitchen/galley/config"
)

// schedule runs do for each instance, in order, n at a time. With FailFast, or
// when ctx has ended, no further instance is started; those under way end by
// themselves.
func (r *Run) schedule(ctx context.Context, n int, instances []config.Instance,
	do func(context.Context, config.Instance) *Failure) (failures []Failure, skipped []string) {
	var (
		mu   sync.Mutex
		stop bool
		next int
		wg   sync.WaitGroup
	)
	take := func() (config.Instance, bool) {
		mu.Lock()
		defer mu.Unlock()
		if stop || ctx.Err() != nil || next == len(instances) {
			return config.Instance{}, false
		}
		next++
		return instances[next-1], true
	}
	place := make(map[string]int, len(instances))
	for i, inst := range instances {
		place[inst.Name] = i
	}
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				inst, ok := take()
				if !ok {
					return
				}
				if f := do(ctx, inst); f != nil {
					mu.Lock()
					failures = append(failures, *f)
					stop = stop || r.o.FailFast
					mu.Unlock()
				}
			}
		}()
	}
	wg.Wait()
	sort.Slice(failures, func(i, j int) bool { return place[failures[i].Instance] < place[failures[j].Instance] })
	for _, inst := range instances[next:] {
		skipped = append(skipped, inst.Name)
	}
	return failures, skipped
}
