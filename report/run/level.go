package run

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/lifecycle"
)

// levels are all levels, the least first.
var levels = [...]lifecycle.Level{lifecycle.LevelDebug, lifecycle.LevelInfo, lifecycle.LevelWarn, lifecycle.LevelError}

// ParseLevel reads the value of --log-level. Test Kitchen's "fatal" is taken as error, since galley has nothing to say
// that is worse.
func ParseLevel(s string) (lifecycle.Level, error) {
	if s == "fatal" {
		return lifecycle.LevelError, nil
	}
	if l := lifecycle.Level(s); slices.Contains(levels[:], l) {
		return l, nil
	}
	return "", fmt.Errorf("log level %q: write debug, info, warn or error", s)
}

// Rank orders levels; the empty level is info.
func Rank(l lifecycle.Level) int { return slices.Index(levels[:], cmp.Or(l, lifecycle.LevelInfo)) }
