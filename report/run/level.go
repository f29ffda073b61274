package run

import (
	"fmt"

	"github.com/galley-kitchen/galley/lifecycle"
)

// ParseLevel reads the value of --log-level. Test Kitchen's "fatal" is taken as error, since galley has nothing to say
// that is worse.
func ParseLevel(s string) (lifecycle.Level, error) {
	switch l := lifecycle.Level(s); l {
	case lifecycle.LevelDebug, lifecycle.LevelInfo, lifecycle.LevelWarn, lifecycle.LevelError:
		return l, nil
	case "fatal":
		return lifecycle.LevelError, nil
	}
	return "", fmt.Errorf("log level %q: write debug, info, warn or error", s)
}

// Rank orders levels; the empty level is info.
func Rank(l lifecycle.Level) int {
	switch l {
	case lifecycle.LevelDebug:
		return 0
	case lifecycle.LevelWarn:
		return 2
	case lifecycle.LevelError:
		return 3
	default:
		return 1
	}
}
