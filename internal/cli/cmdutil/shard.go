package cmdutil

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/report"
)

// shard is one of several parts of the instances, for CI jobs side by side. The zero value is all of them.
type shard struct {
	// index is from 1 to count.
	index, count int
}

// parseShard reads "I/N".
func parseShard(text string) (shard, error) {
	if text == "" {
		return shard{}, nil
	}
	first, second, _ := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(first)
	count, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil || index < 1 || index > count {
		return shard{}, fmt.Errorf("--shard %q: write I/N with I from 1 to N, such as 1/4", text)
	}
	return shard{index, count}, nil
}

// pick chooses this part of instances by their names; those of one name stay together. All jobs of a run come to the same parts, since nothing counts
// but the instances and took: how long they took before. An instance that is not in there is taken for an average one.
func pick[T any](s shard, instances []T, name func(T) string, took map[string]time.Duration) []T {
	if s.count == 0 {
		return instances
	}
	var known int
	var sum time.Duration
	for _, i := range instances {
		if d, ok := took[name(i)]; ok {
			known++
			sum += d
		}
	}
	average := max(sum/time.Duration(max(known, 1)), 1)
	weight := func(i T) time.Duration {
		if d, ok := took[name(i)]; ok {
			return max(d, 1)
		}
		return average
	}
	// The longest first, each to the part that has least so far.
	order := slices.Clone(instances)
	slices.SortStableFunc(order, func(a, b T) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(name(a), name(b)))
	})
	loads := make([]time.Duration, s.count)
	mine := map[string]bool{}
	for n, i := range order {
		if n > 0 && name(i) == name(order[n-1]) {
			continue
		}
		least := slices.Index(loads, slices.Min(loads))
		loads[least] += weight(i)
		if least == s.index-1 {
			mine[name(i)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(instances), func(i T) bool { return !mine[name(i)] })
}

// Sharded is the part of the instances that the settings ask for.
func Sharded[T any](s settings.Settings, instances []T, name func(T) string) ([]T, error) {
	part, err := parseShard(s.Shard)
	if err != nil || part.count == 0 {
		return instances, err
	}
	took := map[string]time.Duration{}
	for _, file := range s.ShardTimes {
		recorded, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--shard-times: %w", err)
		}
		more, err := report.Durations(recorded)
		if err != nil {
			return nil, fmt.Errorf("--shard-times %s: %w", file, err)
		}
		maps.Copy(took, more)
	}
	return pick(part, instances, name, took), nil
}
