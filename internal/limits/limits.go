// Package limits bounds the time of a run and of its phases.
package limits

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Run is the name of the whole run's limit; all others have the name of a phase.
const Run = "run"

// names are what can have a limit.
var names = []string{Run, "destroy", "create", "converge", "setup", "verify", "publish", "package"}

// List has the limits by what they are for. Nil limits nothing.
type List map[string]time.Duration

// Parse reads entries of the form TIME, for the run, and PHASE=TIME.
func Parse(entries []string) (List, error) {
	list := List{}
	for _, entry := range entries {
		what, text, named := strings.Cut(entry, "=")
		if !named {
			what, text = Run, entry
		}
		what = strings.TrimSpace(what)
		limit, err := time.ParseDuration(strings.TrimSpace(text))
		switch {
		case err != nil || limit <= 0:
			return nil, fmt.Errorf("%q: write a time, such as 90s, 30m or 1h30m, or a phase with a time: converge=30m", entry)
		case !slices.Contains(names, what):
			return nil, fmt.Errorf("%q: there is no phase %s: write one of %s", entry, what, strings.Join(names, ", "))
		case list[what] > 0:
			return nil, fmt.Errorf("%s is there twice: write one of them", what)
		}
		list[what] = limit
	}
	return list, nil
}

// ExceededError is the cause of the end of a context that a limit ended.
type ExceededError struct {
	What  string
	Limit time.Duration
}

// Error says what took too long, and how to give it more.
func (e *ExceededError) Error() string {
	flag := e.Limit.String()
	if e.What != Run {
		flag = e.What + "=" + flag
	}
	return fmt.Sprintf("the %s took longer than %s\nIts log shows how far it came; --timeout %s is what ended it",
		e.What, e.Limit, flag)
}

// Within ends a context when what it is for has taken longer than its limit; the cause is an *ExceededError.
func (l List) Within(ctx context.Context, what string) (context.Context, context.CancelFunc) {
	limit, ok := l[what]
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, &ExceededError{what, limit})
}
