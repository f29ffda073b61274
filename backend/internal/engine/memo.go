package engine

import "context"

// Memo remembers the first success of a call. Callers that come while the call
// runs wait for it, and no longer than their own context.
type Memo[T any] struct {
	// turn holds one token: who has it may look at the rest.
	turn  chan struct{}
	known bool
	value T
}

// NewMemo returns a memo that knows nothing yet.
func NewMemo[T any]() *Memo[T] {
	m := &Memo[T]{turn: make(chan struct{}, 1)}
	m.turn <- struct{}{}
	return m
}

// Get returns what is remembered, or else what call returns. A failure is not
// remembered. Errors: that of call, or ctx's.
func (m *Memo[T]) Get(ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	select {
	case <-m.turn:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { m.turn <- struct{}{} }()
	if m.known {
		return m.value, nil
	}
	value, err := call(ctx)
	if err == nil {
		m.value, m.known = value, true
	}
	return value, err
}
