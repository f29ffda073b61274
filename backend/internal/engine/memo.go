package engine

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Memo remembers the first success of a call. Callers that come while the call
// runs wait for it, and no longer than their own context.
type Memo[T any] struct {
	// turn guards the rest.
	turn  *semaphore.Weighted
	known bool
	value T
}

// NewMemo returns a memo that knows nothing yet.
func NewMemo[T any]() *Memo[T] { return &Memo[T]{turn: semaphore.NewWeighted(1)} }

// Get returns what is remembered, or else what call returns. A failure is not
// remembered. Errors: that of call, or ctx's.
func (m *Memo[T]) Get(ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	if err := m.turn.Acquire(ctx, 1); err != nil {
		var none T
		return none, err
	}
	defer m.turn.Release(1)
	if m.known {
		return m.value, nil
	}
	value, err := call(ctx)
	if err == nil {
		m.value, m.known = value, true
	}
	return value, err
}
