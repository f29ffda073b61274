package fake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Call is one call of a method of an Engine.
type Call struct {
	// Verb is the method's name.
	Verb string
	// Args are what the call was about: names instead of IDs, then a command.
	Args []string
}

// APICalls returns how many requests a real engine ordinarily gets for a call: the fake counts with these numbers, and
// the contract holds real backends to them. Where engines differ it is the larger number. The first call of all may
// take more, to learn what the engine is.
func APICalls(verb string) int {
	switch verb {
	case "Exec": // create, start, inspect
		return 3
	case "PullImage", "BuildImage", "LoadImage", "CommitContainer": // and inspect what came of it
		return 2
	case "CopyTo", "CopyFrom": // Docker's archives do not see all that processes do: an Exec asks one
		return 4
	case "ContainerLogs": // Docker frames the log or not, as the container has no terminal or one
		return 2
	case "UnpauseContainer": // engines refuse one that is not paused
		return 2
	case "WaitContainer": // Podman tells the exit code by an inspection
		return 2
	default:
		return 1
	}
}

func newCall(verb string, args ...string) Call { return Call{verb, args} }

// String returns the verb and its arguments.
func (c Call) String() string { return strings.Join(append([]string{c.Verb}, c.Args...), " ") }

var (
	// ErrHang makes a call block until its context ends.
	ErrHang = errors.New("the engine hangs")
	// ErrDiedBefore ends the caller's process just before the engine did anything:
	// this call and all further ones fail without effect until Revive.
	ErrDiedBefore = errors.New("the process died before the call")
	// ErrDiedAfter ends the caller's process after the engine did what was asked,
	// and before the answer: all further calls fail without effect until Revive.
	ErrDiedAfter = errors.New("the process died after the call")
)

// AfterEffect makes a call fail with err although the engine did what was asked: the answer got lost.
func AfterEffect(err error) error { return afterEffect{err} }

type afterEffect struct{ error }

func (a afterEffect) Unwrap() error { return a.error }

// Calls returns the calls so far, in the order in which they began.
func (f *Engine) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// APICalls returns how many requests a real engine would have got so far.
func (f *Engine) APICalls() int {
	total := 0
	for _, c := range f.Calls() {
		total += APICalls(c.Verb)
	}
	return total
}

// ForgetCalls empties the list of calls.
func (f *Engine) ForgetCalls() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

// FailOn lets decide choose the calls that fail: with the error that it returns, or in the way of ErrHang,
// ErrDiedBefore, ErrDiedAfter or AfterEffect. It takes the place of any earlier choice; nil means that all is well.
// decide is called by one goroutine at a time and must not call the fake.
func (f *Engine) FailOn(decide func(Call) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// Revive starts a new process after a death: calls work again, and what FailOn asked for is forgotten.
func (f *Engine) Revive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead, f.decide = false, nil
}

// begin records a call and returns its fault.
func (f *Engine) begin(c Call) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrDiedBefore
	}
	f.calls = append(f.calls, c)
	if f.decide == nil {
		return nil
	}
	fault := f.decide(c)
	f.dead = errors.Is(fault, ErrDiedBefore) || errors.Is(fault, ErrDiedAfter)
	return fault
}

// do is the one place that every call passes: it is recorded, it may fail, and otherwise it has its effect.
func do[T any](ctx context.Context, f *Engine, c Call, effect func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%s: %w", c, err)
	}
	fault := f.begin(c)
	var late afterEffect
	switch {
	case fault == nil:
		return effect()
	case errors.Is(fault, ErrHang):
		<-ctx.Done()
		return none, fmt.Errorf("%s: %w", c, ctx.Err())
	case errors.Is(fault, ErrDiedAfter), errors.As(fault, &late):
		// What came of it is not told: that is the fault.
		_, _ = effect()
	}
	return none, fmt.Errorf("%s: %w", c, fault)
}

// locked is do with an effect under the fake's lock.
func locked[T any](ctx context.Context, f *Engine, c Call, effect func() (T, error)) (T, error) {
	return do(ctx, f, c, func() (T, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return effect()
	})
}

// change is locked for a call without an answer.
func change(ctx context.Context, f *Engine, c Call, effect func() error) error {
	_, err := locked(ctx, f, c, func() (struct{}, error) { return struct{}{}, effect() })
	return err
}
