// Package lazyregexp compiles regular expressions when they are first used: galley has a hundred of them, a command
// needs a few, and each costs time and memory at start.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the compiled expression, for any number of callers at once. It panics at its
// first call where the expression is wrong.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
